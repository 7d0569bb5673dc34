package corrections_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/corrections"
)

func eur(minor int64) schema.Money { return schema.NewMoney(minor, "EUR") }

// euros makes the invoice one of 1000.00 EUR at a rate, posted so.
func euros(rate schema.Rate) *file {
	f := posted()
	f.now.Currency, f.now.Rate, f.now.Vendor, f.now.Payee, f.now.Payable = "EUR", rate, "57", "worker:77:EUR", "34"
	f.says(line("PAY", eur(100_000)))
	f.position.Draft = f.now.Seal()
	return f
}

// documents returns the documents of the newest round.
func (f *file) documents() []schema.Draft {
	var all []schema.Draft
	last := 0
	for _, p := range f.position.Corrections {
		round, _ := schema.CorrectionPart(p.Task.Subject)
		if round > last {
			last, all = round, nil
		}
		if round == last {
			all = append(all, p.Task.Correction.Document)
		}
	}
	return all
}

func (f *file) settle() {
	f.run()
	f.approve(f.open()...)
	f.post()
}

func TestPropose_ReversesWhatWasPosted(t *testing.T) {
	t.Parallel()

	t.Run("EachDocumentAtItsOwnRate", func(t *testing.T) {
		t.Parallel()
		f := euros("1.08")
		f.now.Rate = "1.1"
		f.says(line("PAY", eur(120_000)))
		f.settle()
		f.cancel()
		f.run()
		documents := f.documents()
		require.Len(t, documents, 2)
		for n, want := range []struct {
			rate   schema.Rate
			total  schema.Money
			number string
		}{{"1.08", eur(100_000), "INV-1-C2"}, {"1.1", eur(20_000), "INV-1-C2.2"}} {
			require.Equal(t, schema.DocumentVendorCredit, documents[n].Kind)
			require.Equal(t, want.rate, documents[n].Rate)
			require.Equal(t, want.total, documents[n].Total)
			require.Equal(t, want.number, documents[n].DocNumber)
			require.Equal(t, "Reversal: pay", documents[n].Lines[0].Description)
		}
		f.approve(f.open()...)
		require.Empty(t, f.run())
		require.Empty(t, f.books())
	})

	t.Run("InOneDocumentWhereOneAloneWouldBeOfNothing", func(t *testing.T) {
		t.Parallel()
		f := euros("1.08")
		f.says(line("PAY", eur(100_000)), line("BONUS", eur(50_000)))
		f.position.Draft = f.now.Seal()
		f.now.Rate = "1.1"
		f.says(line("PAY", eur(120_000)), line("BONUS", eur(50_000)))
		f.settle()
		f.says(line("PAY", eur(120_000)), line("BONUS", eur(30_000)))
		f.settle()
		f.cancel()
		f.run()
		documents := f.documents()
		require.Len(t, documents, 1)
		require.Equal(t, eur(150_000), documents[0].Total)
		f.approve(f.open()...)
		require.Empty(t, f.books())
	})

	t.Run("AVendorCreditByABill", func(t *testing.T) {
		t.Parallel()
		f := posted()
		f.says(line("BONUS", usd(-5_000)))
		f.position.Draft = f.now.Seal()
		f.cancel()
		f.run()
		document := f.documents()[0]
		require.Equal(t, schema.DocumentBill, document.Kind)
		require.Equal(t, usd(5_000), document.Total)
		require.Equal(t, usd(5_000), document.Lines[0].Amount)
		require.Equal(t, "bill", document.Kind.Name())
	})

	t.Run("NothingWhereTheBooksHoldNothing", func(t *testing.T) {
		t.Parallel()
		f := posted()
		f.says(line("PAY", usd(0)))
		f.settle()
		f.cancel()
		tasks := f.run()
		require.Len(t, tasks, 1)
		require.Equal(t, schema.TaskAccepted, tasks[0].State)
		require.Equal(t, "the invoice was cancelled at Ontop, and the books hold nothing of it", tasks[0].Reason)
	})
}

func TestPropose_OfTwoParts(t *testing.T) {
	t.Parallel()
	moved := func() *file {
		f := posted()
		f.now.Vendor, f.now.Payee, f.now.PayeeName = "58", "platform:USD", "Ontop"
		f.says(line("PAY", usd(100_000)), line("BONUS", usd(10_000)))
		f.run()
		return f
	}

	t.Run("AnotherVendor", func(t *testing.T) {
		t.Parallel()
		f := moved()
		require.Equal(t, []schema.VendorID{"56", "58"}, []schema.VendorID{f.documents()[0].Vendor, f.documents()[1].Vendor})
		require.Equal(t, "INV-1-C1.2", f.documents()[1].DocNumber)
		require.Equal(t, "total is 1100.00 USD as before: vendor and currency were Jane Doe in USD, are now Ontop in USD "+
			"(document 2 of 2: books what the invoice says now)", f.position.Corrections[1].Task.Hold.Detail)
	})

	t.Run("WhatIsLeftOfARoundStays", func(t *testing.T) {
		t.Parallel()
		for part := range 2 {
			f := moved()
			f.approve(part)
			require.Empty(t, f.run())
			require.Len(t, f.open(), 1)
		}
	})

	t.Run("UntilWhatWasApprovedIsNoPartOfIt", func(t *testing.T) {
		t.Parallel()
		f := moved()
		f.approve(0)
		f.now.Vendor = "59" // the other payee was linked to another vendor meanwhile
		tasks := f.run()
		require.Len(t, tasks, 1, "which replaces only what nobody approved")
		require.Equal(t, "555:1.2", tasks[0].Subject)
		f.now.Vendor, f.now.Payee = "56", "worker:77:USD"
		tasks = f.run()
		require.Equal(t, "555:1.2", tasks[0].Subject)
		require.Equal(t, usd(110_000), tasks[0].Correction.Document.Total, "what was taken back is booked again")
		require.Equal(t, "INV-1-C1.2", tasks[0].Correction.Document.DocNumber)
		require.Empty(t, f.run())
	})

	t.Run("OrWhatIsLeftCannotBeSaid", func(t *testing.T) {
		t.Parallel()
		f := moved()
		f.approve(0)
		f.now.Holds = []schema.Hold{{Reason: schema.HoldUnresolvedVendor, Detail: "vendor 58 is inactive", NextStep: "make it active"}}
		f.run()
		require.Equal(t, schema.TaskHeld, f.position.Corrections[len(f.position.Corrections)-1].Task.State)
	})
}

func TestPropose_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()

	t.Run("WithTheBooks", func(t *testing.T) {
		t.Parallel()
		for result, want := range map[schema.VerificationResult]string{
			schema.VerifiedMissing:   "; beware: bill 123 is no longer in QuickBooks",
			schema.VerifiedDivergent: "; beware: bill 123 was changed in QuickBooks, which is not counted here",
		} {
			f := posted()
			f.position.Verification.Result = result
			f.says(line("PAY", usd(90_000)))
			require.Equal(t, "total was 1100.00 USD, is now 900.00 USD: line PAY was 1000.00, is now 900.00, line BONUS of 100.00 is gone"+want,
				f.run()[0].Hold.Detail)
		}
	})

	t.Run("WithWhatAPersonDidByHand", func(t *testing.T) {
		t.Parallel()
		f := posted()
		f.says(line("PAY", usd(120_000)))
		f.run()
		f.accept(f.open()...)
		require.Empty(t, f.run())
		f.touch()
		require.Equal(t, "nothing that is booked changed since it was accepted as correction 555:1.1: as agreed", f.run()[0].Reason)
		f.says(line("PAY", usd(130_000)))
		task := f.run()[0]
		require.Equal(t, usd(20_000), task.Correction.Document.Total, "what was accepted is not in the books because of us")
		require.Contains(t, task.Hold.Detail, "beware: ana accepted the books as they were (555:2.1)")
	})

	t.Run("WithTheInvoice", func(t *testing.T) {
		t.Parallel()
		f := posted()
		f.says(line("PAY", usd(90_000)))
		f.now.Holds = []schema.Hold{
			{Reason: schema.HoldTotalMismatch, Detail: "a", NextStep: "correct it", Owner: schema.OwnerSource},
			{Reason: schema.HoldUnmappedConcept, Detail: "b", NextStep: "map it", Owner: schema.OwnerFinance},
			{Reason: schema.HoldUnmappedConcept, Detail: "c", NextStep: "map it", Owner: schema.OwnerFinance},
		}
		require.Equal(t, schema.Hold{
			Reason: schema.HoldTotalMismatch, Detail: "the invoice changed after it was posted, and its correction is held: a; b; c",
			NextStep: "correct it; map it", Owner: schema.OwnerSource,
		}, f.run()[0].Hold)
		f.now.Holds = nil
		require.Equal(t, schema.TaskProposed, f.run()[0].State)
	})

	t.Run("WithTheAmounts", func(t *testing.T) {
		t.Parallel()
		for _, amounts := range [][2]int64{{math.MaxInt64, -math.MaxInt64}, {math.MaxInt64, math.MinInt64}, {-2, math.MaxInt64}} {
			f := posted()
			f.says(line("PAY", usd(amounts[0])))
			f.position.Draft = f.now.Seal()
			f.says(line("PAY", usd(amounts[1])))
			task := f.run()[0]
			require.Equal(t, schema.TaskHeld, task.State)
			require.Contains(t, task.Hold.Detail, "the difference cannot be computed")
			require.Empty(t, f.run())
		}
	})

	t.Run("InAFewWords", func(t *testing.T) {
		t.Parallel()
		f := posted()
		lines := make([]schema.DraftLine, 100)
		for n := range lines {
			lines[n] = line(fmt.Sprintf("CONCEPT\n%d %s", n, strings.Repeat("€", 1000)), usd(1))
			lines[n].Account = "70"
		}
		f.says(lines...)
		task := f.run()[0]
		require.Contains(t, task.Hold.Detail, "and 94 lines more")
		require.NotContains(t, task.Correction.Document.Memo, "\n")
		require.Less(t, len(task.Hold.Detail), 12_000)
		require.Contains(t, task.Correction.Document.Memo, "corrects bill INV-1; content ")
	})
}

func TestPropose_ConceptsOfOneAccountAreOneAmount(t *testing.T) {
	t.Parallel()
	f := posted()
	f.says(line("PAY", usd(100_000)), line("EXTRA", usd(10_000)))
	require.Equal(t, schema.TaskAccepted, f.run()[0].State, "the books say the same")
	f.says(line("PAY", usd(100_000)), line("EXTRA", usd(12_000)))
	require.Equal(t, usd(2_000), f.run()[0].Correction.Document.Total)
}

func TestPropose_AMovedDateIsNoChange(t *testing.T) {
	t.Parallel()
	f := posted()
	f.position.Draft.TxnDate = schema.NewDate(2026, 3, 1)
	f.position.Draft.Memo = "x; " + corrections.Moved(schema.NewDate(2026, 1, 31))
	f.touch()
	f.changed = []string{"worker_email", "payment_group"}
	require.Equal(t, "worker_email, payment_group changed, and nothing that is booked did", f.run()[0].Reason)
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		original string
		taken    bool
		want     string
	}{
		"Fits":              {"INV-1", false, `^INV-1-C1$`},
		"AtMost":            {"INV-123456789-1234", false, `^INV-123456789-1234-C1$`},
		"TooLong":           {"INV-123456789-12345", false, `^INV-123456-[0-9A-Za-z]{7}-C1$`},
		"Taken":             {"INV-1", true, `^INV-1-[0-9A-Za-z]{7}-C1$`},
		"NeverTwoSuffixes":  {"INV-123456789-" + schema.SumOf("acme", "555").Short(7), false, `^INV-123456-[0-9A-Za-z]{7}-C1$`},
		"BetweenCharacters": {strings.Repeat("€", 20), false, `^€{10}-[0-9A-Za-z]{7}-C1$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := posted()
			f.position.Draft.DocNumber, f.now.DocNumber, f.taken = c.original, c.original, c.taken
			f.says(line("PAY", usd(200_000)))
			number := f.run()[0].Correction.Document.DocNumber
			require.Regexp(t, c.want, number)
			if !c.taken {
				require.Equal(t, corrections.Number(f.position), number)
			}
		})
	}
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	f := posted()
	f.says(line("PAY", usd(200_000)))
	f.run()
	tasks := corrections.Withdraw(f.position)
	require.Len(t, tasks, 1)
	require.Equal(t, schema.TaskWithdrawn, tasks[0].State)
	f.approve(f.open()...)
	require.Empty(t, corrections.Withdraw(f.position), "what is approved stays")
}
