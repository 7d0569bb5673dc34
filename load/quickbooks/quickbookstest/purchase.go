package quickbookstest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// purchase checks and completes what bills and vendor credits have in common.
func (w *write) purchase() *Fault {
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
	for _, check := range []func(string) *Fault{w.payable, w.location, w.taxes, w.lines, w.total, w.uniqueNumber} {
		if fault := check(code); fault != nil {
			return fault
		}
	}
	return nil
}

// payable checks the A/P account. It may be left out only where there is one.
func (w *write) payable(code string) *Fault {
	if refAt(w.obj, "APAccountRef") == "" {
		open := w.r.payables()
		if len(open) != 1 {
			return missing("APAccountRef")
		}
		w.obj["APAccountRef"] = ref(open[0].id, "")
	}
	account, fault := w.resolve(w.obj, "APAccountRef", "Account")
	if fault != nil {
		return fault
	}
	if textAt(account.obj, "AccountSubType") != "AccountsPayable" {
		return refuse("6430", "Invalid account type used: an accounts payable account is needed", "APAccountRef")
	}
	if refAt(account.obj, "CurrencyRef") != code {
		return refuse("6000", "Business Validation Error: The transaction needs to be in the same currency as the A/R and A/P accounts you use.", "APAccountRef")
	}
	return nil
}

func (r *realm) payables() []*record {
	var open []*record
	for _, rec := range r.tables["Account"].all {
		if !rec.deleted && rec.active() && textAt(rec.obj, "AccountSubType") == "AccountsPayable" {
			open = append(open, rec)
		}
	}
	return open
}

func (w *write) location(string) *Fault {
	if refAt(w.obj, "DepartmentRef") != "" && !w.r.Departments {
		return featureOff("Location tracking", "DepartmentRef") // assumed
	}
	_, fault := w.resolve(w.obj, "DepartmentRef", "Department")
	return fault
}

// taxes checks GlobalTaxCalculation: required outside the US. Assumed: a US
// company ignores it.
func (w *write) taxes(string) *Fault {
	if w.r.us() {
		delete(w.obj, "GlobalTaxCalculation")
		return nil
	}
	switch textAt(w.obj, "GlobalTaxCalculation") {
	case "NotApplicable":
		if w.obj["TxnTaxDetail"] != nil {
			return refuse("6170", "TxnTaxDetail is not allowed when GlobalTaxCalculation is NotApplicable", "TxnTaxDetail")
		}
		return nil
	case "TaxExcluded", "TaxInclusive":
		return nil
	case "":
		return missing("GlobalTaxCalculation")
	default:
		return refuse("2170", "Invalid enumeration value", "GlobalTaxCalculation")
	}
}

// lines checks every line and numbers them. A line with an id that exists keeps
// it; any other is new.
func (w *write) lines(code string) *Fault {
	sent := linesOf(w.obj)
	if limit := w.r.server.cfg.Rules.MaxLines; len(sent) > limit {
		return refuse("6000", fmt.Sprintf("Business Validation Error: A transaction can have at most %d lines.", limit), "Line")
	}
	known, next := w.knownLines()
	kept := make([]object, 0, len(sent))
	for i, line := range sent {
		checked := make(object, len(line)+2)
		maps.Copy(checked, line)
		if fault := w.line(checked, code); fault != nil {
			return fault
		}
		if id := textAt(line, "Id"); !known[id] {
			next++
			checked["Id"] = strconv.Itoa(next)
		}
		checked["LineNum"] = count(i + 1)
		kept = append(kept, checked)
	}
	if !slices.ContainsFunc(kept, func(line object) bool { return line["Amount"] != nil }) { // assumed: words alone are no line
		return refuse("2250", "You must enter at least one split line", "Line")
	}
	w.obj["Line"] = listOf(kept)
	return nil
}

func (w *write) knownLines() (map[string]bool, int) {
	known, highest := make(map[string]bool), 0
	if w.old == nil {
		return known, highest
	}
	for _, line := range linesOf(w.old.obj) {
		id := textAt(line, "Id")
		known[id] = true
		if n, err := strconv.Atoi(id); err == nil {
			highest = max(highest, n)
		}
	}
	return known, highest
}

func (w *write) line(line object, code string) *Fault {
	kindOfLine := textAt(line, "DetailType")
	if kindOfLine == "" {
		return missing("DetailType")
	}
	if kindOfLine == "DescriptionOnly" {
		return nil
	}
	if line["Amount"] == nil {
		return missing("Amount")
	}
	money, fault := w.money(amountAt(line, "Amount"), code)
	if fault != nil {
		return fault
	}
	line["Amount"] = number(money)
	if money.IsNegative() && w.r.server.cfg.Rules.RefuseNegative {
		return refuse("2290", "", "Amount")
	}
	sent, ok := line[kindOfLine].(object)
	if !ok {
		return missing(kindOfLine)
	}
	detail := make(object, len(sent)+2)
	maps.Copy(detail, sent)
	line[kindOfLine] = detail
	if kindOfLine == "ItemBasedExpenseLineDetail" {
		fault = w.item(detail, money)
	} else {
		fault = w.expense(detail)
	}
	if fault != nil {
		return fault
	}
	return w.detail(detail)
}

// money checks an amount against the currency's decimals. Assumed: more are
// refused; Rules.RoundAmounts rounds instead.
func (w *write) money(d decimal.Decimal, code string) (decimal.Decimal, *Fault) {
	places := decimals(code)
	if d.Equal(d.Truncate(places)) {
		return d, nil
	}
	if w.r.server.cfg.Rules.RoundAmounts {
		return d.Round(places), nil
	}
	return d, refuse("2140", "Amount "+d.String()+" has more decimals than "+code+" has", "Amount")
}

func (w *write) expense(detail object) *Fault {
	if refAt(detail, "AccountRef") == "" {
		return refuse("6440", "A line needs an account or an item", "AccountRef")
	}
	account, fault := w.resolveLine(detail, "AccountRef", "Account")
	if fault != nil {
		return fault
	}
	rules := w.r.server.cfg.Rules
	if !rules.AnyLineAccount && !slices.Contains(rules.LineAccountTypes, textAt(account.obj, "AccountType")) {
		return refuse("6430", "Invalid account type used: "+textAt(account.obj, "AccountType"), "AccountRef")
	}
	return nil
}

func (w *write) item(detail object, money decimal.Decimal) *Fault {
	if refAt(detail, "ItemRef") == "" {
		return refuse("6440", "A line needs an account or an item", "ItemRef")
	}
	if _, fault := w.resolveLine(detail, "ItemRef", "Item"); fault != nil {
		return fault
	}
	if detail["UnitPrice"] == nil || detail["Qty"] == nil {
		return nil
	}
	product := amountAt(detail, "UnitPrice").Mul(amountAt(detail, "Qty"))
	if !product.Round(2).Equal(money.Round(2)) {
		return refuse("6070", "", "Amount")
	}
	return nil
}

// detail checks what both kinds of line carry: customer, class, tax code.
func (w *write) detail(detail object) *Fault {
	if refAt(detail, "ClassRef") != "" && !w.r.ClassPerLine {
		return featureOff("Class tracking", "ClassRef") // assumed
	}
	if _, fault := w.resolveLine(detail, "ClassRef", "Class"); fault != nil {
		return fault
	}
	if _, fault := w.resolveLine(detail, "CustomerRef", "Customer"); fault != nil {
		return fault
	}
	switch textAt(detail, "BillableStatus") {
	case "HasBeenBilled":
		return refuse("2170", "HasBeenBilled cannot be set", "BillableStatus")
	case "Billable":
		if refAt(detail, "CustomerRef") == "" {
			return refuse("6310", "A billable line needs a customer", "CustomerRef")
		}
	case "":
		detail["BillableStatus"] = "NotBillable"
	}
	return w.taxCode(detail)
}

func (w *write) taxCode(detail object) *Fault {
	code := refAt(detail, "TaxCodeRef")
	if code == "" {
		detail["TaxCodeRef"] = ref("NON", "")
		return nil
	}
	if code == "CustomSalesTax" { // documented as a code of its own, on create and on update
		if w.old != nil {
			return refuse("6230", "Transactions cannot be changed to CustomSalesTax", "TaxCodeRef")
		}
		return refuse("6160", "CustomSalesTax cannot be used on a transaction", "TaxCodeRef")
	}
	if w.r.us() && code != "TAX" && code != "NON" {
		return refuse("6100", "Tax code "+code+" is not valid in this company", "TaxCodeRef")
	}
	return nil
}

// resolveLine is [write.resolve] for a line: an inactive record may stay only
// if the transaction named it before.
func (w *write) resolveLine(detail object, name, kindName string) (*record, *Fault) {
	id := refAt(detail, name)
	if id == "" {
		return nil, nil
	}
	if !numeric(id) {
		return nil, unusableID(id, name)
	}
	rec := w.find(kindName, id)
	if rec == nil {
		return nil, badReference(w.r.server.kinds[kindName], id, name)
	}
	if !rec.active() && !w.mentions(name, id) {
		return nil, w.r.inactive(rec, name)
	}
	detail[name] = ref(id, shownName(rec))
	return rec, nil
}

func (w *write) mentions(name, id string) bool {
	if w.old == nil {
		return false
	}
	for _, line := range linesOf(w.old.obj) {
		if detail, ok := line[textAt(line, "DetailType")].(object); ok && refAt(detail, name) == id {
			return true
		}
	}
	return false
}

// total computes TotalAmt: the lines, and the tax where it comes on top.
// Assumed: the simulator computes no tax of its own.
func (w *write) total(string) *Fault {
	sum := decimal.Zero
	for _, line := range linesOf(w.obj) {
		sum = sum.Add(amountAt(line, "Amount"))
	}
	if detail, ok := w.obj["TxnTaxDetail"].(object); ok && textAt(w.obj, "GlobalTaxCalculation") == "TaxExcluded" {
		sum = sum.Add(amountAt(detail, "TotalTax"))
	}
	if sum.IsNegative() && !w.r.server.cfg.Rules.NegativeTotals { // assumed
		return refuse("6000", "Business Validation Error: Transaction amount must be 0 or greater.", "")
	}
	w.obj["TotalAmt"] = number(sum)
	return nil
}

// uniqueNumber applies the company's warning about duplicate numbers, per
// vendor. It is off unless somebody turned it on: duplicates pass silently.
func (w *write) uniqueNumber(string) *Fault {
	doc := textAt(w.obj, "DocNumber")
	if doc == "" || !w.r.WarnDuplicateBillNumber || w.force {
		return nil
	}
	for _, other := range w.r.numbers[w.kind.name+"\x00"+strings.ToLower(doc)] {
		if other == w.old || refAt(other.obj, "VendorRef") != refAt(w.obj, "VendorRef") {
			continue
		}
		detail := "Duplicate Document Number Error : You must specify a different number. This number has already been used. " +
			"DocNumber=" + doc + " is assigned to TxnType=" + w.r.shownType(w.kind) + " with TxnId=" + other.id
		return refuse("6140", detail, "DocNumber")
	}
	return nil
}

// shownType is the name that people see, which is translated.
func (r *realm) shownType(k *kind) string {
	words := map[string]map[string]string{
		"fr": {"Bill": "Facture", "VendorCredit": "Note de crédit"},
		"es": {"Bill": "Factura", "VendorCredit": "Nota de crédito"},
	}
	if word, ok := words[r.Language][k.name]; ok {
		return word
	}
	if k.name == "VendorCredit" {
		return "Vendor Credit"
	}
	return k.name
}
