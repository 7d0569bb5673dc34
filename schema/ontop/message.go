package ontop

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/go-faster/jx"

	"github.com/tieout/tieout/schema"
)

// MaxBody is the largest body that is read, in bytes. It is a multiple of what
// the webhook accepts, for bodies that an operator imports.
const MaxBody = 8 << 20

// Message is what a delivery says.
type Message struct {
	Type       EventType
	ID         string    // event_id; empty when the sender gives none
	OccurredAt time.Time // zero when the sender does not say

	// Clients are the Ontop clients that its objects name, each once, in the
	// order of appearance. Objects may name none.
	Clients []string

	Contracts []schema.Contract
	Invoices  []schema.Invoice // each with its own Problems
	KYCs      []Verified
	Payments  []Payment
	TopUps    []TopUp

	// Troubles are what could not be taken as it was sent, apart from what
	// the invoices name in their own Problems. They need a person. After the
	// hundredth, one more says that there are others.
	Troubles []Trouble
}

// Subjects returns the ids of the contracts and invoices in the message.
func (m Message) Subjects() []string {
	subjects := make([]string, 0, len(m.Contracts)+len(m.Invoices))
	for _, contract := range m.Contracts {
		subjects = append(subjects, string(contract.ID))
	}
	for _, invoice := range m.Invoices {
		subjects = append(subjects, string(invoice.ID))
	}
	return subjects
}

// Trouble is something in a message that could not be taken as it was sent.
type Trouble struct {
	// Object is where in the body it is: "data", or "data[2]" in an array; ""
	// for the envelope.
	Object string
	// Subject is the id of the contract or the like, where it could be read.
	Subject string
	// Dropped says that the object produced nothing. The others of the same
	// delivery did.
	Dropped bool
	Problem schema.Problem
}

// String writes the trouble for a person.
func (t Trouble) String() string {
	text := t.Problem.String()
	if t.Object != "" && t.Object != t.Problem.Field {
		text = t.Object + "." + text
	}
	if t.Subject != "" {
		text += " (id " + t.Subject + ")"
	}
	return text
}

// Unreadable is the error of a body of which nothing can be taken. Its Problem
// is fit to show to finance.
type Unreadable struct {
	Problem schema.Problem
}

// Error writes the problem.
func (u *Unreadable) Error() string { return "read ontop message: " + u.Problem.String() }

func unreadable(field string, v value, detail string) error {
	return &Unreadable{Problem: schema.Problem{Field: field, Value: clip(v), Detail: detail}}
}

// envelope is a body in its parts. Data is known to be well formed.
type envelope struct {
	eventType, eventID, occurredAt, data value
}

// Decode reads a delivery. Contracts and invoices carry the delivery's company
// and id; where they do not say when they were updated, it is the time of
// receipt. RecordedAt and BillDate are left to whoever records them.
//
// The only error is *[Unreadable]: the body as a whole says nothing. Type is set
// even then, where it could be read. A body whose event type is not known is no
// error; of its data only the clients are read.
func Decode(d schema.Delivery) (Message, error) {
	env, err := readEnvelope(d.Body)
	if err != nil {
		return Message{}, err
	}
	eventType, err := readType(env.eventType)
	if err != nil {
		return Message{}, err
	}
	m := Message{Type: eventType}
	r := newReader()
	m.ID = r.text("event_id", env.eventID)
	m.OccurredAt = r.instant("occurred_at", env.occurredAt)
	m.trouble("", "", r.problems)

	if err := m.readData(env.data, d); err != nil {
		return Message{Type: eventType}, err
	}
	return m, nil
}

func readEnvelope(body []byte) (envelope, error) {
	var env envelope
	if len(body) > MaxBody {
		return env, unreadable("body", nil, "is larger than "+strconv.Itoa(MaxBody>>20)+" MiB; send fewer objects in one delivery")
	}
	dec := jx.DecodeBytes(body)
	if dec.Next() != jx.Object {
		return env, unreadable("body", body, `is not a JSON object; send {"event_type": …, "data": …}`)
	}
	err := dec.ObjBytes(func(d *jx.Decoder, key []byte) error {
		name := string(key)
		raw, err := d.Raw()
		switch name {
		case "event_type":
			env.eventType = value(raw)
		case "event_id":
			env.eventID = value(raw)
		case "occurred_at":
			env.occurredAt = value(raw)
		case "data":
			env.data = value(raw)
		}
		return err
	})
	if err == nil && !errors.Is(dec.Skip(), io.EOF) {
		err = errors.New("more follows the object")
	}
	if err != nil {
		return env, unreadable("body", body, "is not well-formed JSON: "+cause(err)+"; send it again as it left Ontop")
	}
	return env, nil
}

// cause is what a body's error says. The one of a body that is nested ten thousand
// deep has a sentence for each level, of which the innermost is the one to know; to
// write them all out would take longer than to read the body.
func cause(err error) string {
	const most = 16
	inner, levels := err, 0
	for next := errors.Unwrap(inner); next != nil; next = errors.Unwrap(inner) {
		inner = next
		levels++
	}
	if levels > most {
		return "nested deeply, and there: " + inner.Error()
	}
	return err.Error()
}

func readType(v value) (EventType, error) {
	const most = 100 // the longest published one has twenty characters
	if !v.isString() {
		return "", unreadable("event_type", v, "is missing or no text; send the name of the event, such as INVOICE_CONFIRMED")
	}
	text := v.unquoted()
	if text == "" || len(text) > most {
		return "", unreadable("event_type", v, "is empty or longer than 100 characters; send the name of the event")
	}
	return EventType(text), nil
}

// readData reads the one object of data, or each of several.
func (m *Message) readData(data value, d schema.Delivery) error {
	if m.Type.Kind() == KindUnknown && (len(data) == 0 || data[0] != '{' && data[0] != '[') {
		return nil
	}
	dec := jx.DecodeBytes(data)
	switch {
	case data.absent():
		return unreadable("data", data, "is missing; send one object or an array of objects")
	case data[0] == '{':
		return m.readObject("data", dec, d)
	case data[0] != '[':
		return unreadable("data", data, "is no object; send one object or an array of objects")
	}
	place := 0
	return dec.Arr(func(dec *jx.Decoder) error {
		object := "data[" + strconv.Itoa(place) + "]"
		place++
		if dec.Next() == jx.Object {
			return m.readObject(object, dec, d)
		}
		raw, err := dec.Raw()
		if m.Type.Kind() != KindUnknown {
			m.drop(object, []schema.Problem{{
				Field: object, Value: clip(raw), Detail: "is no object; send one for each contract or invoice",
			}})
		}
		return err
	})
}

func (m *Message) readObject(object string, dec *jx.Decoder, d schema.Delivery) error {
	switch m.Type.Kind() {
	case KindContract:
		return m.readContract(object, dec, d)
	case KindInvoice:
		return m.readInvoice(object, dec, d)
	default:
		return m.readNoted(object, dec)
	}
}

// trouble records problems with an object that was taken all the same.
func (m *Message) trouble(object, subject string, problems []schema.Problem) {
	for _, problem := range problems {
		m.note(Trouble{Object: object, Subject: subject, Problem: problem})
	}
}

// drop records problems with an object that produced nothing.
func (m *Message) drop(object string, problems []schema.Problem) {
	for _, problem := range problems {
		m.note(Trouble{Object: object, Dropped: true, Problem: problem})
	}
}

func (m *Message) note(t Trouble) {
	switch {
	case len(m.Troubles) > maxProblems:
		return
	case len(m.Troubles) == maxProblems:
		t = Trouble{Object: "data", Dropped: t.Dropped, Problem: schema.Problem{
			Field: "data", Detail: "has more troubles than the ones before; correct those, and send it again",
		}}
	}
	m.Troubles = append(m.Troubles, t)
}

func (m *Message) client(id string) {
	if id != "" && !slices.Contains(m.Clients, id) {
		m.Clients = append(m.Clients, id)
	}
}
