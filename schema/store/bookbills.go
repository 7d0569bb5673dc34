package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	bookBillColumns = `
	company LowCardinality(String)
	realm LowCardinality(String)
	kind LowCardinality(String)
	document String
	vendor String
	doc_number String
	txn_date UInt32
	due_date UInt32
	total Int64
	balance Int64
	currency LowCardinality(String)
	payable String
	draft String
	invoice String
	sync_token String
	updated_at DateTime64(6, 'UTC')
	deleted Bool
	seen_at DateTime64(6, 'UTC')`

	mirrorColumns = `
	company LowCardinality(String)
	realm LowCardinality(String)
	until DateTime64(6, 'UTC')
	swept_at DateTime64(6, 'UTC')
	first UInt32
	recorded_at DateTime64(6, 'UTC')`
)

// RecordBookBills appends what was seen of bills in QuickBooks.
func (s *Store) RecordBookBills(ctx context.Context, bills []schema.BookBill) error {
	return record(ctx, s, s.tables.bookBills, bills, func(b schema.BookBill) []any {
		return []any{
			string(b.Company), string(b.Realm), string(b.Kind), string(b.Document), string(b.Vendor), b.DocNumber,
			day(b.TxnDate), day(b.DueDate), b.Total.Minor(), b.Balance.Minor(), string(b.Total.Currency()), string(b.Payable),
			string(b.Draft), string(b.Invoice), b.SyncToken, stored(b.UpdatedAt), b.Deleted, stored(b.SeenAt),
		}
	})
}

// BookBills returns the documents that a query asks for, each as it was last seen
// by q.AsOf, by TxnDate and then by document.
func (s *Store) BookBills(ctx context.Context, q schema.BookQuery) ([]schema.BookBill, error) {
	var found []schema.BookBill
	read := func(documents, vendors []string) error {
		return s.bookBills(ctx, q, documents, vendors, func(b schema.BookBill) { found = append(found, b) })
	}
	var err error
	switch {
	case len(q.Documents) > 0:
		err = byIDs(q.Documents, func(ids []string) error { return read(ids, nil) })
	case len(q.Vendors) > 0:
		err = byIDs(q.Vendors, func(ids []string) error { return read(nil, ids) })
	default:
		err = read(nil, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("read bills of the books: %w", err)
	}
	slices.SortFunc(found, schema.CompareBookBills)
	return found, nil
}

// bookBills visits what one statement finds. Which document has its newest row
// within the dates is known only after the newest was found, so that the dates
// first bound the documents that come into question.
func (s *Store) bookBills(
	ctx context.Context, q schema.BookQuery, documents, vendors []string, visit func(schema.BookBill),
) error {
	const query = `
		SELECT company, realm, kind, document, vendor, doc_number, txn_date, due_date, total, balance, currency, payable,
			draft, invoice, sync_token, updated_at, deleted, seen_at
		FROM
		(
			SELECT * FROM bookbills
			WHERE company = {company:String} AND seen_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
				AND ({realm:String} = '' OR realm = {realm:String})
				AND (empty({documents:Array(String)}) OR document IN {documents:Array(String)})
				AND document IN
				(
					SELECT document FROM bookbills
					WHERE company = {company:String} AND txn_date >= {first:Int64} AND txn_date <= {last:Int64}
						AND (empty({documents:Array(String)}) OR document IN {documents:Array(String)})
				)
			ORDER BY realm, kind, document, seen_at DESC, seq DESC
			LIMIT 1 BY realm, kind, document
		)
		WHERE txn_date >= {first:Int64} AND txn_date <= {last:Int64} AND (NOT deleted OR {deleted:Int64} = 1)
			AND (empty({vendors:Array(String)}) OR vendor IN {vendors:Array(String)})`
	p := params{
		"company": string(q.Company), "realm": string(q.Realm), "as_of": cutoff(q.AsOf), "documents": present(documents),
		"vendors": present(vendors), "first": int64(day(q.First)), "last": int64(lastDay), "deleted": int64(0),
	}
	if !q.Last.IsZero() {
		p["last"] = int64(day(q.Last))
	}
	if q.Deleted {
		p["deleted"] = int64(1)
	}
	var scan bookBillScan
	return s.each(ctx, query, p, scan.dests(), func() { visit(scan.bill()) })
}

// lastDay is later than any date, written as dates are stored.
const lastDay = 99_991_231

// present is a list that is there, also when it is empty.
func present(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// bookBillScan takes bills from rows, one at a time.
type bookBillScan struct {
	b              schema.BookBill
	dated, due     uint32
	total, balance int64
	currency       schema.Currency
	updated, seen  time.Time
}

func (r *bookBillScan) dests() []any {
	b := &r.b
	return []any{
		(*string)(&b.Company), (*string)(&b.Realm), (*string)(&b.Kind), (*string)(&b.Document), (*string)(&b.Vendor), &b.DocNumber,
		&r.dated, &r.due, &r.total, &r.balance, (*string)(&r.currency), (*string)(&b.Payable), (*string)(&b.Draft),
		(*string)(&b.Invoice), &b.SyncToken, &r.updated, &b.Deleted, &r.seen,
	}
}

func (r *bookBillScan) bill() schema.BookBill {
	b := r.b
	b.TxnDate, b.DueDate = fromDay(r.dated), fromDay(r.due)
	b.Total, b.Balance = schema.NewMoney(r.total, r.currency), schema.NewMoney(r.balance, r.currency)
	b.UpdatedAt, b.SeenAt = instant(r.updated), instant(r.seen)
	return b
}

// RecordMirrored appends how far the mirror reaches.
func (s *Store) RecordMirrored(ctx context.Context, m schema.Mirrored) error {
	return record(ctx, s, s.tables.mirrors, []schema.Mirrored{m}, func(m schema.Mirrored) []any {
		return []any{string(m.Company), string(m.Realm), stored(m.Until), stored(m.SweptAt), day(m.First), stored(m.RecordedAt)}
	})
}

// Mirrored returns how far the mirror of a company's books in a realm reached by
// asOf; the zero Mirrored when nothing was mirrored.
func (s *Store) Mirrored(
	ctx context.Context, company schema.CompanyID, realm schema.RealmID, asOf time.Time,
) (schema.Mirrored, error) {
	const query = `
		SELECT company, realm, until, swept_at, first, recorded_at
		FROM mirrors
		WHERE company = {company:String} AND realm = {realm:String}
			AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
		ORDER BY recorded_at DESC, seq DESC
		LIMIT 1`
	var m schema.Mirrored
	var until, swept, recorded time.Time
	var first uint32
	dests := []any{(*string)(&m.Company), (*string)(&m.Realm), &until, &swept, &first, &recorded}
	p := params{"company": string(company), "realm": string(realm), "as_of": cutoff(asOf)}
	err := s.each(ctx, query, p, dests, func() {
		m.Until, m.SweptAt, m.First, m.RecordedAt = instant(until), instant(swept), fromDay(first), instant(recorded)
	})
	if err != nil {
		return schema.Mirrored{}, fmt.Errorf("read how far the mirror reaches: %w", err)
	}
	return m, nil
}

// InvoicePositions returns all that is known of invoices now, by id, without their
// lines. Those that are not known are absent.
func (s *Store) InvoicePositions(
	ctx context.Context, company schema.CompanyID, invoices []schema.InvoiceID,
) (map[schema.InvoiceID]schema.Position, error) {
	found := make(map[schema.InvoiceID]schema.Position, len(invoices))
	err := byIDs(invoices, func(ids []string) error {
		page, err := s.page(ctx, span{company: company, ids: ids, asOf: endOfTime}, withBodies)
		for _, p := range page {
			if p.Invoice.ID != "" {
				found[p.Invoice.ID] = p
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read positions of invoices: %w", err)
	}
	return found, nil
}
