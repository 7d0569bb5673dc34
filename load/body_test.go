package load_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// The stored body is what goes over the wire, byte for byte, and what is sent
// again: these are the forms that it has.
func TestLoader_BillBody(t *testing.T) {
	t.Parallel()
	abroad := func(r *quickbookstest.Realm) { r.Country, r.MultiCurrency, r.HomeCurrency = "GB", true, "GBP" }
	several := func(r *quickbookstest.Realm) { r.MultiCurrency = true }
	cases := map[string]struct {
		realm  func(*quickbookstest.Realm)
		change func(*schema.Draft)
		want   string
	}{
		"USCompanyWithOneCurrency": {
			want: `{"VendorRef":{"value":"V"},"DocNumber":"INV-1","TxnDate":"2026-08-31","DueDate":"2026-09-15",` +
				`"APAccountRef":{"value":"33"},"PrivateNote":"August\n[tieout DRAFT MARK]",` +
				`"Line":[{"Description":"Base pay","Amount":1000.01,"DetailType":"AccountBasedExpenseLineDetail",` +
				`"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"8"}}},` +
				`{"Description":"Train","Amount":19.99,"DetailType":"AccountBasedExpenseLineDetail",` +
				`"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"11"}}}]}`,
		},
		"HomeCurrencyAmongSeveralHasNoRate": {
			realm:  several,
			change: func(d *schema.Draft) { d.Lines = d.Lines[:1] },
			want: `{"VendorRef":{"value":"V"},"DocNumber":"INV-1","TxnDate":"2026-08-31","DueDate":"2026-09-15",` +
				`"CurrencyRef":{"value":"USD"},"APAccountRef":{"value":"33"},"PrivateNote":"August\n[tieout DRAFT MARK]",` +
				`"Line":[{"Description":"Base pay","Amount":1000.01,"DetailType":"AccountBasedExpenseLineDetail",` +
				`"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"8"}}}]}`,
		},
		"ForeignBillOutsideTheUS": {
			realm: abroad,
			change: func(d *schema.Draft) {
				d.Currency, d.Rate, d.DocNumber, d.Memo, d.DueDate = "USD", "0.7812345", "", "", schema.Date{}
				d.Lines = []schema.DraftLine{{ItemID: "1", Description: "<Pay> & “more”", Amount: schema.NewMoney(-5, "USD"), Account: "8"}}
			},
			want: `{"VendorRef":{"value":"V"},"TxnDate":"2026-08-31","CurrencyRef":{"value":"USD"},"ExchangeRate":0.7812345,` +
				`"APAccountRef":{"value":"33"},"GlobalTaxCalculation":"NotApplicable","PrivateNote":"[tieout DRAFT MARK]",` +
				`"Line":[{"Description":"<Pay> & “more”","Amount":-0.05,"DetailType":"AccountBasedExpenseLineDetail",` +
				`"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"8"}}}]}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var options []option
				if c.realm != nil {
					options = append(options, withRealm(c.realm))
				}
				b := setup(t, options...)
				change := c.change
				if change == nil {
					change = func(*schema.Draft) {}
				}
				d := b.draft(1, change)
				b.record(d)

				_, err := b.loader.RunOnce(t.Context())

				require.NoError(t, err)
				body := string(b.bill(d).Body)
				mark := body[strings.Index(body, "[tieout "):]
				fields := strings.Fields(mark[:strings.Index(mark, "]")])
				require.Equal(t, string(d.ID), fields[1])
				body = strings.ReplaceAll(strings.ReplaceAll(body, fields[1], "DRAFT"), fields[2], "MARK")
				require.Equal(t, strings.Replace(c.want, `"V"`, `"`+string(b.vendor)+`"`, 1), body)
			})
		})
	}
}

func TestLoader_BillNote(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		d := b.draft(1, func(d *schema.Draft) { d.Memo = strings.Repeat("é", 5000) })
		b.record(d)

		b.cycle()

		bills := b.bills()
		require.Len(t, bills, 1)
		require.Len(t, []rune(bills[0].PrivateNote), 4000, "cut to what QuickBooks takes")
		require.Contains(t, bills[0].PrivateNote, string(d.ID), "and the draft's id is never what is cut")
	})
}

// Request and item name the draft itself: not the batch, the attempt or the
// position in it.
func TestLoader_Names(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		august, more, july := b.draft(1), b.draft(2), b.draft(3, func(d *schema.Draft) {
			d.TxnDate = schema.NewDate(2026, 7, 31)
		})
		b.record(august, more, july)

		b.cycle()

		require.Equal(t, b.bill(august).Request, b.bill(more).Request, "one request id for a company's month")
		require.NotEqual(t, b.bill(august).Request, b.bill(july).Request)
		require.NotEqual(t, b.bill(august).Item, b.bill(more).Item)
		require.Equal(t, b.bill(august).Batch, b.bill(more).Batch)
		require.NotEqual(t, b.bill(august).Batch, b.bill(july).Batch)
		require.LessOrEqual(t, len(b.bill(august).Request)+len(b.bill(august).Item), 50)
	})
}

func TestLoader_BillsRejectsWhatIsNoBill(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*schema.Draft){
		"NoVendor":         func(d *schema.Draft) { d.Vendor = "" },
		"NoDate":           func(d *schema.Draft) { d.TxnDate = schema.Date{} },
		"NoPayableAccount": func(d *schema.Draft) { d.Payable = "" },
		"ALineWithoutAccount": func(d *schema.Draft) {
			d.Lines = []schema.DraftLine{{ItemID: "9", Amount: schema.NewMoney(1, "USD")}}
		},
		"LinesThatDoNotAddUp": func(d *schema.Draft) { d.Total = schema.NewMoney(1, "USD") },
		"MixedCurrencies": func(d *schema.Draft) {
			d.Lines[0].Amount = schema.NewMoney(1, "EUR")
			d.Total = schema.NewMoney(2000, "USD")
		},
		"NoLines": func(d *schema.Draft) { d.Lines = nil; d.Total = schema.NewMoney(0, "USD") },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				bad, good := b.draft(1, change), b.draft(2)
				b.record(bad, good)

				result := b.cycle()

				require.Equal(t, 1, result.Bills.Posted, "the others go on")
				require.Equal(t, schema.PostingDeclined, b.bill(bad).State)
				require.Equal(t, schema.OwnerOps, b.bill(bad).Fault.Owner)
				require.Zero(t, b.bill(bad).Attempt, "it was never sent")
				require.Zero(t, b.cycle(), "and is not tried again")
			})
		})
	}
}
