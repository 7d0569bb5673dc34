package reconcile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
)

// ledger answers what a test puts into it, whatever the instant.
type ledger struct {
	positions []schema.Position
	intake    schema.Intake
	bills     []schema.BookBill
	decisions map[schema.InvoiceID]schema.Decision
	fails     error
}

func (l ledger) BookBills(_ context.Context, q schema.BookQuery) ([]schema.BookBill, error) {
	return slices.DeleteFunc(slices.Clone(l.bills), func(b schema.BookBill) bool { return !q.Covers(b) }), nil
}

func (l ledger) Decisions(
	context.Context, schema.CompanyID, []schema.InvoiceID, time.Time,
) (map[schema.InvoiceID]schema.Decision, error) {
	return l.decisions, nil
}

func (l ledger) Positions(context.Context, schema.CompanyID, schema.Period, time.Time) iter.Seq2[schema.Position, error] {
	return func(yield func(schema.Position, error) bool) {
		for _, p := range l.positions {
			if !yield(p, nil) {
				return
			}
		}
		if l.fails != nil {
			yield(schema.Position{}, l.fails)
		}
	}
}

func (l ledger) Intake(context.Context, schema.CompanyID, schema.Period, time.Time) (schema.Intake, error) {
	return l.intake, nil
}

func (l ledger) Books(context.Context, schema.CompanyID, time.Time) (schema.Books, error) {
	return schema.Books{
		Company: "acme", Realm: "1", Name: "Acme Inc", ReadAt: asOf.Add(-time.Hour),
		Vendors: []schema.Vendor{{ID: "55", Name: "Ana Silva"}},
	}, nil
}

func (l ledger) Rules(context.Context, schema.CompanyID, time.Time) (schema.RuleSet, error) {
	return schema.RuleSet{Version: 3}, nil
}

var (
	asOf   = time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	august = schema.NewDate(2026, 8, 1).Period()
)

func usd(minor int64) schema.Money { return schema.NewMoney(minor, "USD") }

// invoice is a confirmed one.
func invoice(id string, total schema.Money) schema.Invoice {
	return schema.Invoice{
		Company: "acme", ID: schema.InvoiceID(id), Number: "INV-" + id, Status: schema.StatusConfirmed,
		Worker: "7", WorkerEmail: "ana@example.com", Currency: total.Currency(), Total: total,
		Lines: []schema.Line{{Concept: "FIXED_PAYMENT", Amount: total}},
	}
}

// drafted is the invoice with a ready draft, first received two days before the
// report.
func drafted(id string, total schema.Money) schema.Position {
	i := invoice(id, total)
	return schema.Position{Invoice: i, Content: i.ContentSum(), FirstRecordedAt: asOf.Add(-48 * time.Hour), Draft: schema.Draft{
		Company: "acme", Invoice: i.ID, Content: i.ContentSum(), State: schema.DraftReady, PayeeName: "Ana Silva",
		Currency: total.Currency(), Total: total,
		Lines: []schema.DraftLine{{Concept: "FIXED_PAYMENT", Amount: total, Account: "64", Rule: "base-pay", RuleVersion: 2}},
	}.Seal()}
}

func posted(id string, total schema.Money, state schema.PostingState) schema.Position {
	p := drafted(id, total)
	p.Posting = schema.Posting{Kind: schema.PostBill, Subject: id, Draft: p.Draft.ID, State: state}
	if state == schema.PostingPosted || state == schema.PostingAdopted {
		p.Posting.Document = schema.DocumentID("q" + id)
	}
	return p
}

func read(id string, total schema.Money, result schema.VerificationResult, found ...schema.Difference) schema.Position {
	p := posted(id, total, schema.PostingPosted)
	p.Verification = schema.Verification{Result: result, Total: total, Differences: found, Document: p.Posting.Document}
	return p
}

func report(t *testing.T, positions ...schema.Position) schema.Report {
	t.Helper()
	r, err := reconcile.New(ledger{positions: positions}).Report(t.Context(), "acme", august, asOf)
	require.NoError(t, err)
	return r
}

func change(p schema.Position, edit func(*schema.Position)) schema.Position {
	edit(&p)
	return p
}

func TestReport_PutsEveryInvoiceInOneState(t *testing.T) {
	t.Parallel()
	held := func(reasons ...schema.HoldReason) schema.Position {
		return change(drafted("1", usd(100)), func(p *schema.Position) {
			p.Draft.State = schema.DraftHeld
			for _, reason := range reasons {
				p.Draft.Holds = append(p.Draft.Holds, schema.Hold{
					Reason: reason, Detail: string(reason), NextStep: "clear it", Owner: schema.OwnerFinance,
				})
			}
		})
	}
	state := func(s schema.DraftState) schema.Position {
		return change(drafted("1", usd(100)), func(p *schema.Position) { p.Draft.State = s })
	}
	differs := func(fields ...schema.Field) schema.Position {
		var found []schema.Difference
		for _, field := range fields {
			found = append(found, schema.Difference{Field: field, Expected: "a", Found: "b"})
		}
		return read("1", usd(100), schema.VerifiedDivergent, found...)
	}
	declined := change(posted("1", usd(100), schema.PostingDeclined), func(p *schema.Position) {
		p.Posting.Fault = schema.Fault{Code: "6210", Meaning: "the books are closed", Next: "reopen them", Owner: schema.OwnerFinance}
	})

	cases := map[string]struct {
		position schema.Position
		want     schema.State
		column   func(schema.Equation) schema.Amount
	}{
		"Matched":         {read("1", usd(100), schema.VerifiedExact), schema.StateMatched, verified},
		"Adopted":         {change(read("1", usd(100), schema.VerifiedExact), adopt), schema.StateAdopted, verified},
		"PostedNotRead":   {posted("1", usd(100), schema.PostingPosted), schema.StatePostedUnverified, unverified},
		"AdoptedNotRead":  {posted("1", usd(100), schema.PostingAdopted), schema.StatePostedUnverified, unverified},
		"Named":           {posted("1", usd(100), schema.PostingNamed), schema.StateUncertain, uncertain},
		"Uncertain":       {posted("1", usd(100), schema.PostingUncertain), schema.StateUncertain, uncertain},
		"Ready":           {drafted("1", usd(100)), schema.StateMissingInQuickBooks, waiting},
		"NotDrafted":      {schema.Position{Invoice: invoice("1", usd(100))}, schema.StateWaitingForStatus, waiting},
		"AwaitsContract":  {state(schema.DraftAwaitsContract), schema.StateWaitingForContract, waiting},
		"AwaitsStatus":    {state(schema.DraftAwaitsStatus), schema.StateWaitingForStatus, waiting},
		"Declined":        {declined, schema.StateDeclined, declinedColumn},
		"AmountDiffers":   {differs(schema.FieldAccount, schema.FieldTotal), schema.StateAmountDiffers, unverified},
		"CurrencyDiffers": {differs(schema.FieldTotal, schema.FieldCurrency), schema.StateCurrencyDiffers, unverified},
		"VendorDiffers":   {differs(schema.FieldVendor), schema.StateVendorDiffers, unverified},
		"AccountDiffers":  {differs(schema.FieldAccount), schema.StateAccountDiffers, unverified},
		"DateDiffers":     {differs(schema.FieldDate), schema.StateDateDiffers, unverified},
		"NumberDiffers":   {differs(schema.FieldDocNumber), schema.StateDocNumberDiffers, unverified},
		"RateDiffers":     {differs(schema.FieldRate), schema.StateRateDiffers, unverified},
		"ClassDiffers":    {differs(schema.FieldDate, schema.FieldClass), schema.StateClassDiffers, unverified},
		"LocationDiffers": {differs(schema.FieldLocation), schema.StateClassDiffers, unverified},
		"AccountBeforeClass": {
			differs(schema.FieldClass, schema.FieldAccount), schema.StateAccountDiffers, unverified,
		},
		"HeldForOne": {held(schema.HoldCurrency), schema.StateCurrencyHeld, heldColumn},
		"HeldForSeveral": {
			held(schema.HoldUnresolvedVendor, schema.HoldUnmappedConcept), schema.StateUnmappedConcept, heldColumn,
		},
		"Cancelled": {change(drafted("1", usd(100)), cancel), schema.StateCancelled, cancelled},
		"CancelledWhileHeld": {
			change(held(schema.HoldCurrency), cancel), schema.StateCancelled, cancelled,
		},
		"CancelledAfterPosting": {
			change(read("1", usd(100), schema.VerifiedExact), cancel), schema.StateCancelledAfter, verified,
		},
		"SourceChangedAfterPosting": {
			change(read("1", usd(100), schema.VerifiedExact), func(p *schema.Position) { p.Content = schema.SumOf("other") }),
			schema.StateSourceChanged, verified,
		},
		"SkippedByAPerson": {
			change(held(schema.HoldCurrency), func(p *schema.Position) {
				p.Decision = schema.Decision{Kind: schema.DecideSkip, Reason: "booked by hand", By: "eva"}
			}), schema.StateSkipped, skipped,
		},
		"DeclinedAndDraftedAnew": {
			change(declined, func(p *schema.Position) {
				p.Draft.TxnDate = schema.NewDate(2026, 9, 1)
				p.Draft = p.Draft.Seal()
			}), schema.StateMissingInQuickBooks, waiting,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report(t, tc.position)
			require.Len(t, r.Items, 1)
			require.Equal(t, tc.want, r.Items[0].State)
			require.Equal(t, tc.want.Settled(), r.Tied)
			require.Equal(t, 1, r.States[tc.want].Count)
			require.Equal(t, "1.00", tc.column(r.Equation[0]).Money().Decimal())
			require.True(t, r.Equation[0].Residual.Money().IsZero())
			if !tc.want.Settled() {
				require.NotEmpty(t, r.Items[0].Cause)
				require.NotEmpty(t, r.Items[0].NextAction)
			}
		})
	}
}

func adopt(p *schema.Position)  { p.Posting.State = schema.PostingAdopted }
func cancel(p *schema.Position) { p.Invoice.Status = schema.StatusCancelled }

func verified(e schema.Equation) schema.Amount       { return e.Verified }
func unverified(e schema.Equation) schema.Amount     { return e.PostedUnverified }
func heldColumn(e schema.Equation) schema.Amount     { return e.Held }
func waiting(e schema.Equation) schema.Amount        { return e.Waiting }
func declinedColumn(e schema.Equation) schema.Amount { return e.Declined }
func uncertain(e schema.Equation) schema.Amount      { return e.Uncertain }
func skipped(e schema.Equation) schema.Amount        { return e.Skipped }
func cancelled(e schema.Equation) schema.Amount      { return e.Cancelled }

func TestReport_ShowsEveryCentThatIsNotThere(t *testing.T) {
	t.Parallel()

	t.Run("ABillOneCentShort", func(t *testing.T) {
		t.Parallel()
		p := read("1", usd(10000), schema.VerifiedDivergent, schema.Difference{Field: schema.FieldTotal, Expected: "100.00", Found: "99.99"})
		p.Verification.Total = usd(9999)
		r := report(t, p)
		require.False(t, r.Tied)
		require.Equal(t, "0.01", r.Equation[0].Residual.Money().Decimal())
		require.Equal(t, "-0.01", r.Items[0].Difference.Money().Decimal())
		require.Equal(t, "amount is 99.99 in QuickBooks, posted as 100.00", r.Items[0].Cause)
	})

	t.Run("ABillThatWasDeleted", func(t *testing.T) {
		t.Parallel()
		r := report(t, read("1", usd(10000), schema.VerifiedMissing))
		require.Equal(t, schema.StateDeletedInQuickBooks, r.Items[0].State)
		require.Equal(t, "100.00", r.Equation[0].Residual.Money().Decimal())
		require.Equal(t, "0.00", r.Items[0].QuickBooksAmount.Money().Decimal())
	})

	t.Run("AnInvoiceRaisedAfterItsBill", func(t *testing.T) {
		t.Parallel()
		r := report(t, change(read("1", usd(10000), schema.VerifiedExact), func(p *schema.Position) {
			p.Invoice.Total = usd(12000)
			p.Content = p.Invoice.ContentSum()
		}))
		require.Equal(t, schema.StateSourceChanged, r.Items[0].State)
		require.Equal(t, "20.00", r.Equation[0].Residual.Money().Decimal())
	})
}

// credited is an invoice below zero, as the vendor credit that it became.
func credited(t require.TestingT, p schema.Position) schema.Position {
	p.Draft.Kind = schema.DocumentVendorCredit
	for _, amount := range []*schema.Money{&p.Draft.Total, &p.Verification.Total} {
		turned, err := amount.Neg()
		require.NoError(t, err)
		*amount = turned
	}
	return p
}

// A vendor credit takes from what the books owe, as its invoice takes from what was
// received.
func TestReport_CountsACreditBelowZero(t *testing.T) {
	t.Parallel()

	t.Run("ReadBackExact", func(t *testing.T) {
		t.Parallel()
		r := report(t, read("1", usd(10000), schema.VerifiedExact), credited(t, read("2", usd(-2550), schema.VerifiedExact)))
		require.True(t, r.Tied)
		require.Equal(t, "74.50", r.Equation[0].Received.Money().Decimal())
		require.Equal(t, "74.50", r.Equation[0].Verified.Money().Decimal())
		require.Equal(t, "74.50", r.States[schema.StateMatched].Amounts["USD"].Money().Decimal())
		credit := r.Items[1]
		require.Equal(t, "-25.50", credit.Amount.Money().Decimal())
		require.Equal(t, "-25.50", credit.QuickBooksAmount.Money().Decimal())
		require.Equal(t, "0.00", credit.Difference.Money().Decimal())
	})

	t.Run("OneCentShort", func(t *testing.T) {
		t.Parallel()
		p := credited(t, read("1", usd(-10000), schema.VerifiedDivergent, schema.Difference{Field: schema.FieldTotal}))
		p.Verification.Total = usd(9999)
		r := report(t, p)
		require.Equal(t, "-0.01", r.Equation[0].Residual.Money().Decimal())
		require.Equal(t, "0.01", r.Items[0].Difference.Money().Decimal())
	})

	t.Run("Deleted", func(t *testing.T) {
		t.Parallel()
		r := report(t, credited(t, read("1", usd(-10000), schema.VerifiedMissing)))
		require.Equal(t, "-100.00", r.Equation[0].Residual.Money().Decimal())
		require.Equal(t, "the vendor credit was posted and is no longer in QuickBooks", r.Items[0].Cause)
	})
}

func TestReport(t *testing.T) {
	t.Parallel()

	t.Run("KeepsCurrenciesApart", func(t *testing.T) {
		t.Parallel()
		r := report(t, read("1", usd(100), schema.VerifiedExact), read("2", schema.NewMoney(5000, "JPY"), schema.VerifiedExact))
		require.Len(t, r.Equation, 2)
		require.Equal(t, schema.Currency("JPY"), r.Equation[0].Currency)
		require.Equal(t, "5000", r.Equation[0].Received.Money().Decimal())
		require.Equal(t, 2, r.States[schema.StateMatched].Count)
		require.True(t, r.Tied)
	})

	t.Run("NamesTheRulesOfEachLineAndTheirVersions", func(t *testing.T) {
		t.Parallel()
		r := report(t, read("1", usd(100), schema.VerifiedExact))
		require.Equal(t, []schema.RuleUse{{Rule: "base-pay", Version: 2}}, r.Items[0].Rules)
		require.Equal(t, "Acme Inc", r.Run.BooksName)
		require.Equal(t, 3, r.Run.RulesVersion)
		require.Equal(t, 2, r.Items[0].AgeDays)
	})

	t.Run("GroupsWhatHasNoCurrencyByItself", func(t *testing.T) {
		t.Parallel()
		p := drafted("1", usd(100))
		p.Invoice.Currency, p.Invoice.Total = "", schema.Money{}
		p.Draft.State, p.Draft.Holds = schema.DraftHeld, []schema.Hold{{Reason: schema.HoldCurrency, Detail: "d", NextStep: "n"}}
		r := report(t, p)
		require.Equal(t, schema.NoCurrency, r.Equation[0].Currency)
		require.False(t, r.Tied)
	})

	t.Run("PutsTheOldestOpenItemFirst", func(t *testing.T) {
		t.Parallel()
		old := drafted("9", usd(100))
		old.FirstRecordedAt = asOf.AddDate(0, 0, -20)
		r := report(t, read("1", usd(100), schema.VerifiedExact), drafted("5", usd(100)), old)
		require.Equal(t, []schema.InvoiceID{"9", "5", "1"}, []schema.InvoiceID{r.Items[0].InvoiceID, r.Items[1].InvoiceID, r.Items[2].InvoiceID})
	})

	t.Run("IsNotTiedWhileADeliveryNeedsAPerson", func(t *testing.T) {
		t.Parallel()
		for name, intake := range map[string]schema.Intake{
			"pending":    {Received: 1, Pending: 1},
			"unreadable": {Received: 1, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeUnreadable: 1}},
			"conflict":   {Received: 1, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeConflict: 1}},
			"foreign":    {Received: 1, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeForeign: 1}},
		} {
			r, err := reconcile.New(ledger{intake: intake}).Report(t.Context(), "acme", august, asOf)
			require.NoError(t, err)
			require.False(t, r.Tied, name)
		}
	})

	t.Run("OfNothingIsTied", func(t *testing.T) {
		t.Parallel()
		r := report(t)
		require.True(t, r.Tied)
		require.Empty(t, r.Equation)
	})

	t.Run("IsNotMadeFromHalfOfTheLedger", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("connection reset")
		_, err := reconcile.New(ledger{positions: []schema.Position{drafted("1", usd(1))}, fails: broken}).
			Report(t.Context(), "acme", august, asOf)
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "read positions of acme 2026-08")
	})

	t.Run("RefusesASumThatDoesNotFit", func(t *testing.T) {
		t.Parallel()
		huge := usd(1<<63 - 1)
		_, err := reconcile.New(ledger{positions: []schema.Position{drafted("1", huge), drafted("2", huge)}}).
			Report(t.Context(), "acme", august, asOf)
		require.ErrorIs(t, err, schema.ErrOverflow)
	})
}

func TestReport_JSONHasTheShapeThatOthersRelyOn(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(report(t, read("1", usd(1999), schema.VerifiedExact)))
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))

	require.Equal(t, "acme", got["company"])
	require.Equal(t, "2026-08", got["period"])
	require.Equal(t, "2026-09-02T08:00:00Z", got["as_of"])
	require.Equal(t, true, got["tied"])
	require.Equal(t, []any{map[string]any{
		"currency": "USD", "received": "19.99", "verified": "19.99", "posted_unverified": "0.00", "held": "0.00", "waiting": "0.00",
		"declined": "0.00", "uncertain": "0.00", "skipped": "0.00", "cancelled": "0.00", "residual": "0.00",
	}}, got["equation"])
	require.Equal(t, map[string]any{"matched": map[string]any{"count": 1.0, "amounts": map[string]any{"USD": "19.99"}}}, got["states"])
	item := got["items"].([]any)[0].(map[string]any)
	for _, key := range []string{
		"invoice_id", "invoice_number", "worker", "state", "cause", "amount", "currency", "quickbooks_id", "quickbooks_amount",
		"difference", "age_days", "owner", "next_action", "rules", "corrections",
	} {
		require.Contains(t, item, key)
	}
	require.Equal(t, "19.99", item["quickbooks_amount"])
}

func TestReport_HashSaysWhatTheReportSays(t *testing.T) {
	t.Parallel()
	one := report(t, read("1", usd(100), schema.VerifiedExact))
	later, err := reconcile.New(ledger{positions: []schema.Position{read("1", usd(100), schema.VerifiedExact)}}).
		Report(t.Context(), "acme", august, asOf.AddDate(0, 0, 40))
	require.NoError(t, err)
	require.Equal(t, one.Run.Hash, later.Run.Hash, "time alone changes nothing")

	other := report(t, read("1", usd(101), schema.VerifiedExact))
	require.NotEqual(t, one.Run.Hash, other.Run.Hash)
}

// Whatever the mix, each invoice counts once, in one state of the closed set, and
// no cent of the equation is left over as long as the books hold what was posted.
func TestReport_EquationCloses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		positions := rapid.SliceOfN(rapid.Custom(drawPosition), 0, 40).Draw(t, "positions")
		r, err := reconcile.New(ledger{positions: positions}).Report(context.Background(), "acme", august, asOf)
		require.NoError(t, err)

		require.Len(t, r.Items, len(positions))
		counted := 0
		for state, totals := range r.States {
			require.True(t, slices.Contains(schema.States(), state), state)
			counted += totals.Count
		}
		require.Equal(t, len(positions), counted)
		for _, e := range r.Equation {
			require.True(t, e.Residual.Money().IsZero(), "%s: %+v", e.Currency, e)
		}
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	declined := posted("1", usd(100), schema.PostingDeclined)
	declined.Posting.Fault = schema.Fault{Code: "6210", Meaning: "the books are closed", Next: "Reopen them.", Owner: schema.OwnerFinance}
	got, waits := reconcile.Refused(declined)
	require.True(t, waits)
	require.Equal(t, reconcile.Refusal{
		State: schema.StateDeclined, Cause: "QuickBooks declined (6210): the books are closed", Owner: schema.OwnerFinance,
		Next: "Reopen them. Then release it, unless its invoice, its rules or its vendor changed by that: tieout holds release 1 --reason TEXT.",
	}, got)

	alike := declined
	alike.Posting.Fault = schema.Fault{Code: schema.FaultPossibleDuplicate, Meaning: "bill 7 is alike", Next: "Compare both.", Owner: schema.OwnerFinance}
	got, waits = reconcile.Refused(alike)
	require.True(t, waits)
	require.Equal(t, reconcile.Refusal{
		State: schema.StateDuplicateByHand, Cause: "bill 7 is alike", Next: "Compare both.", Owner: schema.OwnerFinance,
	}, got)

	for name, change := range map[string]func(*schema.Position){
		"IsTriedAgainByItself": func(p *schema.Position) { p.Posting.RetryAt = time.Unix(1, 0) },
		"WasDraftedAnew":       func(p *schema.Position) { p.Draft.ID = "another" },
		"WasSkipped":           func(p *schema.Position) { p.Decision.Kind = schema.DecideSkip },
		"IsInTheBooks":         func(p *schema.Position) { p.Posting.State = schema.PostingPosted },
	} {
		p := declined
		change(&p)
		_, waits := reconcile.Refused(p)
		require.False(t, waits, name)
	}
}

func drawPosition(t *rapid.T) schema.Position {
	id := fmt.Sprint(rapid.IntRange(1, 1_000_000).Draw(t, "id"))
	total := schema.NewMoney(rapid.Int64Range(-1e9, 1e9).Draw(t, "minor"), rapid.SampledFrom([]schema.Currency{"USD", "EUR", "JPY"}).Draw(t, "currency"))
	p := posted(id, total, rapid.SampledFrom([]schema.PostingState{
		"", schema.PostingNamed, schema.PostingPosted, schema.PostingAdopted, schema.PostingDeclined, schema.PostingUncertain,
	}).Draw(t, "posting"))
	if p.Posting.Document != "" && rapid.Bool().Draw(t, "read back") {
		p.Verification = schema.Verification{Result: schema.VerifiedExact, Total: total}
	}
	if total.Sign() < 0 && rapid.Bool().Draw(t, "credit") {
		p = credited(t, p)
	}
	p.Draft.State = rapid.SampledFrom([]schema.DraftState{
		"", schema.DraftReady, schema.DraftHeld, schema.DraftAwaitsContract, schema.DraftAwaitsStatus, schema.DraftInvoiceCancelled,
	}).Draw(t, "draft")
	p.Invoice.Status = rapid.SampledFrom([]schema.InvoiceStatus{schema.StatusCreated, schema.StatusPaid, schema.StatusCancelled}).Draw(t, "status")
	p.Decision.Kind = rapid.SampledFrom([]schema.DecisionKind{"", schema.DecideSkip, schema.DecideHold}).Draw(t, "decision")
	return p
}

func BenchmarkReport_100000(b *testing.B) {
	positions := make([]schema.Position, 100_000)
	for i := range positions {
		positions[i] = read(fmt.Sprint(i), usd(int64(i)), schema.VerifiedExact)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := reconcile.New(ledger{positions: positions}).Report(b.Context(), "acme", august, asOf)
		require.NoError(b, err)
	}
}
