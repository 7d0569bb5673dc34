package schema

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Arrival says how a delivery came in: from where, what proved whose it is, and with
// what header. It holds no secrets. It is there for people; nothing is decided by it.
type Arrival struct {
	From     string    // the sender's address, as seen behind our own proxies; empty when it is not known
	Scheme   string    // the way of signing that held, such as "standard-webhooks"; "unsigned" where none is asked for
	Key      int       // which of the company's secrets made the signature, from 1; 0 when none was asked for
	SignedAt time.Time // when the sender says that it signed, UTC; zero where no time is signed
	// Headers are the request's header fields in their order.
	Headers []HeaderField
	Omitted int // fields that were too much to keep
}

// HeaderField is one line of a request's header.
type HeaderField struct {
	Name, Value string
}

// MaxArrival bounds how many bytes an arrival takes where it is stored.
const MaxArrival = 8 << 10

// AppendArrival appends the head of an arrival, without header fields, in the form that
// [ParseArrival] reads. Fields follow by [AppendHeaderField].
func AppendArrival(b []byte, a Arrival) []byte {
	signed := int64(0)
	if !a.SignedAt.IsZero() {
		signed = a.SignedAt.UnixMilli()
	}
	b = append(append(b, a.From...), ' ')
	b = append(append(b, a.Scheme...), ' ')
	b = append(strconv.AppendInt(b, int64(a.Key), 10), ' ')
	b = append(strconv.AppendInt(b, signed, 10), ' ')
	return append(strconv.AppendInt(b, int64(a.Omitted), 10), '\n')
}

// AppendHeaderField appends one field. Characters that would end a line are replaced.
func AppendHeaderField(b, name, value []byte) []byte {
	b = append(appendLine(b, name), ':', ' ')
	return append(appendLine(b, value), '\n')
}

func appendLine(b, text []byte) []byte {
	if bytes.IndexByte(text, '\n') < 0 {
		return append(b, text...)
	}
	return append(b, bytes.ReplaceAll(text, []byte{'\n'}, []byte{' '})...)
}

// ParseArrival reads what AppendArrival and AppendHeaderField wrote. Nothing is the
// arrival of which nothing is known.
func ParseArrival(text string) (Arrival, error) {
	var a Arrival
	if text == "" {
		return a, nil
	}
	head, rest, _ := strings.Cut(text, "\n")
	parts := strings.Split(head, " ")
	if len(parts) != 5 {
		return a, fmt.Errorf("arrival: begins with %q, and not with its five parts", head)
	}
	var numbers [3]int64
	for i := range numbers {
		n, err := strconv.ParseInt(parts[i+2], 10, 64)
		if err != nil {
			return a, fmt.Errorf("arrival: part %d is %q, and not a number", i+3, parts[i+2])
		}
		numbers[i] = n
	}
	a.From, a.Scheme, a.Key, a.Omitted = parts[0], parts[1], int(numbers[0]), int(numbers[2])
	if numbers[1] != 0 {
		a.SignedAt = time.UnixMilli(numbers[1]).UTC()
	}
	for line := range strings.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok {
			return a, fmt.Errorf("arrival: header field %q has no value", line)
		}
		a.Headers = append(a.Headers, HeaderField{Name: name, Value: value})
	}
	return a, nil
}
