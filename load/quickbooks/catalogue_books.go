package quickbooks

// billEntries are about bills, their lines, their tax and their number.
func billEntries() []Entry {
	return []Entry{
		{
			Code: "6000", Name: "business rule", Decision: Person,
			Meaning:  "A rule of the books stands against it: currency of the payables account, something closed, something missing.",
			Sentence: "A rule of QuickBooks stands against this.",
			NextStep: "Read QuickBooks' own words below; they name the rule.",
		},
		{
			Code: "6000", When: "unexpected error occurred while accessing or saving", Name: "QuickBooks could not save", Decision: LookUp,
			Meaning:  "QuickBooks failed while saving, and asks to try again in a few minutes.",
			Sentence: "QuickBooks could not save this for the moment.",
			NextStep: "tieout looks up whether it was posted and tries once more.",
		},
		{
			Code: "6000", When: "characters in the request_id", Name: "request id too long", Decision: Fix,
			Meaning:  "Request id and item id together are longer than 50 characters.",
			Sentence: "QuickBooks could not read the number that protects against posting twice.",
			NextStep: "Report it as a defect of tieout; nothing was posted.",
		},
		{
			Code: "6000", When: "same currency as the a/r and a/p", Name: "payables account in another currency", Decision: Person,
			Meaning:  "The payables account has another currency than the bill.",
			Sentence: "The accounts payable account has another currency than this bill.",
			NextStep: "Choose an accounts payable account in the bill's currency.",
		},
		{
			Code: "6000", When: "only one foreign currency", Name: "two foreign currencies", Decision: Person,
			Meaning:  "Vendor, account and bill have different foreign currencies.",
			Sentence: "A bill can have only one foreign currency.",
			NextStep: "Use a vendor and accounts in the bill's currency.",
		},
		{
			Code: "6010", Name: "account type missing", Decision: Fix,
			Meaning:  "An account was sent without its type.",
			Sentence: "QuickBooks misses the type of an account.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6070", Name: "amount is not quantity times price", Decision: Fix,
			Meaning:  "A line's amount is not quantity times price.",
			Sentence: "The amount of a line is not its quantity times its price.",
			NextStep: "Check the invoice at its source.",
		},
	}
}

// taxEntries are about tax, discounts and the accounts of lines.
func taxEntries() []Entry {
	return []Entry{
		{
			Code: "6090", Name: "discount incomplete", Decision: Fix,
			Meaning:  "A discount has neither amount nor percentage.",
			Sentence: "A discount has neither an amount nor a percentage.",
			NextStep: "Check the invoice at its source.",
		},
		{
			Code: "6100", Name: "tax code of a line not valid", Decision: Person,
			Meaning:  "The tax code of a line is not allowed; US companies know only taxable and not taxable.",
			Sentence: "QuickBooks does not accept the tax code of a line.",
			NextStep: "Correct the tax code in the rules.",
		},
		{
			Code: "6140", Name: "document number taken", Decision: LookUp,
			Meaning:  "The vendor has a transaction with this number, and the company warns about that.",
			Sentence: "QuickBooks already has a transaction with this number.",
			NextStep: "tieout compares the two: the same content counts as posted, other content goes to a person. The number is never forced.",
		},
		{
			Code: "6160", Name: "tax code not usable", Decision: Person,
			Meaning:  "The tax code cannot be used on a transaction.",
			Sentence: "QuickBooks does not accept this tax code.",
			NextStep: "Correct the tax code in the rules.",
		},
		{
			Code: "6170", Name: "tax details not allowed", Decision: Person,
			Meaning:  "Tax details were sent on a transaction that has no tax.",
			Sentence: "QuickBooks takes no tax details on this.",
			NextStep: "Correct the tax setting in the rules.",
		},
		{
			Code: "6230", Name: "tax code cannot be changed to this", Decision: Person,
			Meaning:  "A transaction cannot be changed to this tax code.",
			Sentence: "QuickBooks does not accept this tax code.",
			NextStep: "Correct the tax code in the rules.",
		},
		{
			Code: "6310", Name: "customer missing", Decision: Fix,
			Meaning:  "A billable line names no customer.",
			Sentence: "A billable line needs a customer.",
			NextStep: "Name a customer in the rules, or make the line not billable.",
		},
		{
			Code: "6320", Name: "billable status not valid", Decision: Fix,
			Meaning:  "The billable status of a line is not allowed.",
			Sentence: "QuickBooks does not accept the billable status of a line.",
			NextStep: "Correct it in the rules.",
		},
		{
			Code: "6430", Name: "account type not usable", Decision: Person,
			Meaning:  "The account has a type that cannot be used here.",
			Sentence: "This kind of account cannot be used on a bill.",
			NextStep: "Choose an expense account in the rules.",
		},
		{
			Code: "6440", Name: "line without account", Decision: Fix,
			Meaning:  "A line names neither an account nor an item.",
			Sentence: "A line has no account.",
			NextStep: "Map the concept to an account.",
		},
		{
			Code: "6470", Name: "tax not allowed or without rate", Decision: Person,
			Meaning:  "A tax is not allowed on the transaction, or has no rate.",
			Sentence: "QuickBooks does not accept the tax on this.",
			NextStep: "Correct the tax code in the rules, or its rate in QuickBooks.",
		},
	}
}

// nameEntries are about names and who they belong to.
func nameEntries() []Entry {
	return []Entry{
		{
			Code: "6080", Name: "no name", Decision: Fix,
			Meaning:  "The vendor has no name at all.",
			Sentence: "This vendor has no name.",
			NextStep: "Complete the name at its source, or name the vendor by hand.",
		},
		{
			Code: "6150", Name: "parent missing", Decision: Fix,
			Meaning:  "A record below another lacks its parent.",
			Sentence: "QuickBooks misses the parent of this record.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6180", Name: "nested too deep", Decision: Fix,
			Meaning:  "Names are nested in more than five levels.",
			Sentence: "QuickBooks nests names in five levels at most.",
			NextStep: "Choose a less nested account or location.",
		},
		{
			Code: "6240", Name: "name taken", Decision: LookUp,
			Meaning:  "A customer, vendor or employee has the name, perhaps an inactive one.",
			Sentence: "The name is already used in QuickBooks, by a customer, a vendor or an employee.",
			NextStep: "tieout reads who has it: a matching vendor is used, anything else goes to a person.",
		},
		{
			Code: "6250", Name: "customer not usable", Decision: Person,
			Meaning:  "The customer does not exist or is inactive.",
			Sentence: "QuickBooks does not have this customer, or it is inactive.",
			NextStep: "Correct the customer in the rules.",
		},
		{
			Code: "6290", Name: "vendor and employee at once", Decision: Fix,
			Meaning:  "Both an employee and a vendor were named.",
			Sentence: "QuickBooks takes either a vendor or an employee here.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6300", Name: "vendor or employee not valid", Decision: Fix,
			Meaning:  "The vendor's or employee's name is missing or not valid.",
			Sentence: "QuickBooks does not accept the vendor here.",
			NextStep: "Check the vendor link.",
		},
		{
			Code: "6420", Name: "e-mail address missing", Decision: Fix,
			Meaning:  "Sending by e-mail needs an address.",
			Sentence: "QuickBooks misses an e-mail address.",
			NextStep: "Complete the address at its source.",
		},
	}
}

// periodEntries are about what is closed, paid, settled or ended.
func periodEntries() []Entry {
	return []Entry{
		{
			Code: "6190", Name: "subscription ended", Decision: Person, Scope: WholeCompany,
			Meaning:  "The company's subscription ended or has a billing problem. Reading may still work, writing does not.",
			Sentence: "This company's QuickBooks subscription has ended or has a billing problem.",
			NextStep: "Settle the subscription in QuickBooks; tieout posts nothing until then.",
		},
		{
			Code: "6200", Name: "period closed", Decision: Person,
			Meaning:  "The books are closed for this date.",
			Sentence: "The books are closed for the date of this bill.",
			NextStep: "Reopen the period in QuickBooks, or agree on another date and release the bill.",
		},
		{
			Code: "6210", Name: "period closed with a password", Decision: Person,
			Meaning:  "The books are closed for this date, and a password would be needed.",
			Sentence: "The books are closed for the date of this bill.",
			NextStep: "Reopen the period in QuickBooks, or agree on another date and release the bill.",
		},
		{
			Code: "6220", Name: "has a balance", Decision: Person,
			Meaning:  "What should be deleted has an open balance.",
			Sentence: "QuickBooks does not remove this because it has an open balance.",
			NextStep: "Settle the balance first, in QuickBooks.",
		},
		{
			Code: "6450", Name: "already settled", Decision: Person,
			Meaning:  "The transaction is settled and cannot be voided.",
			Sentence: "This is settled in QuickBooks and cannot be voided.",
			NextStep: "Enter the correction by hand.",
		},
		{
			Code: "6480", Name: "matched to the bank", Decision: Person,
			Meaning:  "The transaction is matched to another one, such as a bank line.",
			Sentence: "This is matched to another transaction in QuickBooks.",
			NextStep: "Undo the match first, in QuickBooks.",
		},
		{
			Code: "6540", Name: "part of a deposit", Decision: Person,
			Meaning:  "The transaction belongs to a deposit.",
			Sentence: "This is part of a deposit in QuickBooks.",
			NextStep: "Take it out of the deposit first, in QuickBooks.",
		},
	}
}

// otherEntries are about attachments and about accounts that we do not write.
func otherEntries() []Entry {
	return []Entry{
		{
			Code: "6020", Name: "content length missing", Decision: Fix,
			Meaning:  "An upload does not say how long it is.",
			Sentence: "QuickBooks could not take the attachment.",
			NextStep: "The bill itself stands. Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6030", Name: "attachment too large", Decision: Fix,
			Meaning:  "An upload is larger than QuickBooks takes.",
			Sentence: "The attachment is larger than QuickBooks takes.",
			NextStep: "The bill itself stands; attach a smaller file by hand if it is needed.",
		},
		{
			Code: "6040", Name: "attachment described wrongly", Decision: Fix,
			Meaning:  "The description of an upload is not that of an attachment.",
			Sentence: "QuickBooks could not take the attachment.",
			NextStep: "The bill itself stands. Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6041", Name: "attachment of a wrong kind", Decision: Fix,
			Meaning:  "QuickBooks does not take files of this kind.",
			Sentence: "QuickBooks does not take attachments of this kind.",
			NextStep: "The bill itself stands; attach it as PDF by hand if it is needed.",
		},
		{
			Code: "6050", Name: "attachment to a wrong record", Decision: Fix,
			Meaning:  "This kind of record cannot have attachments.",
			Sentence: "QuickBooks takes no attachment on this kind of record.",
			NextStep: "The bill itself stands. Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6060", Name: "opening date missing", Decision: Fix,
			Meaning:  "An account with an opening balance lacks its date.",
			Sentence: "QuickBooks misses the date of an opening balance.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "6110", Name: "managed transaction not changeable", Decision: Person,
			Meaning:  "The transaction is managed by another Intuit service and cannot be changed.",
			Sentence: "This is managed by another Intuit service and cannot be changed.",
			NextStep: "Change it there.",
		},
		{
			Code: "6120", Name: "managed transaction not deletable", Decision: Person,
			Meaning:  "The transaction is managed by another Intuit service and cannot be deleted.",
			Sentence: "This is managed by another Intuit service and cannot be deleted.",
			NextStep: "Delete it there.",
		},
		{
			Code: "6530", Name: "card number not allowed", Decision: Fix,
			Meaning:  "The text holds a credit card number.",
			Sentence: "QuickBooks takes no credit card numbers in text.",
			NextStep: "Remove the number at its source.",
		},
	}
}
