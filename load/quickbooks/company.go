package quickbooks

import "strings"

// CompanyInfo is who a company is.
type CompanyInfo struct {
	ID          string      `json:"Id"`
	CompanyName string      `json:"CompanyName"`
	LegalName   string      `json:"LegalName"`
	Country     string      `json:"Country"`
	NameValue   []NameValue `json:"NameValue"`
	MetaData    *MetaData   `json:"MetaData"`
}

func (CompanyInfo) entity() string { return "CompanyInfo" }
func (c CompanyInfo) key() string  { return c.ID }

// Setting returns one of the named values, such as SubscriptionStatus or
// OfferingSku, and whether the company has it.
func (c CompanyInfo) Setting(name string) (string, bool) { return find(c.NameValue, name) }

// Preferences are how a company keeps its books, as far as it matters here.
type Preferences struct {
	ID            string `json:"Id"`
	CurrencyPrefs struct {
		MultiCurrencyEnabled bool `json:"MultiCurrencyEnabled"`
		HomeCurrency         Ref  `json:"HomeCurrency"`
	} `json:"CurrencyPrefs"`
	AccountingInfoPrefs struct {
		// BookCloseDate is YYYY-MM-DD, or empty. Sources disagree whether it is
		// always answered: a date closes the period, its absence proves nothing.
		BookCloseDate           string `json:"BookCloseDate"`
		ClassTrackingPerTxn     bool   `json:"ClassTrackingPerTxn"`
		ClassTrackingPerTxnLine bool   `json:"ClassTrackingPerTxnLine"`
		TrackDepartments        bool   `json:"TrackDepartments"`
		UseAccountNumbers       bool   `json:"UseAccountNumbers"`
	} `json:"AccountingInfoPrefs"`
	TaxPrefs struct {
		UsingSalesTax bool `json:"UsingSalesTax"`
	} `json:"TaxPrefs"`
	VendorAndPurchasesPrefs struct {
		DefaultTerms            Ref  `json:"DefaultTerms"`
		BillableExpenseTracking bool `json:"BillableExpenseTracking"`
	} `json:"VendorAndPurchasesPrefs"`
	OtherPrefs struct {
		NameValue []NameValue `json:"NameValue"`
	} `json:"OtherPrefs"`
}

func (Preferences) entity() string { return "Preferences" }
func (p Preferences) key() string  { return p.ID }

// WarnsDuplicateBillNumber reports whether QuickBooks refuses a bill number that
// the vendor already has. Not known is the normal case for some companies.
func (p Preferences) WarnsDuplicateBillNumber() (on, known bool) {
	value, known := find(p.OtherPrefs.NameValue, "WarnDuplicateBillNumber")
	return strings.EqualFold(value, "true"), known
}

// Account is a line of the chart of accounts.
type Account struct {
	ID                 string    `json:"Id"`
	SyncToken          string    `json:"SyncToken"`
	Name               string    `json:"Name"`
	FullyQualifiedName string    `json:"FullyQualifiedName"`
	AcctNum            string    `json:"AcctNum"`
	AccountType        string    `json:"AccountType"`
	AccountSubType     string    `json:"AccountSubType"`
	Classification     string    `json:"Classification"`
	CurrencyRef        Ref       `json:"CurrencyRef"`
	Active             *bool     `json:"Active"`
	MetaData           *MetaData `json:"MetaData"`
}

func (Account) entity() string { return "Account" }
func (a Account) key() string  { return a.ID }

// IsActive reports whether the account can be used.
func (a Account) IsActive() bool { return a.Active == nil || *a.Active }

// Class is a segment that a line can carry.
type Class struct {
	ID                 string `json:"Id"`
	Name               string `json:"Name"`
	FullyQualifiedName string `json:"FullyQualifiedName"`
	Active             *bool  `json:"Active"`
}

func (Class) entity() string { return "Class" }
func (c Class) key() string  { return c.ID }

// IsActive reports whether the class can be used.
func (c Class) IsActive() bool { return c.Active == nil || *c.Active }

// Department is a location that a bill can carry.
type Department struct {
	ID                 string `json:"Id"`
	Name               string `json:"Name"`
	FullyQualifiedName string `json:"FullyQualifiedName"`
	Active             *bool  `json:"Active"`
}

func (Department) entity() string { return "Department" }
func (d Department) key() string  { return d.ID }

// IsActive reports whether the department can be used.
func (d Department) IsActive() bool { return d.Active == nil || *d.Active }

func find(values []NameValue, name string) (string, bool) {
	for _, v := range values {
		if strings.EqualFold(v.Name, name) {
			return v.Value, true
		}
	}
	return "", false
}
