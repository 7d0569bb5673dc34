package app

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// NewVerifier is how a company's deliveries are verified.
func NewVerifier(o config.Ontop) (ingest.Verifier, error) { return newVerifier(o) }

// ReadTLS is what the files of TLS say.
func ReadTLS(t config.TLS) (*tls.Config, error) { return readTLS(t) }

// Traces reports whether the environment asks for traces.
func Traces(ctx context.Context, log *slog.Logger) (bool, error) {
	t, err := newTracing(ctx, log)
	if t != nil {
		t.close(ctx)
	}
	return t != nil, err
}

// PrivatePages are the private listener's, with one thing that readiness asks.
func (a *App) PrivatePages(name string, check func(context.Context) error) http.Handler {
	return a.newPrivate(func() ServerStatus { return ServerStatus{Idle: true} }, readiness{name: name, check: check})
}

// State is what binds a connection to who began it.
func (p PendingConnect) State() string { return p.state }

// Refused plays the end of a cycle that QuickBooks refused, over the connection
// that was recorded at since.
func (a *App) Refused(ctx context.Context, id schema.CompanyID, since time.Time) error {
	c, err := a.company(id)
	if err != nil {
		return err
	}
	(&run{App: a, c: c, line: &line{since: since}}).noteConsent(ctx, quickbooks.ErrReauthorise)
	return nil
}

// StoredToken is the newest token that any process stored.
func (a *App) StoredToken(ctx context.Context, id schema.CompanyID, realm string) (quickbooks.Token, error) {
	return a.tokens(id).Load(ctx, realm)
}

// NewStandingCollector is what tells Prometheus how companies stand.
func NewStandingCollector(a *App) prometheus.Collector { return newStandingCollector(a) }

// BacklogCount counts one company's backlog.
type BacklogCount struct{ count *backlogCount }

// NewBacklogCount counts as a server does.
func NewBacklogCount(count func(context.Context) (schema.Backlog, error), now func() time.Time, log *slog.Logger) BacklogCount {
	return BacklogCount{newBacklogCount(count, now, log)}
}

// Run counts when it is asked to.
func (b BacklogCount) Run(ctx context.Context) { b.count.run(ctx) }

// Read returns what a scrape that waits for so long is told, and from when it is.
func (b BacklogCount) Read(ctx context.Context, patience time.Duration) (schema.Backlog, time.Time, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last, ok := b.count.read(ctx)
	return last.Backlog, last.at, ok
}

// Work runs a company's cycles as a server does, with a cycle in the place of its own.
func Work(ctx context.Context, cycle func(context.Context)) (wake func()) {
	c := &company{transforms: newNudge(), loads: newNudge(), sweeps: newNudge()}
	go c.work(ctx, func(ctx context.Context, _ rounds) { cycle(ctx) })
	return c.transforms.Now
}

// SecretsEnd is what a person has to know of a company's secrets.
func SecretsEnd(company string, o config.Ontop, now time.Time) string {
	return secretsEnd(company, believedUntil(o, now), now)
}
