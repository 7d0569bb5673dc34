package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/adrg/strutil/metrics"
)

// name is how a record of QuickBooks is known.
type name struct {
	id, full string
	active   bool
}

// deletedSuffix stands behind the name of a record that was made inactive; the
// person who writes a rule knows it by the name that it had.
const deletedSuffix = " (deleted)"

// matching returns the records whose id or full name text is: the active ones, or
// the others where none is active.
func matching[T any](all []T, nameOf func(T) name, text string) []T {
	var active, others []T
	for _, record := range all {
		n := nameOf(record)
		switch {
		case n.active && (n.id == text || strings.EqualFold(n.full, text)):
			active = append(active, record)
		case !n.active && (n.id == text || strings.EqualFold(n.full, text) || strings.EqualFold(n.full, text+deletedSuffix)):
			others = append(others, record)
		}
	}
	if len(active) > 0 {
		return active
	}
	return others
}

func naming[T any](found []T, nameOf func(T) name) string {
	names := make([]string, len(found))
	for i, record := range found {
		n := nameOf(record)
		names[i] = fmt.Sprintf("%s (%s)", n.id, n.full)
	}
	return strings.Join(names, " or ")
}

// nearest asks whether an active record was meant whose name is near to text, or
// is empty when there is none.
func nearest[T any](all []T, nameOf func(T) name, text string) string {
	const (
		most = 3
		// likeness from which Jaro–Winkler stops pairing unrelated words.
		enough = 0.8
	)
	type candidate struct {
		name  string
		score float64
	}
	var near []candidate
	metric := metrics.NewJaroWinkler()
	metric.CaseSensitive = false
	for _, record := range all {
		n := nameOf(record)
		if !n.active {
			continue
		}
		leaf := n.full[strings.LastIndexByte(n.full, ':')+1:]
		if score := max(metric.Compare(text, n.full), metric.Compare(text, leaf)); score >= enough {
			near = append(near, candidate{name: n.full, score: score})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name))
	})
	names := make([]string, 0, most)
	for _, c := range near[:min(most, len(near))] {
		names = append(names, fmt.Sprintf("%q", c.name))
	}
	if len(names) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}
