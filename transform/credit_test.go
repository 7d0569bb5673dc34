package transform_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// owing makes the invoice one below zero: a deduction of 150.00, less 20.50 of pay.
func (s *setting) owing() {
	s.policy.NegativeTotal = schema.NegativeCredit
	s.c.Invoice.Total = usd(-12_950)
	s.c.Invoice.Lines = []schema.Line{
		{ItemID: "1", Concept: "BONUS", Description: "Deduction", Amount: usd(-15_000)},
		{ItemID: "2", Concept: "FIXED_PAYMENT", Description: "Hours", Amount: usd(2_050)},
	}
}

// segment lets the rules ask for classes and a location, which the books have.
func (s *setting) segment() {
	s.books.ClassPerLine, s.books.TracksLocations = true, true
	s.books.Classes = []schema.Class{{ID: "5000", Name: "Design", Active: true}, {ID: "5001", Name: "Sales", Active: true}}
	s.books.Locations = []schema.Location{{ID: "2", Name: "Remote", Active: true}, {ID: "3", Name: "Office", Active: true}}
	pay, bonus := &s.rules.Rules[0], &s.rules.Rules[1]
	pay.Class, pay.ClassName, pay.Location, pay.LocationName = "5000", "Design", "2", "Remote"
	bonus.Class, bonus.ClassName = "5001", "Sales"
}

// requireFaithful checks that a ready draft says of every amount what the invoice
// says: a vendor credit with the other sign.
func requireFaithful(t failer, i schema.Invoice, d schema.Draft) {
	require.Equal(t, i.Total.Sign() < 0, d.Kind == schema.DocumentVendorCredit)
	total, err := d.Kind.Signed(d.Total)
	require.NoError(t, err)
	require.Equal(t, i.Total, total)
	require.Len(t, d.Lines, len(i.Lines))
	for n, line := range d.Lines {
		amount, err := d.Kind.Signed(line.Amount)
		require.NoError(t, err)
		require.Equal(t, i.Lines[n].Amount, amount)
	}
}

func TestDrafter_DraftsAVendorCredit(t *testing.T) {
	t.Parallel()

	t.Run("WithEveryAmountTurned", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.owing()
		got := s.draft()
		content := s.c.Invoice.ContentSum()
		want := schema.Draft{
			Company: "acme", Invoice: "555", Content: content, State: schema.DraftReady, Kind: schema.DocumentVendorCredit,
			Payee: "worker:77:USD", PayeeName: "Jane Doe", Vendor: "56", DocNumber: "INV-1",
			TxnDate: schema.NewDate(2026, 1, 31), Currency: "USD", Payable: "33", Total: usd(12_950),
			Lines: []schema.DraftLine{
				{ItemID: "1", Concept: "BONUS", Description: "Deduction", Amount: usd(15_000), Account: "71", Rule: "bonus", RuleVersion: 1},
				{ItemID: "2", Concept: "FIXED_PAYMENT", Description: "Hours", Amount: usd(-2_050), Account: "70", Rule: "base-pay", RuleVersion: 2},
			},
			Memo: "Ontop invoice INV-1 (id 555); worker Jane Doe (77); contract 12; period 2026-01-01 to 2026-01-30; " +
				"total -129.50 USD, booked as a vendor credit; content " + content.Short(12) + "; rules base-pay v2, bonus v1",
		}
		require.Equal(t, want.Seal(), got)
	})

	t.Run("OnlyWhereThePolicySaysSo", func(t *testing.T) {
		t.Parallel()
		for _, policy := range []schema.NegativeTotal{"", schema.NegativeHold} {
			s := ready()
			s.owing()
			s.policy.NegativeTotal = policy
			got := s.draft()
			require.Equal(t, schema.DraftHeld, got.State)
			require.Equal(t, schema.HoldNegativeTotal, got.Holds[0].Reason)
			require.Contains(t, got.Holds[0].NextStep, "policy.negative_total")
			require.Equal(t, schema.DocumentBill, got.Kind)
			require.Equal(t, usd(-12_950), got.Total)
		}
	})

	t.Run("NeverOfNothing", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.owing()
		s.c.Invoice.Total, s.c.Invoice.Lines[0].Amount = usd(0), usd(-2_050)
		got := s.draft()
		require.Equal(t, schema.HoldNegativeTotal, got.Holds[0].Reason)
		require.Equal(t, schema.DocumentBill, got.Kind)
	})

	t.Run("HeldForWhateverHoldsABill", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.owing()
		s.c.Invoice.Total = usd(-12_951)
		got := s.draft()
		require.Equal(t, schema.DraftHeld, got.State)
		require.Len(t, got.Holds, 1)
		require.Equal(t, schema.HoldTotalMismatch, got.Holds[0].Reason)
		require.Contains(t, got.Holds[0].Detail, "total_amount is -129.51 USD", "in the invoice's words")
	})

	t.Run("NotWhereAnAmountHasNoOpposite", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.owing()
		s.c.Invoice.Total, s.c.Invoice.Lines = usd(math.MinInt64), []schema.Line{{Concept: "BONUS", Amount: usd(math.MinInt64)}}
		got := s.draft()
		require.Equal(t, schema.HoldTotalMismatch, got.Holds[0].Reason)
		require.Equal(t, schema.DocumentBill, got.Kind)
	})
}

func TestDrafter_ClassAndLocation(t *testing.T) {
	t.Parallel()

	t.Run("AreTheRules", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.segment()
		got := s.draft()
		require.Equal(t, schema.DraftReady, got.State)
		require.Equal(t, []schema.ClassID{"5000", "5001"}, []schema.ClassID{got.Lines[0].Class, got.Lines[1].Class})
		require.Equal(t, schema.LocationID("2"), got.Location, "a rule that asks for no location leaves it to the other")
	})

	t.Run("AreACreditsToo", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.owing()
		s.segment()
		got := s.draft()
		require.Equal(t, schema.DraftReady, got.State)
		require.Equal(t, schema.ClassID("5001"), got.Lines[0].Class)
		require.Equal(t, schema.LocationID("2"), got.Location)
	})

	t.Run("OfRulesThatAgreeAreTaken", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.segment()
		s.rules.Rules[1].Location = "2"
		require.Equal(t, schema.DraftReady, s.draft().State)
	})

	for name, test := range map[string]struct {
		change func(*setting)
		detail string
	}{
		"ItsLinesAskForDifferentLocations": {
			func(s *setting) { s.rules.Rules[1].Location, s.rules.Rules[1].LocationName = "3", "Office" },
			`its lines ask for different locations, and a document has one: rule base-pay for 2 "Remote", rule bonus for 3 "Office"`,
		},
		"AClassIsInactive": {
			func(s *setting) { s.books.Classes[0].Active = false },
			`class 5000 "Design", to which rule base-pay maps concept "FIXED_PAYMENT", is inactive in QuickBooks`,
		},
		"AClassIsGone": {
			func(s *setting) { s.books.Classes = s.books.Classes[1:] },
			`class 5000 "Design", to which rule base-pay maps concept "FIXED_PAYMENT", is no longer in QuickBooks`,
		},
		"ClassesAreNoLongerTracked": {
			func(s *setting) { s.books.ClassPerLine, s.rules.Rules[1].Class = false, "" },
			`class 5000 "Design", to which rule base-pay maps concept "FIXED_PAYMENT", cannot be booked: QuickBooks no longer tracks classes by line`,
		},
		"TheLocationIsInactive": {
			func(s *setting) { s.books.Locations[0].Active = false },
			`location 2 "Remote", to which rule base-pay maps concept "FIXED_PAYMENT", is inactive in QuickBooks`,
		},
		"LocationsAreNoLongerTracked": {
			func(s *setting) { s.books.TracksLocations = false },
			`location 2 "Remote", to which rule base-pay maps concept "FIXED_PAYMENT", cannot be booked: QuickBooks no longer tracks locations`,
		},
	} {
		t.Run("HoldWhen"+name, func(t *testing.T) {
			t.Parallel()
			s := ready()
			s.segment()
			test.change(s)
			got := s.draft()
			require.Equal(t, schema.DraftHeld, got.State)
			require.Len(t, got.Holds, 1)
			require.Equal(t, schema.HoldUnmappedConcept, got.Holds[0].Reason)
			require.Equal(t, test.detail, got.Holds[0].Detail)
			require.Equal(t, schema.OwnerFinance, got.Holds[0].Owner)
			require.Contains(t, got.Holds[0].NextStep, "tieout rules import")
		})
	}
}
