package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// followRecords compares payments and transfers of ours that somebody touched with
// their tasks. They come with the same read as the changes of bills. A payment is
// known by its bill, which QuickBooks touches with it.
func (l *Loader) followRecords(ctx context.Context, c bookChanges, seen []sighting, result *MirrorResult) error {
	found, err := l.touchedPayments(ctx, c.payments, seen)
	if err != nil {
		return err
	}
	transfers, err := l.touchedTransfers(ctx, c.transfers)
	if err != nil {
		return err
	}
	return l.judge(ctx, append(found, transfers...), result)
}

// proof is what reading something again showed, and what was known before.
type proof struct {
	now, last schema.Verification
}

// judge records what is not as it was last found. What was never read back is read
// back by that.
func (l *Loader) judge(ctx context.Context, proofs []proof, result *MirrorResult) error {
	var found []schema.Verification
	for _, p := range proofs {
		v := p.now
		v.RecordedAt = p.last.RecordedAt
		result.Checked++
		if sameProof(v, p.last) {
			continue
		}
		v.RecordedAt = after(l.now(), p.last.RecordedAt)
		found = append(found, v)
		if p.last.Result == "" {
			l.metrics.verifications.WithLabelValues(string(v.Result)).Inc()
			continue
		}
		l.metrics.drift.WithLabelValues(string(v.Result)).Inc()
		if v.Result != schema.VerifiedExact {
			result.Drifted++
		}
	}
	if len(found) == 0 {
		return nil
	}
	ctx, cancel := storing(ctx)
	defer cancel()
	if err := l.store.RecordVerifications(ctx, found); err != nil {
		return fmt.Errorf("store verifications: %w", err)
	}
	return nil
}

func (l *Loader) touchedPayments(ctx context.Context, c quickbooks.Changes, seen []sighting) ([]proof, error) {
	touched, gone, err := quickbooks.Changed[quickbooks.BillPayment](c)
	if err != nil || len(touched)+len(gone) == 0 {
		return nil, err
	}
	invoices, err := l.payers(ctx, touched, seen)
	if err != nil || len(invoices) == 0 {
		return nil, err
	}
	about, err := l.store.InvoiceTasks(ctx, l.cfg.Company, schema.PostPayment, invoices)
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	var ours []schema.TaskPosition
	var payments []*quickbooks.BillPayment
	for _, invoice := range invoices {
		for _, p := range about[invoice] {
			payment, met := meet(p, touched, gone, func(b quickbooks.BillPayment) string { return b.ID })
			if met {
				ours, payments = append(ours, p), append(payments, payment)
			}
		}
	}
	if err := l.withBodies(ctx, ours); err != nil {
		return nil, err
	}
	proofs := make([]proof, len(ours))
	for i, p := range ours {
		var payment quickbooks.BillPayment
		if payments[i] != nil {
			payment = *payments[i]
		}
		if proofs[i].now, err = comparePayment(p, payment, payments[i] != nil); err != nil {
			return nil, err
		}
		proofs[i].last = p.Verification
	}
	return proofs, nil
}

// payers returns the invoices whose bills are paid by payments, or were met beside
// them.
func (l *Loader) payers(ctx context.Context, touched []quickbooks.BillPayment, seen []sighting) ([]schema.InvoiceID, error) {
	var ids []schema.DocumentID
	for _, s := range seen {
		ids = append(ids, s.key().id)
	}
	for _, payment := range touched {
		for _, link := range paysFor(payment) {
			ids = append(ids, schema.DocumentID(link.TxnID))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	bills, err := l.store.BookBills(ctx, schema.BookQuery{
		Company: l.cfg.Company, Realm: l.realm(), Documents: slices.Compact(slices.Sorted(slices.Values(ids))), Deleted: true,
	})
	if err != nil {
		return nil, fmt.Errorf("read the mirror: %w", err)
	}
	var invoices []schema.InvoiceID
	for _, b := range bills {
		if b.Ours() {
			invoices = append(invoices, b.Invoice)
		}
	}
	slices.Sort(invoices)
	return slices.Compact(invoices), nil
}

// withBodies adds what was sent to positions that come without.
func (l *Loader) withBodies(ctx context.Context, positions []schema.TaskPosition) error {
	if len(positions) == 0 {
		return nil
	}
	subjects := make([]string, len(positions))
	for i, p := range positions {
		subjects[i] = p.Posting.Subject
	}
	latest, err := l.store.LatestPostings(ctx, l.cfg.Company, positions[0].Posting.Kind, subjects)
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	for i := range positions {
		positions[i].Posting.Body = latest[subjects[i]].Body
	}
	return nil
}

func (l *Loader) touchedTransfers(ctx context.Context, c quickbooks.Changes) ([]proof, error) {
	touched, gone, err := quickbooks.Changed[quickbooks.Transfer](c)
	if err != nil || len(touched)+len(gone) == 0 {
		return nil, err
	}
	about, err := l.store.InvoiceTasks(ctx, l.cfg.Company, schema.PostTransfer, []schema.InvoiceID{""})
	if err != nil {
		return nil, fmt.Errorf("read transfers: %w", err)
	}
	var proofs []proof
	for _, p := range about[""] {
		transfer, met := meet(p, touched, gone, func(t quickbooks.Transfer) string { return t.ID })
		switch {
		case !met:
		case transfer == nil:
			proofs = append(proofs, proof{now: compareTransfer(p, quickbooks.Transfer{}, false), last: p.Verification})
		default:
			proofs = append(proofs, proof{now: compareTransfer(p, *transfer, true), last: p.Verification})
		}
	}
	return proofs, nil
}

// meet returns the record that became of a task if it is among those that were
// touched, nil if it is among those that are gone, and whether it is either.
func meet[T record](p schema.TaskPosition, touched []T, gone []quickbooks.Deleted, idOf func(T) string) (*T, bool) {
	id := string(p.Posting.Document)
	if !p.Posting.State.Settled() || id == "" {
		return nil, false
	}
	if at := slices.IndexFunc(touched, func(one T) bool { return idOf(one) == id }); at >= 0 {
		return &touched[at], true
	}
	return nil, slices.ContainsFunc(gone, func(d quickbooks.Deleted) bool { return d.ID == id })
}
