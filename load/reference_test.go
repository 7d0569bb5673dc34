package load_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// QuickBooks complains of a record by its number; finance reads its name.
func TestLoader_NamesWhatQuickBooksComplainsOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*testing.T, *bench) schema.Draft
		says  string
	}{
		"Account": {func(t *testing.T, b *bench) schema.Draft {
			t.Helper()
			require.NoError(t, b.sim.Deactivate("", "Account", string(travel)))
			return b.draft(1)
		}, `: account 11 "Travel".`},
		"Vendor": {func(t *testing.T, b *bench) schema.Draft {
			t.Helper()
			require.NoError(t, b.sim.Deactivate("", "Vendor", string(b.vendor)))
			return b.draft(1)
		}, `: vendor 1 "Ada Lovelace".`},
		"Class": {func(t *testing.T, b *bench) schema.Draft {
			t.Helper()
			require.NoError(t, b.sim.Deactivate("", "Class", string(engineering)))
			return b.draft(1, segments)
		}, `: class 1 "Engineering".`},
		"Location": {func(t *testing.T, b *bench) schema.Draft {
			t.Helper()
			require.NoError(t, b.sim.Deactivate("", "Department", string(remote)))
			return b.draft(1, segments)
		}, `: location 1 "Remote".`},
		"WhatNobodyKnows": {func(_ *testing.T, b *bench) schema.Draft {
			return b.draft(1, func(d *schema.Draft) { d.Lines[0].Account = "999" })
		}, ": account 999."},
	} {
		within(t, name, func(t *testing.T) {
			t.Helper()
			b := setup(t, withRealm(tracking))
			_, err := b.loader.RefreshBooks(t.Context())
			require.NoError(t, err)
			d := c.spoil(t, b)
			b.record(d)

			b.cycle()

			require.Equal(t, schema.PostingDeclined, b.bill(d).State)
			require.Contains(t, b.bill(d).Fault.Meaning, c.says)
		})
	}
}

// The date that a closed period is about is told, and a company in the US gets the
// letters that it takes, in what nothing depends on.
func TestLoader_ClosedDayAndForeignLetters(t *testing.T) {
	t.Parallel()

	within(t, "ADeclineNamesTheDay", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1)
		require.NoError(t, b.sim.Prefer("", func(p *quickbookstest.Preferences) { p.BookCloseDate = "2026-08-31" }))
		b.record(d)
		b.cycle()
		require.Contains(t, b.bill(d).Fault.Meaning, ": 2026-08-31.")
	})

	letters := func(d *schema.Draft) {
		d.Memo, d.Lines[0].Description = "Ana 🌻, Łódź, Škoda", "ﬁve café — e\u0301"
	}
	within(t, "InTheUnitedStates", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, letters)
		b.record(d)
		require.Equal(t, 1, b.cycle().Bills.Posted, "%+v", b.bill(d).Fault)
		require.Contains(t, b.bills()[0].PrivateNote, "Ana ?, ?ódz, Skoda")
		require.Equal(t, "five café ? é", b.bills()[0].Line[0].Description)
		require.Equal(t, schema.VerifiedExact, b.verification(d).Result)
	})

	within(t, "Elsewhere", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.Country = "GB" }))
		d := b.draft(1, letters)
		b.record(d)
		b.cycle()
		require.Contains(t, b.bills()[0].PrivateNote, "Ana 🌻, Łódź, Škoda")
	})

	within(t, "NoVendorIsMadeInACurrencyThatTheCompanyLacks", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		p := b.payee("Grace Hopper", func(p *schema.Payee) { p.Key = "worker:9:EUR" })
		b.cycle()
		require.Len(t, b.vendors(), 1)
		require.Equal(t, schema.PayeeApproved, b.payeeNow(p.Key).State, "it waits for the currency")

		require.NoError(t, b.sim.Prefer("", func(p *quickbookstest.Preferences) { p.MultiCurrency = true }))
		b.mirror()
		b.cycle()
		require.Equal(t, "EUR", b.vendors()[1].CurrencyRef.Value)
	})
}
