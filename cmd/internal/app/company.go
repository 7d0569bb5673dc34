package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// company is one set of books within the process.
type company struct {
	id    schema.CompanyID
	cfg   config.Company
	oauth *quickbooks.OAuth
	meter *meter

	transforms nudge // something arrived, or a rule or vendor changed
	loads      nudge // something may be posted
	sweeps     nudge // everything is to be looked at again
	busy       atomic.Bool
	backlog    *backlogCount

	mu   sync.Mutex
	line *line // to the realm that is connected; nil before the first use

	told told // guarded by the company's cycle lock
}

// line is a connected company: the way to its books, since it was connected last.
// A new connection gets a new line, which knows nothing of the old one's refusals.
type line struct {
	realm   string
	since   time.Time // when the connection was recorded
	session *quickbooks.Session
	client  *quickbooks.Client
	loader  *load.Loader

	chartRead time.Time // by this process; guarded by the company's cycle lock
}

func (a *App) newCompany(c config.Company) (*company, error) {
	oauth, err := quickbooks.NewOAuth(a.quickbooksConfig(c), a.options.HTTP, a.options.Now, a.calls)
	if err != nil {
		return nil, err
	}
	id := schema.CompanyID(c.ID)
	backlog := newBacklogCount(
		func(ctx context.Context) (schema.Backlog, error) { return a.store.Backlog(ctx, id) },
		a.Now, a.log.With(slog.String("company", c.ID)))
	return &company{
		id: id, cfg: c, oauth: oauth, backlog: backlog, meter: newMeter(a.store, id, a.instance, a.stamp),
		transforms: newNudge(), loads: newNudge(), sweeps: newNudge(),
	}, nil
}

func (a *App) quickbooksConfig(c config.Company) quickbooks.Config {
	q := c.QuickBooks
	return quickbooks.Config{
		Environment:  quickbooks.Environment(q.Environment),
		APIURL:       q.APIURL,
		AuthorizeURL: q.AuthorizeURL,
		TokenURL:     q.TokenURL,
		RevokeURL:    q.RevokeURL,
		ClientID:     q.ClientID,
		ClientSecret: quickbooks.Secret(q.ClientSecret.Reveal()),
		PKCE:         q.PKCE,
		RedirectURL:  a.cfg.Private.URL + oauthCallback,
		BatchSize:    q.BatchSize,
		Limits: quickbooks.Limits{
			PerMinute: q.RequestsPerMinute, PerSecond: q.RequestsPerSecond, BatchesPerMinute: q.BatchesPerMinute, Pause: a.options.Pause,
		},
	}
}

// connected returns the line to the realm that the company is connected to, or
// ErrNotConnected.
func (a *App) connected(ctx context.Context, c *company) (*line, error) {
	connection, err := a.store.Connection(ctx, c.id)
	if err != nil {
		return nil, fmt.Errorf("read connection: %w", err)
	}
	if connection.State != schema.Connected {
		return nil, fmt.Errorf("%w (%s)", ErrNotConnected, cmp.Or(connection.Detail, "it never was"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line == nil || c.line.realm != string(connection.Realm) || !c.line.since.Equal(connection.RecordedAt) {
		c.line = a.newLine(c, string(connection.Realm))
		c.line.since = connection.RecordedAt
	}
	return c.line, nil
}

func (a *App) newLine(c *company, realm string) *line {
	session := quickbooks.NewSession(c.oauth, a.tokens(c.id), a.locks, realm, a.log)
	client := quickbooks.NewClient(session, a.log, a.called)
	c.meter.watch(client)
	q := c.cfg.QuickBooks
	policy := c.cfg.Policy
	hosts, _ := fetch.ParseHosts(policy.FileHosts) // the configuration was checked
	cfg := load.Config{
		Company: c.id, Now: a.options.Now, BatchSize: q.BatchSize, Patience: q.Patience,
		MirrorDays: q.MirrorDays, DuplicateDays: q.DuplicateDays, MeteredBudget: loadBudget(c.budget()), Metered: c.meter.used,
		Files:   fetch.New(fetch.Config{Hosts: hosts, Limit: int64(policy.FileLimitMiB) << 20, Now: a.options.Now}),
		Uploads: policy.FilesPerLoad, UploadsTogether: policy.FilesAtOnce,
	}
	return &line{
		realm: realm, session: session, client: client, loader: load.New(a.store, client, cfg, a.log, a.loads),
	}
}

// budget is how many metered calls the company may make in a month; 0 is no limit.
func (c *company) budget() int {
	if c.cfg.QuickBooks.MeteredBudget == nil {
		return config.DefaultMeteredBudget
	}
	return *c.cfg.QuickBooks.MeteredBudget
}

// loadBudget says in the words of package load how many metered calls a company
// may make, where a budget below 0 is none.
func loadBudget(budget int) int {
	if budget == 0 {
		return -1
	}
	return budget
}
