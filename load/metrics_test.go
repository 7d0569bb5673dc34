package load_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// gather returns counters and gauges by name and label values.
func gather(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				name += " " + label.GetValue()
			}
			values[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return values
}

func TestNewMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		reg := prometheus.NewRegistry()
		loader := load.New(b.store, b.newClient(), load.Config{Company: acme, Now: time.Now},
			slog.New(slog.DiscardHandler), load.NewMetrics(reg))
		for _, series := range []string{
			"tieout_load_postings_total bill posted", "tieout_load_postings_total vendor adopted",
			"tieout_load_postings_total vendor_credit uncertain",
			"tieout_load_declines_total person", "tieout_load_verifications_total missing", "tieout_load_uncertain acme",
			"tieout_load_oldest_uncertain_seconds acme", "tieout_load_last_success_timestamp_seconds acme",
		} {
			require.Contains(t, gather(t, reg), series, "every series exists from the start")
		}

		b.due(35)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "6210"})
		_, err := loader.RunOnce(t.Context())
		require.NoError(t, err)
		succeeded := time.Now()
		time.Sleep(time.Minute)
		b.record(b.draft(36))
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		_, err = loader.Bills(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Minute)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "query", Times: 5})
		_, err = loader.RunOnce(t.Context())
		require.ErrorIs(t, err, load.ErrNoAnswer)

		got := gather(t, reg)
		require.InDelta(t, 34, got["tieout_load_postings_total bill posted"], 0)
		require.InDelta(t, 1, got["tieout_load_postings_total bill declined"], 0)
		require.InDelta(t, 1, got["tieout_load_postings_total bill uncertain"], 0)
		require.InDelta(t, 1, got["tieout_load_declines_total person"], 0)
		require.InDelta(t, 34, got["tieout_load_verifications_total exact"], 0)
		require.InDelta(t, 1, got["tieout_load_uncertain acme"], 0)
		require.GreaterOrEqual(t, got["tieout_load_oldest_uncertain_seconds acme"], 60.0)
		require.InDelta(t, float64(succeeded.Unix()), got["tieout_load_last_success_timestamp_seconds acme"], 0)
	})
}

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	require.NoError(t, load.Config{}.Validate())

	err := load.Config{BatchSize: 31, InFlight: -1, Chunk: -1, Patience: -1, BooksEvery: -1, Uploads: -1, UploadsTogether: -1}.Validate()

	for _, setting := range []string{"load.batch_size", "load.in_flight", "load.chunk", "load.patience", "load.books_every", "load.uploads:", "load.uploads_together:"} {
		require.ErrorContains(t, err, setting)
	}
}
