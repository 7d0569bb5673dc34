package ontop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-faster/jx"
)

// Envelope is a webhook's body, to be written. Data holds one of the records of
// this package, or a slice of them.
type Envelope struct {
	EventType  EventType `json:"event_type"`
	EventID    string    `json:"event_id,omitempty"`
	OccurredAt Text      `json:"occurred_at,omitempty"`
	Data       any       `json:"data"`
}

// Encode writes the body as Ontop would: compact, nulls for what is not known,
// ids and amounts as bare numbers.
func (e Envelope) Encode() ([]byte, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.EventType, err)
	}
	return bytes.TrimRight(body.Bytes(), "\n"), nil
}

// Text is a string on the wire, null when empty. Dates and times are texts too.
type Text string

// MarshalJSON writes the string or null.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	// json.Marshal would write & as \u0026, whatever the encoder around it does.
	var e jx.Encoder
	e.Str(strings.ToValidUTF8(string(t), "\uFFFD"))
	return e.Bytes(), nil
}

// ID is an id on the wire: a bare number where it is a whole number in its
// shortest form, else a string; null when empty.
type ID string

// MarshalJSON writes the number, the string or null.
func (id ID) MarshalJSON() ([]byte, error) {
	plain := digitsOnly(string(id)) && (id == "0" || id != "" && id[0] != '0')
	if plain {
		return []byte(id), nil
	}
	return Text(id).MarshalJSON()
}

// Decimal is an amount, a rate or a quantity on the wire: a bare number exactly
// as it stands here, null when empty. What is no JSON number cannot be written.
type Decimal string

// MarshalJSON writes the number or null.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return json.Marshal(json.Number(d))
}

// timeText writes at as Ontop does, nothing for the zero time.
func timeText(at time.Time) Text {
	if at.IsZero() {
		return ""
	}
	return Text(at.UTC().Format(time.RFC3339Nano))
}
