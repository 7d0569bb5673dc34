package webhookload

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Times are counted in microseconds with three digits. Longer ones than the longest
// count as the longest.
const (
	longest = 10 * time.Minute
	digits  = 3
)

// Latencies is how long requests took. The zero Latencies is none.
type Latencies struct {
	histogram *hdrhistogram.Histogram
	worst     time.Duration
}

// Record adds one time.
func (l *Latencies) Record(d time.Duration) {
	if l.histogram == nil {
		l.histogram = hdrhistogram.New(1, longest.Microseconds(), digits)
	}
	l.worst = max(l.worst, d)
	// Within the bounds of the histogram there is no error.
	_ = l.histogram.RecordValue(min(max(d, time.Microsecond), longest).Microseconds())
}

// Merge adds all times of m.
func (l *Latencies) Merge(m Latencies) {
	if m.histogram == nil {
		return
	}
	if l.histogram == nil {
		l.histogram = hdrhistogram.New(1, longest.Microseconds(), digits)
	}
	l.worst = max(l.worst, m.worst)
	_ = l.histogram.Merge(m.histogram) // of the same bounds, so that nothing is dropped
}

// Count returns how many times there are.
func (l *Latencies) Count() int64 {
	if l.histogram == nil {
		return 0
	}
	return l.histogram.TotalCount()
}

// Percentile returns the time that p percent of the requests did not exceed, to
// three digits; 0 of none.
func (l *Latencies) Percentile(p float64) time.Duration {
	if l.histogram == nil {
		return 0
	}
	return min(time.Duration(l.histogram.ValueAtPercentile(p))*time.Microsecond, l.worst)
}

// Worst returns the longest time, exactly.
func (l *Latencies) Worst() time.Duration { return l.worst }
