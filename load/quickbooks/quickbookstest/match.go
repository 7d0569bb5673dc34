package quickbookstest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// test is one condition, checked against an entity's table.
type test struct {
	list  string // the list that path is inside of, or ""
	path  []string
	field field
	op    string
	want  []string
}

// holds reports whether obj meets the condition. Text compares without case.
func (t test) holds(obj object) bool {
	have := shownValue(t.field, at(obj, t.path...))
	switch t.op {
	case "IN":
		for _, want := range t.want {
			if c, ok := compare(t.field, have, want); ok && c == 0 {
				return true
			}
		}
		return false
	case "LIKE":
		return like(strings.ToLower(have), strings.ToLower(t.want[0]))
	}
	c, ok := compare(t.field, have, t.want[0])
	if !ok {
		return false
	}
	switch t.op {
	case "=":
		return c == 0
	case "<":
		return c < 0
	case ">":
		return c > 0
	case "<=":
		return c <= 0
	default:
		return c >= 0
	}
}

// shownValue is an attribute's value as text; a reference's is its id.
func shownValue(f field, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	case object:
		if f.shape == refShape {
			return textAt(v, "value")
		}
	}
	return ""
}

// compare orders a value against one from a statement. Values that cannot be
// compared, such as a date with a word, are not ok. A blank stands for no value.
func compare(f field, have, want string) (int, bool) {
	if strings.TrimSpace(want) == "" {
		return strings.Compare(strings.TrimSpace(have), ""), true
	}
	if have == "" {
		return 0, false
	}
	switch f.shape {
	case amountShape, rateShape, wholeShape:
		a, errA := decimal.NewFromString(have)
		b, errB := decimal.NewFromString(want)
		if errA != nil || errB != nil || b.Exponent() > 20 {
			return 0, false
		}
		return a.Cmp(b), true
	case stampShape:
		a, okA := instant(have)
		b, okB := instant(want)
		return a.Compare(b), okA && okB
	default:
		return strings.Compare(strings.ToLower(have), strings.ToLower(want)), true
	}
}

// instant reads a time as clients write it. Assumed: without an offset it is in
// UTC, and a bare date is its midnight.
func instant(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// like matches s against a pattern whose only wildcard is %.
func like(s, pattern string) bool {
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return s == pattern
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	if !strings.HasSuffix(s, last) {
		return false
	}
	s = s[:len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}
