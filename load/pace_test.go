package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// paced is a company's month under a pace, minute by minute, with what else it
// calls: two calls an hour for changes and settings, and a sweep each night.
type paced struct {
	pace  *pace
	month time.Time
	sweep int64 // calls of one night; negative for a company that makes no other calls either

	used, full, inSpite int64
	waits               []int // of each document until it was sent, in minutes
	checked             []int // and until it was read back
	most                int64 // of the budget, right after a call that went at once
}

func newPaced(month time.Time, budget, sweep int64) *paced {
	p := &paced{month: month, sweep: sweep}
	p.pace = newPace(int(budget), func(time.Time) int64 { return p.used })
	return p
}

// play lets documents arrive in the given minutes of the month, with a cycle in
// each minute.
func (p *paced) play(arrivals []int) {
	slices.Sort(arrivals)
	var waiting, unread []int
	end := int(p.month.AddDate(0, 1, 0).Sub(p.month) / time.Minute)
	for minute := range end {
		now := p.month.Add(time.Duration(minute) * time.Minute)
		for len(arrivals) > 0 && arrivals[0] <= minute {
			waiting, arrivals = append(waiting, arrivals[0]), arrivals[1:]
		}
		if minute%60 == 59 && p.sweep >= 0 {
			p.used += 2
			if minute%1440 == 239 {
				p.used += p.sweep
			}
			p.readBack(minute, unread)
			unread = nil
		}
		for len(waiting) > 0 {
			n := min(len(waiting), 30)
			before := p.used
			if !p.pace.batch(now, schema.PostBill, schema.Period{}, n, 30) {
				break
			}
			p.called(now, n == 30, batchesAhead, before)
			for _, arrived := range waiting[:n] {
				p.waits = append(p.waits, minute-arrived)
			}
			waiting, unread = waiting[n:], append(unread, waiting[:n]...)
		}
		if before := p.used; len(unread) > 0 && p.pace.read(now, schema.PostBill, len(unread)) {
			p.called(now, len(unread) >= idsTogether, readsAhead, before)
			p.readBack(minute, unread)
			unread = nil
		}
	}
}

func (p *paced) readBack(minute int, unread []int) {
	for _, arrived := range unread {
		p.checked = append(p.checked, minute-arrived)
	}
}

func (p *paced) called(now time.Time, full bool, ahead, before int64) {
	p.used++
	switch {
	case full:
		p.full++
	case before < allowed(p.pace.budget, ahead, now):
		p.most = max(p.most, p.used)
	default:
		p.inSpite++
	}
}

func middle(waits []int) int {
	slices.Sort(waits)
	return waits[len(waits)/2]
}

func november() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// one by one, evenly over the month.
func evenly(n int) []int {
	arrivals := make([]int, n)
	for i := range arrivals {
		arrivals[i] = i * 30 * 1440 / n
	}
	return arrivals
}

func TestPace(t *testing.T) {
	t.Parallel()

	t.Run("AThousandOneByOneNeverWait", func(t *testing.T) {
		t.Parallel()
		p := newPaced(november(), 5000, 12)
		p.play(evenly(1000))
		require.Len(t, p.waits, 1000)
		require.Zero(t, slices.Max(p.waits))
		require.Zero(t, slices.Max(p.checked), "and are read back at once")
		require.Less(t, p.used, int64(5000))
		t.Logf("%d metered calls", p.used)
	})

	t.Run("TenThousandOneByOneStayWithinTheBudget", func(t *testing.T) {
		t.Parallel()
		for _, month := range []time.Time{november(), november().AddDate(0, 1, 0), november().AddDate(0, 3, 0)} {
			p := newPaced(month, 5000, 39)
			p.play(evenly(9900))
			require.Less(t, p.used, int64(5000))
			require.LessOrEqual(t, slices.Max(p.waits), 60)
			require.LessOrEqual(t, slices.Max(p.checked), 60+60)
			t.Logf("%s: %d metered calls, %d in spite of the month; half of the bills wait less than %d minutes and are read back within %d",
				month.Format("January"), p.used, p.inSpite, middle(p.waits), middle(p.checked))
			require.Less(t, middle(p.waits), 25)
			require.Less(t, middle(p.checked), 80)
		}
		p := newPaced(november(), 30_000, 39)
		p.play(evenly(9900))
		require.Zero(t, slices.Max(p.waits))
		require.Zero(t, slices.Max(p.checked))
	})

	t.Run("FullBatchesNeverWait", func(t *testing.T) {
		t.Parallel()
		p := newPaced(november(), 100, 12)
		p.play(slices.Repeat([]int{5000}, 3000))
		require.Equal(t, slices.Repeat([]int{0}, 3000), p.waits)
		require.Equal(t, int64(100+1), p.full, "and one read of them all")
	})

	t.Run("WithoutABudgetNothingWaits", func(t *testing.T) {
		t.Parallel()
		p := newPaced(november(), -1, 39)
		p.play(evenly(9900))
		require.Zero(t, slices.Max(p.waits))
		require.Zero(t, slices.Max(p.checked))
	})

	t.Run("EachKindAndMonthHasItsTurn", func(t *testing.T) {
		t.Parallel()
		used, month := int64(1249), schema.MeteredMonth(november())
		p := newPace(5000, func(time.Time) int64 { return used })
		batch := func(kind schema.PostingKind, month schema.Period, after time.Duration, n int) bool {
			return p.batch(november().Add(after), kind, month, n, 30)
		}
		for range 2 {
			require.True(t, batch(schema.PostBill, month, 0, 1), "a quarter of the budget goes at once")
		}
		require.True(t, p.read(november(), schema.PostBill, 1), "once in a while in spite of the month")
		require.False(t, p.read(november(), schema.PostBill, idsTogether-1))
		require.True(t, p.read(november(), schema.PostPayment, 1))
		require.True(t, p.read(november(), schema.PostBill, idsTogether))

		used = 1300
		require.True(t, batch(schema.PostBill, month, 0, 1), "once in a while too")
		require.False(t, batch(schema.PostBill, month, 0, 29))
		require.True(t, batch(schema.PostBill, month, 0, 30))
		require.True(t, batch(schema.PostBill, month.Next(), 0, 1), "another month is another batch")
		require.True(t, batch(schema.PostPayment, month, 0, 1))
		require.False(t, batch(schema.PostBill, month, time.Hour-time.Second, 1))
		require.True(t, batch(schema.PostBill, month, time.Hour, 1))
		require.False(t, batch(schema.PostPayment, month, time.Minute, 1))
	})
}

// Whatever arrives when, what goes at once never brings a month above its budget,
// what goes in spite of it is bounded by the clock, and nothing waits for more than
// an hour.
func TestPace_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		month := november().AddDate(0, rapid.IntRange(0, 11).Draw(t, "month"), 0)
		budget := rapid.Int64Range(0, 8000).Draw(t, "budget")
		p := newPaced(month, budget, rapid.SampledFrom([]int64{-1, 0, 12, 39, 200}).Draw(t, "sweep"))
		p.play(crowds(t, rapid.IntRange(1, 12_000).Draw(t, "documents")))
		require.LessOrEqual(t, p.most, budget)
		hours := int64(month.AddDate(0, 1, 0).Sub(month) / time.Hour)
		require.LessOrEqual(t, p.inSpite, hours+1+hours/6+1)
		require.LessOrEqual(t, slices.Max(append(p.waits, 0)), 60)
		if p.sweep < 0 && budget >= 1600 {
			require.LessOrEqual(t, p.used, budget+p.full, "small batches alone stay within any budget that the clock does not exceed")
		}
	})
}

// A company with 1,000 invoices a month never waits to post one, however they
// crowd.
func TestPace_AThousandNeverWait(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPaced(november().AddDate(0, rapid.IntRange(0, 11).Draw(t, "month"), 0), 5000, 12)
		p.play(crowds(t, 1000))
		require.Zero(t, slices.Max(append(p.waits, 0)))
		require.LessOrEqual(t, p.used, int64(5000))
	})
}

// crowds draws when n documents arrive: in a few crowds of hours to weeks, some of
// them one a minute.
func crowds(t *rapid.T, n int) []int {
	draw := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	var arrivals []int
	for crowd := rapid.IntRange(1, 4).Draw(t, "crowds"); crowd > 0; crowd-- {
		part := (n - len(arrivals)) / crowd
		from := rapid.IntRange(0, 27*1440).Draw(t, "from")
		width := rapid.IntRange(1, 28*1440-from).Draw(t, "width")
		for i := range part {
			at := from + draw.IntN(width)
			if width > part {
				at = from + i*width/part
			}
			arrivals = append(arrivals, at)
		}
	}
	return arrivals
}
