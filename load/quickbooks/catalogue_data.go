package quickbooks

// objectEntries are about records that QuickBooks cannot find, link or remove.
func objectEntries() []Entry {
	return []Entry{
		{
			Code: "610", Name: "record not found", Decision: Person,
			Meaning:  "The record does not exist, was deleted or is inactive.",
			Sentence: "QuickBooks cannot find something that this refers to, or it was made inactive.",
			NextStep: "Check that vendor and accounts still exist and are active.",
		},
		{
			Code: "610", When: "deleted", Name: "record was deleted", Decision: Person,
			Meaning:  "Somebody deleted the record.",
			Sentence: "This was deleted in QuickBooks.",
			NextStep: "Decide whether it should be posted again.",
		},
		{
			Code: "610", When: "inactive", Name: "record is inactive", Decision: Person,
			Meaning:  "The request refers to an inactive vendor, account or other name.",
			Sentence: "Something that this refers to was made inactive in QuickBooks.",
			NextStep: "Make it active again, or choose another in the rules.",
		},
		{
			Code: "620", Name: "transaction cannot be linked", Decision: Person,
			Meaning:  "The two transactions belong to different vendors or cannot be joined.",
			Sentence: "QuickBooks does not let these two transactions be linked.",
			NextStep: "Compare vendor and currency of both.",
		},
		{
			Code: "630", Name: "record exists", Decision: LookUp,
			Meaning:  "A record with the same properties exists.",
			Sentence: "QuickBooks already has a record like this.",
			NextStep: "tieout looks it up and compares.",
		},
		{
			Code: "700", Name: "parent not valid", Decision: Fix,
			Meaning:  "The parent of the record does not exist.",
			Sentence: "QuickBooks does not know the parent of this record.",
			NextStep: "Check the account or location in the rules.",
		},
		{
			Code: "800", Name: "cannot be deleted", Decision: Person,
			Meaning:  "Other records depend on it.",
			Sentence: "QuickBooks does not delete this because other records depend on it.",
			NextStep: "Remove what depends on it first, in QuickBooks.",
		},
		{
			Code: "900", Name: "parent of itself", Decision: Fix,
			Meaning:  "A record was made its own parent.",
			Sentence: "A record cannot be its own parent in QuickBooks.",
			NextStep: "Check the account or location in the rules.",
		},
	}
}

// requestEntries are about requests that QuickBooks does not understand or does not allow.
func requestEntries() []Entry {
	return []Entry{
		{
			Code: "2000", Name: "object name not valid", Decision: Fix,
			Meaning:  "The request names a kind of record that does not exist.",
			Sentence: "QuickBooks does not know this kind of record.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2010", Name: "property not supported", Decision: Fix,
			Meaning:  "A field does not exist or is not supported.",
			Sentence: "QuickBooks does not know a field that tieout sent.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2020", Name: "value missing", Decision: Fix,
			Meaning:  "A required value is missing.",
			Sentence: "QuickBooks misses a required value.",
			NextStep: "The element names the value; complete it at its source or in the rules.",
		},
		{
			Code: "2030", Name: "id not valid", Decision: Fix,
			Meaning:  "An id is not a number.",
			Sentence: "QuickBooks does not accept an id that was sent.",
			NextStep: "Refresh vendors and accounts, then check the rules.",
		},
		{
			Code: "2500", Name: "reference not valid", Decision: Person,
			Meaning:  "The record refers to a vendor, account, class or location that is unknown or inactive.",
			Sentence: "This refers to an account, vendor, class or location that QuickBooks does not have or that is inactive.",
			NextStep: "Correct the rule or the vendor link, or make the record active again.",
		},
		{
			Code: "2600", Name: "fields contradict", Decision: Fix,
			Meaning:  "Two parts of the request contradict each other.",
			Sentence: "QuickBooks found a contradiction in what tieout sent.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "5000", Name: "field withdrawn", Decision: Fix,
			Meaning:  "A field is no longer supported.",
			Sentence: "QuickBooks no longer supports a field that tieout sent.",
			NextStep: "Update tieout.",
		},
		{
			Code: "5010", Name: "changed meanwhile", Decision: LookUp,
			Meaning:  "Somebody changed the record since it was read.",
			Sentence: "Somebody changed this in QuickBooks meanwhile.",
			NextStep: "tieout reads it again and shows both versions if they collide.",
		},
		{
			Code: "5020", Name: "permission denied", Decision: Person, Scope: WholeCompany,
			Meaning:  "The connecting user may not do this.",
			Sentence: "The person who connected QuickBooks may not do this.",
			NextStep: "Give that person the rights, or connect again as an administrator.",
		},
		{
			Code: "5030", Name: "feature not available", Decision: Person,
			Meaning:  "The company's plan lacks the feature, such as several currencies or classes.",
			Sentence: "This QuickBooks plan does not have a feature that is needed.",
			NextStep: "Turn on the feature or change the plan, or take it out of the rules.",
		},
	}
}

// dataEntries are about values that have the wrong form.
func dataEntries() []Entry {
	return []Entry{
		{
			Code: "2040", Name: "illegal characters", Decision: Fix,
			Meaning:  "A text holds characters that QuickBooks does not take, such as a colon in a name.",
			Sentence: "QuickBooks does not accept some characters in this text.",
			NextStep: "Correct the name at its source, or give the vendor a name by hand.",
		},
		{
			Code: "2050", Name: "wrong length", Decision: Fix,
			Meaning:  "A text is too long or too short.",
			Sentence: "A text is longer than QuickBooks takes.",
			NextStep: "The element names the field; shorten it at its source or in the rules.",
		},
		{
			Code: "2060", Name: "date malformed", Decision: Fix,
			Meaning:  "A date has the wrong form.",
			Sentence: "QuickBooks could not read a date.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2070", Name: "date not valid", Decision: Fix,
			Meaning:  "A date does not exist or is out of range.",
			Sentence: "QuickBooks does not accept a date.",
			NextStep: "Check the dates of the invoice.",
		},
		{
			Code: "2080", Name: "number malformed", Decision: Fix,
			Meaning:  "A number has the wrong form.",
			Sentence: "QuickBooks could not read a number.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2090", Name: "number not valid", Decision: Fix,
			Meaning:  "A number is not allowed here.",
			Sentence: "QuickBooks does not accept a number.",
			NextStep: "Check the amounts of the invoice.",
		},
		{
			Code: "2100", Name: "decimal malformed", Decision: Fix,
			Meaning:  "A decimal number has the wrong form.",
			Sentence: "QuickBooks could not read an amount.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2110", Name: "decimal not valid", Decision: Fix,
			Meaning:  "A decimal number is not allowed here.",
			Sentence: "QuickBooks does not accept an amount.",
			NextStep: "Check the amounts and the exchange rate of the invoice.",
		},
	}
}

// choiceEntries are about values that are none of those allowed.
func choiceEntries() []Entry {
	return []Entry{
		{
			Code: "2120", Name: "type not valid", Decision: Fix,
			Meaning:  "A type does not exist or does not fit.",
			Sentence: "QuickBooks does not accept the type of this record.",
			NextStep: "Check the accounts in the rules.",
		},
		{
			Code: "2140", Name: "amount not valid", Decision: Fix,
			Meaning:  "An amount is not allowed, for example too large.",
			Sentence: "QuickBooks does not accept an amount of this invoice.",
			NextStep: "Check the amounts of the invoice.",
		},
		{
			Code: "2150", Name: "percentage not valid", Decision: Fix,
			Meaning:  "A percentage is not allowed.",
			Sentence: "QuickBooks does not accept a percentage.",
			NextStep: "Check the tax in the rules.",
		},
		{
			Code: "2160", Name: "quantity not valid", Decision: Fix,
			Meaning:  "A quantity is not allowed.",
			Sentence: "QuickBooks does not accept a quantity.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2170", Name: "choice not valid", Decision: Fix,
			Meaning:  "A value is none of those that the field allows.",
			Sentence: "QuickBooks does not accept one of the choices.",
			NextStep: "The element names the field; check it in the rules.",
		},
		{
			Code: "2200", Name: "web address malformed", Decision: Fix,
			Meaning:  "A web address has the wrong form.",
			Sentence: "QuickBooks does not accept a web address.",
			NextStep: "Correct it at its source.",
		},
		{
			Code: "2210", Name: "e-mail address malformed", Decision: Fix,
			Meaning:  "An e-mail address has the wrong form.",
			Sentence: "QuickBooks does not accept the vendor's e-mail address.",
			NextStep: "Correct the address at its source.",
		},
		{
			Code: "2220", Name: "currency not valid", Decision: Person,
			Meaning:  "The company does not have the currency, or it does not exist.",
			Sentence: "QuickBooks does not accept this currency for the company.",
			NextStep: "Turn on the currency in QuickBooks, or hold invoices in it.",
		},
		{
			Code: "2230", Name: "yes or no expected", Decision: Fix,
			Meaning:  "A value is neither true nor false.",
			Sentence: "QuickBooks could not read a setting of this record.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
	}
}

// rangeEntries are about ranges and about lines that lack something.
func rangeEntries() []Entry {
	return []Entry{
		{
			Code: "2180", Name: "text range not valid", Decision: Fix,
			Meaning:  "A range of texts is not valid.",
			Sentence: "QuickBooks could not read what tieout asked for.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2190", Name: "date range not valid", Decision: Fix,
			Meaning:  "A range of dates is not valid.",
			Sentence: "QuickBooks does not accept a range of dates.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2240", Name: "number out of range", Decision: Fix,
			Meaning:  "A number is outside of what the field holds.",
			Sentence: "QuickBooks does not hold a number of this size.",
			NextStep: "Check the amounts and the exchange rate of the invoice.",
		},
		{
			Code: "2250", Name: "no lines", Decision: Fix,
			Meaning:  "The transaction has no line.",
			Sentence: "This has no line that QuickBooks could book.",
			NextStep: "Check the invoice at its source.",
		},
		{
			Code: "2260", Name: "debit or credit missing", Decision: Fix,
			Meaning:  "A line of a journal entry says neither debit nor credit.",
			Sentence: "QuickBooks misses debit or credit on a line.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2270", Name: "tax side missing", Decision: Fix,
			Meaning:  "The side to which tax applies is missing.",
			Sentence: "QuickBooks misses what the tax applies to.",
			NextStep: "Check the tax in the rules.",
		},
		{
			Code: "2280", Name: "tax amount missing", Decision: Fix,
			Meaning:  "A tax code comes without its amount.",
			Sentence: "QuickBooks misses a tax amount.",
			NextStep: "Check the tax in the rules.",
		},
		{
			Code: "2290", Name: "negative line", Decision: Person,
			Meaning:  "Lines with negative amounts are not supported here.",
			Sentence: "QuickBooks does not take a negative amount on this.",
			NextStep: "Enter it by hand, what is negative as a vendor credit, and skip it here.",
		},
		{
			Code: "2300", Name: "debits differ from credits", Decision: Fix,
			Meaning:  "A journal entry does not balance.",
			Sentence: "Debits and credits differ.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "3000", Name: "custom field not valid", Decision: Fix,
			Meaning:  "A custom field does not exist or does not fit.",
			Sentence: "QuickBooks does not accept a custom field.",
			NextStep: "Check the custom fields in the rules.",
		},
	}
}

// queryEntries are about queries, which are all our own.
func queryEntries() []Entry {
	return []Entry{
		{
			Code: "4000", Name: "query cannot be read", Decision: Fix,
			Meaning:  "The query is not well formed.",
			Sentence: "tieout asked QuickBooks something that it cannot read.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "4001", Name: "query not valid", Decision: Fix,
			Meaning:  "The query asks for something that does not exist.",
			Sentence: "tieout asked QuickBooks something that it cannot answer.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "4002", Name: "query failed", Decision: Fix,
			Meaning:  "The query could not be processed.",
			Sentence: "QuickBooks could not answer a question.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
	}
}
