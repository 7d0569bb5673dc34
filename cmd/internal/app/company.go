package app

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// company is one set of books within the process.
type company struct {
	id    schema.CompanyID
	cfg   config.Company
	oauth *quickbooks.OAuth

	transforms nudge // something arrived, or a rule or vendor changed
	loads      nudge // something may be posted
	sweeps     nudge // everything is to be looked at again
	busy       atomic.Bool

	mu   sync.Mutex
	line *line // to the realm that is connected; nil before the first use
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
	return &company{id: schema.CompanyID(c.ID), cfg: c, oauth: oauth, transforms: newNudge(), loads: newNudge(), sweeps: newNudge()}, nil
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
			PerMinute: q.RequestsPerMinute, PerSecond: q.RequestsPerSecond, BatchesPerMinute: q.BatchesPerMinute,
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
	kept := tokens{vault: a.store, sealer: a.sealer, company: c.id, now: a.options.Now}
	session := quickbooks.NewSession(c.oauth, kept, a.locks, realm, a.log)
	client := quickbooks.NewClient(session, a.log, a.called)
	cfg := load.Config{Company: c.id, Now: a.options.Now, BatchSize: c.cfg.QuickBooks.BatchSize, Patience: c.cfg.QuickBooks.Patience}
	return &line{
		realm: realm, session: session, client: client, loader: load.New(a.store, client, cfg, a.log, a.loads),
	}
}
