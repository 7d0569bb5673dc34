package quickbookstest

import "strings"

func accountKind() *kind {
	return &kind{
		name: "Account", plural: "Accounts", series: "account", listed: true,
		fields: []field{
			text("Name", 100, required, filterable, sortable, noQuote, whole),
			text("FullyQualifiedName", 0, readOnly, filterable, sortable),
			flag("Active", filterable),
			flag("SubAccount", filterable),
			text("Description", 100, filterable),
			text("AcctNum", 20, filterable),
			text("AccountType", 0, filterable, sortable),
			text("AccountSubType", 0, filterable, sortable),
			text("Classification", 0, readOnly, filterable),
			amount("CurrentBalance", readOnly, filterable), amount("CurrentBalanceWithSubAccounts", readOnly),
			reference("CurrencyRef"), reference("ParentRef", filterable), ignored("TaxCodeRef"),
			amount("OpeningBalance"), date("OpeningBalanceDate"),
		},
		rules: accountRules,
	}
}

func accountRules(w *write) *Fault {
	if textAt(w.obj, "AccountType") == "" && textAt(w.obj, "AccountSubType") == "" {
		return refuse("6010", "An account needs its AccountType or its AccountSubType", "AccountType")
	}
	if !amountAt(w.obj, "OpeningBalance").IsZero() && empty(w.obj["OpeningBalanceDate"]) {
		return refuse("6060", "OpeningBalanceDate must come with OpeningBalance", "OpeningBalanceDate")
	}
	class, known := classifications()[textAt(w.obj, "AccountType")]
	if !known {
		return refuse("6430", "Invalid account type "+textAt(w.obj, "AccountType"), "AccountType")
	}
	w.obj["Classification"] = class
	if refAt(w.obj, "CurrencyRef") == "" {
		w.obj["CurrencyRef"] = ref(w.r.HomeCurrency, currencyName(w.r.HomeCurrency))
	}
	if fault := qualify(w); fault != nil {
		return fault
	}
	if w.obj["CurrentBalance"] == nil {
		w.obj["CurrentBalance"] = count(0)
	}
	return nil
}

func classifications() map[string]string {
	return map[string]string{
		"Bank": "Asset", "Accounts Receivable": "Asset", "Other Current Asset": "Asset", "Fixed Asset": "Asset",
		"Other Asset": "Asset", "Accounts Payable": "Liability", "Credit Card": "Liability",
		"Other Current Liability": "Liability", "Long Term Liability": "Liability", "Equity": "Equity",
		"Income": "Revenue", "Other Income": "Revenue", "Expense": "Expense", "Other Expense": "Expense",
		"Cost of Goods Sold": "Expense",
	}
}

type accountSeed struct {
	name, kind, sub, class string
	currency               string
	active                 bool
}

func accountObject(seed accountSeed) object {
	name := seed.name
	if !seed.active {
		name += deletedSuffix
	}
	return object{
		"Name": name, "FullyQualifiedName": name, "Active": seed.active, "SubAccount": strings.Contains(seed.name, ":"),
		"AccountType": seed.kind, "AccountSubType": seed.sub, "Classification": seed.class,
		"CurrencyRef": ref(seed.currency, currencyName(seed.currency)), "CurrentBalance": count(0),
	}
}
