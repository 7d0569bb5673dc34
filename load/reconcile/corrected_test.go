package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
)

// raised is a bill of 100.00 that was read back, of an invoice that has been over
// 120.00 since.
func raised(changes ...func(*schema.Position)) schema.Position {
	p := read("1", usd(10_000), schema.VerifiedExact)
	p.Invoice.Total = usd(12_000)
	p.Content = p.Invoice.ContentSum()
	for _, c := range changes {
		c(&p)
	}
	return p
}

// voided is a bill of 100.00 that was read back, of an invoice that was cancelled.
func voided(changes ...func(*schema.Position)) schema.Position {
	return change(read("1", usd(10_000), schema.VerifiedExact), func(p *schema.Position) {
		cancel(p)
		for _, c := range changes {
			c(p)
		}
	})
}

// part is a document of a correction that is about what the invoice says when it is
// added: a bill, or below zero a vendor credit.
func part(number int, amount schema.Money, changes ...func(*schema.TaskPosition)) func(*schema.Position) {
	return func(p *schema.Position) {
		kind := schema.DocumentBill
		if amount.Sign() < 0 {
			kind = schema.DocumentVendorCredit
			amount = schema.NewMoney(-amount.Minor(), amount.Currency())
		}
		subject := schema.CorrectionSubject(p.Invoice.ID, number/10, number%10)
		one := schema.TaskPosition{Task: schema.Task{
			Company: "acme", Kind: schema.PostCorrection, Subject: subject, Invoice: p.Invoice.ID, State: schema.TaskProposed, By: "tieout",
			Hold: schema.Hold{Detail: "Ontop raised it from 100.00 to 120.00 USD.", NextStep: "approve it", Owner: schema.OwnerFinance},
			Correction: schema.Correction{
				Content: p.Content, Cancelled: p.Invoice.Status == schema.StatusCancelled,
				Document: schema.Draft{
					ID: schema.DraftID("d_" + subject), Kind: kind, Vendor: "55", TxnDate: schema.NewDate(2026, 9, 1), Currency: amount.Currency(), Total: amount,
				},
			},
			RecordedAt: asOf.Add(-10 * time.Hour),
		}}
		for _, c := range changes {
			c(&one)
		}
		p.Corrections = append(p.Corrections, one)
	}
}

func approved(t *schema.TaskPosition) {
	t.Task.State, t.Task.By, t.Task.Hold = schema.TaskReady, "eva", schema.Hold{}
}

func sent(state schema.PostingState) func(*schema.TaskPosition) {
	return func(t *schema.TaskPosition) {
		approved(t)
		t.Posting = schema.Posting{Kind: schema.PostCorrection, Subject: t.Task.Subject, Draft: t.Task.ID, State: state, RecordedAt: asOf.Add(-9 * time.Hour)}
		if state == schema.PostingPosted || state == schema.PostingAdopted {
			t.Posting.Document = schema.DocumentID("c" + t.Task.Subject)
		}
		if state == schema.PostingDeclined {
			t.Posting.Fault = schema.Fault{Code: "6210", Meaning: "The books are closed.", Next: "Reopen them.", Owner: schema.OwnerFinance}
		}
	}
}

func seen(result schema.VerificationResult, found ...schema.Difference) func(*schema.TaskPosition) {
	return func(t *schema.TaskPosition) {
		sent(schema.PostingPosted)(t)
		t.Verification = schema.Verification{
			Result: result, Total: t.Task.Correction.Document.Total, Differences: found, RecordedAt: asOf.Add(-8 * time.Hour),
		}
		if result == schema.VerifiedMissing {
			t.Verification.Total = schema.Money{}
		}
	}
}

func exact(t *schema.TaskPosition) { seen(schema.VerifiedExact)(t) }

func accepted(by string) func(*schema.TaskPosition) {
	return func(t *schema.TaskPosition) {
		t.Task.State, t.Task.By, t.Task.Reason, t.Task.Hold = schema.TaskAccepted, by, "booked by journal entry 7", schema.Hold{}
	}
}

// repeated is an acceptance that was written down anew, just now.
func repeated(t *schema.TaskPosition) {
	t.Task.Reason, t.Task.RecordedAt = "nothing that is booked changed since it was accepted as correction 1:1.1: "+t.Task.Reason, asOf
}

// bare takes the document away: no document can say it, or none is needed.
func bare(t *schema.TaskPosition) { t.Task.Correction.Document = schema.Draft{} }

func onHold(t *schema.TaskPosition) {
	t.Task.State, t.Task.Hold = schema.TaskHeld, schema.Hold{Detail: "no rule maps X", NextStep: "map X", Owner: schema.OwnerFinance}
}

// stale makes the correction one of what the invoice said before.
func stale(t *schema.TaskPosition) { t.Task.Correction.Content = schema.SumOf("something else") }

func TestReport_FollowsACorrection(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		position schema.Position
		state    schema.State
		terms    string
		cause    string
		next     string
	}{
		"NotProposedYet": {
			raised(), schema.StateSourceChanged, "verified 100.00, residual 20.00",
			"the invoice changed at Ontop after the bill was posted", "none: the next transform proposes a correction",
		},
		"Proposed": {
			raised(part(11, usd(2000))), schema.StateSourceChanged, "verified 100.00, held 20.00",
			"Ontop raised it from 100.00 to 120.00 USD.", "tieout corrections approve 1, or tieout corrections accept 1 --reason TEXT",
		},
		"Held": {
			raised(part(11, usd(2000), onHold, bare)), schema.StateSourceChanged, "verified 100.00, residual 20.00", "no rule maps X", "map X",
		},
		"ProposedWithoutADocument": {
			raised(part(11, usd(2000), bare)), schema.StateSourceChanged, "verified 100.00, residual 20.00", "Ontop raised",
			"approve it: tieout corrections accept 1 --reason TEXT",
		},
		"Approved": {
			raised(part(11, usd(2000), approved)), schema.StateSourceChanged, "verified 100.00, waiting 20.00",
			"its correction is approved by eva", "none: the next load posts it",
		},
		"Declined": {
			raised(part(11, usd(2000), sent(schema.PostingDeclined))), schema.StateDeclined, "verified 100.00, declined 20.00",
			"the correction by bill was refused: QuickBooks declined (6210): The books are closed.", "Reopen them; then: tieout corrections approve 1",
		},
		"DeclinedAsADuplicate": {
			raised(part(11, usd(2000), sent(schema.PostingDeclined), func(t *schema.TaskPosition) {
				t.Posting.Fault = schema.Fault{
					Code: schema.FaultPossibleDuplicate, Meaning: "Bill 9 is alike.", Next: "If it is not: tieout corrections approve 1.", Owner: schema.OwnerFinance,
				}
			})),
			schema.StateDuplicateByHand, "verified 100.00, declined 20.00", "was refused: Bill 9 is alike.", "If it is not: tieout corrections approve 1.",
		},
		"DeclinedForAWhile": {
			raised(part(11, usd(2000), sent(schema.PostingDeclined), func(t *schema.TaskPosition) { t.Posting.RetryAt = asOf })),
			schema.StateDeclined, "verified 100.00, declined 20.00", "refused", "none: it is tried again by itself",
		},
		"DeclinedAndApprovedAnew": {
			raised(part(11, usd(2000), sent(schema.PostingDeclined), func(t *schema.TaskPosition) { t.Task.RecordedAt = asOf })),
			schema.StateSourceChanged, "verified 100.00, waiting 20.00", "approved by eva", "none: the next load posts it",
		},
		"Named": {
			raised(part(11, usd(2000), sent(schema.PostingNamed))), schema.StateUncertain, "verified 100.00, uncertain 20.00",
			"the correction by bill was sent to QuickBooks, no answer came", "looks it up",
		},
		"Uncertain": {
			raised(part(11, usd(2000), sent(schema.PostingUncertain))), schema.StateUncertain, "verified 100.00, uncertain 20.00",
			"no answer came", "looks it up",
		},
		"PostedNotRead": {
			raised(part(11, usd(2000), sent(schema.PostingPosted))), schema.StatePostedUnverified, "verified 100.00, posted_unverified 20.00",
			"the correction by bill c1:1.1 is posted, and not read back yet", "reads it back",
		},
		"ReadBack": {
			raised(part(11, usd(2000), exact)), schema.StateMatched, "verified 120.00",
			"corrected by bill c1:1.1 of 2026-09-01, approved by eva", "",
		},
		"ReadBackAdopted": {
			raised(part(11, usd(2000), exact), adopt), schema.StateAdopted, "verified 120.00",
			"found in QuickBooks after a lost answer, identical; corrected by bill c1:1.1 of 2026-09-01, approved by eva", "",
		},
		"Lowered": {
			raised(func(p *schema.Position) { p.Invoice.Total = usd(4_000) }, part(11, usd(-6000), exact)), schema.StateMatched, "verified 40.00",
			"corrected by vendor credit c1:1.1 of 2026-09-01, approved by eva", "",
		},
		"InTwoDocuments": {
			raised(part(11, usd(-10000), exact), part(12, usd(12000), exact)), schema.StateMatched, "verified 120.00",
			"corrected by vendor credit c1:1.1 of 2026-09-01, approved by eva; and by bill c1:1.2 of 2026-09-01, approved by eva", "",
		},
		"InTwoDocumentsOfWhichOneWaits": {
			raised(part(11, usd(-10000), exact), part(12, usd(12000), sent(schema.PostingDeclined))), schema.StateDeclined,
			"verified 0.00, declined 120.00", "the correction by bill was refused", "corrections approve 1",
		},
		"ChangedBackInTheMiddle": {
			raised(part(11, usd(-10000), exact, stale), part(12, usd(12000), approved, stale)), schema.StateSourceChanged,
			"verified 0.00, waiting 120.00", "its correction is approved by eva", "the next load posts it",
		},
		"TwiceInTurn": {
			raised(part(11, usd(5000), exact, stale), part(21, usd(-3000), exact)), schema.StateMatched, "verified 120.00",
			"corrected by bill c1:1.1 of 2026-09-01, approved by eva; and by vendor credit c1:2.1 of 2026-09-01, approved by eva", "",
		},
		"TenthRoundAfterTheSecond": {
			raised(part(101, usd(-3000), exact), part(21, usd(5000), exact, stale)), schema.StateMatched, "verified 120.00", "corrected by bill c1:2.1", "",
		},
		"ChangedAgainBeforeItWasPosted": {
			raised(part(11, usd(5000), approved, stale), part(21, usd(-3000))), schema.StateSourceChanged,
			"verified 100.00, held -30.00, waiting 50.00", "Ontop raised", "corrections approve 1",
		},
		"ChangedAgainAfterItWasDeclined": {
			raised(part(11, usd(5000), sent(schema.PostingDeclined), stale), part(21, usd(-3000))), schema.StateDeclined,
			"verified 100.00, held -30.00, declined 50.00", "was refused", "corrections approve 1",
		},
		"CorrectedAndChangedAgain": {
			raised(part(11, usd(5000), exact, stale)), schema.StateSourceChanged, "verified 150.00, residual -30.00", "changed at Ontop", "the next transform",
		},
		"ProposedForWhatItNoLongerSays": {
			read1(part(11, usd(2000), stale)), schema.StateMatched, "verified 100.00", "", "",
		},
		"Deleted": {
			raised(part(11, usd(2000), seen(schema.VerifiedMissing))), schema.StateDeletedInQuickBooks, "verified 100.00, residual 20.00",
			"the correction by bill c1:1.1 was posted and is no longer in QuickBooks", "restore the bill",
		},
		"Edited": {
			raised(part(11, usd(2000), seen(schema.VerifiedDivergent, schema.Difference{Field: schema.FieldAccount, Expected: "a", Found: "b"}))),
			schema.StateAccountDiffers, "verified 100.00, posted_unverified 20.00",
			"the correction by bill c1:1.1 is not as it was posted: account is b in QuickBooks, posted as a", "correct the bill in QuickBooks",
		},
		"NothingThatIsBooked": {raised(unchanged, part(11, usd(1), accepted("tieout"), bare)), schema.StateMatched, "verified 100.00", "", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireOne(t, tc.position, tc.state, tc.terms, tc.cause, tc.next)
		})
	}
}

func read1(changes ...func(*schema.Position)) schema.Position {
	p := read("1", usd(10_000), schema.VerifiedExact)
	for _, c := range changes {
		c(&p)
	}
	return p
}

// unchanged gives the invoice back its amount: only something that is not booked
// changed.
func unchanged(p *schema.Position) {
	p.Invoice.Total, p.Invoice.WorkerEmail = usd(10_000), "other@example.com"
	p.Content = p.Invoice.ContentSum()
}

// requireOne makes the report of one position, and compares where it stands.
func requireOne(t *testing.T, p schema.Position, state schema.State, terms, cause, next string) {
	t.Helper()
	r := report(t, p)
	require.Len(t, r.Items, 1)
	item := r.Items[0]
	require.Equal(t, state, item.State, item.Cause)
	require.Equal(t, terms, termsOf(r, "USD"))
	require.Contains(t, item.Cause, cause)
	require.Contains(t, item.NextAction, next)
	if cause == "" {
		require.Empty(t, item.Cause)
	}
	if next == "" {
		require.Empty(t, item.NextAction)
		require.Equal(t, schema.OwnerNobody, item.Owner)
		require.True(t, r.Tied)
	} else {
		require.False(t, r.Tied)
	}
	require.Len(t, item.Corrections, len(p.Corrections))
}

// termsOf writes the terms that are not zero, verified always, and the residual.
func termsOf(r schema.Report, c schema.Currency) string {
	at := slices.IndexFunc(r.Equation, func(e schema.Equation) bool { return e.Currency == c })
	e := r.Equation[at]
	text := "verified " + e.Verified.Money().Decimal()
	for _, one := range []struct {
		name   string
		amount schema.Amount
	}{
		{"posted_unverified", e.PostedUnverified},
		{"held", e.Held},
		{"waiting", e.Waiting},
		{"declined", e.Declined},
		{"uncertain", e.Uncertain},
		{"skipped", e.Skipped},
		{"cancelled", e.Cancelled},
		{"residual", e.Residual},
	} {
		if !one.amount.Money().IsZero() {
			text += ", " + one.name + " " + one.amount.Money().Decimal()
		}
	}
	return text
}

func TestReport_CountsWhatWasCancelledAfterPosting(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		position schema.Position
		state    schema.State
		terms    string
		cause    string
		next     string
	}{
		"NotProposedYet": {voided(), schema.StateCancelledAfter, "verified 100.00", "cancelled at Ontop after the bill was posted", "proposes a correction"},
		"Proposed": {
			voided(part(11, usd(-10000))), schema.StateCancelledAfter, "verified 100.00, held -100.00, cancelled 100.00", "Ontop raised", "corrections approve 1",
		},
		"PostedNotRead": {
			voided(part(11, usd(-10000), sent(schema.PostingPosted))), schema.StatePostedUnverified,
			"verified 100.00, posted_unverified -100.00, cancelled 100.00", "vendor credit c1:1.1 is posted", "reads it back",
		},
		"ReadBack": {
			voided(part(11, usd(-10000), exact)), schema.StateCancelled, "verified 0.00, cancelled 100.00",
			"cancelled at Ontop after the bill was posted; corrected by vendor credit c1:1.1 of 2026-09-01, approved by eva", "",
		},
		"AfterARaise": {
			voided(part(11, usd(2000), exact, stale, func(t *schema.TaskPosition) { t.Task.Correction.Cancelled = false }), part(21, usd(-12000), exact)),
			schema.StateCancelled, "verified 0.00, cancelled 100.00", "corrected by bill c1:1.1", "",
		},
		"AcceptedAsItIs": {
			voided(part(11, usd(-10000), accepted("eva"))), schema.StateSkipped, "verified 100.00, skipped -100.00, cancelled 100.00",
			"accepted as it is: booked by journal entry 7 (eva on 2026-09-01); owed are 0.00 USD, the books hold 100.00 USD", "",
		},
		"DeletedByHandAndAccepted": {
			voided(gone, part(11, usd(-10000), accepted("eva"))), schema.StateCancelled, "verified 0.00, cancelled 100.00", "accepted as it is", "",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireOne(t, tc.position, tc.state, tc.terms, tc.cause, tc.next)
		})
	}
}

// gone has somebody delete the bill before anything was said about the change.
func gone(p *schema.Position) {
	p.Verification = schema.Verification{Result: schema.VerifiedMissing, RecordedAt: asOf.Add(-20 * time.Hour)}
}

// retyped has somebody change the bill's amount, that long before the report.
func retyped(minor int64, ago time.Duration) func(*schema.Position) {
	return func(p *schema.Position) {
		p.Verification = schema.Verification{
			Result: schema.VerifiedDivergent, Total: usd(minor), Differences: []schema.Difference{{Field: schema.FieldTotal}}, RecordedAt: asOf.Add(-ago),
		}
	}
}

func TestReport_TakesAPersonsWordForABill(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		position schema.Position
		state    schema.State
		terms    string
		cause    string
		next     string
	}{
		"WithADifference": {
			raised(part(11, usd(2000), accepted("eva"))), schema.StateSkipped, "verified 100.00, skipped 20.00",
			"accepted as it is: booked by journal entry 7 (eva on 2026-09-01); owed are 120.00 USD, the books hold 100.00 USD", "",
		},
		"WithoutADifference": {
			raised(unchanged, part(11, usd(1), accepted("eva"))), schema.StateMatched, "verified 100.00",
			"accepted as it is: booked by journal entry 7 (eva on 2026-09-01)", "",
		},
		"ThatSomebodyCorrectedByHand": {
			raised(retyped(12_000, 20*time.Hour), part(11, usd(2000), accepted("eva"))), schema.StateMatched, "verified 120.00", "accepted as it is", "",
		},
		"NotForWhatSomebodyChangedLater": {
			raised(retyped(9_999, time.Hour), part(11, usd(2000), accepted("eva"))), schema.StateAmountDiffers,
			"verified 0.00, posted_unverified 99.99, skipped 20.00, residual 0.01", "amount is", "correct the bill",
		},
		"NotForWhatSomebodyChangedBeforeItWasRepeated": {
			raised(retyped(9_999, time.Hour), part(11, usd(2000), accepted("eva"), stale), part(21, usd(2000), accepted("eva"), repeated)),
			schema.StateAmountDiffers, "verified 0.00, posted_unverified 99.99, skipped 20.00, residual 0.01", "amount is", "correct the bill",
		},
		"ForWhatSomebodyChangedBeforeItWasAcceptedAnew": {
			raised(retyped(9_999, time.Hour), part(11, usd(2000), accepted("eva"), stale), part(21, usd(2000), accepted("eva"), repeated, func(t *schema.TaskPosition) {
				t.Task.Reason = "the bank took a cent"
			})),
			schema.StateSkipped, "verified 99.99, skipped 20.01", "accepted as it is: the bank took a cent (eva on 2026-09-02)", "",
		},
		"NotWhenTheSourceChangesAgain": {
			raised(part(11, usd(1), accepted("eva"), stale), part(21, usd(2000))), schema.StateSourceChanged, "verified 100.00, held 20.00",
			"Ontop raised", "corrections approve 1",
		},
		"NotWhenItIsCancelledThen": {
			raised(part(11, usd(2000), accepted("eva")), cancel), schema.StateCancelledAfter, "verified 100.00, residual 20.00", "cancelled at Ontop", "proposes",
		},
		"AlsoWhereNothingThatIsBookedChangedSince": {
			raised(part(11, usd(2000), accepted("eva"), stale), part(21, usd(1), accepted("tieout"), bare)), schema.StateSkipped,
			"verified 100.00, skipped 20.00", "accepted as it is: booked by journal entry 7 (eva on 2026-09-01)", "",
		},
		"NotOnceItSaysWhatTheBooksSay": {
			raised(unchanged, part(11, usd(2000), accepted("eva"), stale), part(21, usd(1), accepted("tieout"), bare)), schema.StateMatched,
			"verified 100.00", "", "",
		},
		"AfterHalfOfIt": {
			raised(part(11, usd(-10000), exact), part(12, usd(12000), accepted("eva"))), schema.StateSkipped, "verified 0.00, skipped 120.00",
			"owed are 120.00 USD, the books hold 0.00 USD", "",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireOne(t, tc.position, tc.state, tc.terms, tc.cause, tc.next)
		})
	}
}

// A change of currency takes one document back and makes another; each currency
// closes by itself.
func TestReport_ClosesEachCurrencyOfAChange(t *testing.T) {
	t.Parallel()
	euros := func(changes ...func(*schema.Position)) schema.Position {
		p := read("1", usd(10_000), schema.VerifiedExact)
		p.Invoice.Currency, p.Invoice.Total = "EUR", schema.NewMoney(9_000, "EUR")
		p.Content = p.Invoice.ContentSum()
		for _, c := range changes {
			c(&p)
		}
		return p
	}
	for name, tc := range map[string]struct {
		position  schema.Position
		usd, euro string
	}{
		"Proposed": {
			euros(part(11, usd(-10_000)), part(12, schema.NewMoney(9_000, "EUR"))), "verified 100.00, held -100.00", "verified 0.00, held 90.00",
		},
		"HalfPosted": {
			euros(part(11, usd(-10_000), exact), part(12, schema.NewMoney(9_000, "EUR"), approved)), "verified 0.00", "verified 0.00, waiting 90.00",
		},
		"Posted": {
			euros(part(11, usd(-10_000), exact), part(12, schema.NewMoney(9_000, "EUR"), exact)), "verified 0.00", "verified 90.00",
		},
		"Accepted": {
			euros(part(11, usd(-10_000), accepted("eva")), part(12, schema.NewMoney(9_000, "EUR"), accepted("eva"))),
			"verified 100.00, skipped -100.00", "verified 0.00, skipped 90.00",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report(t, tc.position)
			require.Equal(t, tc.usd, termsOf(r, "USD"))
			require.Equal(t, tc.euro, termsOf(r, "EUR"))
			require.Equal(t, "90.00", r.States[r.Items[0].State].Amounts["EUR"].Money().Decimal())
		})
	}

	item := report(t, euros(part(11, usd(-10_000), exact), part(12, schema.NewMoney(9_000, "EUR"), exact))).Items[0]
	require.Equal(t, schema.StateMatched, item.State)
	require.Equal(t, "90.00", item.QuickBooksAmount.Money().Decimal())
	require.Equal(t, "0.00", item.Difference.Money().Decimal())
	item = report(t, euros(part(11, usd(-10_000)), part(12, schema.NewMoney(9_000, "EUR")))).Items[0]
	require.Equal(t, "100.00", item.QuickBooksAmount.Money().Decimal())
	require.Nil(t, item.Difference, "dollars and euros have none")
}

func TestReport_ListsTheCorrectionsOfAnItem(t *testing.T) {
	t.Parallel()
	item := report(t, raised(part(11, usd(-3000), exact, stale), part(21, usd(5000)))).Items[0]
	require.Equal(t, []schema.ItemCorrection{
		{
			Subject: "1:1.1", Kind: schema.DocumentVendorCredit, QuickBooksID: "c1:1.1", Amount: schema.Amount(usd(-3000)), Currency: "USD",
			State: schema.CorrectionVerified, ApprovedBy: "eva",
		},
		{Subject: "1:2.1", Kind: schema.DocumentBill, Amount: schema.Amount(usd(5000)), Currency: "USD", State: schema.CorrectionProposed},
	}, item.Corrections)
	require.Equal(t, "70.00", item.QuickBooksAmount.Money().Decimal())
	require.Equal(t, "-50.00", item.Difference.Money().Decimal())
	require.Equal(t, schema.DocumentID("q1"), item.QuickBooksID, "the invoice's own document")
}

// What corrects an invoice is ours, also while its id is not known, and a copy of it
// is not.
func TestReport_KnowsCorrectionsFromExtras(t *testing.T) {
	t.Parallel()
	corrected := dated(raised(part(11, usd(2000), exact)))
	pending := dated(raised(part(11, usd(2000), sent(schema.PostingUncertain))))
	draft := corrected.Corrections[0].Task.Correction.Document.ID
	for name, c := range map[string]struct {
		position schema.Position
		bill     schema.BookBill
		extras   int
	}{
		"ByItsID":         {corrected, typed("c1:1.1"), 0},
		"ByTheMirror":     {corrected, typed("9", func(b *schema.BookBill) { b.Invoice = "1" }), 0},
		"WhileUncertain":  {pending, typed("9", func(b *schema.BookBill) { b.Draft = draft }), 0},
		"ButNotItsCopy":   {corrected, typed("9", func(b *schema.BookBill) { b.Draft = draft }), 1},
		"ButNotAnyOthers": {corrected, typed("9"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := booked(t, ledger{positions: []schema.Position{c.position}, bills: []schema.BookBill{c.bill}})
			require.Equal(t, c.extras, r.States[schema.StateExtra].Count)
		})
	}
}

// Whatever became of whatever corrections, an invoice is in one state and the
// equation closes to the cent, as long as the corrections that are about what the
// invoice says now make up the difference and nobody changed anything in the books.
func TestReport_EquationClosesWithCorrections(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		positions := rapid.SliceOfN(rapid.Custom(drawCorrected), 1, 20).Draw(t, "positions")
		r, err := reconcile.New(ledger{positions: positions}).Report(context.Background(), "acme", august, asOf)
		require.NoError(t, err)
		require.Len(t, r.Items, len(positions))
		counted := 0
		for state, totals := range r.States {
			require.Contains(t, schema.States(), state)
			counted += totals.Count
		}
		require.Equal(t, len(positions), counted)
		for _, e := range r.Equation {
			requireSums(t, e)
			require.True(t, e.Residual.Money().IsZero(), "%s: %s", e.Currency, termsOf(r, e.Currency))
		}
	})
}

// One cent in the books that no document of ours brought there is one cent of
// residual, whatever else is going on.
func TestReport_ShowsACentWhateverTheCorrections(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawCorrected(t)
		off := rapid.IntRange(0, len(p.Corrections)).Draw(t, "which")
		v, posting, kind := &p.Verification, p.Posting, p.Draft.Kind
		if off > 0 {
			c := &p.Corrections[off-1]
			v, posting, kind = &c.Verification, c.Posting, c.Task.Correction.Document.Kind
		}
		if v.Result != schema.VerifiedExact || !posting.State.Settled() {
			return // nothing was read back that could differ
		}
		more, err := v.Total.Add(schema.NewMoney(1, v.Total.Currency()))
		require.NoError(t, err)
		v.Result, v.Total, v.RecordedAt = schema.VerifiedDivergent, more, asOf
		v.Differences = []schema.Difference{{Field: schema.FieldTotal}}
		cent, err := kind.Signed(schema.NewMoney(-1, more.Currency()))
		require.NoError(t, err)

		r, err := reconcile.New(ledger{positions: []schema.Position{p}}).Report(context.Background(), "acme", august, asOf)
		require.NoError(t, err)
		require.False(t, r.Tied)
		at := slices.IndexFunc(r.Equation, func(e schema.Equation) bool { return e.Currency == more.Currency() })
		require.Equal(t, cent, r.Equation[at].Residual.Money(), termsOf(r, more.Currency()))
	})
}

func requireSums(t require.TestingT, e schema.Equation) {
	left := e.Received.Money()
	for _, term := range []schema.Amount{
		e.Verified, e.PostedUnverified, e.Held, e.Waiting, e.Declined, e.Uncertain, e.Skipped, e.Cancelled, e.Residual,
	} {
		var err error
		left, err = left.Sub(term.Money())
		require.NoError(t, err)
	}
	require.True(t, left.IsZero())
}

// drawCorrected draws a posted invoice and up to three changes of it, each with the
// correction that brings the books to what it then said, done as far as may be.
func drawCorrected(t *rapid.T) schema.Position {
	amount := func(name string) schema.Money {
		return schema.NewMoney(rapid.Int64Range(1, 1e6).Draw(t, name), rapid.SampledFrom([]schema.Currency{"USD", "EUR"}).Draw(t, name+" in"))
	}
	p := read(fmt.Sprint(rapid.IntRange(1, 1e6).Draw(t, "id")), amount("total"), schema.VerifiedExact)
	if rapid.Bool().Draw(t, "unread") {
		p.Verification = schema.Verification{}
	}
	books := map[schema.Currency]int64{p.Draft.Currency: p.Draft.Total.Minor()}
	changes := rapid.IntRange(0, 3).Draw(t, "changes")
	for n := range changes {
		last := n == changes-1
		owed := amount("new total")
		p.Invoice.Currency, p.Invoice.Total = owed.Currency(), owed
		p.Content = p.Invoice.ContentSum()
		if last && rapid.Bool().Draw(t, "cancelled") {
			cancel(&p)
			owed = schema.NewMoney(0, owed.Currency())
		}
		drawRound(t, &p, n+1, owed, books, last)
	}
	return p
}

// drawRound adds a correction that takes the books to what is owed. One that is not
// the last is done or was accepted.
func drawRound(t *rapid.T, p *schema.Position, number int, owed schema.Money, books map[schema.Currency]int64, last bool) {
	fates := []func(*schema.TaskPosition){
		sent(schema.PostingPosted), sent(schema.PostingAdopted), exact, approved, sent(schema.PostingNamed), sent(schema.PostingUncertain),
		sent(schema.PostingDeclined),
	}
	if last {
		fates = append(fates, func(*schema.TaskPosition) {}, onHold)
	}
	all := rapid.Bool().Draw(t, "accepted")
	goal := map[schema.Currency]int64{owed.Currency(): owed.Minor()}
	parts := 0
	for _, currency := range []schema.Currency{"USD", "EUR"} {
		missing := goal[currency] - books[currency]
		if missing == 0 {
			continue
		}
		parts++
		fate := rapid.SampledFrom(fates).Draw(t, "fate")
		if all {
			fate = accepted("eva")
		} else {
			books[currency] = goal[currency]
		}
		part(number*10+parts, schema.NewMoney(missing, currency), fate)(p)
	}
	if parts == 0 {
		part(number*10+1, usd(1), accepted("tieout"), bare)(p)
	}
}
