package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const connectionColumns = `
	company LowCardinality(String)
	realm String
	name String
	state LowCardinality(String)
	detail String
	changed_by String
	recorded_at DateTime64(6, 'UTC')`

// RecordConnection appends a state of a company's connection to QuickBooks.
func (s *Store) RecordConnection(ctx context.Context, connection schema.Connection) error {
	return record(ctx, s, s.tables.connections, []schema.Connection{connection}, func(c schema.Connection) []any {
		return []any{string(c.Company), string(c.Realm), c.Name, string(c.State), c.Detail, c.By, stored(c.RecordedAt)}
	})
}

// Connection returns the newest state of a company's connection to QuickBooks;
// the zero Connection when it was never connected.
func (s *Store) Connection(ctx context.Context, company schema.CompanyID) (schema.Connection, error) {
	const query = `
		SELECT company, realm, name, state, detail, changed_by, recorded_at
		FROM connections
		WHERE company = {company:String}
		ORDER BY recorded_at DESC, seq DESC
		LIMIT 1`
	var c schema.Connection
	var recorded time.Time
	dests := []any{
		(*string)(&c.Company), (*string)(&c.Realm), &c.Name, (*string)(&c.State), &c.Detail, &c.By, &recorded,
	}
	err := s.each(ctx, query, params{"company": string(company)}, dests, func() { c.RecordedAt = instant(recorded) })
	if err != nil {
		return schema.Connection{}, fmt.Errorf("read connection: %w", err)
	}
	return c, nil
}

const secretColumns = `
	company LowCardinality(String)
	name LowCardinality(String)
	sealed String
	recorded_at DateTime64(6, 'UTC')`

// SaveSecret replaces a secret, which its caller has sealed. An empty one says
// that the secret is forgotten; the older ones stay stored, sealed.
func (s *Store) SaveSecret(
	ctx context.Context, company schema.CompanyID, name string, sealed []byte, at time.Time,
) error {
	return record(ctx, s, s.tables.secrets, [][]byte{sealed}, func(sealed []byte) []any {
		return []any{string(company), name, string(sealed), stored(at)}
	})
}

// Secret returns a sealed secret; nil when there is none or it was forgotten.
func (s *Store) Secret(ctx context.Context, company schema.CompanyID, name string) ([]byte, error) {
	const query = `
		SELECT sealed
		FROM secrets
		WHERE company = {company:String} AND name = {name:String}
		ORDER BY recorded_at DESC, seq DESC
		LIMIT 1`
	sealed := ""
	err := s.each(ctx, query, params{"company": string(company), "name": name}, []any{&sealed}, func() {})
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if sealed == "" {
		return nil, nil
	}
	return []byte(sealed), nil
}
