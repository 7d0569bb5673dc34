package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// shownDelivery is one element of `deliveries list --json` and `deliveries show --json`.
type shownDelivery struct {
	ID         schema.DeliveryID `json:"id"`
	ReceivedAt time.Time         `json:"received_at"`
	Channel    schema.Channel    `json:"channel"`
	SHA256     string            `json:"sha256"`   // of the body
	Conflict   bool              `json:"conflict"` // another body was received under the id
	// EventType and Outcome are what holds now; "pending" when nobody looked at it yet.
	EventType   string             `json:"event_type"`
	Outcome     schema.OutcomeKind `json:"outcome"`
	Detail      string             `json:"detail"`
	Subjects    []string           `json:"subjects"`
	NeedsPerson bool               `json:"needs_person"`
	// First is what became of it when it was looked at first; null when nobody did.
	First *firstOutcome `json:"first_outcome"`
	// Review is the newest later word about it; null when there is none.
	Review *reviewed `json:"review"`

	// RedactedAt is when personal data was taken out of the body, which SHA256 is the
	// hash of as it arrived; null when it is as it arrived.
	RedactedAt *time.Time `json:"redacted_at,omitempty"`

	// Of `show` alone.
	Bytes      *int    `json:"bytes,omitempty"`
	Body       *string `json:"body,omitempty"`
	BodyBase64 []byte  `json:"body_base64,omitempty"`
	// Arrival is how it came in; absent when nothing is known of it, as of files.
	Arrival *arrivalShown `json:"arrival,omitempty"`
	// Became is where the invoices and contracts of which it spoke stand now.
	Became []becameOf `json:"became,omitempty"`
}

type firstOutcome struct {
	Outcome schema.OutcomeKind `json:"outcome"`
	Detail  string             `json:"detail"`
	At      time.Time          `json:"at"`
}

type reviewed struct {
	Dismissed bool      `json:"dismissed"`
	Reason    string    `json:"reason"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

func newShownDelivery(r schema.Receipt) shownDelivery {
	stands := r.Stands()
	s := shownDelivery{
		ID: r.ID, ReceivedAt: r.ReceivedAt, Channel: r.Channel, SHA256: r.BodySum.String(), Conflict: r.Conflict,
		EventType: stands.EventType, Outcome: stands.Kind, Detail: stands.Detail, Subjects: append([]string{}, stands.Subjects...),
		NeedsPerson: r.NeedsPerson(), Arrival: newArrivalShown(r.Arrival),
	}
	if !r.RedactedAt.IsZero() {
		s.RedactedAt = &r.RedactedAt
	}
	if s.Outcome == "" {
		s.Outcome = schema.OutcomePending
		return s
	}
	if r.Outcome.Kind != "" {
		s.First = &firstOutcome{Outcome: r.Outcome.Kind, Detail: r.Outcome.Detail, At: r.Outcome.RecordedAt}
	}
	if !r.Review.IsZero() {
		s.Review = &reviewed{Dismissed: r.Review.Dismissed, Reason: r.Review.Reason, By: r.Review.By, At: r.Review.RecordedAt}
	}
	return s
}

// withBody adds the body, exactly.
func (s shownDelivery) withBody(r schema.Receipt) shownDelivery {
	size, text := len(r.Body), string(r.Body)
	s.Bytes = &size
	if utf8.Valid(r.Body) {
		s.Body = &text
	} else {
		s.BodyBase64 = r.Body
	}
	return s
}

// withFates adds where its subjects stand.
func (s shownDelivery) withFates(fates []app.Fate) shownDelivery {
	s.Became = becameOfAll(s.ID, s.EventType, fates)
	return s
}

// deliveryPage is where a list goes, one delivery at a time.
type deliveryPage interface {
	add(shownDelivery) error
	// end closes the list; after is the first that was left out, or nil.
	end(after *schema.Receipt) error
}

// listDeliveries writes deliveries as they come, so that no list is too long.
func listDeliveries(page deliveryPage, all iter.Seq2[schema.Receipt, error], limit int) error {
	n := 0
	for receipt, err := range all {
		if err != nil {
			return err
		}
		if n++; limit > 0 && n > limit {
			return page.end(&receipt)
		}
		if err := page.add(newShownDelivery(receipt)); err != nil {
			return err
		}
	}
	return page.end(nil)
}

// deliveryTable writes a line for each. Widths are fixed, since what comes is not known.
type deliveryTable struct {
	out   io.Writer
	begun bool
}

const deliveryLine = "%-20s  %-7s  %-38s  %-26s  %s\n"

// goOn says how to see what a limit left out.
func goOn(after schema.Receipt) string {
	return fmt.Sprintf("there are more: go on with --from %s, or give --limit 0\n", after.ReceivedAt.Format(time.RFC3339Nano))
}

func (t *deliveryTable) add(d shownDelivery) error {
	if !t.begun {
		t.begun = true
		if _, err := fmt.Fprintf(t.out, deliveryLine, "RECEIVED", "BY", "ID", "TYPE", "OUTCOME"); err != nil {
			return err
		}
	}
	outcome := string(d.Outcome)
	if d.Review != nil && d.Review.Dismissed {
		outcome += ", dismissed"
	}
	if d.Conflict && d.Outcome != schema.OutcomeConflict {
		outcome += ", id used for other bodies"
	}
	if d.NeedsPerson {
		outcome += ": " + clean(shortened(d.Detail, 160))
	}
	_, err := fmt.Fprintf(t.out, deliveryLine, d.ReceivedAt.Format(time.DateTime+"Z"), d.Channel, clean(string(d.ID)), orDash(clean(d.EventType)), outcome)
	return err
}

func (t *deliveryTable) end(after *schema.Receipt) error {
	text := ""
	switch {
	case after != nil:
		text = goOn(*after)
	case !t.begun:
		text = "no delivery is like that\n"
	}
	_, err := io.WriteString(t.out, text)
	return err
}

// deliveryArray writes one JSON array, and beside it that it is not all.
type deliveryArray struct {
	out, err io.Writer
	begun    bool
}

func (a *deliveryArray) add(d shownDelivery) error {
	lead := ",\n  "
	if !a.begun {
		a.begun, lead = true, "[\n  "
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("  ", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return err
	}
	_, err := io.WriteString(a.out, lead+strings.TrimRight(text.String(), "\n"))
	return err
}

func (a *deliveryArray) end(after *schema.Receipt) error {
	if after != nil {
		if _, err := io.WriteString(a.err, goOn(*after)); err != nil {
			return err
		}
	}
	text := "\n]\n"
	if !a.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(a.out, text)
	return err
}

// shortened cuts a text after as many characters.
func shortened(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

func (r *root) writeDelivered(shown []shownDelivery, found []schema.Receipt, raw bool) error {
	var page strings.Builder
	for i, receipt := range found {
		if i > 0 {
			page.WriteString("\n")
		}
		writeReceipt(&page, shown[i], len(receipt.Body))
		page.WriteString("\n" + printable(receipt.Body, !raw) + "\n")
	}
	_, err := io.WriteString(r.out, page.String())
	return err
}

func writeReceipt(page *strings.Builder, d shownDelivery, size int) {
	line := func(label, text string) {
		if text != "" {
			page.WriteString(wrapped(2, fmt.Sprintf("%-8s", label), text))
		}
	}
	fmt.Fprintf(page, "%s\n", clean(string(d.ID)))
	by := "by webhook, its signature verified before it was stored"
	switch {
	case d.Channel == schema.ChannelImport:
		by = "from a file that an operator imported"
	case d.Arrival != nil:
		by = "by webhook from " + orDash(clean(d.Arrival.From))
	}
	line("received", fmt.Sprintf("%s %s", d.ReceivedAt.Format(time.RFC3339Nano), by))
	if d.Arrival != nil {
		line("proof", d.Arrival.proof())
	}
	line("type", orDash(d.EventType))
	line("body", fmt.Sprintf("%s bytes, sha256 %s", grouped(int64(size)), d.SHA256))
	if d.RedactedAt != nil {
		line("redacted", fmt.Sprintf("on %s, see `tieout deliveries redactions`; the sha256 is that of the body as it arrived", instant(*d.RedactedAt)))
	}
	if d.Conflict {
		line("conflict", "the sender used this id for several bodies; all are kept, and one at most is applied")
	}
	line("outcome", joined(string(d.Outcome), d.Detail))
	if d.Review != nil {
		verb := "since it was read again for"
		if d.Review.Dismissed {
			verb = "dismissed by"
		}
		line("review", fmt.Sprintf("%s %s on %s: %s", verb, d.Review.By, instant(d.Review.At), d.Review.Reason))
		if d.First != nil {
			line("at first", joined(string(d.First.Outcome), d.First.Detail))
		}
	}
	if len(d.Became) == 0 {
		line("subjects", strings.Join(d.Subjects, ", "))
	}
	for _, became := range d.Became {
		line("became", became.lines[0])
		for _, more := range became.lines[1:] {
			page.WriteString(wrapped(12, "", more))
		}
	}
	d.Arrival.write(page)
	if d.NeedsPerson {
		line("next", fmt.Sprintf("settle it and run `tieout replay`, or `tieout deliveries dismiss %s --reason TEXT`", d.ID))
	}
}

func joined(head, detail string) string {
	if detail == "" {
		return head
	}
	return head + ": " + detail
}

// printable is a body with everything escaped that a terminal could obey, laid out on
// request when it is JSON.
func printable(body []byte, layOut bool) string {
	var laidOut bytes.Buffer
	if layOut && depth(body) <= mostIndented && json.Indent(&laidOut, body, "", "  ") == nil {
		body = laidOut.Bytes()
	}
	var text strings.Builder
	for len(body) > 0 {
		c, size := utf8.DecodeRune(body)
		switch {
		case c == utf8.RuneError && size == 1:
			fmt.Fprintf(&text, `\x%02x`, body[0])
		case c == '\n' && layOut || unicode.IsGraphic(c):
			text.WriteRune(c)
		case c < 0x80:
			fmt.Fprintf(&text, `\x%02x`, c)
		default:
			fmt.Fprintf(&text, `\u{%x}`, c)
		}
		body = body[size:]
	}
	return text.String()
}

// mostIndented is how deep a body may be nested to be laid out: each level costs its
// depth in spaces.
const mostIndented = 100

// depth bounds how deep JSON is nested; brackets within texts count, too.
func depth(body []byte) int {
	now, most := 0, 0
	for _, c := range body {
		switch c {
		case '{', '[':
			now++
			most = max(most, now)
		case '}', ']':
			now--
		}
	}
	return most
}
