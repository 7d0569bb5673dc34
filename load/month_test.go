package load_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A month of a company is played at a tenth of 10,000 bills, one arriving every
// 43 minutes and nudging a cycle, with two months of as many behind it. What depends
// on their number is added: a sweep of 30,000 bills takes 31 pages, and batches and
// small reads come as often as the pace allows at most. Batches are counted as metered.
func TestLoader_MeteredCallsOfAMonth(t *testing.T) {
	t.Parallel()
	const bills, hours = 1000, 30 * 24
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		for i := range 2 * bills {
			d := b.draft(i+1, today)
			b.handBill(d, map[string]any{"TxnDate": d.TxnDate.AddDays(-i % 60).String()})
		}
		_, err := b.loader.Sweep(t.Context())
		require.NoError(t, err)
		began, next := b.sim.Stats(), 0
		for hour := range hours {
			if hour%24 == 3 {
				_, err := b.loader.Sweep(t.Context())
				require.NoError(t, err)
			} else {
				b.mirror()
			}
			for next < (hour+1)*bills/hours {
				next++
				b.record(b.draft(100_000+next, today))
				b.cycle()
			}
			sleep(hourLong)
		}
		for range 3 {
			b.cycle()
			b.mirror()
			sleep(2 * hourLong)
		}

		used := b.sim.Stats()
		count := func(kind string) int { return used.Requests[kind] - began.Requests[kind] }
		calls := used.CorePlus - began.CorePlus
		t.Logf("%d metered calls: %d looks at the changes, %d queries, %d reads, %d batches",
			calls, count("cdc"), count("query"), count("read"), count("batch"))
		require.Len(t, b.bills(), 3*bills)
		backlog, err := b.store.Backlog(t.Context(), acme)
		require.NoError(t, err)
		require.Zero(t, backlog.Due+backlog.Unverified+backlog.Declined)
		const batches, pages = 150 + hours*2, 30 * (31 - 3)
		whole := calls - count("batch") + batches + pages // small reads are at their most already
		t.Logf("at most %d with ten times as many", whole)
		require.Less(t, whole, 5000)
	})
}

const hourLong = time.Hour
