package load_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// failOnce makes the next call of a store's method fail, before its effect or
// after.
func (b *bench) failOnce(method string, after bool) {
	failed := false
	b.store.Inject(func(called string) storetest.Fault {
		if called != method || failed {
			return storetest.Fault{}
		}
		failed = true
		return storetest.Fault{Err: errors.New("planted"), After: after}
	})
}

func (b *bench) verification(d schema.Draft) schema.Verification {
	b.t.Helper()
	for position, err := range b.store.Positions(b.t.Context(), acme, d.TxnDate.Period(), noTime) {
		require.NoError(b.t, err)
		if position.Invoice.ID == d.Invoice {
			return position.Verification
		}
	}
	return schema.Verification{}
}

// A bookkeeper changes a bill after it was posted and before it is read back.
func TestLoader_Verify(t *testing.T) {
	t.Parallel()
	set := func(fields map[string]any) func(*testing.T, *bench, string) {
		return func(t *testing.T, b *bench, id string) {
			t.Helper()
			require.NoError(t, b.sim.Edit("", "Bill", id, fields))
		}
	}
	lines := func(account, amount string, n int) []any {
		var all []any
		for i := range n {
			line := map[string]any{
				"Id": string(rune('1' + i)), "Amount": 19.99, "DetailType": "AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "11"}},
			}
			if i == 0 {
				line["Amount"] = amount
				line["AccountBasedExpenseLineDetail"] = map[string]any{"AccountRef": map[string]any{"value": account}}
			}
			all = append(all, line)
		}
		return all
	}
	cases := map[string]struct {
		edit   func(*testing.T, *bench, string)
		result schema.VerificationResult
		fields []schema.Field
	}{
		"Untouched":     {edit: func(*testing.T, *bench, string) {}, result: schema.VerifiedExact},
		"OtherMemo":     {edit: set(map[string]any{"PrivateNote": "checked"}), result: schema.VerifiedExact},
		"OtherNumber":   {edit: set(map[string]any{"DocNumber": "X-1"}), result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldDocNumber}},
		"OtherDate":     {edit: set(map[string]any{"TxnDate": "2026-09-01"}), result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldDate}},
		"OtherDueDate":  {edit: set(map[string]any{"DueDate": "2026-10-01"}), result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldDueDate}},
		"OtherAccount":  {edit: set(map[string]any{"Line": lines("10", "1000.01", 2)}), result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldAccount}},
		"OtherAmount":   {edit: set(map[string]any{"Line": lines("8", "1000.02", 2)}), result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldTotal, schema.FieldLine}},
		"ALineLess":     {edit: set(map[string]any{"Line": lines("8", "1000.01", 1)}), result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldTotal, schema.FieldLine}},
		"Deleted":       {edit: deleteBill, result: schema.VerifiedMissing},
		"VendorChanged": {edit: changeVendor, result: schema.VerifiedDivergent, fields: []schema.Field{schema.FieldVendor}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				d := b.due(1)[0]
				_, err := b.loader.Bills(t.Context())
				require.NoError(t, err)
				c.edit(t, b, string(b.bill(d).Document))

				_, err = b.loader.Verify(t.Context())

				require.NoError(t, err)
				v := b.verification(d)
				require.Equal(t, c.result, v.Result, "%v", v.Differences)
				var fields []schema.Field
				for _, difference := range v.Differences {
					fields = append(fields, difference.Field)
				}
				require.Equal(t, c.fields, fields)
				require.Equal(t, d.ID, v.Draft)
			})
		})
	}
}

func deleteBill(t *testing.T, b *bench, id string) {
	t.Helper()
	require.NoError(t, b.sim.Delete("", "Bill", id))
}

func changeVendor(t *testing.T, b *bench, id string) {
	t.Helper()
	other, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": "Somebody else"})
	require.NoError(t, err)
	require.NoError(t, b.sim.Edit("", "Bill", id, map[string]any{"VendorRef": map[string]any{"value": other}}))
}

func TestLoader_VerifyForeignBill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true }))
		payee := b.payee("Grace Hopper", func(p *schema.Payee) { p.Key = "worker:9:EUR" })
		b.cycle()
		books, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		d := b.draft(1, func(d *schema.Draft) {
			d.Vendor, d.Currency, d.Rate = b.payeeNow(payee.Key).Vendor, "EUR", "1.0847"
			d.Lines = []schema.DraftLine{{ItemID: "1", Amount: schema.NewMoney(123_456, "EUR"), Account: contractors}}
			for _, account := range books.Accounts {
				if account.SubType == "AccountsPayable" && account.Currency == "EUR" {
					d.Payable = account.ID
				}
			}
		})
		b.record(d)

		result := b.cycle()

		require.Equal(t, 1, result.Exact, "%+v %+v", b.bill(d).Fault, b.verification(d))
		require.Equal(t, schema.NewMoney(123_456, "EUR"), b.verification(d).Total)
	})
}

func TestLoader_VerifyDoesNotMistakeTroubleForMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		d := b.due(1)[0]
		_, err := b.loader.Bills(t.Context())
		require.NoError(t, err)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "query", Times: 5})

		_, err = b.loader.Verify(t.Context())

		require.Error(t, err)
		require.Zero(t, b.verification(d))
		b.cycle()
		require.Equal(t, schema.VerifiedExact, b.verification(d).Result)
	})
}

func TestLoader_RefreshBooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, withRealm(func(r *quickbookstest.Realm) {
			r.Country, r.MultiCurrency, r.HomeCurrency, r.BookCloseDate = "GB", true, "GBP", "2026-06-30"
		}), withConfig(func(c *load.Config) { c.BooksEvery = hour }))

		first, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		require.Equal(t, "GB", first.Country)
		require.True(t, first.MultiCurrency)
		require.Equal(t, schema.Currency("GBP"), first.HomeCurrency)
		require.Equal(t, schema.NewDate(2026, 6, 30), first.CloseDate)
		require.NotEmpty(t, first.Accounts)
		require.Equal(t, "Ada Lovelace", first.Vendors[0].Name)

		sleep(hour / 2)
		same, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		require.Equal(t, first.ReadAt, same.ReadAt, "nothing changed: nothing is stored")

		require.NoError(t, b.sim.Deactivate("", "Vendor", string(b.vendor)))
		changed, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		require.True(t, changed.ReadAt.After(first.ReadAt))
		require.False(t, changed.Vendors[0].Active)

		sleep(2 * hour)
		old, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		require.True(t, old.ReadAt.After(changed.ReadAt), "old: stored again")
	})
}
