package quickbookstest

import (
	"time"

	"github.com/shopspring/decimal"
)

func billKind() *kind {
	return &kind{
		name: "Bill", plural: "Bills", series: "txn", dated: true,
		fields: append(
			purchaseFields(),
			date("DueDate", filterable, sortable),
			amount("Balance", readOnly, filterable),
			reference("SalesTermRef", filterable),
		),
		rules:     billRules,
		stored:    billStored,
		mayDelete: notLinked,
		buried: func(r *realm, rec *record) {
			r.owe(refAt(rec.obj, "VendorRef"), amountAt(rec.obj, "Balance").Neg())
		},
	}
}

// purchaseFields stand on bills and vendor credits alike. PrivateNote and
// CurrencyRef cannot be filtered on, as documented.
func purchaseFields() []field {
	return []field{
		reference("VendorRef", required, filterable),
		reference("APAccountRef", filterable),
		{name: "Line", shape: listShape, trait: required, sub: lineFields()},
		text("DocNumber", 21, filterable, sortable),
		date("TxnDate", filterable, sortable),
		text("PrivateNote", 4000),
		reference("CurrencyRef"),
		rate("ExchangeRate"),
		reference("DepartmentRef"),
		text("GlobalTaxCalculation", 0),
		group("TxnTaxDetail", amount("TotalTax"), reference("TxnTaxCodeRef"), ignored("TaxLine")),
		amount("TotalAmt", readOnly, filterable, sortable),
		ignored("HomeBalance"), ignored("HomeTotalAmt"), ignored("LinkedTxn"), ignored("VendorAddr"),
		ignored("RecurDataRef"), ignored("IncludeInAnnualTPAR"), ignored("TransactionLocationType"),
		ignored("CustomField"), ignored("AttachableRef"), ignored("TxnSource"), ignored("RemitToAddr"), ignored("ShipAddr"),
	}
}

func lineFields() []field {
	return []field{
		text("Id", 0), wholeNumber("LineNum"),
		amount("Amount"),
		text("Description", 4000),
		choice("DetailType", "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "DescriptionOnly"),
		group("AccountBasedExpenseLineDetail", append(
			detailFields(),
			reference("AccountRef"), amount("TaxAmount"), amount("TaxInclusiveAmt"),
		)...),
		group("ItemBasedExpenseLineDetail", append(
			detailFields(),
			reference("ItemRef"), rate("UnitPrice"), rate("Qty"), amount("TaxInclusiveAmt"), reference("PriceLevelRef"),
		)...),
		ignored("LinkedTxn"), ignored("ProjectRef"), ignored("CustomExtensions"), ignored("CustomField"), ignored("Received"),
	}
}

func detailFields() []field {
	return []field{
		reference("CustomerRef"), reference("ClassRef"), reference("TaxCodeRef"),
		choice("BillableStatus", "Billable", "NotBillable", "HasBeenBilled"),
		ignored("MarkupInfo"),
	}
}

func billRules(w *write) *Fault {
	if fault := w.purchase(); fault != nil {
		return fault
	}
	term, fault := w.resolve(w.obj, "SalesTermRef", "Term")
	if fault != nil {
		return fault
	}
	if empty(w.obj["DueDate"]) {
		w.obj["DueDate"] = dueDate(textAt(w.obj, "TxnDate"), term)
	}
	balance := w.carryBalance()
	if w.r.MultiCurrency {
		home := balance.Mul(amountAt(w.obj, "ExchangeRate")).Round(decimals(w.r.HomeCurrency))
		w.obj["HomeBalance"] = number(home)
	}
	return nil
}

// carryBalance sets what is left of the total: what was paid before stays paid.
func (w *write) carryBalance() decimal.Decimal {
	balance := amountAt(w.obj, "TotalAmt")
	if w.old != nil {
		balance = balance.Sub(amountAt(w.old.obj, "TotalAmt").Sub(amountAt(w.old.obj, "Balance")))
		w.obj["LinkedTxn"] = w.old.obj["LinkedTxn"]
	}
	w.obj["Balance"] = number(balance)
	return balance
}

func dueDate(day string, term *record) string {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil || term == nil {
		return day
	}
	return date.AddDate(0, 0, int(amountAt(term.obj, "DueDays").IntPart())).Format(time.DateOnly)
}

// billStored keeps the vendor's balance.
func billStored(w *write, rec *record) {
	before := decimal.Zero
	if w.previous != nil {
		before = amountAt(w.previous, "Balance")
		if was := refAt(w.previous, "VendorRef"); was != refAt(rec.obj, "VendorRef") {
			w.r.owe(was, before.Neg())
			before = decimal.Zero
		}
	}
	w.r.owe(refAt(rec.obj, "VendorRef"), amountAt(rec.obj, "Balance").Sub(before))
}

// owe changes a vendor's balance, which leaves its SyncToken and times alone
// (assumed).
func (r *realm) owe(vendorID string, change decimal.Decimal) {
	rec := r.tables["Vendor"].byID[vendorID]
	if rec == nil || rec.deleted || change.IsZero() {
		return
	}
	rec.obj = with(rec.obj, "Balance", number(amountAt(rec.obj, "Balance").Add(change)))
}

// notLinked refuses to delete what a payment is linked to.
func notLinked(_ *realm, rec *record) *Fault {
	if links, _ := rec.obj["LinkedTxn"].([]any); len(links) > 0 {
		return refuse("800", "The transaction is linked to others, which must be unlinked first", "")
	}
	return nil
}

// vendorCreditKind has a bill's shape; it reduces what is owed.
func vendorCreditKind() *kind {
	return &kind{
		name: "VendorCredit", plural: "VendorCredits", series: "txn", dated: true,
		fields: append(purchaseFields(), amount("Balance", readOnly, filterable)),
		rules: func(w *write) *Fault {
			if fault := w.purchase(); fault != nil {
				return fault
			}
			w.carryBalance()
			return nil
		},
		stored: func(w *write, rec *record) {
			if w.previous != nil {
				w.r.owe(refAt(w.previous, "VendorRef"), amountAt(w.previous, "Balance"))
			}
			w.r.owe(refAt(rec.obj, "VendorRef"), amountAt(rec.obj, "Balance").Neg())
		},
		mayDelete: notLinked,
		buried: func(r *realm, rec *record) {
			r.owe(refAt(rec.obj, "VendorRef"), amountAt(rec.obj, "Balance"))
		},
	}
}
