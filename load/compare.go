package load

import (
	"fmt"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// compare says how a document in QuickBooks differs from the draft that it came
// from. A vendor credit comes in the shape of a bill. Texts that QuickBooks may
// rewrite, memos and descriptions, do not count.
func compare(p schema.Position, bill quickbooks.Bill, there bool) schema.Verification {
	d := p.Draft
	v := schema.Verification{
		Company: p.Posting.Company, Kind: p.Posting.Kind, Subject: p.Posting.Subject, Draft: p.Posting.Draft,
		Document: p.Posting.Document, Result: schema.VerifiedMissing,
	}
	if !there {
		return v
	}
	v.SyncToken = bill.SyncToken
	c := comparison{currency: d.Currency}
	v.Total = c.amount(schema.FieldTotal, d.Total, bill.TotalAmt)
	c.text(schema.FieldVendor, string(d.Vendor), bill.VendorRef.Value)
	c.text(schema.FieldDate, d.TxnDate.String(), bill.TxnDate)
	if !d.DueDate.IsZero() && d.Kind != schema.DocumentVendorCredit {
		c.text(schema.FieldDueDate, d.DueDate.String(), bill.DueDate)
	}
	c.text(schema.FieldDocNumber, d.DocNumber, bill.DocNumber)
	c.text(schema.FieldPayable, string(d.Payable), bill.APAccountRef.Value)
	if bill.CurrencyRef.Value != "" {
		c.text(schema.FieldCurrency, string(d.Currency), bill.CurrencyRef.Value)
	}
	c.rate(d.Rate, bill.ExchangeRate)
	c.text(schema.FieldLocation, string(d.Location), bill.DepartmentRef.Value)
	c.lines(d.Lines, bill.Line)
	return c.conclude(v)
}

type comparison struct {
	currency schema.Currency
	found    []schema.Difference
}

// conclude returns v with what was found.
func (c *comparison) conclude(v schema.Verification) schema.Verification {
	v.Differences, v.Result = c.found, schema.VerifiedExact
	if len(c.found) > 0 {
		v.Result = schema.VerifiedDivergent
	}
	return v
}

func (c *comparison) differ(field schema.Field, expected, found string) {
	c.found = append(c.found, schema.Difference{Field: field, Expected: expected, Found: found})
}

func (c *comparison) text(field schema.Field, expected, found string) {
	if expected != found {
		c.differ(field, expected, found)
	}
}

// amount compares, and returns what was found; zero when it is no amount in the
// draft's currency, which is a difference, too.
func (c *comparison) amount(field schema.Field, expected schema.Money, found quickbooks.Decimal) schema.Money {
	got, err := schema.ParseMoney(found.String(), c.currency)
	if err != nil || got != expected {
		c.differ(field, expected.Decimal(), found.String())
	}
	if err != nil {
		return schema.NewMoney(0, c.currency)
	}
	return got
}

// rate compares exchange rates. In home currency there is none, which QuickBooks
// writes as 1 or not at all.
func (c *comparison) rate(expected schema.Rate, found quickbooks.Decimal) {
	text := found.String()
	switch {
	case expected == "" && (text == "" || text == "1"):
	case expected.String() != text:
		c.differ(schema.FieldRate, expected.String(), text)
	}
}

func (c *comparison) lines(expected []schema.DraftLine, found []quickbooks.BillLine) {
	if len(expected) != len(found) {
		c.differ(schema.FieldLine, fmt.Sprintf("%d lines", len(expected)), fmt.Sprintf("%d lines", len(found)))
		return
	}
	for i, line := range expected {
		c.line(line, found[i])
	}
}

func (c *comparison) line(expected schema.DraftLine, found quickbooks.BillLine) {
	c.amount(schema.FieldLine, expected.Amount, found.Amount)
	account, class := "", ""
	switch {
	case found.Account != nil:
		account, class = found.Account.AccountRef.Value, found.Account.ClassRef.Value
	case found.Item != nil:
		class = found.Item.ClassRef.Value
	}
	if account == "" {
		account = strings.TrimSpace("no account, " + found.DetailType)
	}
	c.text(schema.FieldAccount, string(expected.Account), account)
	c.text(schema.FieldClass, string(expected.Class), class)
}
