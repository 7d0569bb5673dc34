package probe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestRun_DefaultSimulator(t *testing.T) {
	t.Parallel()
	report := probed(t, quickbookstest.Config{}, probe.Config{})
	for _, f := range report.Findings {
		t.Log(f.Name, f.Verdict, f.Found, f.Reason)
	}
	require.Empty(t, report.Alarming())
	require.Empty(t, report.Of(probe.Different), "the simulator plays what tieout was built for")
	require.Empty(t, report.Left)
	require.Len(t, report.Findings, len(probe.Catalogue()))
	tried := 0
	for _, f := range report.Findings {
		if f.Verdict == probe.NotTried {
			require.NotEmpty(t, f.Reason, f.Name)
			require.Empty(t, f.Found, f.Name)
			continue
		}
		tried++
		require.NotEmpty(t, f.Evidence, f.Name)
	}
	require.GreaterOrEqual(t, tried, 33)
}
