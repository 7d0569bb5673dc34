package storetest

import (
	"cmp"
	"reflect"
	"slices"
	"time"
)

// history is everything recorded about subjects, by subject.
type history[K comparable, T any] struct {
	subjects map[K][]record[T]
}

// record is one fact and when it was recorded; seq breaks ties of the clock.
type record[T any] struct {
	at   time.Time
	seq  int64
	fact T
}

// add appends a fact, unless the same one is there already.
func (h *history[K, T]) add(key K, at time.Time, seq int64, fact T) {
	for _, known := range h.subjects[key] {
		if known.at.Equal(at) && reflect.DeepEqual(known.fact, fact) {
			return
		}
	}
	h.append(key, at, seq, fact)
}

// append adds a fact that is new even when it says what another said.
func (h *history[K, T]) append(key K, at time.Time, seq int64, fact T) {
	if h.subjects == nil {
		h.subjects = make(map[K][]record[T])
	}
	records := append(h.subjects[key], record[T]{at: at, seq: seq, fact: fact})
	slices.SortFunc(records, func(a, b record[T]) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq))
	})
	h.subjects[key] = records
}

// newest returns the newest fact as of asOf, and whether there is one.
func (h *history[K, T]) newest(key K, asOf time.Time) (T, bool) {
	return h.newestThat(key, asOf, func(T) bool { return true })
}

// newestThat returns the newest fact as of asOf that ok accepts.
func (h *history[K, T]) newestThat(key K, asOf time.Time, ok func(T) bool) (T, bool) {
	for _, known := range slices.Backward(h.subjects[key]) {
		if seen(known.at, asOf) && ok(known.fact) {
			return known.fact, true
		}
	}
	var none T
	return none, false
}

// first returns the oldest fact as of asOf, and whether there is one.
func (h *history[K, T]) first(key K, asOf time.Time) (T, bool) {
	records := h.subjects[key]
	if len(records) == 0 || !seen(records[0].at, asOf) {
		var none T
		return none, false
	}
	return records[0].fact, true
}

// seen reports whether a fact recorded at is visible as of asOf.
func seen(at, asOf time.Time) bool { return asOf.IsZero() || !at.After(asOf) }

// instant is t as a store keeps it: UTC, in whole microseconds.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// clone copies a slice; an empty one becomes nil, since a store does not tell
// the two apart.
func clone[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return slices.Clone(s)
}
