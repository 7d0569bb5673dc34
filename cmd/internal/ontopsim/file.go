package ontopsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// wrapped is a line of a file of events that says more than the body:
//
//	{"id":"msg_1","received_at":"2026-08-31T18:00:02Z","body":{"event_type":…,"data":…}}
//
// The body stands there byte for byte. One that is no single line of JSON stands
// there as a string instead.
type wrapped struct {
	ID         string          `json:"id,omitempty"`
	ReceivedAt time.Time       `json:"received_at,omitzero"`
	Body       json.RawMessage `json:"body"`
}

// WriteBodies writes the bodies alone, one a line: the form that imports read.
// The webhook-ids and times are lost. A body that is not a single line of JSON
// has no such form, which is an error.
func WriteBodies(w io.Writer, events []Event) error {
	buffered := bufio.NewWriter(w)
	for _, event := range events {
		if !singleLine(event.Body) || event.Body[0] != '{' {
			return fmt.Errorf("write event %s: its body is no JSON object on a single line", event.ID)
		}
		if _, err := buffered.Write(slices.Concat(event.Body, []byte("\n"))); err != nil {
			return fmt.Errorf("write event %s: %w", event.ID, err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// WriteEvents writes one event a line, with its id, its time and its body.
func WriteEvents(w io.Writer, events []Event) error {
	buffered := bufio.NewWriter(w)
	for _, event := range events {
		body, err := bodyText(event.Body)
		if err != nil {
			return fmt.Errorf("write event %s: %w", event.ID, err)
		}
		head, err := json.Marshal(wrapped{ID: event.ID, ReceivedAt: event.At, Body: json.RawMessage("0")})
		if err != nil {
			return fmt.Errorf("write event %s: %w", event.ID, err)
		}
		// The marshaller would compact and escape the body, which is to stay
		// byte for byte; so it writes a nought and the body takes its place.
		line := slices.Concat(head[:len(head)-len("0}")], body, []byte("}\n"))
		if _, err := buffered.Write(line); err != nil {
			return fmt.Errorf("write event %s: %w", event.ID, err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

func bodyText(body []byte) ([]byte, error) {
	if singleLine(body) && body[0] != '"' {
		return body, nil
	}
	return json.Marshal(string(body))
}

// singleLine reports whether body is JSON that survives as a line of a file.
func singleLine(body []byte) bool {
	return json.Valid(body) && len(bytes.TrimSpace(body)) == len(body) && !bytes.ContainsAny(body, "\r\n")
}

// ReadEvents reads one event a line, as [WriteEvents] or [WriteBodies] wrote it.
// A line is taken for a bare body unless it has a "body" and no "event_type". An
// event without an id gets its body's event_id where that can be a webhook-id,
// else the hash of its body. Empty lines are skipped. The first error ends the
// reading, and names the line.
func ReadEvents(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		scanner := bufio.NewScanner(r)
		// A body that is written as a string may need a few bytes for each of its own.
		scanner.Buffer(make([]byte, 64<<10), 4*ontop.MaxBody)
		for n := 1; scanner.Scan(); n++ {
			line := bytes.TrimSpace(scanner.Bytes())
			if len(line) == 0 {
				continue
			}
			event, err := readEvent(line)
			if err != nil {
				yield(Event{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(event, nil) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield(Event{}, fmt.Errorf("read events: %w", err))
		}
	}
}

func readEvent(line []byte) (Event, error) {
	var shape struct {
		wrapped
		EventType json.RawMessage `json:"event_type"`
	}
	if line[0] != '{' {
		return Event{}, errors.New(`is no JSON object; write one body a line, or {"id":…,"received_at":…,"body":…}`)
	}
	if err := json.Unmarshal(line, &shape); err != nil {
		return Event{}, fmt.Errorf("is no event: %w", err)
	}
	event := Event{ID: shape.ID, At: shape.ReceivedAt}
	switch {
	case shape.Body == nil || shape.EventType != nil:
		event = Event{Body: bytes.Clone(line)}
	case shape.Body[0] == '"':
		var body string
		if err := json.Unmarshal(shape.Body, &body); err != nil {
			return Event{}, fmt.Errorf("body: %w", err)
		}
		event.Body = []byte(body)
	default:
		event.Body = bytes.Clone(shape.Body)
	}
	if event.ID == "" {
		event.ID = bodyID(event.Body)
	}
	return event, nil
}

// plainID are the event_ids that may serve as a webhook-id, which must have no
// full stop.
var plainID = regexp.MustCompile(`^[0-9A-Za-z_:-]{1,128}$`)

func bodyID(body []byte) string {
	var named struct {
		EventID string `json:"event_id"`
	}
	if json.Unmarshal(body, &named) == nil && plainID.MatchString(named.EventID) {
		return named.EventID
	}
	return string(schema.BodyID(body))
}
