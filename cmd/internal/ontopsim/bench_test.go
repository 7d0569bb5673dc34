package ontopsim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
)

// BenchmarkGenerate makes up 1,000 workers' year: 12,000 invoices and what
// happens to them.
func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		history, err := ontopsim.Generate(ontopsim.Config{Workers: 1000, Months: 12})
		require.NoError(b, err)
		b.ReportMetric(float64(len(history.Events)), "events/op")
	}
}
