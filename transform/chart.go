package transform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// typePayable is how QuickBooks names the type of the accounts that bills are
// owed from.
const typePayable = "Accounts Payable"

// typeBank is how QuickBooks names the type of the accounts that money moves through.
const typeBank = "Bank"

// chart finds accounts, classes and locations in one reading of the books.
type chart struct {
	accounts map[schema.AccountID]schema.Account
	payables map[schema.Currency][]schema.Account // active ones

	classes   map[schema.ClassID]schema.Class
	locations map[schema.LocationID]schema.Location
}

func newChart(books schema.Books) chart {
	c := chart{
		accounts: make(map[schema.AccountID]schema.Account, len(books.Accounts)),
		payables: map[schema.Currency][]schema.Account{},

		classes:   make(map[schema.ClassID]schema.Class, len(books.Classes)),
		locations: make(map[schema.LocationID]schema.Location, len(books.Locations)),
	}
	for _, class := range books.Classes {
		c.classes[class.ID] = class
	}
	for _, location := range books.Locations {
		c.locations[location.ID] = location
	}
	for _, account := range books.Accounts {
		account.Currency = cmp.Or(account.Currency, books.HomeCurrency)
		c.accounts[account.ID] = account
		if account.Active && account.Type == typePayable {
			c.payables[account.Currency] = append(c.payables[account.Currency], account)
		}
	}
	return c
}

// money fills in the payable account and the rate, where the currency is one in
// which the company keeps books.
func (d *Drafter) money(draft *schema.Draft, i schema.Invoice) []schema.Hold {
	home := d.books.HomeCurrency
	switch {
	case i.Currency == "" && slices.ContainsFunc(i.Problems, func(p schema.Problem) bool { return p.Field == "currency" }):
		return nil // a misread currency is a hold already
	case i.Currency == "":
		return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerSource, "correct it at Ontop; what it sends then replaces this",
			"currency is unknown")}
	case d.books.IsZero():
		return nil // no vendor is known either, which says why
	case !d.books.Takes(i.Currency):
		return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerFinance,
			fmt.Sprintf("turn on multicurrency in QuickBooks, or book the invoice by hand in %s and skip it (tieout holds)", home),
			"currency is %s, and the company in QuickBooks keeps books in %s only", i.Currency, home)}
	}
	return append(d.payable(draft, i.Currency), d.rate(draft, i)...)
}

func (d *Drafter) payable(draft *schema.Draft, c schema.Currency) []schema.Hold {
	found := d.chart.payables[c]
	if named := d.policy.PayableAccounts[c]; named != "" {
		for _, account := range found {
			if account.ID == named {
				draft.Payable = named
				return nil
			}
		}
		return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerOps,
			fmt.Sprintf("correct policy.payable_accounts in the configuration: QuickBooks has %s", payableTexts(found, c)),
			"account %s, which policy.payable_accounts names for %s, %s", named, c, d.notPayable(named, c))}
	}
	switch len(found) {
	case 0:
		return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerFinance,
			fmt.Sprintf("create an account of type %s in %s in QuickBooks", typePayable, c),
			"QuickBooks has no active accounts payable account in %s", c)}
	case 1:
		draft.Payable = found[0].ID
		return nil
	}
	return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerOps, fmt.Sprintf("name one for %s under policy.payable_accounts in the configuration", c),
		"QuickBooks has %d active accounts payable accounts in %s: %s", len(found), c, payableTexts(found, c))}
}

// notPayable says why bills in a currency cannot be owed from an account.
func (d *Drafter) notPayable(id schema.AccountID, c schema.Currency) string {
	account, found := d.chart.accounts[id]
	switch {
	case !found:
		return "is not in QuickBooks"
	case !account.Active:
		return fmt.Sprintf("%q, is inactive in QuickBooks", account.Name)
	case account.Type != typePayable:
		return fmt.Sprintf("%q, is of type %s in QuickBooks, not %s", account.Name, account.Type, typePayable)
	}
	return fmt.Sprintf("%q, is in %s in QuickBooks, not in %s", account.Name, account.Currency, c)
}

func payableTexts(found []schema.Account, c schema.Currency) string {
	if len(found) == 0 {
		return fmt.Sprintf("no active account of type %s in %s, so create one there first", typePayable, c)
	}
	texts := make([]string, len(found))
	for i, account := range found {
		texts[i] = fmt.Sprintf("%s (%s)", account.ID, account.Name)
	}
	return strings.Join(texts, ", ")
}

// rate fills in home units for one unit of the invoice's currency. Ontop locks a
// rate in dollars, which is the home currency's only for companies in dollars.
func (d *Drafter) rate(draft *schema.Draft, i schema.Invoice) []schema.Hold {
	home := d.books.HomeCurrency
	switch {
	case i.Currency == home:
		return nil
	case home != "USD":
		return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerFinance,
			"book the invoice by hand at the rate of your choice, and skip it (tieout holds)",
			"currency is %s, books are kept in %s, and Ontop gives a rate in USD only", i.Currency, home)}
	case i.Rate == "":
		return []schema.Hold{hold(schema.HoldCurrency, schema.OwnerSource, "have Ontop send the invoice again with its rate",
			"exchange_rate is missing, and currency is %s where books are kept in %s", i.Currency, home)}
	}
	draft.Rate = i.Rate
	return nil
}

// date moves a bill out of closed books where the policy says so.
func (d *Drafter) date(draft *schema.Draft, c Case) []schema.Hold {
	closed := d.books.CloseDate
	switch {
	case draft.TxnDate.IsZero():
		return []schema.Hold{hold(schema.HoldClosedPeriod, schema.OwnerSource, "add the date to the invoice at Ontop",
			"issue_date is missing: it is not known in which period to book the invoice")}
	case closed.IsZero() || draft.TxnDate.Compare(closed) > 0:
		return nil
	case d.policy.ClosedPeriod == schema.ClosedNextOpenDay:
		draft.TxnDate = closed.AddDays(1)
		return nil
	}
	return []schema.Hold{hold(schema.HoldClosedPeriod, schema.OwnerFinance,
		"reopen the period in QuickBooks, or set policy.closed_period to next_open_day",
		"%s is %s, and books are closed up to %s", d.dateField(c), draft.TxnDate, closed)}
}

// dateField names the field that the bill's date comes from.
func (d *Drafter) dateField(c Case) string {
	i := c.Invoice
	switch {
	case !c.On.IsZero():
		return "updated_at, which dates the correction,"
	case d.policy.BillDate == schema.BillOnPeriodEnd && !i.PeriodEnd.IsZero():
		return "period_end"
	case d.policy.BillDate == schema.BillOnPaidAt && !i.PaidAt.IsZero():
		return "paid_at"
	}
	return "issue_date"
}
