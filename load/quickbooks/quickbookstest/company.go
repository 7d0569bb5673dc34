package quickbookstest

// companyInfo is the one CompanyInfo of a company.
func (r *realm) companyInfo() object {
	country := iso3(r.Country)
	address := object{"Id": "1", "Line1": "2700 Coast Avenue", "City": "Mountain View", "Country": country, "PostalCode": "94043"}
	return object{
		"Id": "1", "SyncToken": "0", "domain": "QBO", "sparse": false,
		"CompanyName": r.Name, "LegalName": r.Name, "Country": r.Country, "FiscalYearStartMonth": "January",
		"SupportedLanguages": "en", "CompanyAddr": address, "LegalAddr": address,
		"Email": object{"Address": "books@example.com"},
		"NameValue": []any{
			object{"Name": "SubscriptionStatus", "Value": r.subscription()},
			object{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
			object{"Name": "CompanyType", "Value": "Other"},
		},
		"MetaData": object{"CreateTime": "2025-01-06T09:00:00-08:00", "LastUpdatedTime": "2026-10-01T09:00:00-07:00"},
	}
}

func (r *realm) subscription() string {
	if r.refused != nil && r.refused.Code == "6190" {
		return "EXPIRED"
	}
	return "SUBSCRIBED"
}

// preferences are the settings as QuickBooks answers them: those of OtherPrefs
// are all strings.
func (r *realm) preferences() object {
	accounting := object{
		"ClassTrackingPerTxnLine": r.ClassPerLine, "ClassTrackingPerTxn": false,
		"TrackDepartments": r.Departments, "UseAccountNumbers": false, "FirstMonthOfFiscalYear": "January",
	}
	if r.BookCloseDate != "" && !r.HideCloseDate {
		accounting["BookCloseDate"] = r.BookCloseDate
	}
	other := []any{
		nameValue("SalesFormsPrefs.DefaultCustomerMessage", "Thank you"),
		nameValue("VendorAndPurchasesPrefs.UseCustomTxnNumbers", "false"),
		nameValue("VendorAndPurchasesPrefs.TrackingByCustomer", "true"),
	}
	if !r.HideDuplicateWarning {
		other = append(other, nameValue("WarnDuplicateBillNumber", yesNo(r.WarnDuplicateBillNumber)))
	}
	return object{
		"Id": "1", "SyncToken": "0", "domain": "QBO", "sparse": false,
		"AccountingInfoPrefs":     accounting,
		"CurrencyPrefs":           object{"MultiCurrencyEnabled": r.MultiCurrency, "HomeCurrency": ref(r.HomeCurrency, "")},
		"TaxPrefs":                object{"UsingSalesTax": !r.us()},
		"VendorAndPurchasesPrefs": object{"BillableExpenseTracking": true, "TrackingByCustomer": true, "DefaultTerms": ref("3", "")},
		"OtherPrefs":              object{"NameValue": other},
		"MetaData":                object{"CreateTime": "2025-01-06T09:00:00-08:00", "LastUpdatedTime": "2026-10-01T09:00:00-07:00"},
	}
}

func nameValue(name, value string) object { return object{"Name": name, "Value": value} }

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// refusal is a state of a company in which calls are refused.
type refusal struct {
	Code   string `json:"code"`
	Writes bool   `json:"writes"` // only writes are refused
}

// refuses answers with the state of the company, if it has one that matters.
func (r *realm) refuses(c *call) *Fault {
	reading := c.kind == "read" || c.kind == "query" || c.kind == "cdc"
	if r.refused == nil || (r.refused.Writes && reading) {
		return nil
	}
	return refuse(r.refused.Code, "", "")
}
