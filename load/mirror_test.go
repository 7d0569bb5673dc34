package load_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

const realm = schema.RealmID(quickbookstest.DefaultRealm)

// mirror looks at the books once and expects no error.
func (b *bench) mirror() load.MirrorResult {
	b.t.Helper()
	result, err := b.loader.Mirror(b.t.Context())
	require.NoError(b.t, err)
	return result
}

// mirrored is all that the mirror holds, by document.
func (b *bench) mirrored() map[schema.DocumentID]schema.BookBill {
	b.t.Helper()
	bills, err := b.store.BookBills(b.t.Context(), schema.BookQuery{Company: acme, Realm: realm, Deleted: true})
	require.NoError(b.t, err)
	all := map[schema.DocumentID]schema.BookBill{}
	for _, bill := range bills {
		all[bill.Document] = bill
	}
	return all
}

// today is a draft dated on the day of the test, within what a sweep reads.
func today(d *schema.Draft) {
	d.TxnDate = schema.DateOf(time.Now())
	d.DueDate = d.TxnDate.AddDays(15)
}

// posted posts a draft of today and reads it back.
func (b *bench) posted() schema.Draft {
	b.t.Helper()
	d := b.draft(1, today)
	b.record(d)
	require.Equal(b.t, 1, b.cycle().Exact, "%+v", b.bill(d).Fault)
	return d
}

func (b *bench) books() schema.Books {
	b.t.Helper()
	books, err := b.store.Books(b.t.Context(), acme, noTime)
	require.NoError(b.t, err)
	return books
}

func (b *bench) verificationNow(d schema.Draft) schema.Verification {
	b.t.Helper()
	found, err := b.store.InvoicePositions(b.t.Context(), acme, []schema.InvoiceID{d.Invoice})
	require.NoError(b.t, err)
	return found[d.Invoice].Verification
}

// within runs a test in a bubble of fake time.
func within(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

func TestLoader_Mirror(t *testing.T) {
	t.Parallel()

	within(t, "HoldsWhateverIsThereAndKnowsOurs", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		ours := b.posted()
		theirs := b.draft(2, today)
		id := b.handBill(theirs, map[string]any{"DocNumber": "by hand"})

		require.True(t, b.mirror().Swept, "the first time")

		all := b.mirrored()
		require.Len(t, all, 2)
		own := all[b.bill(ours).Document]
		require.Equal(t, ours.Invoice, own.Invoice)
		require.Equal(t, ours.ID, own.Draft)
		other := all[schema.DocumentID(id)]
		require.False(t, other.Ours())
		require.False(t, other.Marked())
		other.SeenAt, other.UpdatedAt = noTime, noTime
		require.Equal(t, schema.BookBill{
			Company: acme, Realm: realm, Kind: schema.DocumentBill, Document: schema.DocumentID(id), Vendor: b.vendor,
			DocNumber: "by hand", TxnDate: theirs.TxnDate, DueDate: theirs.DueDate, Total: theirs.Total, Balance: theirs.Total,
			Payable: payable, SyncToken: "0",
		}, other)
	})

	within(t, "FollowsABookkeeperByTwoReadsAnHour", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.posted()
		id := string(b.bill(d).Document)
		hand := b.handBill(b.draft(2, today), nil)
		b.mirror()
		sleep(hour)
		require.NoError(t, b.sim.Edit("", "Bill", hand, map[string]any{"DocNumber": "another"}))
		require.NoError(t, b.sim.Edit("", "Bill", id, map[string]any{"PrivateNote": "mine now"}))
		asked := b.sim.Stats().CorePlus

		result := b.mirror()

		require.Equal(t, load.MirrorResult{Changed: 2, Checked: 1}, result)
		require.Equal(t, 2, b.sim.Stats().CorePlus-asked)
		require.Equal(t, "another", b.mirrored()[schema.DocumentID(hand)].DocNumber)
		own := b.mirrored()[schema.DocumentID(id)]
		require.Equal(t, d.Invoice, own.Invoice, "ours, whatever its note says now")
		require.False(t, own.Marked())
		require.Equal(t, schema.VerifiedExact, b.verificationNow(d).Result)
		require.Equal(t, load.MirrorResult{}, b.mirror(), "looking again changes nothing")
	})

	within(t, "RecordsWhatBecameOfOursAsVerifications", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.posted()
		id := string(b.bill(d).Document)
		b.mirror()
		before := b.verificationNow(d)

		require.NoError(t, b.sim.Edit("", "Bill", id, map[string]any{"DueDate": "2030-01-01"}))
		sleep(hour)
		require.Equal(t, 1, b.mirror().Drifted)
		edited := b.verificationNow(d)
		require.Equal(t, schema.VerifiedDivergent, edited.Result)
		require.Equal(t, schema.FieldDueDate, edited.Differences[0].Field)
		require.True(t, edited.RecordedAt.After(before.RecordedAt))

		require.NoError(t, b.sim.Edit("", "Bill", id, map[string]any{"DueDate": d.DueDate.String()}))
		sleep(hour)
		require.Zero(t, b.mirror().Drifted)
		require.Equal(t, schema.VerifiedExact, b.verificationNow(d).Result, "put right")

		require.NoError(t, b.sim.Delete("", "Bill", id))
		sleep(hour)
		result := b.mirror()
		require.Equal(t, 1, result.Deleted)
		require.Equal(t, schema.VerifiedMissing, b.verificationNow(d).Result)
		require.True(t, b.mirrored()[schema.DocumentID(id)].Deleted)
		require.Equal(t, load.MirrorResult{}, b.mirror())
	})

	within(t, "FollowsRenamesMergesAndTheInactive", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.posted()
		into, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": "Grace Hopper"})
		require.NoError(t, err)
		b.mirror()
		sleep(hour)
		require.NoError(t, b.sim.Edit("", "Vendor", into, map[string]any{"DisplayName": "Grace M. Hopper"}))
		require.NoError(t, b.sim.Deactivate("", "Account", string(travel)))
		require.NoError(t, b.sim.Merge("", "Vendor", string(b.vendor), into))
		before, asked := b.books(), b.sim.Stats().CorePlus

		require.True(t, b.mirror().Chart)

		require.Equal(t, 2, b.sim.Stats().CorePlus-asked)
		now := b.books()
		require.True(t, now.ReadAt.After(before.ReadAt))
		require.Len(t, now.Vendors, len(before.Vendors)-1)
		require.Equal(t, "Grace M. Hopper", now.Vendors[0].Name)
		for i, account := range now.Accounts {
			require.Equal(t, account.ID != travel && before.Accounts[i].Active, account.Active, account.ID)
		}
		require.Equal(t, schema.VendorID(into), b.mirrored()[b.bill(d).Document].Vendor)
		require.Equal(t, schema.VerifiedDivergent, b.verificationNow(d).Result, "it has another vendor now")
		old, err := b.store.Books(t.Context(), acme, before.ReadAt)
		require.NoError(t, err)
		require.Equal(t, before, old, "every snapshot is kept")
	})

	within(t, "SweepsWhereAPageOfChangesIsFull", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.mirror()
		gone := b.handBill(b.draft(1, today), nil)
		b.mirror()
		for n := range 1001 {
			b.handBill(b.draft(n+2, today), nil)
		}
		require.NoError(t, b.sim.Delete("", "Bill", gone))

		require.True(t, b.mirror().Swept)

		require.Len(t, b.mirrored(), 1002)
		require.True(t, b.mirrored()[schema.DocumentID(gone)].Deleted, "nothing tells of it but its absence")
	})

	within(t, "AsksForEachKindWhereTheyFillAPageTogether", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.mirror()
		for n := range 600 {
			b.handBill(b.draft(n+1, today), nil)
			_, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": fmt.Sprintf("Vendor %d", n)})
			require.NoError(t, err)
		}

		require.False(t, b.mirror().Swept)

		require.Len(t, b.mirrored(), 600)
		require.Len(t, b.books().Vendors, 601)
	})

	within(t, "SweepsWhatIsOlderThanQuickBooksRemembers", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.posted()
		moved, old := b.handBill(b.draft(2, today), nil), b.handBill(b.draft(3, today), nil)
		b.mirror()
		require.NoError(t, b.sim.Delete("", "Bill", string(b.bill(d).Document)))
		require.NoError(t, b.sim.Delete("", "Bill", old))
		require.NoError(t, b.sim.Edit("", "Bill", moved, map[string]any{"TxnDate": "1999-01-01"}))
		sleep(31 * 24 * hour)

		require.True(t, b.mirror().Swept)

		require.Equal(t, schema.VerifiedMissing, b.verificationNow(d).Result)
		require.True(t, b.mirrored()[schema.DocumentID(old)].Deleted)
		require.False(t, b.mirrored()[schema.DocumentID(moved)].Deleted)
		require.Equal(t, schema.NewDate(1999, 1, 1), b.mirrored()[schema.DocumentID(moved)].TxnDate)
	})

	for _, method := range []string{"Mirrored", "BookBills", "RecordBookBills", "RecordMirrored", "InvoicePositions", "RecordVerifications", "RecordBooks"} {
		for _, after := range []bool{false, true} {
			within(t, fmt.Sprintf("LosesNothingWhen%sFailsAfter%t", method, after), func(t *testing.T) {
				t.Helper()
				b := setup(t)
				d := b.posted()
				b.mirror()
				sleep(hour)
				require.NoError(t, b.sim.Delete("", "Bill", string(b.bill(d).Document)))
				require.NoError(t, b.sim.Edit("", "Vendor", string(b.vendor), map[string]any{"DisplayName": "Augusta"}))
				b.failOnce(method, after)

				_, err := b.loader.Mirror(t.Context())

				require.Error(t, err)
				b.store.Inject(nil)
				sleep(hour)
				b.mirror()
				require.Equal(t, schema.VerifiedMissing, b.verificationNow(d).Result)
				require.True(t, b.mirrored()[b.bill(d).Document].Deleted)
				require.Equal(t, "Augusta", b.books().Vendors[0].Name)
			})
		}
	}

	within(t, "ASweepMissesNoDeletionBeforeItsWindow", func(t *testing.T) {
		t.Helper()
		b := setup(t, withConfig(func(c *load.Config) { c.MirrorDays = 1 }))
		b.mirror()
		old := b.handBill(b.draft(1, today), map[string]any{"TxnDate": "1999-06-01"})
		b.mirror()
		require.Contains(t, b.mirrored(), schema.DocumentID(old))
		sleep(hour)
		require.NoError(t, b.sim.Delete("", "Bill", old))

		result, err := b.loader.Sweep(t.Context())

		require.NoError(t, err)
		require.True(t, result.Swept)
		require.Equal(t, 1, result.Deleted)
		require.True(t, b.mirrored()[schema.DocumentID(old)].Deleted)
	})

	within(t, "MirrorsVendorCredits", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.mirror()
		fields := map[string]any{
			"VendorRef": map[string]any{"value": string(b.vendor)}, "TxnDate": time.Now().Format(time.DateOnly),
			"APAccountRef": map[string]any{"value": string(payable)},
			"Line": []any{map[string]any{
				"Amount": 12.5, "DetailType": quickbooks.AccountLine,
				quickbooks.AccountLine: map[string]any{"AccountRef": map[string]any{"value": "8"}},
			}},
		}
		id, err := b.sim.Create("", "VendorCredit", fields)
		require.NoError(t, err)
		b.mirror()
		credit := b.mirrored()[schema.DocumentID(id)]
		require.Equal(t, schema.DocumentVendorCredit, credit.Kind)
		require.Equal(t, schema.NewMoney(1250, "USD"), credit.Total)
		require.NoError(t, b.sim.Delete("", "VendorCredit", id))
		b.mirror()
		require.True(t, b.mirrored()[schema.DocumentID(id)].Deleted)
	})
}
