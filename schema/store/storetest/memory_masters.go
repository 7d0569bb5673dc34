package storetest

import (
	"context"
	"time"

	"github.com/tieout/tieout/schema"
)

// Rules returns the newest rules.
func (m *Memory) Rules(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.RuleSet, error) {
	var found schema.RuleSet
	err := m.do(ctx, "Rules", func() {
		found, _ = m.rules.newest(company, asOf)
		found.Rules = clone(found.Rules)
	})
	if err != nil {
		return schema.RuleSet{}, err
	}
	return found, nil
}

// RecordRules replaces the rules as a whole.
func (m *Memory) RecordRules(ctx context.Context, rules schema.RuleSet) error {
	return m.do(ctx, "RecordRules", func() {
		rules.Rules = clone(rules.Rules)
		rules.RecordedAt = instant(rules.RecordedAt)
		m.rules.add(rules.Company, rules.RecordedAt, m.next(), rules)
	})
}

// Payees returns the newest record of each payee.
func (m *Memory) Payees(ctx context.Context, company schema.CompanyID) (map[schema.PayeeKey]schema.Payee, error) {
	found := make(map[schema.PayeeKey]schema.Payee)
	err := m.do(ctx, "Payees", func() {
		for key := range m.payees.subjects {
			if key.company == company {
				found[key.payee], _ = m.payees.newest(key, time.Time{})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// RecordPayees appends records of payees.
func (m *Memory) RecordPayees(ctx context.Context, payees []schema.Payee) error {
	return m.do(ctx, "RecordPayees", func() {
		for _, p := range payees {
			p.RecordedAt = instant(p.RecordedAt)
			m.payees.add(payeeKey{company: p.Company, payee: p.Key}, p.RecordedAt, m.next(), p)
		}
	})
}

// Books returns the newest snapshot of the chart.
func (m *Memory) Books(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.Books, error) {
	var found schema.Books
	err := m.do(ctx, "Books", func() {
		found, _ = m.books.newest(company, asOf)
		found = cloneBooks(found)
	})
	if err != nil {
		return schema.Books{}, err
	}
	return found, nil
}

// RecordBooks appends a snapshot of the chart.
func (m *Memory) RecordBooks(ctx context.Context, books schema.Books) error {
	return m.do(ctx, "RecordBooks", func() {
		books = cloneBooks(books)
		books.ReadAt = instant(books.ReadAt)
		m.books.add(books.Company, books.ReadAt, m.next(), books)
	})
}

func cloneBooks(b schema.Books) schema.Books {
	b.Accounts, b.Vendors = clone(b.Accounts), clone(b.Vendors)
	b.Classes, b.Locations = clone(b.Classes), clone(b.Locations)
	return b
}

// Connection returns the newest state of the connection to QuickBooks.
func (m *Memory) Connection(ctx context.Context, company schema.CompanyID) (schema.Connection, error) {
	var found schema.Connection
	err := m.do(ctx, "Connection", func() { found, _ = m.connections.newest(company, time.Time{}) })
	if err != nil {
		return schema.Connection{}, err
	}
	return found, nil
}

// RecordConnection appends a state of the connection to QuickBooks.
func (m *Memory) RecordConnection(ctx context.Context, connection schema.Connection) error {
	return m.do(ctx, "RecordConnection", func() {
		connection.RecordedAt = instant(connection.RecordedAt)
		m.connections.add(connection.Company, connection.RecordedAt, m.next(), connection)
	})
}

// SaveSecret replaces a sealed secret.
func (m *Memory) SaveSecret(
	ctx context.Context, company schema.CompanyID, name string, sealed []byte, at time.Time,
) error {
	return m.do(ctx, "SaveSecret", func() {
		m.secrets.add(secretKey{company: company, name: name}, instant(at), m.next(), string(sealed))
	})
}

// Secret returns a sealed secret, or nil.
func (m *Memory) Secret(ctx context.Context, company schema.CompanyID, name string) ([]byte, error) {
	var found []byte
	err := m.do(ctx, "Secret", func() {
		if sealed, _ := m.secrets.newest(secretKey{company: company, name: name}, time.Time{}); sealed != "" {
			found = []byte(sealed)
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// TryLease claims a name.
func (m *Memory) TryLease(ctx context.Context, name, holder string, ttl time.Duration, now time.Time) (bool, error) {
	granted := false
	err := m.do(ctx, "TryLease", func() {
		for key := range m.claims.subjects {
			other, _ := m.claims.newest(key, time.Time{})
			if key.name == name && key.holder != holder && other.until.After(now) {
				return
			}
		}
		granted = true
		m.claims.append(claimKey{name: name, holder: holder}, instant(now), m.next(),
			claim{holder: holder, until: instant(now.Add(ttl))})
	})
	return granted && err == nil, err
}

// ReleaseLease gives a name back. Releasing what is not held changes nothing.
func (m *Memory) ReleaseLease(ctx context.Context, name, holder string, now time.Time) error {
	return m.do(ctx, "ReleaseLease", func() {
		m.claims.append(claimKey{name: name, holder: holder}, instant(now), m.next(), claim{holder: holder})
	})
}
