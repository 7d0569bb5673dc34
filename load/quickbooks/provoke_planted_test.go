package quickbooks_test

// plantedRows are the rows that the simulated company cannot be brought to, each
// with the reason. The simulator answers them because it is told to.
func plantedRows() map[string]string {
	all := make(map[string]string)
	for reason, keys := range map[string][]string{
		"QuickBooks' own failures: nothing that a client does brings them about": {"1000", "1010", "1020", "4002", "10000"},
		"how the gateway answers OAuth 1, which nobody has any more":             {"100", "110"},
		"the client sends no request without a token":                            {"3202"},
		"the client refuses a request id that long before it is sent":            {"6000: characters in the request_id"},
		"the client says how long an upload is, and sends it as JSON or multipart": {
			"1050", "6020",
		},
		"a way of getting tokens that the client does not use": {"unauthorized_client", "unsupported_grant_type"},
		"the client's token requests lack nothing":             {"invalid_request"},
		"an answer of something between us and QuickBooks, which has no code of QuickBooks'": {
			"http 400", "http 401", "http 403", "http 405", "http 413", "http 414", "http 415", "http 429",
		},
		"no source says which records it strikes": {"630", "2000", "2120", "2600", "5000", "6220", "6320", "6420", "6470", "6530"},
		"about fields that tieout does not send and the simulator does not keep": {
			"2150", "2160", "2180", "2190", "2270", "2280", "3000", "6090",
		},
		"about journal entries, which tieout does not write": {"2260", "2300"},
		"about sales, time or checks, which tieout does not write": {
			"6250", "6290", "6300",
		},
		"about changing, voiding or deleting, which tieout does not do, of what a bank, a deposit or another service holds": {
			"6110", "6120", "6450", "6480", "6540",
		},
	} {
		for _, key := range keys {
			all[key] = reason
		}
	}
	return all
}
