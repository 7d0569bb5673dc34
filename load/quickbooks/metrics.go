package quickbooks

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// The operations, which are all the values of that label.
const (
	opExchange    = "token_exchange"
	opRefresh     = "token_refresh"
	opRevoke      = "token_revoke"
	opCompanyInfo = "company_info"
	opPreferences = "preferences"
	opRead        = "read"
	opQuery       = "query"
	opChanges     = "changes"
	opCreate      = "create"
	opBatch       = "batch"
	opUpload      = "upload"
)

// The outcomes, which are all the values of that label.
const (
	outcomeSuccess      = "success"
	outcomeFault        = "fault"
	outcomeThrottled    = "throttled"
	outcomeUnauthorised = "unauthorised"
	outcomeNoAnswer     = "no_answer"
)

// The classes in which Intuit counts calls. Core is free; CorePlus counts
// against the app's monthly quota. Batches are counted as CorePlus because it is
// not settled what they are, and too many is the safe mistake.
const (
	classCore     = "core"
	classCorePlus = "coreplus"
)

// Metrics count what the clients of one process ask of QuickBooks. Make one and
// share it: several companies cannot register the same names twice. A nil
// *Metrics counts nothing.
type Metrics struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	throttled prometheus.Counter
	pauses    prometheus.Counter
	metered   *prometheus.CounterVec
	waited    prometheus.Counter
	access    *prometheus.GaugeVec
	refresh   *prometheus.GaugeVec
}

// NewMetrics registers with reg, or with nothing when reg is nil. Every series
// of a closed set is at zero from the start.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "tieout_quickbooks_" + name, Help: help})
	}
	m := &Metrics{
		requests: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_quickbooks_requests_total",
			Help: "Requests sent to QuickBooks, by operation and outcome.",
		}, []string{"operation", "outcome"}),
		duration: f.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tieout_quickbooks_request_duration_seconds",
			Help:    "Time from sending a request to QuickBooks to having its whole answer.",
			Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 130},
		}, []string{"operation"}),
		throttled: counter("throttled_total", "Answers of QuickBooks that asked for a pause."),
		pauses:    counter("pauses_total", "Pauses of a company that began, because QuickBooks asked for one."),
		waited:    counter("throttle_wait_seconds_total", "Time that requests waited here to stay within QuickBooks' limits."),
		metered: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_quickbooks_metered_calls_total",
			Help: "Successful calls by Intuit's class; coreplus counts against the app's monthly quota.",
		}, []string{"class"}),
		access: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tieout_quickbooks_access_token_expiry_timestamp_seconds",
			Help: "When the access token in use ends, by company at QuickBooks.",
		}, []string{"realm"}),
		refresh: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tieout_quickbooks_refresh_token_expiry_timestamp_seconds",
			Help: "When the connection ends unless it is renewed before, by company at QuickBooks.",
		}, []string{"realm"}),
	}
	m.zero()
	return m
}

func (m *Metrics) zero() {
	for _, operation := range []string{
		opExchange, opRefresh, opRevoke, opCompanyInfo, opPreferences, opRead, opQuery, opChanges, opCreate, opBatch, opUpload,
	} {
		m.duration.WithLabelValues(operation)
		for _, outcome := range []string{
			outcomeSuccess, outcomeFault, outcomeThrottled, outcomeUnauthorised, outcomeNoAnswer,
		} {
			m.requests.WithLabelValues(operation, outcome)
		}
	}
	m.metered.WithLabelValues(classCore)
	m.metered.WithLabelValues(classCorePlus)
}

func (m *Metrics) answered(operation, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(operation, outcome).Inc()
	m.duration.WithLabelValues(operation).Observe(took.Seconds())
	if outcome == outcomeThrottled {
		m.throttled.Inc()
	}
}

func (m *Metrics) counted(class string) {
	if m != nil {
		m.metered.WithLabelValues(class).Inc()
	}
}

func (m *Metrics) paused() {
	if m != nil {
		m.pauses.Inc()
	}
}

func (m *Metrics) waitedFor(d time.Duration) {
	if m != nil && d > 0 {
		m.waited.Add(d.Seconds())
	}
}

// expires sets when tokens end. A time that is not known leaves no series.
func (m *Metrics) expires(t Token) {
	if m == nil {
		return
	}
	set := func(g *prometheus.GaugeVec, at time.Time) {
		if at.IsZero() {
			g.DeleteLabelValues(t.RealmID)
			return
		}
		g.WithLabelValues(t.RealmID).Set(float64(at.Unix()))
	}
	set(m.access, t.AccessExpires)
	set(m.refresh, t.Ends())
}
