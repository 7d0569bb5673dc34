package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// Mistake is one thing wrong with the rules, for the person who wrote them.
type Mistake struct {
	Line   int           // in the file, from 1; 0 when the rules came from no file
	Rule   schema.RuleID // empty when the rule has no id, or the mistake is in no rule
	Field  string        // as it is written in the file, such as "account"
	Value  string        // what is there, shortened
	Detail string        // what is wrong
	Next   string        // what to do about it
}

// String writes the mistake in one line.
func (m Mistake) String() string {
	var b strings.Builder
	if m.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", m.Line)
	}
	if m.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", clip(string(m.Rule)))
	}
	if m.Field != "" {
		b.WriteString(m.Field)
		if m.Value != "" {
			fmt.Fprintf(&b, " %q", m.Value)
		}
		b.WriteString(": ")
	}
	b.WriteString(m.Detail)
	if m.Next != "" {
		b.WriteString("; " + m.Next)
	}
	return b.String()
}

// Mistakes is the error of [Parse] and [Resolve]: everything that is wrong, in
// the order of the file. It is never empty.
type Mistakes []Mistake

// Error writes one mistake a line.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// err returns the mistakes in the order of the file, or nil when there are none.
func (ms Mistakes) err() error {
	if len(ms) == 0 {
		return nil
	}
	slices.SortStableFunc(ms, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	return ms
}

// clip bounds what a mistake repeats of a foreign text.
func clip(text string) string {
	const most = 60
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
