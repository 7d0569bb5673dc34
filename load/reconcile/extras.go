package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/tieout/tieout/schema"
)

const (
	// reach is how many days before a period a document makes its vendor one of
	// ours: vendors of last month are still watched.
	reach = 31

	// apart is how many days an invoice that we do not post and the bill that
	// stands for it may be dated apart.
	apart = 31
)

// explained is what the invoices of a period say about documents in the books.
type explained struct {
	vendors   map[schema.VendorID]bool
	documents map[schema.DocumentID]bool
	drafts    map[schema.DraftID]bool
	// unposted are invoices that somebody may have entered instead.
	unposted map[schema.VendorID][]schema.Draft
}

func newExplained() *explained {
	return &explained{
		vendors: map[schema.VendorID]bool{}, documents: map[schema.DocumentID]bool{}, drafts: map[schema.DraftID]bool{},
		unposted: map[schema.VendorID][]schema.Draft{},
	}
}

func (e *explained) explain(p schema.Position) {
	if p.Draft.Vendor != "" {
		e.vendors[p.Draft.Vendor] = true
	}
	for _, c := range p.Corrections {
		if c.Posting.State.Live() {
			e.posted(c.Posting, c.Posting.Draft, c.Task.Correction.Document.ID)
			e.vendors[c.Task.Correction.Document.Vendor] = true
		}
	}
	switch {
	case p.Posting.State.Live():
		e.posted(p.Posting, p.Posting.Draft)
	case p.Draft.Vendor != "":
		e.unposted[p.Draft.Vendor] = append(e.unposted[p.Draft.Vendor], p.Draft)
	}
}

// posted notes what is in the books because of us, or may be without our knowing
// its id.
func (e *explained) posted(p schema.Posting, drafts ...schema.DraftID) {
	if p.Document != "" {
		e.documents[p.Document] = true
		return
	}
	for _, draft := range drafts {
		e.drafts[draft] = true
	}
}

// covers reports whether a document is ours, or stands for an invoice that we did
// not post. Each such invoice stands for one document.
func (e *explained) covers(b schema.BookBill) bool {
	if b.Ours() || e.documents[b.Document] || b.Marked() && e.drafts[b.Draft] {
		return true
	}
	at := slices.IndexFunc(e.unposted[b.Vendor], func(d schema.Draft) bool { return same(d, b) })
	if at < 0 {
		return false
	}
	e.unposted[b.Vendor] = slices.Delete(e.unposted[b.Vendor], at, at+1)
	return true
}

// same compares what both are for the company: an invoice below zero that is held
// stands for the vendor credit that somebody entered instead, and for no bill.
func same(d schema.Draft, b schema.BookBill) bool {
	drafted, err := d.Kind.Signed(d.Total)
	if err != nil {
		return false
	}
	entered, err := b.Kind.Signed(b.Total)
	return err == nil && drafted == entered && !d.TxnDate.IsZero() &&
		d.TxnDate.AddDays(-apart).Compare(b.TxnDate) <= 0 && d.TxnDate.AddDays(apart).Compare(b.TxnDate) >= 0
}

// extras adds what is in the books of the period and nobody can explain.
func (r *Reconciler) extras(
	ctx context.Context, t *tally, known *explained, period schema.Period, books schema.Books,
) error {
	if books.IsZero() {
		return nil
	}
	bills, err := r.ledger.BookBills(ctx, schema.BookQuery{
		Company: books.Company, Realm: books.Realm, First: period.First().AddDays(-reach), Last: period.Last(), AsOf: t.asOf,
	})
	if err != nil {
		return fmt.Errorf("read the mirror of %s: %w", books.Company, err)
	}
	for _, b := range bills {
		if b.Ours() {
			known.vendors[b.Vendor] = true
		}
	}
	bills = slices.DeleteFunc(bills, func(b schema.BookBill) bool {
		return !period.Contains(b.TxnDate) || !known.vendors[b.Vendor] || known.covers(b)
	})
	subjects := make([]schema.InvoiceID, len(bills))
	for i, b := range bills {
		subjects[i] = b.Subject()
	}
	decisions, err := r.ledger.Decisions(ctx, books.Company, subjects, t.asOf)
	if err != nil {
		return fmt.Errorf("read decisions of %s: %w", books.Company, err)
	}
	for _, b := range bills {
		if err := t.extra(b, decisions[b.Subject()], books); err != nil {
			return fmt.Errorf("add up %s: %w", b.Subject(), err)
		}
	}
	return nil
}

// extra adds a document to the items and the states, and to no equation.
func (t *tally) extra(b schema.BookBill, said schema.Decision, books schema.Books) error {
	amount, err := b.Kind.Signed(b.Total)
	if err != nil {
		return err
	}
	none := schema.NewMoney(0, amount.Currency())
	held, difference := schema.Amount(amount), schema.Amount(amount)
	item := schema.Item{
		InvoiceID: b.Subject(), InvoiceNumber: b.DocNumber, Worker: vendorName(books, b.Vendor), State: schema.StateExtra,
		Cause: extraCause(b), Amount: schema.Amount(none), Currency: amount.Currency(), QuickBooksID: b.Document,
		QuickBooksAmount: &held, Difference: &difference, AgeDays: max(0, int(t.asOf.Sub(b.TxnDate.Time()).Hours()/24)),
		Owner: schema.OwnerFinance,
		NextAction: fmt.Sprintf("delete it in QuickBooks if it should not be there; if it is right, say so: tieout holds skip %s --reason TEXT",
			b.Subject()),
		Rules: []schema.RuleUse{}, Holds: []schema.HoldReason{}, Corrections: []schema.ItemCorrection{},
	}
	counted := amount
	if said.Kind == schema.DecideSkip {
		item.State, item.Cause, item.Owner, item.NextAction = schema.StateSkipped, saidBy(said), schema.OwnerNobody, ""
		counted = none // what is skipped adds up to invoices only
	}
	t.items = append(t.items, item)
	return t.state(item.State, counted)
}

func extraCause(b schema.BookBill) string {
	cause := fmt.Sprintf("%s %s of %s over %s is in QuickBooks; tieout did not post it, and no invoice explains it",
		b.Kind.Name(), b.Document, b.TxnDate, b.Total)
	if b.Marked() {
		cause += "; its note is that of another document: somebody copied it"
	}
	return cause
}

func vendorName(books schema.Books, id schema.VendorID) string {
	at := slices.IndexFunc(books.Vendors, func(v schema.Vendor) bool { return v.ID == id })
	if at < 0 {
		return "vendor " + string(id)
	}
	return books.Vendors[at].Name
}
