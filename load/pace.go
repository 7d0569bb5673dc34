package load

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// smallAtOnce is how many batches that are not full leave without waiting, and
	// how many small reads: a new connection, a test or a quiet company never waits.
	smallAtOnce = 150

	// smallBatchEvery and smallReadEvery are how often one more may go. The mirror
	// reads back for nothing within the hour what no small read did.
	smallBatchEvery = 30 * time.Minute
	smallReadEvery  = 2 * time.Hour
)

// pace keeps invoices that arrive one by one from costing a metered call or two
// each. It is safe for concurrent use.
type pace struct{ batches, reads *rate.Limiter }

func newPace() pace {
	return pace{
		batches: rate.NewLimiter(rate.Every(smallBatchEvery), smallAtOnce),
		reads:   rate.NewLimiter(rate.Every(smallReadEvery), smallAtOnce),
	}
}

// batch reports whether a batch of n documents may go, of size at most. A full one
// always may.
func (p pace) batch(now time.Time, n, size int) bool { return n >= size || p.batches.AllowN(now, 1) }

// read reports whether n documents may be read back.
func (p pace) read(now time.Time, n int) bool { return n >= idsTogether || p.reads.AllowN(now, 1) }
