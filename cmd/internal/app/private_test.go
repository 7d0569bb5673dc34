package app_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// pages serves an App's private pages at the address that its configuration names.
func (w *world) pages(t *testing.T, a *app.App, check func(context.Context) error) {
	t.Helper()
	address, err := url.Parse(w.cfg.Private.URL)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(a.PrivatePages("store", check))
	require.NoError(t, server.Listener.Close())
	server.Listener = listen(t, address.Host)
	server.Start()
	t.Cleanup(server.Close)
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}
}

func TestPrivatePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t)
	var broken atomic.Pointer[error]
	w.pages(t, a, func(context.Context) error {
		if err := broken.Load(); err != nil {
			return *err
		}
		return nil
	})
	base := w.cfg.Private.URL

	t.Run("SayThatTheProcessLives", func(t *testing.T) {
		got := get(t, http.DefaultClient, base+"/healthz")
		require.Equal(t, 200, got.status)
		require.Equal(t, "ok\n", got.text)
	})

	t.Run("SayWhatIsNotReady", func(t *testing.T) {
		require.Equal(t, 200, get(t, http.DefaultClient, base+"/readyz").status)
		away := errors.New("no route to host")
		broken.Store(&away)
		got := get(t, http.DefaultClient, base+"/readyz")
		require.Equal(t, 503, got.status)
		require.Equal(t, "store: no route to host\n", got.text)
		require.Equal(t, 200, get(t, http.DefaultClient, base+"/healthz").status, "a store that is away is no reason to be restarted")
	})

	t.Run("KeepBrowsersFromHarm", func(t *testing.T) {
		got := get(t, http.DefaultClient, base+"/")
		require.Equal(t, 200, got.status)
		require.Contains(t, got.text, "acme is not connected; open /oauth/quickbooks/start?company=acme")
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
		require.Equal(t, "DENY", got.header.Get("X-Frame-Options"))
		require.Equal(t, "no-referrer", got.header.Get("Referrer-Policy"))
		require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, 404, get(t, http.DefaultClient, base+"/webhooks/ontop/acme").status, "webhooks never come in here")
	})

	t.Run("KnowTheServer", func(t *testing.T) {
		server, running, err := a.Server(t.Context())
		require.NoError(t, err)
		require.True(t, running)
		require.True(t, server.Idle)
	})
}

func TestApp_ServerIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t)
	_, running, err := a.Server(t.Context())
	require.NoError(t, err)
	require.False(t, running)

	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	require.NoError(t, stranger.Listener.Close())
	stranger.Listener = listen(t, w.cfg.Private.Listen)
	stranger.Start()
	defer stranger.Close()
	_, _, err = a.Server(t.Context())
	require.ErrorContains(t, err, "private.listen "+w.cfg.Private.Listen+": answers, but not as tieout does")
}

// begin opens the start page and returns the address that QuickBooks would send
// the browser back to.
func (w *world) begin(t *testing.T, browser *http.Client) string {
	t.Helper()
	once := *browser
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	started := get(t, &once, w.cfg.Private.URL+"/oauth/quickbooks/start?company=acme")
	require.Equal(t, http.StatusFound, started.status, started.text)
	cookie := started.header.Get("Set-Cookie")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")
	return w.consent(t, started.header.Get("Location"))
}

func TestConnectPages(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T) (*world, *app.App) {
		t.Helper()
		w := newWorld(t)
		a := w.open(t)
		w.pages(t, a, func(context.Context) error { return nil })
		return w, a
	}
	state := func(t *testing.T, a *app.App) schema.ConnectionState {
		t.Helper()
		connection, err := a.Store().Connection(t.Context(), acme)
		require.NoError(t, err)
		return connection.State
	}

	t.Run("ConnectOnce", func(t *testing.T) {
		t.Parallel()
		w, a := setup(t)
		browser := newBrowser(t)
		address := w.begin(t, browser)
		got := get(t, browser, address)
		require.Equal(t, 200, got.status)
		require.Contains(t, got.text, "<h1>Connected</h1>")
		require.Contains(t, got.text, "acme posts to Acme Inc (realm 1001) from now on.")
		require.Equal(t, schema.Connected, state(t, a))

		again := get(t, browser, address)
		require.Equal(t, http.StatusGone, again.status, "a state is good for one connection")
		require.Contains(t, get(t, browser, w.cfg.Private.URL+"/").text, "acme posts to Acme Inc.")
	})

	t.Run("BelongToTheBrowserThatBegan", func(t *testing.T) {
		t.Parallel()
		w, a := setup(t)
		address := w.begin(t, newBrowser(t))
		got := get(t, newBrowser(t), address)
		require.Contains(t, got.text, "Almost done")
		require.NotContains(t, got.text, "<h1>Connected</h1>")
		require.NotEqual(t, schema.Connected, state(t, a))
	})

	t.Run("ServeATerminalToo", func(t *testing.T) {
		t.Parallel()
		w, a := setup(t)
		pending, err := a.StartConnect(acme)
		require.NoError(t, err)
		address := w.consent(t, pending.URL)
		require.Contains(t, get(t, newBrowser(t), address).text, "copy the whole address of this page, paste it there")
		connection, err := a.FinishConnect(t.Context(), pending, address, "tester")
		require.NoError(t, err)
		require.Equal(t, "Acme Inc", connection.Name)
		require.Equal(t, "tester", connection.By)
	})

	t.Run("AreTooOldAfterTenMinutes", func(t *testing.T) {
		t.Parallel()
		w, a := setup(t)
		browser := newBrowser(t)
		address := w.begin(t, browser)
		w.ahead.Store(int64(10 * time.Minute))
		got := get(t, browser, address)
		require.Equal(t, http.StatusGone, got.status)
		require.Contains(t, got.text, "Begin again")
		require.NotEqual(t, schema.Connected, state(t, a))
	})

	t.Run("RefuseWhatPersonRefused", func(t *testing.T) {
		t.Parallel()
		w, a := setup(t)
		browser := newBrowser(t)
		address, err := url.Parse(w.begin(t, browser))
		require.NoError(t, err)
		query := address.Query()
		query.Del("code")
		query.Set("error", "access_denied")
		address.RawQuery = query.Encode()
		got := get(t, browser, address.String())
		require.Equal(t, http.StatusBadGateway, got.status)
		require.Contains(t, got.text, "<h1>Not connected</h1>")
		require.NotEqual(t, schema.Connected, state(t, a))
	})

	t.Run("RefuseAnotherCompanyThanConfigured", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.cfg.Companies[0].QuickBooks.RealmID = "1002"
		a := w.open(t)
		w.pages(t, a, func(context.Context) error { return nil })
		browser := newBrowser(t)
		got := get(t, browser, w.begin(t, browser))
		require.Equal(t, http.StatusBadGateway, got.status)
		require.Contains(t, got.text, "chose realm 1001, configured is 1002")
		require.NotEqual(t, schema.Connected, state(t, a))
	})

	t.Run("RefuseAnotherCompanyThanConnected", func(t *testing.T) {
		t.Parallel()
		w, a := setup(t)
		w.connect(t, a)
		browser := newBrowser(t)
		address := strings.Replace(w.begin(t, browser), "realmId=1001", "realmId=1002", 1)
		require.Contains(t, address, "1002")
		got := get(t, browser, address)
		require.Contains(t, got.text, "disconnect it first")
	})

	t.Run("KnowOnlyConfiguredCompanies", func(t *testing.T) {
		t.Parallel()
		w, _ := setup(t)
		got := get(t, newBrowser(t), w.cfg.Private.URL+"/oauth/quickbooks/start?company=%3Cscript%3E")
		require.Equal(t, http.StatusNotFound, got.status)
		require.NotContains(t, got.text, "<script>")
		require.Contains(t, got.text, "the id of a company of the configuration")
	})

	t.Run("BoundHowManyAreBegun", func(t *testing.T) {
		t.Parallel()
		w, _ := setup(t)
		once := newBrowser(t)
		once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for range 100 {
			require.Equal(t, http.StatusFound, get(t, once, w.cfg.Private.URL+"/oauth/quickbooks/start?company=acme").status)
		}
		require.Equal(t, http.StatusTooManyRequests, get(t, once, w.cfg.Private.URL+"/oauth/quickbooks/start?company=acme").status)
		w.ahead.Store(int64(11 * time.Minute))
		require.Equal(t, http.StatusFound, get(t, once, w.cfg.Private.URL+"/oauth/quickbooks/start?company=acme").status)
	})
}

// Everything that is promised can be scraped before the first delivery, so that a
// rate sees the first of each.
func TestServe_MetricsFromTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve(t, w.open(t))
	got := get(t, http.DefaultClient, w.cfg.Private.URL+"/metrics")
	require.Equal(t, 200, got.status)
	problems, err := promlint.New(strings.NewReader(got.text)).Lint()
	require.NoError(t, err, "it can be parsed")
	for _, problem := range problems {
		require.False(t, strings.HasPrefix(problem.Metric, "tieout_"), "%s: %s", problem.Metric, problem.Text)
	}
	series := []string{
		`tieout_ingest_requests_total{code="202"} 0`, `tieout_ingest_requests_total{code="401"} 0`,
		`tieout_ingest_requests_total{code="503"} 0`, `tieout_ingest_staged_total{channel="webhook"} 0`,
		`tieout_ingest_staged_total{channel="import"} 0`, `tieout_ingest_journal_oldest_seconds 0`, `tieout_ingest_journal_healthy 1`,
		`tieout_transform_drafts_total{company="acme"} 0`, `tieout_transform_open_invoices{company="acme",state="held"} 0`,
		`tieout_quickbooks_throttled_total 0`, `tieout_quickbooks_metered_calls_total{class="coreplus"} 0`,
	}
	for _, kind := range schema.OutcomeKinds() {
		series = append(series, `tieout_transform_deliveries_total{company="acme",outcome="`+string(kind)+`"} 0`)
	}
	for _, reason := range schema.HoldReasons() {
		series = append(series, `tieout_transform_held_invoices{company="acme",reason="`+string(reason)+`"} 0`,
			`tieout_backlog_held_invoices{company="acme",reason="`+string(reason)+`"} 0`)
	}
	series = append(series, `tieout_quickbooks_metered_calls_this_month{class="core",company="acme"} 0`,
		`tieout_quickbooks_metered_calls_this_month{class="coreplus",company="acme"} 0`,
		`tieout_quickbooks_metered_budget_calls{company="acme"} 5000`, `tieout_quickbooks_quota_blocked{company="acme"} 0`)
	for _, work := range []string{
		"pending", "held", "waiting", "due", "uncertain", "unverified", "declined",
		"tasks_due", "tasks_waiting", "tasks_uncertain", "tasks_unverified",
	} {
		series = append(series, `tieout_backlog_items{company="acme",work="`+work+`"} 0`)
	}
	for _, work := range []string{"pending", "held", "due", "uncertain", "unverified"} {
		series = append(series, `tieout_backlog_oldest_seconds{company="acme",work="`+work+`"} 0`)
	}
	for _, outcome := range []string{"posted", "adopted", "declined", "uncertain"} {
		series = append(series, `tieout_load_postings_total{kind="bill",outcome="`+outcome+`"} 0`)
	}
	for _, result := range []string{"exact", "divergent", "missing"} {
		series = append(series, `tieout_load_verifications_total{result="`+result+`"} 0`)
	}
	for _, outcome := range []string{"success", "fault", "throttled", "unauthorised", "no_answer"} {
		series = append(series, `tieout_quickbooks_requests_total{operation="batch",outcome="`+outcome+`"} 0`)
	}
	for _, line := range series {
		require.Contains(t, got.text, line+"\n")
	}
}
