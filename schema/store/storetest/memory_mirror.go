package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// RecordBookBills appends what was seen of bills in QuickBooks.
func (m *Memory) RecordBookBills(ctx context.Context, bills []schema.BookBill) error {
	return m.do(ctx, "RecordBookBills", func() {
		for _, b := range bills {
			b.UpdatedAt, b.SeenAt = instant(b.UpdatedAt), instant(b.SeenAt)
			key := documentKey{company: b.Company, realm: b.Realm, kind: b.Kind, document: b.Document}
			m.bookBills.add(key, b.SeenAt, m.next(), b)
		}
	})
}

// BookBills returns the newest of each document that a query asks for.
func (m *Memory) BookBills(ctx context.Context, q schema.BookQuery) ([]schema.BookBill, error) {
	var found []schema.BookBill
	err := m.do(ctx, "BookBills", func() {
		for key := range m.bookBills.subjects {
			if b, ok := m.bookBills.newest(key, q.AsOf); ok && q.Covers(b) {
				found = append(found, b)
			}
		}
		slices.SortFunc(found, schema.CompareBookBills)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// RecordMirrored appends how far the mirror reaches.
func (m *Memory) RecordMirrored(ctx context.Context, mirrored schema.Mirrored) error {
	return m.do(ctx, "RecordMirrored", func() {
		mirrored.Until, mirrored.SweptAt = instant(mirrored.Until), instant(mirrored.SweptAt)
		mirrored.RecordedAt = instant(mirrored.RecordedAt)
		m.mirrors.add(realmKey{mirrored.Company, mirrored.Realm}, mirrored.RecordedAt, m.next(), mirrored)
	})
}

// Mirrored returns how far the mirror reaches.
func (m *Memory) Mirrored(
	ctx context.Context, company schema.CompanyID, realm schema.RealmID, asOf time.Time,
) (schema.Mirrored, error) {
	var found schema.Mirrored
	err := m.do(ctx, "Mirrored", func() { found, _ = m.mirrors.newest(realmKey{company, realm}, asOf) })
	if err != nil {
		return schema.Mirrored{}, err
	}
	return found, nil
}

// InvoicePositions returns all that is known of invoices now.
func (m *Memory) InvoicePositions(
	ctx context.Context, company schema.CompanyID, invoices []schema.InvoiceID,
) (map[schema.InvoiceID]schema.Position, error) {
	found := make(map[schema.InvoiceID]schema.Position, len(invoices))
	err := m.do(ctx, "InvoicePositions", func() {
		for _, id := range invoices {
			p := m.position(invoiceKey{company: company, invoice: id}, time.Time{})
			if p.Invoice.ID == "" {
				continue
			}
			p.Invoice.Lines = nil
			found[id] = p
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
