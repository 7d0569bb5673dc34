package load_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A month of a company with 1,000 bills is played, one arriving every 43 minutes
// and nudging a cycle, with two months of as many behind it. None of them waits,
// and the month stays within the budget. Batches are counted as metered. What
// becomes of ten times as many is told by TestPace, whose numbers these are.
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
				result := b.cycle()
				require.Equal(t, 1, result.Bills.Posted, "bill %d does not wait", next)
				require.Equal(t, 1, result.Exact, "nor to be read back")
			}
			sleep(hourLong)
		}

		used := b.sim.Stats()
		count := func(kind string) int { return used.Requests[kind] - began.Requests[kind] }
		calls := used.CorePlus - began.CorePlus
		t.Logf("%d metered calls: %d looks at the changes, %d queries, %d reads, %d batches",
			calls, count("cdc"), count("query"), count("read"), count("batch"))
		require.Len(t, b.bills(), 3*bills)
		require.Less(t, calls, 5000)
	})
}

const hourLong = time.Hour
