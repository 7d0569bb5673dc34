package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// A bookkeeper is quicker than our look at what became of a lost answer, and
// QuickBooks knows no request ids that could make up for it.
func TestLoader_EditedBeforeItWasLookedUp(t *testing.T) {
	t.Parallel()
	off := withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Off: true} })
	lost := func(b *bench, drafts ...schema.Draft) {
		b.record(drafts...)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()
		for _, d := range drafts {
			require.Equal(b.t, schema.PostingUncertain, b.bill(d).State)
		}
	}

	within(t, "AnotherNumberIsRecognisedByTheNote", func(t *testing.T) {
		t.Helper()
		b := setup(t, off)
		bill, vendorCredit := b.draft(1), b.draft(2, credit)
		lost(b, bill, vendorCredit)
		require.NoError(t, b.sim.Edit("", "Bill", b.bills()[0].ID, map[string]any{"DocNumber": "2026/1"}))
		require.NoError(t, b.sim.Edit("", "VendorCredit", b.credits()[0].ID, map[string]any{"DocNumber": "2026/2"}))

		b.cycle()

		for _, d := range []schema.Draft{bill, vendorCredit} {
			require.Equal(t, schema.PostingAdopted, b.bill(d).State)
			require.Equal(t, schema.FieldDocNumber, b.verification(d).Differences[0].Field)
		}
		require.Len(t, b.bills(), 1)
		require.Len(t, b.credits(), 1)
	})

	within(t, "AlsoAmongMoreChangesThanOneReadTells", func(t *testing.T) {
		t.Helper()
		b := setup(t, off)
		d := b.draft(1)
		lost(b, d)
		require.NoError(t, b.sim.Edit("", "Bill", b.bills()[0].ID, map[string]any{"DocNumber": "2026/1"}))
		for n := range 1000 {
			b.handBill(b.draft(n+2), nil)
		}

		b.cycle()

		require.Equal(t, schema.PostingAdopted, b.bill(d).State)
	})

	within(t, "AfterDaysToo", func(t *testing.T) {
		t.Helper()
		b := setup(t, off)
		d := b.draft(1)
		lost(b, d)
		require.NoError(t, b.sim.Edit("", "Bill", b.bills()[0].ID, map[string]any{"DocNumber": "2026/1"}))
		time.Sleep(40 * 24 * time.Hour)

		b.cycle()

		require.Equal(t, schema.PostingAdopted, b.bill(d).State)
	})

	within(t, "ItStaysOpenWhileTheChangesCannotBeRead", func(t *testing.T) {
		t.Helper()
		b := setup(t, off)
		d := b.draft(1)
		lost(b, d)
		require.NoError(t, b.sim.Edit("", "Bill", b.bills()[0].ID, map[string]any{"DocNumber": "2026/1"}))
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "cdc", Code: "4000"})

		b.cycle()

		require.Equal(t, schema.PostingUncertain, b.bill(d).State)
		require.Len(t, b.bills(), 1)
		b.cycle()
		require.Equal(t, schema.PostingAdopted, b.bill(d).State)
	})

	within(t, "AnothersNoteCopiedOntoItIsForAPerson", func(t *testing.T) {
		t.Helper()
		b := setup(t, off)
		other, d := b.draft(1), b.draft(2)
		b.record(other)
		b.cycle()
		lost(b, d)
		require.NoError(t, b.sim.Edit("", "Bill", b.bills()[1].ID, map[string]any{"PrivateNote": b.bills()[0].PrivateNote}))
		time.Sleep(10 * time.Minute)

		b.cycle()

		p := b.bill(d)
		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, schema.FaultPossibleDuplicate, p.Fault.Code)
		require.Contains(t, p.Fault.Detail, b.bills()[1].ID)
		require.Len(t, b.bills(), 2)
	})
}
