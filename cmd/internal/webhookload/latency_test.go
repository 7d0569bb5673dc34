package webhookload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/webhookload"
)

func TestLatencies(t *testing.T) {
	t.Parallel()

	t.Run("OfNoneAreNone", func(t *testing.T) {
		t.Parallel()
		var l webhookload.Latencies
		l.Merge(webhookload.Latencies{})
		require.Zero(t, l.Count())
		require.Zero(t, l.Percentile(99))
		require.Zero(t, l.Worst())
	})

	t.Run("CountWhatIsLongerThanTheLongest", func(t *testing.T) {
		t.Parallel()
		var l webhookload.Latencies
		l.Record(time.Hour)
		l.Record(-time.Second)
		require.EqualValues(t, 2, l.Count())
		require.Equal(t, time.Hour, l.Worst())
	})

	t.Run("PercentilesAreThoseOfTheSortedTimesToThreeDigitsHoweverTheyAreSplit", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			times := rapid.SliceOfN(rapid.Int64Range(1, 60_000_000), 1, 200).Draw(t, "microseconds")
			var one, a, b webhookload.Latencies
			for i, us := range times {
				d := time.Duration(us) * time.Microsecond
				one.Record(d)
				if i%2 == 0 {
					a.Record(d)
				} else {
					b.Record(d)
				}
			}
			a.Merge(b)
			require.EqualValues(t, len(times), a.Count())
			require.Equal(t, one.Worst(), a.Worst())
			for _, p := range []float64{50, 99, 99.9, 100} {
				require.Equal(t, one.Percentile(p), a.Percentile(p))
				below := 0
				for _, us := range times {
					if float64(us) <= float64(a.Percentile(p).Microseconds())*1.001 {
						below++
					}
				}
				require.GreaterOrEqual(t, float64(below), p/100*float64(len(times))-1e-6)
			}
		})
	})
}
