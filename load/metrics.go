package load

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// Metrics counts what the loaders of a process do. One is shared by all
// companies; the company is a label only where a sum over companies would say
// nothing.
type Metrics struct {
	postings      *prometheus.CounterVec
	declines      *prometheus.CounterVec
	verifications *prometheus.CounterVec
	batchItems    prometheus.Histogram
	cycle         prometheus.Histogram
	uncertain     *prometheus.GaugeVec
	oldest        *prometheus.GaugeVec
	lastSuccess   *prometheus.GaugeVec
	mirror        *prometheus.CounterVec
	drift         *prometheus.CounterVec
	mirroredUntil *prometheus.GaugeVec
}

// NewMetrics registers with reg, or with nothing when reg is nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	with := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return with.NewCounterVec(prometheus.CounterOpts{Name: "tieout_load_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return with.NewGaugeVec(prometheus.GaugeOpts{Name: "tieout_load_" + name, Help: help}, []string{"company"})
	}
	m := &Metrics{
		postings:      counter("postings_total", "Answers recorded, by what was posted and what became of it.", "kind", "outcome"),
		declines:      counter("declines_total", "Postings declined, by what is to be done about it.", "decision"),
		verifications: counter("verifications_total", "Documents read back, by result.", "result"),
		batchItems: with.NewHistogram(prometheus.HistogramOpts{
			Name: "tieout_load_batch_items", Help: "Documents in each batch that was sent.", Buckets: []float64{1, 2, 5, 10, 20, 30},
		}),
		cycle: with.NewHistogram(prometheus.HistogramOpts{
			Name: "tieout_load_cycle_seconds", Help: "How long a whole cycle took.",
			Buckets: []float64{0.05, 0.2, 1, 5, 20, 60, 300, 1200},
		}),
		uncertain:   gauge("uncertain", "Postings that were named or sent and have no answer yet."),
		oldest:      gauge("oldest_uncertain_seconds", "How long ago the oldest of them was last heard of."),
		lastSuccess: gauge("last_success_timestamp_seconds", "When a cycle last ended without any error."),
		mirror: counter("mirror_documents_total",
			"Bills and vendor credits in QuickBooks that were not as last seen, whoever touched them.", "change"),
		drift:         counter("drift_total", "Documents of ours that changed in QuickBooks after they were read back, by what they are now.", "result"),
		mirroredUntil: gauge("mirrored_until_timestamp_seconds", "Up to when every change of the books is known."),
	}
	for _, change := range []string{changeSeen, changeDeleted} {
		m.mirror.WithLabelValues(change)
	}
	kinds := []string{string(schema.PostVendor), string(schema.DocumentBill), string(schema.DocumentVendorCredit)}
	for _, kind := range schema.TaskKinds() {
		kinds = append(kinds, string(kind))
	}
	for _, kind := range kinds {
		for _, state := range []schema.PostingState{
			schema.PostingPosted, schema.PostingAdopted, schema.PostingDeclined, schema.PostingUncertain,
		} {
			m.postings.WithLabelValues(kind, string(state))
		}
	}
	for _, decision := range []quickbooks.Decision{
		quickbooks.Retry, quickbooks.Wait, quickbooks.LookUp, quickbooks.Reauthorise, quickbooks.Fix, quickbooks.Person,
	} {
		m.declines.WithLabelValues(string(decision))
	}
	for _, result := range []schema.VerificationResult{schema.VerifiedExact, schema.VerifiedDivergent, schema.VerifiedMissing} {
		m.verifications.WithLabelValues(string(result))
		m.drift.WithLabelValues(string(result))
	}
	return m
}

// begin makes the series of a company exist.
func (m *Metrics) begin(company schema.CompanyID) {
	for _, gauge := range []*prometheus.GaugeVec{m.uncertain, m.oldest, m.lastSuccess, m.mirroredUntil} {
		gauge.WithLabelValues(string(company))
	}
}

// The values of the label change.
const (
	changeSeen    = "seen" // new, or with another content
	changeDeleted = "deleted"
)

func (m *Metrics) mirrored(company schema.CompanyID, until time.Time, r MirrorResult) {
	m.mirror.WithLabelValues(changeSeen).Add(float64(r.Changed - r.Deleted))
	m.mirror.WithLabelValues(changeDeleted).Add(float64(r.Deleted))
	m.mirroredUntil.WithLabelValues(string(company)).Set(float64(until.Unix()))
}

func (m *Metrics) posting(p schema.Posting) {
	m.postings.WithLabelValues(kindLabel(p), string(p.State)).Inc()
}

// kindLabel tells vendor credits from bills, which are one kind of posting.
func kindLabel(p schema.Posting) string {
	if p.Kind == schema.PostBill {
		return string(formOf(p))
	}
	return string(p.Kind)
}

func (m *Metrics) declined(f schema.Fault) {
	decision := quickbooks.Person
	switch {
	case f.Code == codeConnection:
		decision = quickbooks.Reauthorise
	case ownCode(f.Code) && f.Owner == schema.OwnerNobody:
		decision = quickbooks.Retry
	case ownCode(f.Code) && f.Owner == schema.OwnerOps:
		decision = quickbooks.Fix
	case !ownCode(f.Code):
		decision = storedFault(f).Decision()
	}
	m.declines.WithLabelValues(string(decision)).Inc()
}

func (m *Metrics) succeeded(company schema.CompanyID, at time.Time) {
	m.lastSuccess.WithLabelValues(string(company)).Set(float64(at.Unix()))
}

// observe counts what is still open.
func (l *Loader) observe(ctx context.Context) error {
	open, oldest := 0, l.now()
	now := oldest
	for _, kind := range l.kinds() {
		if l.settled.resting(kind, now) {
			continue
		}
		postings, err := l.store.OpenPostings(ctx, l.cfg.Company, kind)
		if err != nil {
			return fmt.Errorf("read open postings: %w", err)
		}
		for _, p := range postings {
			open++
			if p.RecordedAt.Before(oldest) {
				oldest = p.RecordedAt
			}
		}
	}
	l.metrics.uncertain.WithLabelValues(string(l.cfg.Company)).Set(float64(open))
	l.metrics.oldest.WithLabelValues(string(l.cfg.Company)).Set(now.Sub(oldest).Seconds())
	return nil
}
