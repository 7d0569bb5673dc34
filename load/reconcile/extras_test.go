package reconcile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
)

// typed is a bill of 100.00 USD for Ana that somebody entered.
func typed(id schema.DocumentID, changes ...func(*schema.BookBill)) schema.BookBill {
	b := schema.BookBill{
		Company: "acme", Realm: "1", Kind: schema.DocumentBill, Document: id, Vendor: "55", DocNumber: "typed in",
		TxnDate: schema.NewDate(2026, 8, 20), Total: usd(10_000), SeenAt: asOf,
	}
	for _, c := range changes {
		c(&b)
	}
	return b
}

// dated gives a position's draft its vendor and day.
func dated(p schema.Position) schema.Position {
	return change(p, func(p *schema.Position) { p.Draft.Vendor, p.Draft.TxnDate = "55", schema.NewDate(2026, 8, 31) })
}

func booked(t *testing.T, l ledger) schema.Report {
	t.Helper()
	r, err := reconcile.New(l).Report(t.Context(), "acme", august, asOf)
	require.NoError(t, err)
	return r
}

func TestReport_ShowsWhatNoInvoiceExplains(t *testing.T) {
	t.Parallel()
	matched := dated(read("1", usd(10_000), schema.VerifiedExact))
	for name, c := range map[string]struct {
		bill  schema.BookBill
		other []schema.Position
		extra bool
	}{
		"OfAVendorOfOurs":     {bill: typed("9"), extra: true},
		"ACopyOfOurs":         {bill: typed("9", func(b *schema.BookBill) { b.Draft = matched.Draft.ID }), extra: true},
		"AVendorCredit":       {bill: typed("9", func(b *schema.BookBill) { b.Kind = schema.DocumentVendorCredit }), extra: true},
		"NotOfAnotherVendor":  {bill: typed("9", func(b *schema.BookBill) { b.Vendor = "56" })},
		"NotOfAnotherPeriod":  {bill: typed("9", func(b *schema.BookBill) { b.TxnDate = schema.NewDate(2026, 9, 1) })},
		"NotOfAnotherRealm":   {bill: typed("9", func(b *schema.BookBill) { b.Realm = "2" })},
		"NotWhatIsGone":       {bill: typed("9", func(b *schema.BookBill) { b.Deleted = true })},
		"NotOurs":             {bill: typed("9", func(b *schema.BookBill) { b.Invoice = "7" })},
		"NotOursReadBackSoon": {bill: typed("q1")},
		"NotOneThatWasSkipped": {bill: typed("9"), other: []schema.Position{
			dated(change(drafted("2", usd(10_000)), func(p *schema.Position) { p.Decision.Kind = schema.DecideSkip })),
		}},
		"NotTheCreditThatAnInvoiceBelowZeroIs": {
			bill: typed("9", func(b *schema.BookBill) { b.Kind = schema.DocumentVendorCredit }),
			other: []schema.Position{dated(change(drafted("2", usd(-10_000)), func(p *schema.Position) {
				p.Decision.Kind = schema.DecideSkip
			}))},
		},
		"NotOneThatIsUncertain": {
			bill:  typed("9", func(b *schema.BookBill) { b.Draft = posted("2", usd(10_000), schema.PostingUncertain).Draft.ID }),
			other: []schema.Position{posted("2", usd(10_000), schema.PostingUncertain)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := booked(t, ledger{positions: append([]schema.Position{matched}, c.other...), bills: []schema.BookBill{c.bill}})

			if !c.extra {
				require.Zero(t, r.States[schema.StateExtra].Count)
				return
			}
			require.Equal(t, 1, r.States[schema.StateExtra].Count)
			require.False(t, r.Tied)
			require.Len(t, r.Equation, 1)
			require.Equal(t, "100.00", r.Equation[0].Received.Money().Decimal(), "nothing more was received")
			require.True(t, r.Equation[0].Residual.Money().IsZero())
			item := r.Items[0]
			require.Equal(t, c.bill.Subject(), item.InvoiceID)
			require.Equal(t, "Ana Silva", item.Worker)
			require.Equal(t, schema.OwnerFinance, item.Owner)
			require.Contains(t, item.Cause, "no invoice explains it")
			require.Equal(t, c.bill.Marked(), strings.Contains(item.Cause, "somebody copied it"))
			require.Contains(t, item.NextAction, "tieout holds skip "+string(c.bill.Subject()))
			require.Equal(t, 13, item.AgeDays)
		})
	}
}

func TestReport_TakesAPersonsWordForAnExtra(t *testing.T) {
	t.Parallel()
	l := ledger{positions: []schema.Position{dated(read("1", usd(10_000), schema.VerifiedExact))}, bills: []schema.BookBill{typed("9")}}
	l.decisions = map[schema.InvoiceID]schema.Decision{
		typed("9").Subject(): {Kind: schema.DecideSkip, Reason: "a laptop", By: "eva"},
	}
	r := booked(t, l)
	require.True(t, r.Tied)
	require.Equal(t, 1, r.States[schema.StateSkipped].Count)
	require.Equal(t, "a laptop (eva)", r.Items[1].Cause)
}

func TestReport_OneInvoiceStandsForOneBill(t *testing.T) {
	t.Parallel()
	skipped := dated(change(drafted("1", usd(10_000)), func(p *schema.Position) { p.Decision.Kind = schema.DecideSkip }))
	r := booked(t, ledger{positions: []schema.Position{skipped}, bills: []schema.BookBill{typed("9"), typed("10")}})
	require.Equal(t, 1, r.States[schema.StateExtra].Count)
	require.Equal(t, schema.DocumentID("10"), r.Items[0].QuickBooksID)
}

func TestReport_NamesWhatMayBeADuplicate(t *testing.T) {
	t.Parallel()
	blocked := dated(change(drafted("1", usd(10_000)), func(p *schema.Position) {
		p.Posting = schema.Posting{
			Kind: schema.PostBill, Subject: "1", Draft: p.Draft.ID, State: schema.PostingDeclined,
			Fault: schema.Fault{Code: schema.FaultPossibleDuplicate, Meaning: "Somebody else entered bill 9.", Next: "skip or release", Owner: schema.OwnerFinance},
		}
	}))
	r := booked(t, ledger{positions: []schema.Position{blocked}, bills: []schema.BookBill{typed("9")}})
	require.Len(t, r.Items, 1, "the bill is explained by the invoice")
	require.Equal(t, schema.StateDuplicateByHand, r.Items[0].State)
	require.Equal(t, "Somebody else entered bill 9.", r.Items[0].Cause)
	require.Equal(t, "skip or release", r.Items[0].NextAction)
	require.Equal(t, "100.00", r.Equation[0].Declined.Money().Decimal())
	require.False(t, r.Tied)
}

func TestReport_SaysThatSomebodyEdited(t *testing.T) {
	t.Parallel()
	p := change(read("1", usd(10_000), schema.VerifiedDivergent, schema.Difference{Field: schema.FieldDueDate, Expected: "a", Found: "b"}),
		func(p *schema.Position) {
			p.Posting.SyncToken, p.Verification.SyncToken, p.Verification.RecordedAt = "0", "1", asOf
		})
	require.Contains(t, report(t, p).Items[0].Cause, "edited in QuickBooks since it was posted, seen on 2026-09-02: due_date is b")
	p.Verification.SyncToken = "0"
	require.NotContains(t, report(t, p).Items[0].Cause, "edited")
}
