package quickbooks

// statusEntries are for answers that carry a status and no code that can be read.
func statusEntries() []Entry {
	return []Entry{
		{
			Code: "http 400", Name: "declined without a code", Decision: Person,
			Meaning:  "QuickBooks declined and the reason cannot be read.",
			Sentence: "QuickBooks declined this and the reason could not be read.",
			NextStep: "Ask Intuit's support and quote the reference.",
		},
		{
			Code: "http 401", Name: "not let in, without a code", Decision: Reauthorise, Scope: WholeCompany,
			Meaning:  "The access token was not accepted. It is renewed once before anyone hears of it.",
			Sentence: "QuickBooks ended our connection to this company.",
			NextStep: "Connect the company again.",
		},
		{
			Code: "http 403", Name: "forbidden, without a code", Decision: Person, Scope: WholeCompany,
			Meaning:  "The app or the connecting user may not do this.",
			Sentence: "This QuickBooks company did not let our app in.",
			NextStep: "Check which company is connected and the rights of the person who connected it.",
		},
		{
			Code: "http 404", Name: "address not found", Decision: Fix, Scope: WholeCompany,
			Meaning:  "The address does not exist at QuickBooks.",
			Sentence: "QuickBooks does not know the address that tieout used.",
			NextStep: "Check the API address and the company's id in the settings.",
		},
		{
			Code: "http 405", Name: "method not allowed", Decision: Fix,
			Meaning:  "The address does not take this kind of request.",
			Sentence: "QuickBooks does not support what tieout asked for.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "http 413", Name: "request too large", Decision: Fix,
			Meaning:  "The request is larger than QuickBooks takes.",
			Sentence: "tieout sent QuickBooks too much at once.",
			NextStep: "Lower the batch size in the settings.",
		},
		{
			Code: "http 414", Name: "address too long", Decision: Fix,
			Meaning:  "A query is longer than QuickBooks takes.",
			Sentence: "tieout asked QuickBooks something too long.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "http 415", Name: "content type not supported, without a code", Decision: Fix,
			Meaning:  "QuickBooks could not read the kind of content.",
			Sentence: "QuickBooks could not read what tieout sent.",
			NextStep: "Report it as a defect of tieout, with the reference.",
		},
		{
			Code: "http 429", Name: "throttled, without a code", Decision: Wait, Scope: WholeCompany,
			Meaning:  "The company was asked too often, or the app's monthly quota is used up.",
			Sentence: "QuickBooks asks us to slow down.",
			NextStep: "tieout waits a minute and goes on; if reading stays blocked, look at the app's usage at Intuit.",
		},
	}
}
