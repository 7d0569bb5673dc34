package ontop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxRedactDepth bounds how deep arrays are followed.
const maxRedactDepth = 500

// Why a body or a field could not be redacted.
var (
	// ErrNoFields means that a body is not well-formed JSON, so that it has no fields.
	ErrNoFields = errors.New("the body is no JSON, in which fields could be found")
	errNeeded   = errors.New("must stay")
)

// RedactPath names fields of a body: names joined by dots, where * is any name.
// Arrays are followed by themselves: items.description is that of every item.
type RedactPath []string

// ParseRedactPath reads a path. It refuses one that reaches a field without which
// invoices could not be added up, matched or ordered again, and names that field.
func ParseRedactPath(text string) (RedactPath, error) {
	path := RedactPath(strings.Split(text, "."))
	for _, name := range path {
		if name == "" || name != "*" && strings.Contains(name, "*") || strings.ContainsAny(name, "[] \t\n") {
			return nil, fmt.Errorf("%q is no path: names joined by dots, such as data.worker_email or data.*.phone; arrays need no mark", text)
		}
	}
	for _, needed := range neededFields() {
		if path.reaches(needed) {
			return nil, fmt.Errorf("%q reaches %s, which %w: ids, amounts, dates, statuses and concepts are what reconciliation rests on",
				text, strings.Join(needed, "."), errNeeded)
		}
	}
	return path, nil
}

// reaches reports whether taking out what p names takes out a field.
func (p RedactPath) reaches(field []string) bool {
	if len(p) > len(field) {
		return false
	}
	for i, name := range p {
		if name != "*" && name != field[i] {
			return false
		}
	}
	return true
}

// neededFields are the fields that must stay: all that are read but for texts about
// people, and the addresses of files.
func neededFields() [][]string {
	needed := [][]string{{"event_type"}, {"event_id"}, {"occurred_at"}, {"data"}}
	for _, name := range []string{
		"client_id", "agreement_id", "worker_id", "external_id", "worker_type", "contract_type", "signing", "currency", "start_date",
		"end_date", "status", "updated_at",
		"invoice_id", "invoice_number", "issue_date", "due_date", "period_start", "period_end", "paid_at", "total_amount",
		"usd_total_amount", "exchange_rate", "payment_group", "items",
		"payment_id", "paylist_id", "idempotency_key", "transaction_status", "transaction_amount", "transaction_date_time",
		"transaction_id", "transaction_type", "amount", "reference_id",
	} {
		needed = append(needed, []string{"data", name})
	}
	for _, name := range []string{"item_id", "concept", "quantity", "unit_amount", "amount", "usd_amount"} {
		needed = append(needed, []string{"data", "items", name})
	}
	return needed
}

// Redact returns the body with null in place of every value that one of the paths
// names, and every other byte as it was; and whether there was any such value that was
// not null before. The body is not changed. The error is [ErrNoFields].
func Redact(body []byte, paths []RedactPath) (redacted []byte, changed bool, err error) {
	r := redactor{body: body, dec: json.NewDecoder(bytes.NewReader(body))}
	if err := r.value(paths, 0); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrNoFields, err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("%w: more follows", ErrNoFields)
	}
	if len(r.cuts) == 0 {
		return body, false, nil
	}
	at := 0
	for _, cut := range r.cuts {
		redacted = append(append(redacted, body[at:cut.from]...), "null"...)
		at = cut.to
	}
	return append(redacted, body[at:]...), true, nil
}

// redactor walks through a body and notes what is to be cut out.
type redactor struct {
	body []byte
	dec  *json.Decoder
	cuts []struct{ from, to int } // in order
}

// value reads one value, in which the paths begin.
func (r *redactor) value(paths []RedactPath, depth int) error {
	if slices.ContainsFunc(paths, func(p RedactPath) bool { return len(p) == 0 }) {
		return r.cut()
	}
	opens, err := r.opens()
	if err != nil {
		return err
	}
	if len(paths) == 0 || !opens {
		return r.dec.Decode(new(json.RawMessage))
	}
	if depth > maxRedactDepth {
		return errors.New("it is nested too deep")
	}
	start, err := r.dec.Token()
	if err != nil {
		return err
	}
	for r.dec.More() {
		within := paths
		if start == json.Delim('{') {
			name, err := r.dec.Token()
			if err != nil {
				return err
			}
			within = below(paths, name)
		}
		if err := r.value(within, depth+1); err != nil {
			return err
		}
	}
	_, err = r.dec.Token()
	return err
}

// opens reports whether an object or an array comes next.
func (r *redactor) opens() (bool, error) {
	for at := int(r.dec.InputOffset()); at < len(r.body); at++ {
		switch r.body[at] {
		case ' ', '\t', '\r', '\n', ':', ',':
		case '{', '[':
			return true, nil
		default:
			return false, nil
		}
	}
	return false, io.ErrUnexpectedEOF
}

func (r *redactor) cut() error {
	var value json.RawMessage
	if err := r.dec.Decode(&value); err != nil {
		return err
	}
	if string(value) != "null" {
		to := int(r.dec.InputOffset())
		r.cuts = append(r.cuts, struct{ from, to int }{to - len(value), to})
	}
	return nil
}

// below returns what is left of the paths within the field of a name.
func below(paths []RedactPath, name json.Token) []RedactPath {
	var left []RedactPath
	for _, p := range paths {
		if p[0] == "*" || p[0] == name {
			left = append(left, p[1:])
		}
	}
	return left
}
