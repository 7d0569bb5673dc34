package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func milliseconds(n int) []time.Duration {
	values := make([]time.Duration, n)
	for i := range values {
		values[i] = time.Duration(i+1) * time.Millisecond
	}
	return values
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		of   int
		q    float64
		want time.Duration
	}{
		{"OfNothingIsZero", 0, 0.99, 0},
		{"OfOneIsThatOne", 1, 0.5, time.Millisecond},
		{"HalfOfTwoIsTheLower", 2, 0.5, time.Millisecond},
		{"NearestRankOfTen", 10, 0.91, 10 * time.Millisecond},
		{"RoundSharesAreNotRoundedUp", 200, 0.99, 198 * time.Millisecond},
		{"AThousandthOfAThousand", 1000, 0.999, 999 * time.Millisecond},
		{"AllIsTheWorst", 1000, 1, time.Second},
		{"NoneIsTheBest", 1000, 0, time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, percentile(milliseconds(c.of), c.q))
		})
	}
}

func TestPercentile_LeavesNoMoreThanItsShareAbove(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, 50).Draw(t, "ms")) * time.Millisecond
		}), 1, 300).Draw(t, "values")
		slices.Sort(values)
		permille := rapid.IntRange(1, 1000).Draw(t, "permille")
		found := percentile(values, float64(permille)/1000)
		require.Contains(t, values, found)
		atMost := 0
		for _, v := range values {
			if v <= found {
				atMost++
			}
		}
		require.GreaterOrEqual(t, atMost*1000, permille*len(values))
		if i := slices.Index(values, found); i > 0 {
			require.Less(t, i*1000, permille*len(values), "a smaller value does as well")
		}
	})
}

func TestTailOf(t *testing.T) {
	t.Parallel()
	t.Run("DoesNotNeedOrderAndKeepsTheCallersOrder", func(t *testing.T) {
		t.Parallel()
		values := milliseconds(1000)
		slices.Reverse(values)
		require.Equal(t, tail{p50: 500 * time.Millisecond, p99: 990 * time.Millisecond, p999: 999 * time.Millisecond, worst: time.Second}, tailOf(values))
		require.Equal(t, time.Second, values[0])
	})
	t.Run("ReadsWell", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "p50 500 ms, p99 990 ms, p99.9 999 ms, worst 1.00 s", tailOf(milliseconds(1000)).String())
	})
}

func TestMedian(t *testing.T) {
	t.Parallel()
	values := []float64{3, 1, 2}
	require.InDelta(t, 2, median(values), 0)
	require.Equal(t, []float64{3, 1, 2}, values, "the caller's order stays")
	require.InDelta(t, 1, median([]float64{2, 1}), 0)
	require.Zero(t, median([]int64{}))
}
