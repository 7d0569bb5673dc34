package quickbookstest

// transferKind moves money between two accounts of the company. Transfers can be
// filtered by TxnDate and Amount, as the reference shows; CurrencyRef and
// ExchangeRate are in the schema of every transaction and not in the reference's
// table (assumed: they work as on a bill payment).
func transferKind() *kind {
	return &kind{
		name: "Transfer", plural: "Transfers", series: "txn", dated: true,
		fields: []field{
			reference("FromAccountRef", required),
			reference("ToAccountRef", required),
			amount("Amount", required, filterable, sortable),
			date("TxnDate", filterable, sortable),
			text("PrivateNote", 4000),
			reference("CurrencyRef"), rate("ExchangeRate"),
			ignored("RecurDataRef"), ignored("TxnSource"), ignored("CustomField"), ignored("TransactionLocationType"),
		},
		rules: transferRules,
	}
}

func transferRules(w *write) *Fault {
	if fault := w.repeated("FromAccountRef", "ToAccountRef", "Amount"); fault != nil {
		return fault
	}
	from, fault := w.assetAccount("FromAccountRef")
	if fault != nil {
		return fault
	}
	to, fault := w.assetAccount("ToAccountRef")
	if fault != nil {
		return fault
	}
	if from == to { // assumed: the code
		return refuse("6000", "Business Validation Error: The two accounts of a transfer must differ.", "ToAccountRef")
	}
	code, fault := w.transferCurrency(refAt(from.obj, "CurrencyRef"), refAt(to.obj, "CurrencyRef"))
	if fault != nil {
		return fault
	}
	money, fault := w.money(amountAt(w.obj, "Amount"), code)
	if fault != nil {
		return fault
	}
	if !money.IsPositive() { // assumed: also for zero, and the code
		return refuse("2090", "Amount must be above 0", "Amount")
	}
	w.obj["Amount"] = number(money)
	return nil
}

// repeated checks that a client's update, even a sparse one, says these again:
// without them QuickBooks takes them for missing.
func (w *write) repeated(names ...string) *Fault {
	if w.old == nil || w.person {
		return nil
	}
	for _, name := range names {
		if empty(w.sent[name]) {
			return missing(name)
		}
	}
	return nil
}

// assetAccount is an account of a transfer: active, and an asset, as documented.
// Assumed: the code for one that is no asset.
func (w *write) assetAccount(name string) (*record, *Fault) {
	account, fault := w.resolve(w.obj, name, "Account")
	if fault != nil {
		return nil, fault
	}
	if class := textAt(account.obj, "Classification"); class != "Asset" {
		return nil, refuse("6430", "Invalid account type used: "+textAt(account.obj, "AccountType"), name)
	}
	return account, nil
}

// transferCurrency sets the currency of a transfer between accounts in two
// currencies. Assumed: a transfer has at most one foreign currency, and is in
// that; it must be named where the accounts differ, and may be left out where
// they do not.
func (w *write) transferCurrency(from, to string) (string, *Fault) {
	home := w.r.HomeCurrency
	if from != to && from != home && to != home {
		return "", onlyOneForeign("CurrencyRef")
	}
	want := from
	if from == home {
		want = to
	}
	switch sent := refAt(w.obj, "CurrencyRef"); {
	case sent == "" && from != to:
		return "", missing("CurrencyRef")
	case sent == "":
		w.obj["CurrencyRef"] = ref(want, "")
	case sent != want && w.r.MultiCurrency:
		return "", refuse("6000", "Business Validation Error: The transaction needs to be in the currency of its accounts.", "CurrencyRef")
	}
	return w.exchange()
}
