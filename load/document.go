package load

import (
	"cmp"
	"context"
	"errors"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// A vendor credit has the shape of a bill, but for the due date. Whatever is
// looked for or compared therefore is a bill here, and its kind goes beside it.

// creditOf returns a vendor credit of the same shape.
func creditOf(b quickbooks.Bill) quickbooks.VendorCredit {
	return quickbooks.VendorCredit{
		ID: b.ID, SyncToken: b.SyncToken, VendorRef: b.VendorRef, DocNumber: b.DocNumber, TxnDate: b.TxnDate,
		CurrencyRef: b.CurrencyRef, ExchangeRate: b.ExchangeRate, APAccountRef: b.APAccountRef, DepartmentRef: b.DepartmentRef,
		GlobalTaxCalculation: b.GlobalTaxCalculation, PrivateNote: b.PrivateNote, Line: b.Line, TotalAmt: b.TotalAmt,
		Balance: b.Balance, MetaData: b.MetaData,
	}
}

// billOf returns a bill of the same shape.
func billOf(c quickbooks.VendorCredit) quickbooks.Bill {
	return quickbooks.Bill{
		ID: c.ID, SyncToken: c.SyncToken, VendorRef: c.VendorRef, DocNumber: c.DocNumber, TxnDate: c.TxnDate,
		CurrencyRef: c.CurrencyRef, ExchangeRate: c.ExchangeRate, APAccountRef: c.APAccountRef, DepartmentRef: c.DepartmentRef,
		GlobalTaxCalculation: c.GlobalTaxCalculation, PrivateNote: c.PrivateNote, Line: c.Line, TotalAmt: c.TotalAmt,
		Balance: c.Balance, MetaData: c.MetaData,
	}
}

// documentKinds returns what an invoice may become.
func documentKinds() []schema.DocumentKind {
	return []schema.DocumentKind{schema.DocumentBill, schema.DocumentVendorCredit}
}

// formOf is the kind of document of a posting, always by its name.
func formOf(p schema.Posting) schema.DocumentKind { return cmp.Or(p.Form, schema.DocumentBill) }

// entityOf is how QuickBooks calls what a posting creates.
func entityOf(p schema.Posting) string {
	switch {
	case p.Kind == schema.PostVendor:
		return "Vendor"
	case p.Kind == schema.PostPayment:
		return "BillPayment"
	case p.Kind == schema.PostTransfer:
		return "Transfer"
	case p.Form == schema.DocumentVendorCredit:
		return "VendorCredit"
	}
	return "Bill"
}

// documents reads the documents of a kind that fit all conditions.
func documents(
	ctx context.Context, c *quickbooks.Client, kind schema.DocumentKind, conditions ...quickbooks.Condition,
) ([]quickbooks.Bill, error) {
	if kind != schema.DocumentVendorCredit {
		return quickbooks.Collect(quickbooks.Query[quickbooks.Bill](ctx, c, conditions...))
	}
	var found []quickbooks.Bill
	for credit, err := range quickbooks.Query[quickbooks.VendorCredit](ctx, c, conditions...) {
		if err != nil {
			return nil, err
		}
		found = append(found, billOf(credit))
	}
	return found, nil
}

// reallyThere reads one document that a query did not show. Only QuickBooks
// saying that it is gone makes it missing.
func (l *Loader) reallyThere(ctx context.Context, kind schema.DocumentKind, id string) (quickbooks.Bill, bool, error) {
	var bill quickbooks.Bill
	var err error
	if kind == schema.DocumentVendorCredit {
		var credit quickbooks.VendorCredit
		credit, err = l.books.VendorCredit(ctx, id)
		bill = billOf(credit)
	} else {
		bill, err = l.books.Bill(ctx, id)
	}
	if err == nil {
		return bill, true, nil
	}
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok && fault.Scope() == quickbooks.OneRecord {
		return bill, false, nil
	}
	return bill, false, err
}
