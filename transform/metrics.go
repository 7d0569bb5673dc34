package transform

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/tieout/tieout/schema"
)

// metrics has only labels from closed sets: the configured companies, and the
// outcomes, states and reasons of package schema.
type metrics struct {
	deliveries  *prometheus.CounterVec
	drafts      *prometheus.CounterVec
	tasks       *prometheus.CounterVec
	open        *prometheus.GaugeVec
	held        *prometheus.GaugeVec
	duration    *prometheus.HistogramVec
	failures    *prometheus.CounterVec
	lastSuccess *prometheus.GaugeVec
}

// newMetrics registers with reg, or with nothing when reg is nil.
func newMetrics(reg prometheus.Registerer, companies []Config) *metrics {
	auto := promauto.With(reg)
	m := &metrics{
		deliveries: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_transform_deliveries_total", Help: "Deliveries that were transformed, by outcome.",
		}, []string{"company", "outcome"}),
		drafts: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_transform_drafts_total", Help: "Drafts that were recorded because they say something new.",
		}, []string{"company"}),
		tasks: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_transform_tasks_total", Help: "Tasks that were recorded because they say something new, by kind and state.",
		}, []string{"company", "kind", "state"}),
		open: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tieout_transform_open_invoices", Help: "Invoices that are not posted yet, by the state of their draft.",
		}, []string{"company", "state"}),
		held: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tieout_transform_held_invoices", Help: "Invoices that are held, by their first reason.",
		}, []string{"company", "reason"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tieout_transform_round_duration_seconds", Help: "How long a round took.",
			// From an idle round to the first one over a million invoices.
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 8),
		}, []string{"company"}),
		failures: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_transform_failed_rounds_total", Help: "Rounds that ended with an error.",
		}, []string{"company"}),
		lastSuccess: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tieout_transform_last_success_timestamp_seconds", Help: "When a round last ended without an error.",
		}, []string{"company"}),
	}
	for _, cfg := range companies {
		m.open0(string(cfg.CompanyID))
	}
	return m
}

// open0 makes every series of a company exist at zero, so that rate() sees the
// first event and a board shows no gaps.
func (m *metrics) open0(company string) {
	for _, kind := range schema.OutcomeKinds() {
		m.deliveries.WithLabelValues(company, string(kind))
	}
	m.drafts.WithLabelValues(company)
	for _, kind := range schema.TaskKinds() {
		for _, state := range []schema.TaskState{
			schema.TaskProposed, schema.TaskHeld, schema.TaskReady, schema.TaskAccepted, schema.TaskWithdrawn,
		} {
			m.tasks.WithLabelValues(company, string(kind), string(state))
		}
	}
	m.duration.WithLabelValues(company)
	m.failures.WithLabelValues(company)
	m.lastSuccess.WithLabelValues(company)
	m.standing(company, Result{})
}

// standing publishes where the open invoices of a company stand.
func (m *metrics) standing(company string, result Result) {
	for _, state := range []schema.DraftState{
		schema.DraftReady, schema.DraftHeld, schema.DraftAwaitsContract, schema.DraftAwaitsStatus,
	} {
		m.open.WithLabelValues(company, string(state)).Set(float64(result.States[state]))
	}
	for _, reason := range schema.HoldReasons() {
		m.held.WithLabelValues(company, string(reason)).Set(float64(result.Held[reason]))
	}
}

func (m *metrics) round(company schema.CompanyID, result Result, took time.Duration, ended time.Time, err error) {
	label := string(company)
	for kind, n := range result.Outcomes {
		m.deliveries.WithLabelValues(label, string(kind)).Add(float64(n))
	}
	m.drafts.WithLabelValues(label).Add(float64(result.Drafted))
	for count, n := range result.Tasks {
		m.tasks.WithLabelValues(label, string(count.Kind), string(count.State)).Add(float64(n))
	}
	m.duration.WithLabelValues(label).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(label).Inc()
		return
	}
	m.standing(label, result)
	m.lastSuccess.WithLabelValues(label).Set(float64(ended.Unix()))
}
