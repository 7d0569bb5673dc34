package load_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// QuickBooks lets 40 batches through in any minute. Posting must reach that rate
// and never be throttled, though each answer takes two seconds. Time is fake, so
// what is measured is the waiting and not this machine.
func TestLoader_Rate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bills, size int }{{1000, 30}, {1000, 10}, {1000, 1}, {10_000, 30}, {10_000, 10}, {10_000, 1}} {
		t.Run(fmt.Sprintf("%dBillsBy%d", c.bills, c.size), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, withConfig(func(l *load.Config) { l.BatchSize = c.size }))
				_, err := b.loader.RefreshBooks(t.Context())
				require.NoError(t, err)
				b.due(c.bills)
				b.sim.Chaos(1, quickbookstest.Odds{quickbookstest.DelayAfter: 1}, quickbookstest.Trouble{On: "batch", Delay: 2 * time.Second})
				began := time.Now()

				result, err := b.loader.Bills(t.Context())

				require.NoError(t, err)
				require.Equal(t, c.bills, result.Bills.Posted)
				require.Zero(t, b.sim.Stats().Throttled)
				batches := b.sim.Stats().Requests["batch"]
				require.Equal(t, (c.bills+c.size-1)/c.size, batches)
				// The first 40 leave at once, each 40 more a minute later, and the
				// last answers take two seconds more.
				took := time.Since(began) - 2*time.Second
				least := time.Duration((batches-1)/40) * time.Minute
				if least == 0 {
					require.LessOrEqual(t, took, time.Minute)
					return
				}
				share := 100 * least.Seconds() / took.Seconds()
				t.Logf("%d batches in %s, %.1f%% of the allowed rate", batches, took, share)
				if c.bills >= 10_000 { // in short runs the first minute's burst weighs more
					require.GreaterOrEqual(t, share, 95.0)
				}
			})
		})
	}
}
