package load_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
