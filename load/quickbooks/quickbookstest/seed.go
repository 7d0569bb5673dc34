package quickbookstest

// seedBooks gives a new company the chart of accounts and lists that a client
// meets in a company in use: several expense accounts, some inactive, and one
// A/P account per currency. No customers, vendors or transactions.
func seedBooks(r *realm) {
	accounts := r.server.kinds["Account"]
	for _, seed := range chartOfAccounts() {
		seed.currency = r.HomeCurrency
		r.insert(accounts, accountObject(seed), 0)
	}
	if r.MultiCurrency {
		for _, code := range []string{"USD", "EUR", "GBP", "BRL", "COP", "MXN"} {
			r.addCurrency(code)
		}
	}
	seedList(r, "Term",
		object{"Name": "Due on receipt", "Active": true, "Type": "STANDARD", "DueDays": count(0)},
		object{"Name": "Net 15", "Active": true, "Type": "STANDARD", "DueDays": count(15)},
		object{"Name": "Net 30", "Active": true, "Type": "STANDARD", "DueDays": count(30)})
	seedList(r, "Item",
		object{"Name": "Hours", "Active": true, "Type": "Service", "ExpenseAccountRef": ref("8", "Contractors")},
		object{"Name": "Old service" + deletedSuffix, "Active": false, "Type": "Service"})
	seedList(r, "Class",
		object{"Name": "Engineering", "FullyQualifiedName": "Engineering", "Active": true},
		object{"Name": "Sales", "FullyQualifiedName": "Sales", "Active": true},
		object{"Name": "Closed project" + deletedSuffix, "FullyQualifiedName": "Closed project" + deletedSuffix, "Active": false})
	seedList(r, "Department",
		object{"Name": "Remote", "FullyQualifiedName": "Remote", "Active": true},
		object{"Name": "Headquarters", "FullyQualifiedName": "Headquarters", "Active": true})
}

func seedList(r *realm, kindName string, objects ...object) {
	for _, o := range objects {
		r.insert(r.server.kinds[kindName], o, 0)
	}
}

// chartOfAccounts is in the order of the ids, from 1. Tests and documents refer
// to some by number: 1 checking, 7 to 14 expenses, 15 and 16 cost of goods sold,
// 19 inactive, 33 accounts payable.
func chartOfAccounts() []accountSeed {
	expense := func(name, sub string) accountSeed {
		return accountSeed{name: name, kind: "Expense", sub: sub, class: "Expense", active: true}
	}
	of := func(name, kind, sub, class string) accountSeed {
		return accountSeed{name: name, kind: kind, sub: sub, class: class, active: true}
	}
	inactive := func(seed accountSeed) accountSeed { seed.active = false; return seed }
	return []accountSeed{
		of("Checking", "Bank", "Checking", "Asset"),
		of("Savings", "Bank", "Savings", "Asset"),
		of("Payroll Wallet", "Bank", "CashOnHand", "Asset"),
		of("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset"),
		of("Prepaid Expenses", "Other Current Asset", "PrepaidExpenses", "Asset"),
		of("Computers", "Fixed Asset", "MachineryAndEquipment", "Asset"),
		expense("Advertising", "AdvertisingPromotional"),
		expense("Contractors", "CostOfLabor"),
		expense("Legal & Professional Fees", "LegalProfessionalFees"),
		expense("Software & Subscriptions", "DuesSubscriptions"),
		expense("Travel", "Travel"),
		expense("Bank Charges", "BankCharges"),
		expense("Office Expenses", "OfficeGeneralAdministrativeExpenses"),
		expense("Bonuses", "PayrollExpenses"),
		of("Cost of Labor", "Cost of Goods Sold", "CostOfLaborCos", "Expense"),
		of("Subcontractors", "Cost of Goods Sold", "OtherCostsOfServiceCos", "Expense"),
		of("Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss", "Expense"),
		of("Miscellaneous", "Other Expense", "OtherMiscellaneousExpense", "Expense"),
		inactive(expense("Old Contractor Expenses", "CostOfLabor")),
		inactive(of("Old Freelancers", "Cost of Goods Sold", "CostOfLaborCos", "Expense")),
		of("Services", "Income", "ServiceFeeIncome", "Revenue"),
		of("Interest Earned", "Other Income", "InterestEarned", "Revenue"),
		of("Opening Balance Equity", "Equity", "OpeningBalanceEquity", "Equity"),
		of("Retained Earnings", "Equity", "RetainedEarnings", "Equity"),
		of("Notes Payable", "Long Term Liability", "NotesPayable", "Liability"),
		of("Loan Payable", "Other Current Liability", "LoanPayable", "Liability"),
		of("Company Card", "Credit Card", "CreditCard", "Liability"),
		expense("Insurance", "Insurance"),
		expense("Training", "OtherBusinessExpenses"),
		expense("Meals", "EntertainmentMeals"),
		expense("Equipment Rental", "EquipmentRental"),
		expense("Platform Fees", "OtherMiscellaneousServiceCost"),
		of("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", "Liability"),
	}
}
