package app

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// The private pages' addresses.
const (
	oauthStart    = "/oauth/quickbooks/start"
	oauthCallback = "/oauth/quickbooks/callback"
)

// readiness is one thing that has to work for deliveries to be taken.
type readiness struct {
	name  string
	check func(context.Context) error
	// warnings is what does not keep deliveries out yet; nil means nothing.
	warnings func() []string
}

// private is the listener for people and for Prometheus.
type private struct {
	app    *App
	ready  []readiness
	status func() ServerStatus

	mu      sync.Mutex
	pending map[string]offer // by state
}

// offer is a connection that was started here and not finished yet.
type offer struct {
	connect PendingConnect
	expires time.Time
}

const (
	offerTTL    = 10 * time.Minute
	mostOffers  = 100 // of people who began to connect within ten minutes
	stateCookie = "tieout_connect"
)

func (a *App) newPrivate(status func() ServerStatus, ready ...readiness) http.Handler {
	p := &private{app: a, ready: ready, status: status, pending: map[string]offer{}}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.options.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", p.healthz)
	mux.HandleFunc("GET /readyz", p.readyz)
	mux.HandleFunc("GET /readyz/{thing}", p.readyz)
	mux.HandleFunc("GET "+serverStatus, p.server)
	mux.HandleFunc("GET "+oauthStart, p.start)
	mux.HandleFunc("GET "+oauthCallback, p.callback)
	mux.HandleFunc("GET /{$}", p.index)
	return secureHeaders(http.NewCrossOriginProtection().Handler(mux))
}

func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// healthz answers as long as the process does.
func (p *private) healthz(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }

// readyz answers 200 when everything that is needed works, and otherwise 503 with
// one line for each thing that does not. What is about to stop working has a line in
// both. Of one thing alone it is asked by its name: deliveries can be stored as long
// as the journal is ready, whatever else is not.
func (p *private) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	only := r.PathValue("thing")
	if only != "" && !slices.ContainsFunc(p.ready, func(thing readiness) bool { return thing.name == only }) {
		http.NotFound(w, r)
		return
	}
	var broken, warnings strings.Builder
	for _, thing := range p.ready {
		if only != "" && thing.name != only {
			continue
		}
		if err := thing.check(ctx); err != nil {
			fmt.Fprintf(&broken, "%s: %v\n", thing.name, err)
		}
		if thing.warnings == nil {
			continue
		}
		for _, warning := range thing.warnings() {
			fmt.Fprintf(&warnings, "warning: %s: %s\n", thing.name, warning)
		}
	}
	if broken.Len() > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, broken.String()+warnings.String())
		return
	}
	io.WriteString(w, "ready\n"+warnings.String())
}

// server answers how this server stands.
func (p *private) server(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	// Whoever asked may be gone; nobody else is to be told.
	_ = json.NewEncoder(w).Encode(p.status())
}

// start sends the browser to QuickBooks. The state is bound to this browser by a
// cookie, so that nobody can be made to finish somebody else's connection.
func (p *private) start(w http.ResponseWriter, r *http.Request) {
	connect, err := p.app.StartConnect(schema.CompanyID(r.URL.Query().Get("company")))
	if err != nil {
		p.page(w, http.StatusNotFound, "No such company", "Give ?company= and the id of a company of the configuration.")
		return
	}
	if !p.remember(connect) {
		p.page(w, http.StatusTooManyRequests, "Too many connections were begun", "Try again in ten minutes.")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: stateCookie, Value: connect.state, Path: oauthCallback, MaxAge: int(offerTTL.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.app.cfg.Private.URL, "https://"),
	})
	http.Redirect(w, r, connect.URL, http.StatusFound)
}

func (p *private) remember(connect PendingConnect) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.app.Now()
	for state, o := range p.pending {
		if now.After(o.expires) {
			delete(p.pending, state)
		}
	}
	if len(p.pending) >= mostOffers {
		return false
	}
	p.pending[connect.state] = offer{connect: connect, expires: now.Add(offerTTL)}
	return true
}

// take returns the offer of a state, once.
func (p *private) take(state string) (PendingConnect, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.pending[state]
	delete(p.pending, state)
	return o.connect, ok && p.app.Now().Before(o.expires)
}

// callback finishes a connection that this browser began. One that a command
// began is finished there: the page says to copy its address.
func (p *private) callback(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	cookie, err := r.Cookie(stateCookie)
	if err != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(state)) != 1 {
		p.page(w, http.StatusOK, "Almost done",
			"If `tieout connect` is waiting in a terminal, copy the whole address of this page, paste it there and press Enter. "+
				"Otherwise begin again at "+p.app.cfg.Private.URL+oauthStart+"?company=ID.")
		return
	}
	connect, ok := p.take(state)
	if !ok {
		p.page(w, http.StatusGone, "This connection is too old", "Begin again; a connection has to be finished within ten minutes.")
		return
	}
	connection, err := p.app.FinishConnect(r.Context(), connect, p.address(r.URL), "browser")
	if err != nil {
		p.app.log.ErrorContext(r.Context(), "connection not made", slog.String("company", string(connect.Company)), slog.Any("error", err))
		p.page(w, http.StatusBadGateway, "Not connected", whyNotConnected(err))
		return
	}
	p.page(w, http.StatusOK, "Connected",
		fmt.Sprintf("%s posts to %s (realm %s) from now on. If that is not the company that you meant, take it back before you import rules: tieout disconnect --company %s",
			connection.Company, connection.Name, connection.Realm, connection.Company))
}

func (p *private) address(u *url.URL) string { return p.app.cfg.Private.URL + u.RequestURI() }

// whyNotConnected words an error for the person in front of the browser.
func whyNotConnected(err error) string {
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok {
		return fault.Sentence() + " " + fault.Entry().NextStep
	}
	if errors.Is(err, ErrOtherCompany) || errors.Is(err, quickbooks.ErrState) {
		return err.Error()
	}
	return "QuickBooks could not be asked. The log says why; try again."
}

func (p *private) index(w http.ResponseWriter, r *http.Request) {
	var text strings.Builder
	for _, id := range p.app.Companies() {
		connection, err := p.app.store.Connection(r.Context(), id)
		switch {
		case err != nil:
			fmt.Fprintf(&text, "%s: the store cannot be read. ", id)
		case connection.State == schema.Connected:
			fmt.Fprintf(&text, "%s posts to %s. %s", id, connection.Name, p.warnings(r.Context(), connection))
		default:
			fmt.Fprintf(&text, "%s is not connected; open %s?company=%s. ", id, oauthStart, id)
		}
	}
	p.page(w, http.StatusOK, "tieout", text.String())
}

// warnings is what a person has to know of a connection, in sentences.
func (p *private) warnings(ctx context.Context, connection schema.Connection) string {
	var text strings.Builder
	end, err := p.app.connectionEnd(ctx, connection)
	if err != nil {
		return "When its connection ends cannot be read. "
	}
	if warning := end.Warning(connection.Company); warning != "" {
		text.WriteString(warning + " ")
	}
	if c, err := p.app.company(connection.Company); err == nil && c.quotaBlocked() {
		text.WriteString(QuotaWarning(c.id) + " ")
	}
	return text.String()
}

// page answers with a short page. Every text is escaped.
func (p *private) page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, pageHTML, html.EscapeString(title), html.EscapeString(title), html.EscapeString(text))
}

const pageHTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:18vh auto;padding:0 1.5rem;color:#1c2430}
h1{font-size:1.6rem;margin:0 0 .5rem}</style></head>
<body><h1>%s</h1><p>%s</p></body></html>
`
