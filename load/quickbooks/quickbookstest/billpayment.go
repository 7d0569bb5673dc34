package quickbookstest

import (
	"github.com/shopspring/decimal"
)

func billPaymentKind() *kind {
	return &kind{
		name: "BillPayment", plural: "BillPayments", series: "txn", dated: true,
		fields: []field{
			reference("VendorRef", required, filterable),
			{name: "PayType", shape: textShape, trait: required, enum: []string{"Check", "CreditCard"}},
			amount("TotalAmt", required, filterable, sortable),
			{name: "Line", shape: listShape, trait: required, sub: []field{
				amount("Amount"),
				list("LinkedTxn", text("TxnId", 0), text("TxnLineId", 0), choice("TxnType", "Bill", "VendorCredit", "JournalEntry")),
			}},
			group("CheckPayment", reference("BankAccountRef"), ignored("PrintStatus")),
			group("CreditCardPayment", reference("CCAccountRef")),
			reference("APAccountRef"), reference("CurrencyRef"), reference("DepartmentRef"), rate("ExchangeRate"),
			text("DocNumber", 21, filterable, sortable), date("TxnDate", filterable, sortable), text("PrivateNote", 4000),
			flag("ProcessBillPayment"),
		},
		rules:  paymentRules,
		stored: paymentStored,
		buried: func(r *realm, rec *record) { r.settle(rec.obj, rec.id, -1) },
	}
}

func paymentRules(w *write) *Fault {
	if w.old != nil { // assumed: the simulator offers no change of a payment
		return refuse("500", "Operation is not supported.", "BillPayment")
	}
	code, fault := w.exchange()
	if fault != nil {
		return fault
	}
	if _, fault := w.resolve(w.obj, "VendorRef", "Vendor"); fault != nil {
		return fault
	}
	if fault := w.paidFrom(); fault != nil {
		return fault
	}
	if amountAt(w.obj, "TotalAmt").IsNegative() {
		return refuse("2090", "TotalAmt must be 0 or greater", "TotalAmt")
	}
	for _, line := range linesOf(w.obj) {
		if fault := w.paidLine(line, code); fault != nil {
			return fault
		}
	}
	return nil
}

func (w *write) paidFrom() *Fault {
	group, name, want := "CheckPayment", "BankAccountRef", "Bank"
	if textAt(w.obj, "PayType") == "CreditCard" {
		group, name, want = "CreditCardPayment", "CCAccountRef", "Credit Card"
	}
	from, ok := w.obj[group].(object)
	if !ok || refAt(from, name) == "" {
		return missing(group + "." + name)
	}
	account, fault := w.resolve(from, name, "Account")
	if fault != nil {
		return fault
	}
	if textAt(account.obj, "AccountType") != want {
		return refuse("6430", "Invalid account type used: "+textAt(account.obj, "AccountType"), name)
	}
	return nil
}

// paidLine checks that what is paid exists, belongs to the vendor, is in the
// payment's currency, and is still owed.
func (w *write) paidLine(line object, code string) *Fault {
	if line["Amount"] == nil {
		return missing("Amount")
	}
	if _, fault := w.money(amountAt(line, "Amount"), code); fault != nil {
		return fault
	}
	for _, link := range linksOf(line) {
		paid := w.find(textAt(link, "TxnType"), textAt(link, "TxnId"))
		if paid == nil {
			return notFound(textAt(link, "TxnId"))
		}
		if refAt(paid.obj, "VendorRef") != refAt(w.obj, "VendorRef") {
			return refuse("620", "The transactions belong to different vendors", "LinkedTxn")
		}
		if refAt(paid.obj, "CurrencyRef") != code {
			return refuse("6000", "Business Validation Error: Transactions can have only one foreign currency at a time.", "LinkedTxn")
		}
		if amountAt(line, "Amount").GreaterThan(amountAt(paid.obj, "Balance")) {
			return refuse("6000", "Business Validation Error: The payment is more than what is owed.", "Line")
		}
	}
	return nil
}

func linksOf(line object) []object {
	list, _ := line["LinkedTxn"].([]any)
	links := make([]object, 0, len(list))
	for _, item := range list {
		if link, ok := item.(object); ok {
			links = append(links, link)
		}
	}
	return links
}

func paymentStored(w *write, rec *record) { w.r.settle(rec.obj, rec.id, 1) }

// settle takes a payment off the balances of what it pays, or gives it back
// when sign is negative. QuickBooks does this itself: the time of the last
// update changes, the SyncToken does not (assumed).
func (r *realm) settle(payment object, id string, sign int64) {
	for _, line := range linesOf(payment) {
		change := amountAt(line, "Amount").Mul(decimal.NewFromInt(sign))
		for _, link := range linksOf(line) {
			t := r.tables[textAt(link, "TxnType")]
			if t == nil || t.byID[textAt(link, "TxnId")] == nil {
				continue
			}
			r.applyPayment(t.byID[textAt(link, "TxnId")], id, change)
		}
	}
}

func (r *realm) applyPayment(rec *record, paymentID string, change decimal.Decimal) {
	obj := with(rec.obj, "Balance", number(amountAt(rec.obj, "Balance").Sub(change)))
	links := make([]any, 0, 1)
	for _, link := range linksOf(rec.obj) {
		if textAt(link, "TxnId") != paymentID {
			links = append(links, link)
		}
	}
	if change.IsPositive() {
		links = append(links, object{"TxnId": paymentID, "TxnType": "BillPaymentCheck"})
	}
	obj["LinkedTxn"] = links
	if len(links) == 0 {
		delete(obj, "LinkedTxn")
	}
	r.store(rec, obj)
	r.tell(rec, "updated")
	r.owe(refAt(rec.obj, "VendorRef"), change.Neg())
}
