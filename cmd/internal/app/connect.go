package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// Errors about connections.
var (
	// ErrNotConnected means that nobody connected the company, or that it was
	// disconnected.
	ErrNotConnected = errors.New("not connected to QuickBooks; run `tieout connect`")
	// ErrOtherCompany means that the person chose another company in QuickBooks
	// than the one that is configured, or connected already.
	ErrOtherCompany = errors.New("this is another company in QuickBooks")
)

// PendingConnect is a connection that a person was asked to make.
type PendingConnect struct {
	Company schema.CompanyID
	// URL is where the person consents.
	URL string

	state string
}

// StartConnect begins a connection. It changes nothing.
func (a *App) StartConnect(id schema.CompanyID) (PendingConnect, error) {
	c, err := a.company(id)
	if err != nil {
		return PendingConnect{}, err
	}
	// 26 characters of 5 bits: unguessable.
	state := rand.Text()
	return PendingConnect{Company: id, URL: c.oauth.AuthorizeURL(state, ""), state: state}, nil
}

// FinishConnect takes the address that the person was sent back to, checks that
// it answers p and names the right company, and stores the tokens.
func (a *App) FinishConnect(ctx context.Context, p PendingConnect, address, by string) (schema.Connection, error) {
	c, err := a.company(p.Company)
	if err != nil {
		return schema.Connection{}, err
	}
	callback, err := quickbooks.ParseCallback(address, p.state)
	if err != nil {
		return schema.Connection{}, err
	}
	realm := schema.RealmID(callback.RealmID)
	before, err := a.allowRealm(ctx, c, realm)
	if err != nil {
		return schema.Connection{}, err
	}
	token, err := c.oauth.Exchange(ctx, callback)
	if err != nil {
		return schema.Connection{}, fmt.Errorf("connect %s: %w", p.Company, err)
	}
	line := a.newLine(c, callback.RealmID)
	defer a.flushMeter(ctx, c)
	if err := line.session.Adopt(ctx, token); err != nil {
		return schema.Connection{}, fmt.Errorf("connect %s: %w", p.Company, err)
	}
	info, err := line.client.CompanyInfo(ctx)
	if err != nil {
		return schema.Connection{}, fmt.Errorf("connect %s: read company: %w", p.Company, err)
	}
	connection := schema.Connection{Company: p.Company, Realm: realm, Name: info.CompanyName, State: schema.Connected, By: by}
	record := a.recordConnection
	if before.Realm != "" && before.Realm != realm {
		record = a.moveTo(line)
	}
	if connection, err = record(ctx, connection); err != nil {
		return schema.Connection{}, fmt.Errorf("connect %s: %w", p.Company, err)
	}
	c.loads.Now()
	return connection, nil
}

func (a *App) recordConnection(ctx context.Context, connection schema.Connection) (schema.Connection, error) {
	connection.RecordedAt = a.stamp()
	return connection, a.store.RecordConnection(ctx, connection)
}

// moveTo returns how a connection to other books than before is recorded: once
// nothing is left that names a record of theirs, so that no id of one company in
// QuickBooks is ever used in another. Rules and vendors that somebody chose since
// the company was disconnected go too: they were chosen from the old chart.
func (a *App) moveTo(line *line) func(context.Context, schema.Connection) (schema.Connection, error) {
	return func(ctx context.Context, connection schema.Connection) (schema.Connection, error) {
		unlock, err := a.locks.Lock(ctx, cycleLock(connection.Company))
		if err != nil {
			return connection, err
		}
		defer unlock()
		if err := a.forgetMappings(ctx, connection.Company, connection.By); err != nil {
			return connection, err
		}
		if _, err := line.loader.RefreshBooks(ctx); err != nil {
			return connection, fmt.Errorf("read the chart: %w", err)
		}
		return a.recordConnection(ctx, connection)
	}
}

// allowRealm keeps bills out of the wrong books: a company that names its realm
// takes no other, one that is connected must be disconnected first, and one that
// posted anything stays with the books that have it. It returns the connection so
// far.
func (a *App) allowRealm(ctx context.Context, c *company, realm schema.RealmID) (schema.Connection, error) {
	if want := schema.RealmID(c.cfg.QuickBooks.RealmID); want != "" && realm != want {
		return schema.Connection{}, fmt.Errorf("company %s: chose realm %s, configured is %s: %w", c.id, realm, want, ErrOtherCompany)
	}
	before, err := a.store.Connection(ctx, c.id)
	if err != nil || before.Realm == "" || before.Realm == realm {
		return before, err
	}
	if before.State != schema.Disconnected {
		return before, fmt.Errorf("company %s: chose realm %s, connected is %s; disconnect it first: %w", c.id, realm, before.Realm, ErrOtherCompany)
	}
	sent, err := a.store.Sent(ctx, c.id)
	if err != nil {
		return before, err
	}
	if sent {
		return before, fmt.Errorf("company %s: chose realm %s, and has posted to %s, which its history is about; "+
			"give the other books an entry of their own in the configuration, with another id: %w", c.id, realm, before.Realm, ErrOtherCompany)
	}
	return before, nil
}

// Disconnect revokes and forgets the tokens, and forgets which vendors stand for
// whom and which rules hold. What was received, posted and reported stays.
func (a *App) Disconnect(ctx context.Context, id schema.CompanyID, by string) error {
	c, err := a.company(id)
	if err != nil {
		return err
	}
	unlock, err := a.locks.Lock(ctx, cycleLock(id))
	if err != nil {
		return err
	}
	defer unlock()
	before, err := a.store.Connection(ctx, id)
	if err != nil {
		return err
	}
	if before.Realm == "" || before.State == schema.Disconnected {
		return fmt.Errorf("company %s: %w", id, ErrNotConnected)
	}
	revoked := a.newLine(c, string(before.Realm)).session.Disconnect(ctx)
	if err := a.forgetMappings(ctx, id, by); err != nil {
		return errors.Join(revoked, err)
	}
	err = a.store.RecordConnection(ctx, schema.Connection{
		Company: id, Realm: before.Realm, Name: before.Name, State: schema.Disconnected, Detail: "disconnected by " + by, By: by,
		RecordedAt: a.stamp(),
	})
	return errors.Join(revoked, err)
}

func (a *App) forgetMappings(ctx context.Context, id schema.CompanyID, by string) error {
	rules, err := a.store.Rules(ctx, id, a.options.Now())
	if err != nil {
		return err
	}
	if len(rules.Rules) > 0 {
		forgotten := schema.RuleSet{Company: id, Version: rules.Version + 1, By: by, RecordedAt: a.stamp()}
		if err := a.store.RecordRules(ctx, forgotten); err != nil {
			return err
		}
	}
	payees, err := a.store.Payees(ctx, id)
	if err != nil {
		return err
	}
	var forgotten []schema.Payee
	for _, payee := range payees {
		payee.State, payee.Vendor, payee.Origin = schema.PayeeProposed, "", ""
		payee.Detail, payee.By, payee.RecordedAt = "the company was disconnected", by, a.stamp()
		forgotten = append(forgotten, payee)
	}
	return a.store.RecordPayees(ctx, forgotten)
}
