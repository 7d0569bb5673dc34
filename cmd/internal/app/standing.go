package app

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tieout/tieout/schema"
)

// standingCollector tells of every company, when Prometheus asks, how long
// QuickBooks lets us in and what asking it has cost. It asks QuickBooks nothing.
type standingCollector struct {
	app     *App
	ends    *prometheus.Desc
	metered *prometheus.Desc
	budget  *prometheus.Desc
	blocked *prometheus.Desc
}

func newStandingCollector(a *App) *standingCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tieout_quickbooks_"+name, help, append([]string{"company"}, labels...), nil)
	}
	return &standingCollector{
		app: a,
		ends: desc("connection_ends_timestamp_seconds",
			"When the connection ends by itself, by company that is connected."),
		metered: desc("metered_calls_this_month",
			"Successful calls of all processes in this month, UTC, by Intuit's class; coreplus counts against the quota.", "class"),
		budget:  desc("metered_budget_calls", "How many coreplus calls a month the company may make; zero is no limit."),
		blocked: desc("quota_blocked", "1 while QuickBooks refuses to be read for longer than a throttle lasts."),
	}
}

// Describe implements prometheus.Collector.
func (s *standingCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{s.ends, s.metered, s.budget, s.blocked} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out;
// readiness says why.
func (s *standingCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	for _, c := range s.app.companies {
		company := string(c.id)
		send := func(desc *prometheus.Desc, value float64, labels ...string) {
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, append([]string{company}, labels...)...)
		}
		blocked := 0.
		if c.quotaBlocked() {
			blocked = 1
		}
		send(s.blocked, blocked)
		send(s.budget, float64(c.budget()))
		if end, err := s.end(ctx, c); err != nil {
			s.app.log.WarnContext(ctx, "end of the connection not read", slog.String("company", company), slog.Any("error", err))
		} else if !end.At.IsZero() {
			send(s.ends, float64(end.At.Unix()))
		}
		used, err := s.app.store.Metered(ctx, c.id, schema.MeteredMonth(s.app.Now()))
		if err != nil {
			s.app.log.WarnContext(ctx, "metered calls not read", slog.String("company", company), slog.Any("error", err))
			continue
		}
		send(s.metered, float64(used.Core), "core")
		send(s.metered, float64(used.CorePlus), "coreplus")
	}
}

func (s *standingCollector) end(ctx context.Context, c *company) (ConnectionEnd, error) {
	connection, err := s.app.store.Connection(ctx, c.id)
	if err != nil {
		return ConnectionEnd{}, err
	}
	return s.app.connectionEnd(ctx, connection)
}
