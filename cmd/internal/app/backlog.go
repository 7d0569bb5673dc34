package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tieout/tieout/schema"
)

// backlogTimeout bounds how long a scrape waits for the store.
const backlogTimeout = 5 * time.Second

// backlogCollector tells every company's backlog when Prometheus asks. Ages come
// with counts, because people ask "how late?" and not "how many?".
type backlogCollector struct {
	app    *App
	items  *prometheus.Desc
	oldest *prometheus.Desc
	held   *prometheus.Desc
	age    *prometheus.Desc
}

func newBacklogCollector(a *App) *backlogCollector {
	return &backlogCollector{
		app: a,
		items: prometheus.NewDesc("tieout_backlog_items",
			"What is still to be done, by company and kind of work.", []string{"company", "work"}, nil),
		oldest: prometheus.NewDesc("tieout_backlog_oldest_seconds",
			"Age of the oldest item, zero when there is none.", []string{"company", "work"}, nil),
		held: prometheus.NewDesc("tieout_backlog_held_invoices",
			"Invoices that are held, by the first reason.", []string{"company", "reason"}, nil),
		age: prometheus.NewDesc("tieout_backlog_age_seconds",
			"How long ago the backlog was counted, by company; looks at short intervals share a count.", []string{"company"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (b *backlogCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- b.items
	descs <- b.oldest
	descs <- b.held
	descs <- b.age
}

// Collect implements prometheus.Collector. A company whose backlog cannot be read in
// time is told as it was last, for two minutes, and is then left out; the log says why.
func (b *backlogCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	for _, c := range b.app.companies {
		if backlog, ok := c.backlog.read(ctx); ok {
			b.send(metrics, string(c.id), backlog, b.app.Now())
		}
	}
}

func (b *backlogCollector) send(metrics chan<- prometheus.Metric, company string, backlog counted, now time.Time) {
	metrics <- prometheus.MustNewConstMetric(b.age, prometheus.GaugeValue, now.Sub(backlog.at).Seconds(), company)
	held := 0
	for _, reason := range schema.HoldReasons() {
		n := backlog.Held[reason]
		held += n
		metrics <- prometheus.MustNewConstMetric(b.held, prometheus.GaugeValue, float64(n), company, string(reason))
	}
	for _, work := range []struct {
		name   string
		count  int
		oldest time.Time
	}{
		{"pending", backlog.Pending, backlog.OldestPending},
		{"held", held, backlog.OldestHeld},
		{"waiting", backlog.Waiting, time.Time{}},
		{"due", backlog.Due, backlog.OldestDue},
		{"uncertain", backlog.Uncertain, backlog.OldestUncertain},
		{"unverified", backlog.Unverified, backlog.OldestUnverified},
		{"declined", backlog.Declined, time.Time{}},
		{"tasks_due", backlog.TasksDue, time.Time{}},
		{"tasks_waiting", backlog.TasksWaiting, backlog.OldestTaskWaiting},
		{"tasks_uncertain", backlog.TasksUncertain, time.Time{}},
		{"tasks_unverified", backlog.TasksUnverified, time.Time{}},
	} {
		metrics <- prometheus.MustNewConstMetric(b.items, prometheus.GaugeValue, float64(work.count), company, work.name)
		age := 0.0
		if !work.oldest.IsZero() {
			age = max(0, now.Sub(work.oldest).Seconds())
		}
		metrics <- prometheus.MustNewConstMetric(b.oldest, prometheus.GaugeValue, age, company, work.name)
	}
}
