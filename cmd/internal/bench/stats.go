package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
)

// percentile returns the smallest of values that at least the share q of them do
// not exceed: the nearest rank. Values must be sorted; of none it is zero.
func percentile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	// A share such as 0.99 of 200 must be 198 and not a rounding error more.
	rank := int(math.Ceil(q*float64(len(values)) - 1e-9))
	return values[min(max(rank, 1), len(values))-1]
}

// median returns the middle of values, the lower one of two.
func median[T int64 | float64 | time.Duration](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[(len(sorted)-1)/2]
}

// tail says how long requests took.
type tail struct{ p50, p99, p999, worst time.Duration }

func tailOf(times []time.Duration) tail {
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	return tail{
		p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), p999: percentile(sorted, 0.999), worst: percentile(sorted, 1),
	}
}

func (t tail) String() string {
	return fmt.Sprintf("p50 %s, p99 %s, p99.9 %s, worst %s", figures.Short(t.p50), figures.Short(t.p99), figures.Short(t.p999), figures.Short(t.worst))
}
