package e2e_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// spoiled is one invoice that cannot be posted as it is.
type spoiled struct {
	realm func(*quickbookstest.Realm)
	bad   func(*desk) schema.InvoiceID
	state schema.State
	says  []string // what a finance person reads: the field, the value, and the way out
	owner schema.Owner
	fix   func(*desk)
}

// worker is who the spoiled invoice is from.
const worker = 4

// One bad item never stops the rest. It is held or declined with what is wrong and
// what to do; nothing is lost and nothing posted twice, before and after it is put
// right.
func TestSpoiledInvoices(t *testing.T) {
	t.Parallel()
	for _, cases := range []map[string]spoiled{spoiledVendors(), spoiledAccounts(), spoiledNames(), spoiledValues()} {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, c.run)
			})
		}
	}
}

func (c spoiled) run(t *testing.T) {
	d := newDesk(t, c.realm)
	for n := range 3 {
		d.hires(n, fmt.Sprintf("Worker %d", n), "USD")
	}
	bad := c.bad(d)
	for n := range 3 {
		d.bills(n, func(i *schema.Invoice) { i.Lines = i.Lines[:1] })
	}

	require.NoError(t, d.work(), "it is about one invoice, and no trouble of the company")

	if c.state == schema.StateMatched {
		d.requireOthersMatch()
		return
	}
	d.requireOthersMatch(bad)
	i := d.item(bad)
	read := i.Cause + " → " + i.NextAction
	t.Logf("%s: %s", i.State, read)
	require.Equal(t, c.state, i.State, read)
	require.Equal(t, cmp.Or(c.owner, schema.OwnerFinance), i.Owner, read)
	for _, text := range c.says {
		require.Contains(t, read, text)
	}
	c.fix(d)
	for range 2 { // a new currency's accounts payable account is there once its vendor is
		d.look()
		require.NoError(t, d.work())
	}
	d.requireOthersMatch()
	require.True(t, d.report().Tied)
}

// known is a worker with a vendor, and an invoice that was posted to it.
func known(d *desk) {
	d.hires(worker, "Ada Lovelace", "USD")
	first := d.bills(worker)
	require.NoError(d.t, d.work())
	require.Equal(d.t, schema.StateMatched, d.item(first).State)
}

func spoiledVendors() map[string]spoiled {
	linked := func(d *desk) (vendor, into string) {
		vendor, err := d.books.Create("", "Vendor", map[string]any{"DisplayName": "Ada Lovelace"})
		require.NoError(d.t, err)
		into, err = d.books.Create("", "Vendor", map[string]any{"DisplayName": "Ada King"})
		require.NoError(d.t, err)
		d.look()
		d.hires(worker, "Ada Lovelace", "USD")
		d.decide(schema.PayeeLinked, "Ada Lovelace")
		return vendor, into
	}
	merged := func(d *desk) {
		vendor, into := linked(d)
		require.NoError(d.t, d.work())
		require.NoError(d.t, d.books.Merge("", "Vendor", vendor, into))
	}
	relink := func(d *desk) { d.decide(schema.PayeeLinked, "Ada King") }
	inactive := func(d *desk) {
		require.NoError(d.t, d.books.Deactivate("", "Vendor", string(d.payee().Vendor)))
	}
	active := func(d *desk) {
		require.NoError(d.t, d.books.Edit("", "Vendor", string(d.payee().Vendor), map[string]any{"Active": true}))
		d.release()
	}
	return map[string]spoiled{
		"MergedVendor": {
			bad:   func(d *desk) schema.InvoiceID { merged(d); d.look(); return d.bills(worker) },
			state: schema.State(schema.HoldUnresolvedVendor), says: []string{`vendor 1 "Ada Lovelace"`, "was merged or removed", "link the payee to another vendor"},
			fix: relink,
		},
		"MergedVendorThatNobodyLookedAt": {
			bad:   func(d *desk) schema.InvoiceID { merged(d); return d.bills(worker) },
			state: schema.StateDeclined, says: []string{`vendor 1 "Ada Lovelace"`, "Correct the rule or the vendor link", "tieout holds release"},
			fix: relink,
		},
		"InactiveVendor": {
			bad:   func(d *desk) schema.InvoiceID { known(d); inactive(d); d.look(); return d.bills(worker) },
			state: schema.State(schema.HoldUnresolvedVendor), says: []string{`vendor 1 "Ada Lovelace`, "is inactive in QuickBooks", "make the vendor active again"},
			fix: active,
		},
		"InactiveVendorThatNobodyLookedAt": {
			bad:   func(d *desk) schema.InvoiceID { known(d); inactive(d); return d.bills(worker) },
			state: schema.StateDeclined, says: []string{`vendor 1 "Ada Lovelace"`, "make the record active again", "tieout holds release"},
			fix: active,
		},
	}
}

func spoiledAccounts() map[string]spoiled {
	set := func(d *desk, active bool) {
		require.NoError(d.t, d.books.Edit("", "Account", string(deskTravel), map[string]any{"Active": active}))
	}
	active := func(d *desk) { set(d, true); d.release() }
	return map[string]spoiled{
		"InactiveAccountInARule": {
			bad: func(d *desk) schema.InvoiceID {
				d.hires(worker, "Ada Lovelace", "USD")
				set(d, false)
				d.look()
				return d.bills(worker)
			},
			state: schema.State(schema.HoldUnmappedConcept),
			says:  []string{`account 11 "Travel"`, `rule travel maps concept "REIMBURSEMENT"`, "make the account active again in QuickBooks, or map the concept"},
			fix:   active,
		},
		"InactiveAccountThatNobodyLookedAt": {
			bad: func(d *desk) schema.InvoiceID {
				d.hires(worker, "Ada Lovelace", "USD")
				set(d, false)
				return d.bills(worker)
			},
			state: schema.StateDeclined, says: []string{`account 11 "Travel"`, "Correct the rule", "make the record active again", "tieout holds release"},
			fix: active,
		},
	}
}

func spoiledNames() map[string]spoiled {
	hire := func(name string) func(*desk) schema.InvoiceID {
		return func(d *desk) schema.InvoiceID { d.hires(worker, name, "USD"); return d.bills(worker) }
	}
	return map[string]spoiled{
		"NameWithAColon":           {bad: hire("Acme: Berlin"), state: schema.StateMatched},
		"NameWithATab":             {bad: hire("Acme\tBerlin"), state: schema.StateMatched},
		"NameOfSixHundredLetters":  {bad: hire(strings.Repeat("Ana Lima ", 67)), state: schema.StateMatched},
		"NameWithAnEmojiElsewhere": {realm: func(r *quickbookstest.Realm) { r.Country = "GB" }, bad: hire("Ana 🌻"), state: schema.StateMatched},
		"NameWithAnEmoji": {
			bad: hire("Ana 🌻"), state: schema.State(schema.HoldUnresolvedVendor),
			says: []string{`"Ana 🌻"`, "declined to create vendor", "approve it under another name"},
			fix:  func(d *desk) { d.decide(schema.PayeeApproved, "Ana") },
		},
		"NameOfAnEmployee": {
			bad: func(d *desk) schema.InvoiceID {
				_, err := d.books.Create("", "Employee", map[string]any{"DisplayName": "Ada Lovelace"})
				require.NoError(d.t, err)
				return hire("Ada Lovelace")(d)
			},
			state: schema.State(schema.HoldUnresolvedVendor),
			says:  []string{`"Ada Lovelace"`, "employee", "approve it under another name"},
			fix:   func(d *desk) { d.decide(schema.PayeeApproved, "Ada Lovelace (vendor)") },
		},
	}
}

func spoiledValues() map[string]spoiled {
	euros := func(i *schema.Invoice) { i.Currency, i.Rate = "EUR", "1.0831" }
	closeBooks := func(d *desk, day string) {
		require.NoError(d.t, d.books.Prefer("", func(p *quickbookstest.Preferences) { p.BookCloseDate = day }))
	}
	dated := func(i *schema.Invoice) {
		i.IssueDate = schema.NewDate(2000, 1, 2)
		i.BillDate, i.DueDate = i.IssueDate, i.IssueDate
	}
	reopen := func(d *desk) { closeBooks(d, ""); d.release() }
	return map[string]spoiled{
		"CurrencyThatIsNotEnabled": {
			bad: func(d *desk) schema.InvoiceID {
				d.hires(worker, "Ada Lovelace", "EUR")
				return d.bills(worker, euros)
			},
			state: schema.State(schema.HoldCurrency), says: []string{"EUR", "multicurrency"},
			fix: func(d *desk) {
				require.NoError(d.t, d.books.Prefer("", func(p *quickbookstest.Preferences) { p.MultiCurrency = true }))
			},
		},
		"ClosedPeriod": {
			bad: func(d *desk) schema.InvoiceID {
				d.hires(worker, "Ada Lovelace", "USD")
				closeBooks(d, "2000-01-03")
				d.look()
				return d.bills(worker, dated)
			},
			state: schema.State(schema.HoldClosedPeriod), says: []string{"2000-01-02", "2000-01-03", "reopen"},
			fix: reopen,
		},
		"ClosedPeriodThatNobodyLookedAt": {
			bad: func(d *desk) schema.InvoiceID {
				d.hires(worker, "Ada Lovelace", "USD")
				closeBooks(d, "2000-01-03")
				return d.bills(worker, dated)
			},
			state: schema.StateDeclined, says: []string{"closed", "2000-01-02", "Reopen the period", "tieout holds release"},
			fix: reopen,
		},
		"ThreeDecimals": {
			bad: func(d *desk) schema.InvoiceID {
				d.hires(worker, "Ada Lovelace", "USD")
				id := d.bill(worker, func(body []byte) []byte { return spoil(d, body, "19.99", "19.999") })
				return id
			},
			state: schema.State(schema.HoldTotalMismatch), says: []string{"items[1].amount is 19.999", "USD", "correct it at Ontop"}, owner: schema.OwnerSource,
			fix: func(d *desk) {
				d.deliver(ontop.InvoiceUpdated, ontop.NewInvoiceRecord(clientID, invoiceOf(d.invoices[0], worker)))
			},
		},
	}
}

// spoil replaces a text that must be there.
func spoil(d *desk, body []byte, before, after string) []byte {
	d.t.Helper()
	require.Contains(d.t, string(body), before)
	return []byte(strings.ReplaceAll(string(body), before, after))
}
