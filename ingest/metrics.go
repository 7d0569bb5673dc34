package ingest

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts what this package does. It is safe for concurrent use.
type Metrics struct {
	requests     *prometheus.CounterVec
	byCode       map[int]prometheus.Counter
	other        prometheus.Counter
	received     prometheus.Counter
	replayed     prometheus.Counter
	conflicts    prometheus.Counter
	shed         map[shedding]prometheus.Counter
	connections  prometheus.Gauge
	inFlight     prometheus.Gauge
	unverified   *prometheus.CounterVec // by cause and company
	commitSize   prometheus.Histogram
	commitTime   prometheus.Histogram
	commitErrors prometheus.Counter
	depth        prometheus.Gauge
	bytes        prometheus.Gauge
	limit        prometheus.Gauge
	oldest       prometheus.Gauge
	lost         prometheus.Counter
	healthy      prometheus.Gauge
	diskFree     prometheus.Gauge
	diskReserve  prometheus.Gauge
	refusals     []refusal
	staged       *prometheus.CounterVec
	drainErrors  prometheus.Counter
	drainTime    prometheus.Histogram
}

// NewMetrics registers with reg, or with nothing when reg is nil. Every series
// exists at zero from the start, so that a rate sees the first event.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	with := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return with.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return with.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	seconds := []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
	m := &Metrics{
		requests: with.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_ingest_requests_total", Help: "Requests to the webhook listener, by status code.",
		}, []string{"code"}),
		received: counter("tieout_ingest_received_bytes_total", "Bytes of bodies that became durable."),
		replayed: counter("tieout_ingest_replayed_total", "Deliveries that came again, byte for byte, and were not stored again."),
		conflicts: counter("tieout_ingest_conflicts_total",
			"Deliveries that came under the id of one with another body lately; both are kept."),
		connections: gauge("tieout_ingest_connections", "Connections to the webhook listener."),
		inFlight:    gauge("tieout_ingest_requests_in_flight", "Requests being answered now."),
		commitSize: with.NewHistogram(prometheus.HistogramOpts{
			Name: "tieout_ingest_commit_deliveries", Help: "Deliveries that shared one sync of the journal.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 12),
		}),
		commitTime: with.NewHistogram(prometheus.HistogramOpts{
			Name: "tieout_ingest_commit_seconds", Help: "Time that one sync of the journal took.", Buckets: seconds,
		}),
		commitErrors: counter("tieout_ingest_commit_errors_total", "Times that the journal's disk failed and nothing was acknowledged until it was reopened."),
		depth:        gauge("tieout_ingest_journal_deliveries", "Deliveries in the journal that the store has not confirmed."),
		bytes:        gauge("tieout_ingest_journal_bytes", "Bytes in the journal that the store has not confirmed."),
		limit:        gauge("tieout_ingest_journal_limit_bytes", "Bytes at which the journal takes no more."),
		oldest:       gauge("tieout_ingest_journal_oldest_seconds", "Age of the oldest delivery that the store has not confirmed."),
		lost:         counter("tieout_ingest_journal_lost_records_total", "Records of the journal that damage on disk made unreadable."),
		healthy:      gauge("tieout_ingest_journal_healthy", "1 when the journal takes deliveries, else 0."),
		diskFree:     gauge("tieout_ingest_journal_disk_free_bytes", "Bytes free on the journal's disk; -1 when the file system cannot tell."),
		diskReserve:  gauge("tieout_ingest_journal_disk_reserve_bytes", "Bytes that have to be free on the journal's disk for deliveries to be taken."),
		refusals:     refusalCauses(),
		staged: with.NewCounterVec(prometheus.CounterOpts{
			Name: "tieout_ingest_staged_total", Help: "Deliveries that the store has confirmed, by channel.",
		}, []string{"channel"}),
		drainErrors: counter("tieout_ingest_drain_errors_total", "Attempts to move a block into the store that had no known success."),
		drainTime: with.NewHistogram(prometheus.HistogramOpts{
			Name: "tieout_ingest_drain_seconds", Help: "Time that the store took for one block.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}),
		shed:   make(map[shedding]prometheus.Counter),
		byCode: make(map[int]prometheus.Counter),
	}
	m.unverified = with.NewCounterVec(prometheus.CounterOpts{
		Name: "tieout_ingest_verification_failures_total", Help: "Requests that could not be verified, by cause and company.",
	}, []string{"cause", "company"})
	shed := with.NewCounterVec(prometheus.CounterOpts{
		Name: "tieout_ingest_shed_total", Help: "Requests and connections that were answered 503 because too much was under way, by what.",
	}, []string{"what"})
	for _, what := range []shedding{shedConnection, shedRequest, shedBytes} {
		m.shed[what] = shed.WithLabelValues(string(what))
	}
	refusals := with.NewCounterVec(prometheus.CounterOpts{
		Name: "tieout_ingest_journal_refused_total", Help: "Verified deliveries that the journal did not take, by cause; senders were answered 503.",
	}, []string{"cause"})
	for i, r := range m.refusals {
		m.refusals[i].count = refusals.WithLabelValues(r.cause)
	}
	for _, code := range []int{202, 400, 401, 404, 405, 408, 413, 415, 429, 431, 500, 503} {
		m.byCode[code] = m.requests.WithLabelValues(strconv.Itoa(code))
	}
	m.other = m.requests.WithLabelValues("other")
	m.staged.WithLabelValues("webhook")
	m.staged.WithLabelValues("import")
	return m
}

// answered counts one answer.
func (m *Metrics) answered(code int) {
	if c, ok := m.byCode[code]; ok {
		c.Inc()
		return
	}
	m.other.Inc()
}

// refusal is one reason why the journal did not take a delivery.
type refusal struct {
	cause string
	err   error
	count prometheus.Counter
}

// refusalCauses names everything that Append may return, but that a sender is gone.
// What is an error of several kinds counts as the first.
func refusalCauses() []refusal {
	return []refusal{
		{cause: "disk_full", err: ErrDiskFull},
		{cause: "full", err: ErrFull},
		{cause: "busy", err: ErrBusy},
		{cause: "slow", err: ErrSlow},
		{cause: "broken", err: ErrBroken},
		{cause: "closed", err: ErrClosed},
	}
}

// refused counts one delivery that the journal did not take.
func (m *Metrics) refused(err error) {
	for _, r := range m.refusals {
		if errors.Is(err, r.err) {
			r.count.Inc()
			return
		}
	}
}

// journal shows what waits.
func (m *Metrics) journal(s Stats) {
	m.depth.Set(float64(s.Deliveries))
	m.bytes.Set(float64(s.Bytes))
	m.limit.Set(float64(s.LimitBytes))
	m.oldest.Set(s.Age.Seconds())
	m.diskFree.Set(float64(s.FreeBytes))
	m.diskReserve.Set(float64(s.ReserveBytes))
	up := 0.0
	if s.Healthy {
		up = 1
	}
	m.healthy.Set(up)
}
