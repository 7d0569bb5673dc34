package load

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// sighting is a document as it was met in the books. One that is gone has nothing
// but its id.
type sighting struct {
	kind schema.DocumentKind
	bill quickbooks.Bill
	gone bool
}

type sightingKey struct {
	kind schema.DocumentKind
	id   schema.DocumentID
}

// is reports whether the document is what became of a posting.
func (s sighting) is(p schema.Posting) bool {
	return p.State.Settled() && p.Document != "" && string(p.Document) == s.bill.ID && formOf(p) == s.kind
}

func (s sighting) key() sightingKey { return sightingKey{s.kind, schema.DocumentID(s.bill.ID)} }

// absorb records documents that are not as they were last seen. Those of ours are
// compared with their drafts before that, so that a crash between the two has it
// done again.
func (l *Loader) absorb(ctx context.Context, seen []sighting, result *MirrorResult) error {
	if len(seen) == 0 {
		return nil
	}
	known, err := l.known(ctx, seen)
	if err != nil {
		return err
	}
	home, err := l.homeCurrency(ctx)
	if err != nil {
		return err
	}
	unread, err := l.unread(ctx)
	if err != nil {
		return err
	}
	var records []schema.BookBill
	var ours []sighting
	for _, s := range seen {
		before, had := known[s.key()]
		record := before
		switch {
		case s.gone && (!had || before.Deleted):
			continue // it came and went between two looks, or is known to be gone
		case s.gone:
			record.Deleted = true
			result.Deleted++
		default:
			record = l.recordOf(s, home)
			record.Invoice = cmp.Or(before.Invoice, unread[s.key()])
		}
		if had && (record.Same(before) || record.UpdatedAt.Before(before.UpdatedAt)) {
			continue
		}
		record.SeenAt = after(l.now(), before.SeenAt)
		records = append(records, record)
		if record.Ours() {
			ours = append(ours, s)
		}
		known[s.key()] = record
	}
	if err := l.checkAgain(ctx, ours, known, result); err != nil {
		return err
	}
	result.Changed += len(records)
	if len(records) == 0 {
		return nil
	}
	ctx, cancel := storing(ctx)
	defer cancel()
	if err := l.store.RecordBookBills(ctx, records); err != nil {
		return fmt.Errorf("store the mirror: %w", err)
	}
	return nil
}

// unread returns the documents that we posted and that were never read back, with
// their invoices.
func (l *Loader) unread(ctx context.Context) (map[sightingKey]schema.InvoiceID, error) {
	positions, err := l.store.Unverified(ctx, l.cfg.Company, verifyTogether)
	if err != nil {
		return nil, fmt.Errorf("read unverified bills: %w", err)
	}
	corrections, err := l.unreadCorrections(ctx)
	if err != nil {
		return nil, err
	}
	positions = append(positions, corrections...)
	invoices := make(map[sightingKey]schema.InvoiceID, len(positions))
	for _, p := range positions {
		invoices[sightingKey{formOf(p.Posting), p.Posting.Document}] = p.Invoice.ID
	}
	return invoices, nil
}

// known returns what the mirror holds of documents.
func (l *Loader) known(ctx context.Context, seen []sighting) (map[sightingKey]schema.BookBill, error) {
	q := schema.BookQuery{Company: l.cfg.Company, Realm: l.realm(), Deleted: true}
	for _, s := range seen {
		q.Documents = append(q.Documents, s.key().id)
	}
	bills, err := l.store.BookBills(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the mirror: %w", err)
	}
	known := make(map[sightingKey]schema.BookBill, len(bills))
	for _, b := range bills {
		known[sightingKey{b.Kind, b.Document}] = b
	}
	return known, nil
}

func (l *Loader) homeCurrency(ctx context.Context) (schema.Currency, error) {
	books, err := l.chart(ctx)
	return books.HomeCurrency, err
}

// recordOf takes over a document. An amount or a date that cannot be read is none:
// it is alike to nothing, and what there is of it is still kept.
func (l *Loader) recordOf(s sighting, home schema.Currency) schema.BookBill {
	b, currency := s.bill, currencyOf(s.bill.CurrencyRef, home)
	record := schema.BookBill{
		Company: l.cfg.Company, Realm: l.realm(), Kind: s.kind, Document: schema.DocumentID(b.ID),
		Vendor: schema.VendorID(b.VendorRef.Value), DocNumber: b.DocNumber, TxnDate: dateOf(b.TxnDate), DueDate: dateOf(b.DueDate),
		Total: moneyOf(b.TotalAmt, currency), Balance: moneyOf(b.Balance, currency),
		Payable: schema.AccountID(b.APAccountRef.Value), SyncToken: b.SyncToken,
	}
	if m, marked := readMark(b.PrivateNote); marked {
		record.Draft = m.draft
	}
	if b.MetaData != nil && !b.MetaData.LastUpdatedTime.IsZero() {
		record.UpdatedAt = b.MetaData.LastUpdatedTime.UTC()
	}
	return record
}

func dateOf(text string) schema.Date {
	date, _ := schema.ParseDate(text) // none when it cannot be read
	return date
}

func moneyOf(d quickbooks.Decimal, c schema.Currency) schema.Money {
	m, err := schema.ParseMoney(d.String(), c)
	if err != nil {
		return schema.NewMoney(0, c)
	}
	return m
}

// checkAgain compares documents of ours that somebody touched with their drafts,
// and records what differs from what was last found. That QuickBooks answers them
// whole makes this free. One that was never read back is read back by that.
func (l *Loader) checkAgain(
	ctx context.Context, ours []sighting, known map[sightingKey]schema.BookBill, result *MirrorResult,
) error {
	if len(ours) == 0 {
		return nil
	}
	invoices := make([]schema.InvoiceID, len(ours))
	for i, s := range ours {
		invoices[i] = known[s.key()].Invoice
	}
	positions, err := l.store.InvoicePositions(ctx, l.cfg.Company, invoices)
	if err != nil {
		return fmt.Errorf("read positions: %w", err)
	}
	corrections, err := l.correctionsOf(ctx, ours, invoices, positions)
	if err != nil {
		return err
	}
	var proofs []proof
	for i, s := range ours {
		p, ok := positions[invoices[i]], true
		if !s.is(p.Posting) {
			p, ok = corrections[s.key()]
		}
		if ok { // or it is accounted for where it is posted
			proofs = append(proofs, proof{now: compare(p, s.bill, !s.gone), last: p.Verification})
		}
	}
	return l.judge(ctx, proofs, result)
}

// sameProof reports whether reading a document again showed nothing new. Paying a
// bill or using up a credit may move its version on, which nobody edited.
func sameProof(v, last schema.Verification) bool {
	if v.Result == schema.VerifiedExact {
		v.SyncToken = last.SyncToken
	}
	return reflect.DeepEqual(v, last)
}

// mirrorOurs puts documents into the mirror that were just read back, which proves
// whose they are whatever their notes will say.
func (l *Loader) mirrorOurs(
	ctx context.Context, positions []schema.Position, found map[schema.DocumentID]quickbooks.Bill,
) error {
	var seen []sighting
	invoices := map[sightingKey]schema.InvoiceID{}
	for _, p := range positions {
		if bill, there := found[p.Posting.Document]; there {
			s := sighting{kind: formOf(p.Posting), bill: bill}
			seen = append(seen, s)
			invoices[s.key()] = p.Invoice.ID
		}
	}
	if len(seen) == 0 {
		return nil
	}
	known, err := l.known(ctx, seen)
	if err != nil {
		return err
	}
	home, err := l.homeCurrency(ctx)
	if err != nil {
		return err
	}
	var records []schema.BookBill
	for _, s := range seen {
		before := known[s.key()]
		record := l.recordOf(s, home)
		record.Invoice = invoices[s.key()]
		if record.Same(before) {
			continue
		}
		record.SeenAt = after(l.now(), before.SeenAt)
		records = append(records, record)
	}
	if err := l.store.RecordBookBills(ctx, records); err != nil {
		return fmt.Errorf("store the mirror: %w", err)
	}
	return nil
}
