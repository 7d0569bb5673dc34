package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// release has a person take a decline back.
func (b *bench) release(d schema.Draft) {
	b.t.Helper()
	require.NoError(b.t, b.store.RecordDecisions(b.t.Context(), []schema.Decision{{
		Company: acme, Invoice: d.Invoice, Kind: schema.DecideRelease, Reason: "looked at both", By: "eva", RecordedAt: time.Now().UTC(),
	}}))
}

func TestLoader_BillsEnteredByHand(t *testing.T) {
	t.Parallel()
	day := func(n int) map[string]any {
		return map[string]any{"DocNumber": "typed in", "TxnDate": schema.DateOf(time.Now()).AddDays(n).String()}
	}

	for name, set := range map[string]func() map[string]any{
		"OnTheSameDay":      func() map[string]any { return day(0) },
		"AWeekEarlier":      func() map[string]any { return day(-7) },
		"AWeekLater":        func() map[string]any { return day(7) },
		"WithTheSameNumber": func() map[string]any { return nil },
		"WithoutANumber":    func() map[string]any { return map[string]any{"DocNumber": ""} },
	} {
		within(t, "BlockWhatIsAlike"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t)
			d := b.draft(1, today)
			id := b.handBill(d, set())
			b.mirror()
			b.record(d)

			result := b.cycle()

			require.Equal(t, 1, result.Bills.Declined)
			p := b.bill(d)
			require.Equal(t, schema.PostingDeclined, p.State)
			require.Equal(t, "possible_duplicate", p.Fault.Code)
			require.Equal(t, schema.OwnerFinance, p.Fault.Owner)
			for _, said := range []string{id, b.mirrored()[schema.DocumentID(id)].TxnDate.String(), d.Total.String()} {
				require.Contains(t, p.Fault.Meaning, said)
			}
			require.Contains(t, p.Fault.Next, "tieout holds skip inv-00001 --reason")
			require.Contains(t, p.Fault.Next, "tieout holds release inv-00001 --reason")
			require.Zero(t, p.Attempt, "nothing was ever named")
			require.Len(t, b.bills(), 1)
			b.cycle()
			require.Equal(t, p, b.bill(d), "it waits for a person")
		})
	}

	for name, set := range map[string]func(*bench) map[string]any{
		"AnotherAmount": func(*bench) map[string]any {
			return map[string]any{"DocNumber": "x", "Line": []any{map[string]any{
				"Amount": "1020.01", "DetailType": "AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
			}}}
		},
		"EightDaysApart": func(*bench) map[string]any { return day(8) },
		"AnotherVendor": func(b *bench) map[string]any {
			other, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": "Grace Hopper"})
			require.NoError(b.t, err)
			return map[string]any{"DocNumber": "x", "VendorRef": map[string]any{"value": other}}
		},
	} {
		within(t, "DoNotBlockWith"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t)
			d := b.draft(1, today)
			b.handBill(d, set(b))
			b.mirror()
			b.record(d)
			require.Equal(t, 1, b.cycle().Bills.Posted)
		})
	}

	within(t, "AreForgottenOnceDeleted", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		id := b.handBill(d, day(0))
		b.mirror()
		require.NoError(t, b.sim.Delete("", "Bill", id))
		b.mirror()
		b.record(d)
		require.Equal(t, 1, b.cycle().Bills.Posted)
	})

	within(t, "AreNotOursWhateverTheNoteSays", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.mirror()
		first := b.posted()
		require.NoError(t, b.sim.Edit("", "Bill", string(b.bill(first).Document), map[string]any{"PrivateNote": "paid twice?"}))
		b.mirror()

		second := b.draft(1, today, func(d *schema.Draft) { d.Invoice, d.DocNumber = "inv-2", "INV-2" })
		require.Equal(t, first.Total, second.Total)
		b.record(second)
		require.Equal(t, 1, b.cycle().Bills.Posted)
	})

	within(t, "ArePassedOverOnceReleased", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		b.handBill(d, day(-1))
		b.mirror()
		b.record(d)
		b.release(d) // said before the block, about something else
		sleep(time.Second)
		b.cycle()
		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		sleep(time.Second)

		b.release(d)
		result := b.cycle()

		require.Equal(t, 1, result.Bills.Posted, "%+v", b.bill(d).Fault)
		require.Equal(t, 1, result.Exact)
		require.Equal(t, 1, b.bill(d).Attempt)
		require.Len(t, b.bills(), 2)
		b.cycle()
		require.Len(t, b.bills(), 2)
	})

	within(t, "BlockAgainWhenTheNumberIsTheSame", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		b.handBill(d, nil)
		b.mirror()
		b.record(d)
		b.cycle()
		sleep(time.Second)

		b.release(d)
		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		require.Contains(t, b.bill(d).Fault.Next, "change the number")
		require.Len(t, b.bills(), 1)
	})

	within(t, "LetTheOthersPass", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		blocked, free := b.draft(1, today), b.draft(2, today)
		b.handBill(blocked, day(0))
		b.mirror()
		b.record(blocked, free)
		result := b.cycle()
		require.Equal(t, 1, result.Bills.Posted)
		require.Equal(t, 1, result.Bills.Declined)
		require.Equal(t, schema.PostingPosted, b.bill(free).State)
	})
}
