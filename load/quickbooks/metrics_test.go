package quickbooks_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

// value returns one sample of a registry, or -1 when there is none.
func value(t *testing.T, reg *prometheus.Registry, name string, labels map[string]string) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
	samples:
		for _, sample := range family.GetMetric() {
			for _, label := range sample.GetLabel() {
				if want, asked := labels[label.GetName()]; asked && want != label.GetValue() {
					continue samples
				}
			}
			switch {
			case sample.GetCounter() != nil:
				return sample.GetCounter().GetValue()
			case sample.GetGauge() != nil:
				return sample.GetGauge().GetValue()
			}
			return float64(sample.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

func TestMetrics(t *testing.T) {
	t.Parallel()

	t.Run("AreAtZeroFromTheStart", func(t *testing.T) {
		t.Parallel()
		reg := prometheus.NewRegistry()
		quickbooks.NewMetrics(reg)
		require.Zero(t, value(t, reg, "tieout_quickbooks_requests_total", map[string]string{"operation": "batch", "outcome": "no_answer"}))
		require.Zero(t, value(t, reg, "tieout_quickbooks_throttled_total", nil))
		require.Zero(t, value(t, reg, "tieout_quickbooks_metered_calls_total", map[string]string{"class": "coreplus"}))
		families, err := reg.Gather()
		require.NoError(t, err)
		for _, family := range families {
			require.Regexp(t, `^tieout_quickbooks_[a-z_]+_(total|seconds)$`, family.GetName())
			require.NotEmpty(t, family.GetHelp())
		}
	})

	t.Run("CountWhatHappened", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			mux := http.NewServeMux()
			mux.Handle("/v3/", answers(unauthorised(), throttled(), response{status: 503}, ok(companyAnswer)))
			mux.Handle("/tokens", answers(rotated(2)))
			oauth, err := quickbooks.NewOAuth(config(), &http.Client{Transport: direct{mux}}, time.Now, quickbooks.NewMetrics(reg))
			require.NoError(t, err)
			b := setup(t, answers(ok("{}")))
			session := quickbooks.NewSession(oauth, b.store, b.lock, realm, b.logger())
			_, err = quickbooks.NewClient(session, b.logger(), nil).CompanyInfo(t.Context())
			require.NoError(t, err)

			for outcome, n := range map[string]float64{"success": 1, "unauthorised": 1, "throttled": 1, "no_answer": 1, "fault": 0} {
				require.InDelta(t, n, value(t, reg, "tieout_quickbooks_requests_total",
					map[string]string{"operation": "company_info", "outcome": outcome}), 0, outcome)
			}
			for name, want := range map[string]float64{
				"tieout_quickbooks_throttled_total":                        1,
				"tieout_quickbooks_pauses_total":                           1,
				"tieout_quickbooks_access_token_expiry_timestamp_seconds":  float64(b.store.stored().AccessExpires.Unix()),
				"tieout_quickbooks_refresh_token_expiry_timestamp_seconds": float64(b.store.stored().RefreshExpires.Unix()),
				"tieout_quickbooks_throttle_wait_seconds_total":            60,
			} {
				require.InDelta(t, want, value(t, reg, name, nil), 1, name)
			}
			require.InDelta(t, 1, value(t, reg, "tieout_quickbooks_metered_calls_total", map[string]string{"class": "coreplus"}), 0)
			require.InDelta(t, 4, value(t, reg, "tieout_quickbooks_request_duration_seconds", map[string]string{"operation": "company_info"}), 0)
		})
	})
}
