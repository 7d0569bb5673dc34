package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

const day = 24 * time.Hour

// status is how the company stands.
func (w *world) status(t *testing.T, a *app.App) app.Status {
	t.Helper()
	status, err := a.Status(t.Context(), acme)
	require.NoError(t, err)
	return status
}

// logged counts the lines of the log that hold a text.
func (w *world) logged(text string) int { return strings.Count(w.log.String(), text) }

// asked is how often QuickBooks was asked anything.
func (w *world) asked() int {
	n := 0
	for _, requests := range w.books.Stats().Requests {
		n += requests
	}
	return n
}

// A connection that nobody uses ends after a hundred days. Whoever looks is told, 30,
// 7 and 1 days ahead and when it is over, and nobody asks QuickBooks for that.
func TestConnectionEnd_Unused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t)
	before := w.status(t, a)
	require.Nil(t, before.ConnectionEnds, "there is no connection")
	require.Empty(t, before.Warnings)
	w.connect(t, a)
	w.pages(t, a, nil)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(app.NewStandingCollector(a))
	gauge := func() float64 {
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			if family.GetName() == "tieout_quickbooks_connection_ends_timestamp_seconds" {
				require.Equal(t, "acme", family.GetMetric()[0].GetLabel()[0].GetValue())
				return family.GetMetric()[0].GetGauge().GetValue()
			}
		}
		return 0
	}
	asked := w.asked()
	ends := time.Now().Add(100 * day)
	for _, step := range []struct {
		ahead time.Duration
		days  int // negative for no warning
		says  string
	}{
		{0, -1, ""},
		{69 * day, -1, ""},
		{71 * day, 30, "ends on " + ends.UTC().Format(time.DateOnly) + ", because it was not used for long. Run `tieout sync --company acme` before"},
		{94 * day, 7, "or `tieout connect --company acme`; nothing is lost in the meantime"},
		{99*day + time.Hour, 1, "because it was not used for long"},
		{101 * day, 0, "ended on " + ends.UTC().Format(time.DateOnly) + ". Run `tieout connect --company acme`"},
	} {
		w.ahead.Store(int64(step.ahead))
		status := w.status(t, a)
		require.WithinDuration(t, ends, *status.ConnectionEnds, time.Hour)
		require.InDelta(t, float64(status.ConnectionEnds.Unix()), gauge(), 0)
		page := get(t, http.DefaultClient, w.cfg.Private.URL+"/").text
		require.Contains(t, page, "acme posts to Acme Inc.")
		if step.days < 0 {
			require.Nil(t, status.ReconnectWarningDays, "%s", step.ahead)
			require.Empty(t, status.Warnings)
			require.NotContains(t, page, "connection to QuickBooks")
			continue
		}
		require.Equal(t, step.days, *status.ReconnectWarningDays, "%s", step.ahead)
		require.Len(t, status.Warnings, 1)
		require.Contains(t, status.Warnings[0], step.says)
		require.Contains(t, page, step.says)
	}
	require.Equal(t, asked, w.asked())

	require.NoError(t, a.Disconnect(t.Context(), acme, "tester"))
	require.Nil(t, w.status(t, a).ConnectionEnds, "what is not connected does not end")
	require.Zero(t, gauge(), "and has no series")
}

// The other end comes however much a connection is used. The log says so once for
// each time that a person is to be told, and a process that starts again says it
// again.
func TestConnectionEnd_Hard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameClock, func(_ *world, c *quickbookstest.Config) { c.OAuth.HardLife = 40 * day })
	a := w.open(t)
	w.connect(t, a)
	require.Nil(t, w.status(t, a).ReconnectWarningDays)
	const line = `msg="quickbooks connection ends"`
	told := func(ahead time.Duration, times int) {
		t.Helper()
		w.ahead.Store(int64(ahead))
		w.cycle(t, a)
		w.cycle(t, a)
		require.Equal(t, times, w.logged(line), "%s", ahead)
	}
	told(0, 0)
	told(9*day, 0)
	told(11*day, 1)
	told(20*day, 1)
	told(34*day, 2)
	told(39*day+time.Hour, 3)
	require.Contains(t, w.log.String(), "level=WARN "+line+" company=acme days=30 ")
	require.Contains(t, w.log.String(), "level=ERROR "+line+" company=acme days=1 ", "somebody must act")
	status := w.status(t, a)
	require.Equal(t, 1, *status.ReconnectWarningDays)
	require.Contains(t, status.Warnings[0], "as each does in time, however much it is used. Run `tieout connect --company acme` before")

	again := w.open(t)
	w.cycle(t, again)
	require.Equal(t, 4, w.logged(line))

	w.connect(t, again)
	w.cycle(t, again)
	require.Equal(t, 4, w.logged(line), "a new connection has its whole life before it")
	require.Empty(t, w.status(t, again).Warnings)
	w.cycle(t, a)
	require.Equal(t, 4, w.logged(line), "and the other process knows")
	w.noTokens(t)
}

// noTokens makes sure that no token was logged.
func (w *world) noTokens(t *testing.T) {
	t.Helper()
	for _, secret := range []string{"eyJhbGciOiJkaXIi", "RT1-"} { // as the pretended QuickBooks begins them
		require.Zero(t, w.logged(secret))
	}
}

// What the month has cost is QuickBooks' own count, whoever asks and whichever
// process called.
func TestMeteredCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameClock)
	today := time.Now().UTC()
	w.ahead.Store(int64(time.Date(today.Year(), today.Month()+1, 5, 0, 0, 0, 0, time.UTC).Sub(today))) // far from the end of a month
	w.cfg.Companies[0].QuickBooks.MeteredBudget = new(250)
	a := w.ready(t)
	receive(t.Context(), t, a, month(t, 3))
	w.cycle(t, a)
	first := w.status(t, a).Metered
	used := w.books.Stats()
	require.Positive(t, used.CorePlus)
	require.Equal(t, app.MeteredMonth{
		Month: first.Month, Core: int64(used.Core), CorePlus: int64(used.CorePlus), Budget: 250,
	}, first)
	require.Equal(t, w.now().UTC().Format("2006-01"), first.Month.String())

	other := w.open(t)
	require.Equal(t, first, w.status(t, other).Metered, "another process knows")
	_, err := other.Cycle(t.Context(), acme, nil)
	require.NoError(t, err)
	client, err := other.Client(t.Context(), acme)
	require.NoError(t, err)
	_, err = client.CompanyInfo(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(w.books.Stats().CorePlus)-1, w.status(t, a).Metered.CorePlus)
	require.NoError(t, other.Close())
	require.Equal(t, int64(w.books.Stats().CorePlus), w.status(t, a).Metered.CorePlus, "what no cycle called is told at the end")

	w.ahead.Add(int64(32 * day))
	require.Zero(t, w.status(t, a).Metered.CorePlus, "another month")
	w.cycle(t, a)
	require.Positive(t, w.status(t, a).Metered.CorePlus)
}

// A used-up quota is told once in the log, and to whoever looks while it lasts.
func TestQuotaUsedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pause = time.Millisecond
	a := w.ready(t)
	w.serve(t, a)
	const line = `level=ERROR msg="quickbooks quota used up"`
	metric := func() string { return get(t, http.DefaultClient, w.cfg.Private.URL+"/metrics").text }
	require.Contains(t, metric(), "tieout_quickbooks_quota_blocked{company=\"acme\"} 0\n")
	w.books.SetQuota(-1)
	for range 2 {
		_, err := a.Cycle(t.Context(), acme, nil)
		require.ErrorIs(t, err, load.ErrQuota)
	}
	require.Equal(t, 1, w.logged(line))
	server, running, err := a.Server(t.Context())
	require.NoError(t, err)
	require.True(t, running)
	require.Equal(t, "[acme]", fmt.Sprint(server.QuotaBlocked), "commands beside the server are told")
	require.Contains(t, w.status(t, a).Warnings[0], "used up its metered calls of the month")
	require.Contains(t, w.status(t, a).Warnings[0], "nothing is lost in the meantime")
	require.Contains(t, get(t, http.DefaultClient, w.cfg.Private.URL+"/").text, "developer.intuit.com")
	require.Contains(t, metric(), "tieout_quickbooks_quota_blocked{company=\"acme\"} 1\n")

	w.books.SetQuota(0)
	w.cycle(t, a)
	require.Equal(t, 1, w.logged(line))
	require.Equal(t, 1, w.logged(`level=INFO msg="quickbooks can be read again"`))
	require.Empty(t, w.status(t, a).Warnings)
	server, _, err = a.Server(t.Context())
	require.NoError(t, err)
	require.Empty(t, server.QuotaBlocked)
}
