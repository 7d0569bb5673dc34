package quickbookstest

import (
	"strings"

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
			group("CheckPayment", reference("BankAccountRef"), choice("PrintStatus", "NotSet", "NeedToPrint", "PrintComplete")),
			group("CreditCardPayment", reference("CCAccountRef")),
			reference("APAccountRef", filterable), reference("CurrencyRef"), reference("DepartmentRef"), rate("ExchangeRate"),
			text("DocNumber", 21, filterable, sortable), date("TxnDate", filterable, sortable), text("PrivateNote", 4000),
			flag("ProcessBillPayment"),
		},
		rules:  paymentRules,
		stored: paymentStored,
		void:   voidPayment,
		buried: func(r *realm, rec *record) { r.settle(rec.obj, rec.id, -1) },
	}
}

func paymentRules(w *write) *Fault {
	if w.old != nil { // assumed: the simulator offers no change of a payment but to void it
		return refuse("500", "Operation is not supported.", "BillPayment")
	}
	code, fault := w.exchange()
	if fault != nil {
		return fault
	}
	vendor, fault := w.resolve(w.obj, "VendorRef", "Vendor")
	if fault != nil {
		return fault
	}
	if refAt(vendor.obj, "CurrencyRef") != code { // assumed: the code
		return onlyOneForeign("VendorRef")
	}
	if refAt(w.obj, "APAccountRef") != "" { // optional, as documented; assumed: it is checked like a bill's
		if fault := w.payable(code); fault != nil {
			return fault
		}
	}
	if fault := w.paidFrom(code); fault != nil {
		return fault
	}
	total, fault := w.money(amountAt(w.obj, "TotalAmt"), code)
	if fault != nil {
		return fault
	}
	if total.IsNegative() {
		return refuse("2090", "TotalAmt must be 0 or greater", "TotalAmt")
	}
	return w.paidLines(code, total)
}

func onlyOneForeign(element string) *Fault {
	return refuse("6000", "Business Validation Error: Transactions can have only one foreign currency at a time.", element)
}

// paidFrom checks where the money comes from. Assumed: the account is in the home
// currency or in the payment's, for a transaction has one foreign currency.
func (w *write) paidFrom(code string) *Fault {
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
	if held := refAt(account.obj, "CurrencyRef"); held != code && held != w.r.HomeCurrency {
		return onlyOneForeign(name)
	}
	return nil
}

// paidLines checks every line, and that no bill is paid twice over and no more
// paid than comes out of the account. What comes out and is not on a line stays
// with the vendor as a credit, as documented.
func (w *write) paidLines(code string, total decimal.Decimal) *Fault {
	taken := make(map[*record]decimal.Decimal)
	spent := decimal.Zero
	for _, line := range linesOf(w.obj) {
		if line["Amount"] == nil {
			return missing("Amount")
		}
		money, fault := w.money(amountAt(line, "Amount"), code)
		if fault != nil {
			return fault
		}
		for _, link := range linksOf(line) {
			paid, fault := w.paid(link, code)
			if fault != nil {
				return fault
			}
			taken[paid] = taken[paid].Add(money)
			if taken[paid].GreaterThan(amountAt(paid.obj, "Balance")) {
				return refuse("6000", "Business Validation Error: The payment is more than what is owed.", "Line")
			}
			spent = spent.Add(money.Mul(decimal.NewFromInt(paid.kind.side())))
		}
	}
	if spent.GreaterThan(total) { // assumed: refused, and the code
		return refuse("6000", "Business Validation Error: The lines are more than the total of the payment.", "TotalAmt")
	}
	return nil
}

// side is 1 for what is owed to a vendor, and -1 for what a vendor owes.
func (k *kind) side() int64 {
	if k.name == "VendorCredit" {
		return -1
	}
	return 1
}

// paid is what a line pays: it exists, belongs to the vendor and is in the
// payment's currency.
func (w *write) paid(link object, code string) (*record, *Fault) {
	paid := w.find(textAt(link, "TxnType"), textAt(link, "TxnId"))
	if paid == nil {
		return nil, notFound(textAt(link, "TxnId"))
	}
	if refAt(paid.obj, "VendorRef") != refAt(w.obj, "VendorRef") {
		return nil, refuse("620", "The transactions belong to different vendors", "LinkedTxn")
	}
	if refAt(paid.obj, "CurrencyRef") != code {
		return nil, onlyOneForeign("LinkedTxn")
	}
	return paid, nil
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
			r.applyPayment(t.byID[textAt(link, "TxnId")], object{"TxnId": id, "TxnType": paymentType(payment)}, change)
		}
	}
}

// paymentType is what a bill calls the payment that it is linked to.
func paymentType(payment object) string { return "BillPayment" + textAt(payment, "PayType") }

func (r *realm) applyPayment(rec *record, payment object, change decimal.Decimal) {
	obj := with(rec.obj, "Balance", number(amountAt(rec.obj, "Balance").Sub(change)))
	links := make([]any, 0, 1)
	for _, link := range linksOf(rec.obj) {
		if textAt(link, "TxnId") != textAt(payment, "TxnId") {
			links = append(links, link)
		}
	}
	if change.IsPositive() {
		links = append(links, payment)
	}
	obj["LinkedTxn"] = links
	if len(links) == 0 {
		delete(obj, "LinkedTxn")
	}
	r.store(rec, obj)
	r.tell(rec, "updated")
	r.owe(refAt(rec.obj, "VendorRef"), change.Mul(decimal.NewFromInt(-rec.kind.side())))
}

// voidPayment keeps a payment in the books with nothing left of it, as
// documented. Assumed: how the word stands in the note.
func voidPayment(w *write, rec *record) {
	w.r.settle(rec.obj, rec.id, -1)
	obj := with(rec.obj, "TotalAmt", count(0))
	delete(obj, "Line")
	obj["PrivateNote"] = strings.TrimSuffix("Voided - "+textAt(rec.obj, "PrivateNote"), " - ")
	rec.token++
	w.r.store(rec, obj)
	w.r.tell(rec, "updated")
}
