package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// ConnectionEnd is when a connection to QuickBooks ends by itself. The zero value
// is one that is not connected, or whose end is not known.
type ConnectionEnd struct {
	At time.Time
	// Unused says that it ends because nobody uses it: any cycle moves the end on.
	// Otherwise it ends whatever is done with it.
	Unused bool
	// Due says that a person is to be told, and Days which time it is: 30, 7 or 1
	// days ahead, or 0 once it has ended.
	Due  bool
	Days int
}

// Warning is what a person has to know of it now, or nothing.
func (e ConnectionEnd) Warning(company schema.CompanyID) string {
	if !e.Due {
		return ""
	}
	day := e.At.UTC().Format(time.DateOnly)
	connect := fmt.Sprintf("`tieout connect --company %s`", company)
	switch {
	case e.Days == 0:
		return fmt.Sprintf("The connection to QuickBooks ended on %s. Run %s: what arrives is kept, and posted from then on.", day, connect)
	case e.Unused:
		return fmt.Sprintf("The connection to QuickBooks ends on %s, because it was not used for long. "+
			"Run `tieout sync --company %s` before, or %s; nothing is lost in the meantime.", day, company, connect)
	}
	return fmt.Sprintf("The connection to QuickBooks ends on %s, as each does in time, however much it is used. "+
		"Run %s before; nothing is lost in the meantime.", day, connect)
}

// connectionEnd reads it from the token that is stored, and asks nobody else.
func (a *App) connectionEnd(ctx context.Context, c schema.Connection) (ConnectionEnd, error) {
	if c.State != schema.Connected {
		return ConnectionEnd{}, nil
	}
	token, err := a.tokens(c.Company).Load(ctx, string(c.Realm))
	if errors.Is(err, quickbooks.ErrNoToken) {
		return ConnectionEnd{}, nil
	}
	if err != nil {
		return ConnectionEnd{}, err
	}
	if !token.Connected() {
		return ConnectionEnd{}, nil
	}
	end := ConnectionEnd{At: token.Ends()}
	// At the hard end both are the same, but for what rounding does to them.
	end.Unused = token.RefreshHardExpires.IsZero() || token.RefreshHardExpires.Sub(end.At) > time.Hour
	end.Days, end.Due = token.ReconnectWarning(a.Now())
	return end, nil
}

// told is what a process has told of a company in its log, so that it does so once.
type told struct {
	since   time.Time // of the connection that this is about
	looked  time.Time
	warned  bool
	days    int // of the warning that was given last
	blocked bool
}

// told returns what was told of the connection that the cycle uses.
func (r *run) told() *told {
	if !r.c.told.since.Equal(r.line.since) {
		r.c.told = told{since: r.line.since}
	}
	return &r.c.told
}

// lookForEnd is how often the end of a connection is looked for.
const lookForEnd = time.Hour

// tell logs what a person has to know of the connection, once a cycle has tried it.
func (r *run) tell(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	r.tellEnd(ctx)
	r.tellQuota(ctx)
}

// tellEnd logs that a connection is about to end: once for each warning and
// process. Whoever starts again is told again.
func (r *run) tellEnd(ctx context.Context) {
	now, told := r.Now(), r.told()
	if now.Sub(told.looked) < lookForEnd {
		return
	}
	connection := schema.Connection{Company: r.c.id, Realm: schema.RealmID(r.line.realm), State: schema.Connected}
	end, err := r.connectionEnd(ctx, connection)
	if err != nil {
		r.log.WarnContext(ctx, "end of the connection not read", slog.String("company", string(r.c.id)), slog.Any("error", err))
		return
	}
	told.looked = now
	if !end.Due {
		told.warned = false
		return
	}
	if told.warned && told.days == end.Days {
		return
	}
	told.warned, told.days = true, end.Days
	level := slog.LevelWarn
	if end.Days <= 1 {
		level = slog.LevelError
	}
	r.log.LogAttrs(ctx, level, "quickbooks connection ends", slog.String("company", string(r.c.id)), slog.Int("days", end.Days),
		slog.Time("ends", end.At), slog.String("next", end.Warning(r.c.id)))
}

// QuotaWarning is what a person has to know of a company whose reads QuickBooks
// refuses for longer than a throttle lasts.
func QuotaWarning(company schema.CompanyID) string {
	return fmt.Sprintf("QuickBooks goes on refusing to be read, as it does when an app has used up its metered calls of the month. "+
		"See the app's usage at developer.intuit.com: the quota begins anew on the 1st, and is larger in a higher tier. "+
		"%s goes on by itself then; nothing is lost in the meantime.", company)
}

// tellQuota logs once that QuickBooks blocks reads, and once that it no longer does.
func (r *run) tellQuota(ctx context.Context) {
	blocked, told := r.line.client.QuotaBlocked(), r.told()
	if blocked == told.blocked {
		return
	}
	told.blocked = blocked
	company := slog.String("company", string(r.c.id))
	if !blocked {
		r.log.InfoContext(ctx, "quickbooks can be read again", company)
		return
	}
	r.log.ErrorContext(ctx, "quickbooks quota used up", company, slog.Int64("metered_calls", r.c.meter.used(r.Now())),
		slog.String("next", QuotaWarning(r.c.id)))
}

// quotaBlocked reports whether QuickBooks refuses this process to read a company.
func (c *company) quotaBlocked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.line != nil && c.line.client.QuotaBlocked()
}
