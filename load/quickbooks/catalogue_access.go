package quickbooks

// accessEntries are about who we are and whether the company lets us in.
func accessEntries() []Entry {
	return []Entry{
		{
			Code: "100", Name: "not authenticated", Decision: Reauthorise, Scope: WholeCompany,
			Meaning:  "QuickBooks could not tell who is asking.",
			Sentence: "QuickBooks no longer accepts our connection to this company.",
			NextStep: "Connect the company again.",
		},
		{
			Code: "110", Name: "not authenticated by OAuth", Decision: Reauthorise, Scope: WholeCompany,
			Meaning:  "The OAuth part of the request was not accepted.",
			Sentence: "QuickBooks no longer accepts our connection to this company.",
			NextStep: "Connect the company again.",
		},
		{
			Code: "120", Name: "connecting user lost access", Decision: Person, Scope: WholeCompany,
			Meaning:  "The person who connected the company is no longer an administrator of it, or was removed.",
			Sentence: "The person who connected QuickBooks no longer has access to this company.",
			NextStep: "Ask a current administrator of the QuickBooks company to connect it again.",
		},
		{
			Code: "3100", Name: "app not allowed for this company", Decision: Person, Scope: WholeCompany,
			Meaning:  "The app's keys do not belong to this company or to this environment.",
			Sentence: "This QuickBooks company did not let our app in.",
			NextStep: "Check that the keys are those of the right environment and that the connected company is the intended one.",
		},
		{
			Code: "3200", Name: "token not accepted", Decision: Reauthorise, Scope: WholeCompany,
			Meaning:  "The access token ran out or was revoked. It is renewed once before anyone hears of it.",
			Sentence: "QuickBooks ended our connection to this company.",
			NextStep: "Connect the company again.",
		},
		{
			Code: "3202", Name: "token missing", Decision: Fix, Scope: WholeCompany,
			Meaning:  "The request carried no token.",
			Sentence: "tieout asked QuickBooks without its credentials.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
	}
}

// grantEntries are what the token endpoint and the connecting page answer, in OAuth's words.
func grantEntries() []Entry {
	return []Entry{
		{
			Code: "invalid_grant", Name: "refresh token not accepted", Decision: Reauthorise, Scope: WholeCompany,
			Meaning:  "The refresh token is used up, replaced, expired or revoked. The stored one is read again once before this is believed.",
			Sentence: "QuickBooks ended our connection to this company.",
			NextStep: "Connect the company again.",
		},
		{
			Code: "invalid_client", Name: "app credentials not accepted", Decision: Person, Scope: WholeCompany,
			Meaning:  "The client id or the client secret is wrong or was replaced.",
			Sentence: "QuickBooks does not accept the credentials of our app.",
			NextStep: "Compare client id and secret with the app's page at Intuit; the secret may have been rotated.",
		},
		{
			Code: "invalid_request", Name: "token request malformed", Decision: Fix, Scope: WholeCompany,
			Meaning:  "The token request lacks something or says it twice.",
			Sentence: "The connection to QuickBooks could not be renewed because the request was wrong.",
			NextStep: "Check the redirect address in the settings; if it is as registered, report a defect.",
		},
		{
			Code: "invalid_scope", Name: "scope not allowed", Decision: Person, Scope: WholeCompany,
			Meaning:  "The app may not ask for accounting data.",
			Sentence: "Our app is not registered for QuickBooks accounting.",
			NextStep: "Add the accounting scope to the app at Intuit, then connect again.",
		},
		{
			Code: "unauthorized_client", Name: "app may not do this", Decision: Person, Scope: WholeCompany,
			Meaning:  "The app is not allowed this way of getting tokens.",
			Sentence: "QuickBooks does not let our app connect in this way.",
			NextStep: "Check the app's registration at Intuit.",
		},
		{
			Code: "unsupported_grant_type", Name: "way of getting tokens not supported", Decision: Fix, Scope: WholeCompany,
			Meaning:  "The token request asks for tokens in an unknown way.",
			Sentence: "The connection to QuickBooks could not be renewed because the request was wrong.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "access_denied", Name: "person said no", Decision: Person, Scope: WholeCompany,
			Meaning:  "The person closed or refused the page that connects the company.",
			Sentence: "QuickBooks was not connected, because the request was refused there.",
			NextStep: "Start the connection again, as an administrator of the company.",
		},
	}
}

// serviceEntries are about QuickBooks itself being busy, broken or closed.
func serviceEntries() []Entry {
	return []Entry{
		{
			Code: "130", Name: "wrong cluster", Decision: Wait, Scope: WholeCompany,
			Meaning:  "The company is being moved or was asked for in the wrong place at Intuit.",
			Sentence: "QuickBooks cannot reach this company for the moment.",
			NextStep: "tieout tries again by itself; if it lasts a day, ask Intuit's support.",
		},
		{
			Code: "140", Name: "company locked out", Decision: Person, Scope: WholeCompany,
			Meaning:  "Intuit has locked the company.",
			Sentence: "QuickBooks has locked this company.",
			NextStep: "Sign in to QuickBooks and settle what it asks for.",
		},
		{
			Code: "150", Name: "company under maintenance", Decision: Wait, Scope: WholeCompany,
			Meaning:  "Intuit is working on the company.",
			Sentence: "QuickBooks is maintaining this company.",
			NextStep: "tieout tries again by itself.",
		},
		{
			Code: "500", Name: "operation not supported", Decision: Fix,
			Meaning:  "The operation does not exist for this kind of record, or the text is not valid UTF-8.",
			Sentence: "QuickBooks does not support what tieout asked for.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "600", Name: "request id used before", Decision: LookUp,
			Meaning:  "QuickBooks has seen this request id already.",
			Sentence: "QuickBooks says that it had this request before.",
			NextStep: "tieout looks up whether it was posted.",
		},
	}
}

// failureEntries are requests that QuickBooks could not finish or will not take as they are.
func failureEntries() []Entry {
	return []Entry{
		{
			Code: "1000", Name: "operation failed", Decision: LookUp,
			Meaning:  "QuickBooks failed without a reason.",
			Sentence: "QuickBooks could not finish this and gives no reason.",
			NextStep: "tieout looks up whether it was posted and tries once more.",
		},
		{
			Code: "1010", Name: "create failed", Decision: LookUp,
			Meaning:  "QuickBooks failed to create the record, without a reason.",
			Sentence: "QuickBooks could not create this and gives no reason.",
			NextStep: "tieout looks up whether it was posted and tries once more.",
		},
		{
			Code: "1020", Name: "update failed", Decision: LookUp,
			Meaning:  "QuickBooks failed to change the record, without a reason.",
			Sentence: "QuickBooks could not change this and gives no reason.",
			NextStep: "tieout reads the record again.",
		},
		{
			Code: "1040", Name: "batch too large", Decision: Fix,
			Meaning:  "The batch has more items than QuickBooks takes.",
			Sentence: "tieout sent QuickBooks too much at once.",
			NextStep: "Lower the batch size in the settings.",
		},
		{
			Code: "1050", Name: "content type not supported", Decision: Fix,
			Meaning:  "The request is neither JSON nor XML to QuickBooks.",
			Sentence: "QuickBooks could not read what tieout sent.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "2130", Name: "request id malformed", Decision: Fix,
			Meaning:  "The request id has a form that QuickBooks does not take.",
			Sentence: "QuickBooks could not read the number that protects against posting twice.",
			NextStep: "Report it as a defect of tieout; nothing was posted.",
		},
		{
			Code: "3001", Name: "throttled", Decision: Wait, Scope: WholeCompany,
			Meaning:  "The company was asked too often, or the app's monthly quota is used up.",
			Sentence: "QuickBooks asks us to slow down.",
			NextStep: "tieout waits a minute and goes on; if reading stays blocked, look at the app's usage at Intuit.",
		},
		{
			Code: "10000", Name: "failure inside QuickBooks", Decision: LookUp,
			Meaning:  "QuickBooks failed while working on the request.",
			Sentence: "QuickBooks had a failure of its own.",
			NextStep: "tieout looks up whether it was posted and tries again; if it lasts, give Intuit's support the reference.",
		},
		{
			Code: "10100", Name: "too much found", Decision: Fix,
			Meaning:  "The answer to a query would be too large.",
			Sentence: "tieout asked QuickBooks for too much at once.",
			NextStep: "tieout asks again for less.",
		},
		{
			Code: "10200", Name: "company was reset", Decision: Person, Scope: WholeCompany,
			Meaning:  "Somebody cleared the company's data.",
			Sentence: "The data of this QuickBooks company was cleared.",
			NextStep: "Decide with the bookkeeper whether tieout should start afresh; nothing is posted until then.",
		},
	}
}
