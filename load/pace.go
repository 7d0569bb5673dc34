package load

import (
	"sync"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// What is not full may go at once while the month's use is ahead of the calendar by
// less than a part of the budget. Reads may be ahead by less than batches: a
// document that is not read back is met by the mirror within the hour, for nothing,
// and one that is not posted waits.
const (
	batchesAhead = 4  // a quarter of the budget
	readsAhead   = 12 // a twelfth
)

// How often one more may go when the month is further ahead than that.
const (
	smallBatchEvery = time.Hour
	smallReadEvery  = 6 * time.Hour
)

// pace spends a month's budget of metered calls on what need not wait for company:
// batches that are not full, and reads back of a few documents. It is safe for
// concurrent use.
type pace struct {
	budget int64                 // of a calendar month in UTC; negative for none
	used   func(time.Time) int64 // of it in the month that the time lies in

	mu   sync.Mutex
	last map[stream]time.Time // when one went although the month was too far ahead
}

// stream is what waits together: documents of a kind and month, which fit into one
// batch, or reads back of a kind. None may keep another from its turn.
type stream struct {
	kind  schema.PostingKind
	month schema.Period // none of reads
}

func newPace(budget int, used func(time.Time) int64) *pace {
	return &pace{budget: int64(budget), used: used, last: map[stream]time.Time{}}
}

// batch reports whether a batch of n documents of a month may go, of size at most.
// A full one always may.
func (p *pace) batch(now time.Time, kind schema.PostingKind, month schema.Period, n, size int) bool {
	return n >= size || p.spend(now, batchesAhead, stream{kind, month}, smallBatchEvery)
}

// read reports whether n documents may be read back.
func (p *pace) read(now time.Time, kind schema.PostingKind, n int) bool {
	return n >= idsTogether || p.spend(now, readsAhead, stream{kind: kind}, smallReadEvery)
}

// spend reports whether one more call may be made for a stream: because the month
// allows it, or because none was made in spite of the month for long enough.
func (p *pace) spend(now time.Time, ahead int64, of stream, every time.Duration) bool {
	if p.budget < 0 || p.used(now) < allowed(p.budget, ahead, now) {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, ok := p.last[of]; ok && now.Sub(last) < every {
		return false
	}
	p.last[of] = now
	return true
}

// allowed is how many calls may have been made in a month by now: one part in ahead
// of the budget from its first moment, and of the rest as much as has passed of it.
// A fiftieth is left for the last sweep and the last hours, so that no month ends
// above its budget by what went at once.
func allowed(budget, ahead int64, now time.Time) int64 {
	first := beginOfMonth(now)
	passed, month := now.Sub(first), first.AddDate(0, 1, 0).Sub(first)
	atOnce := budget / ahead
	return atOnce + (budget-budget/50-atOnce)*int64(passed/time.Second)/int64(month/time.Second)
}

func beginOfMonth(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// meteredBy counts what a client itself called in each month, the first one being
// that of the first question.
func meteredBy(books *quickbooks.Client) func(time.Time) int64 {
	var mu sync.Mutex
	var month time.Time
	var before int64
	return func(now time.Time) int64 {
		mu.Lock()
		defer mu.Unlock()
		count, first := books.Metered().CorePlus, beginOfMonth(now)
		if !month.IsZero() && !first.Equal(month) {
			before = count
		}
		month = first
		return count - before
	}
}
