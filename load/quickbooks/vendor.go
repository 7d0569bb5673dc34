package quickbooks

// Ref points at another record by its id. Name is QuickBooks' own copy of the
// record's name, answered and never needed.
type Ref struct {
	Value string `json:"value"`
	Name  string `json:"name,omitempty"`
}

// MetaData is when QuickBooks says it made and last touched a record. It also
// touches records by itself, so a later time means "look again", not "edited".
type MetaData struct {
	CreateTime      Timestamp `json:"CreateTime,omitzero"`
	LastUpdatedTime Timestamp `json:"LastUpdatedTime,omitzero"`
}

// NameValue is one of the open-ended settings of a company.
type NameValue struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}

// Vendor is somebody whom the company pays. Required on create: DisplayName,
// which customers, vendors and employees share; and CurrencyRef in a company
// with several currencies, for it cannot change later.
type Vendor struct {
	ID               string    `json:"Id,omitempty"`
	SyncToken        string    `json:"SyncToken,omitempty"`
	DisplayName      string    `json:"DisplayName,omitempty"`
	Title            string    `json:"Title,omitempty"`
	GivenName        string    `json:"GivenName,omitempty"`
	MiddleName       string    `json:"MiddleName,omitempty"`
	FamilyName       string    `json:"FamilyName,omitempty"`
	Suffix           string    `json:"Suffix,omitempty"`
	CompanyName      string    `json:"CompanyName,omitempty"`
	PrintOnCheckName string    `json:"PrintOnCheckName,omitempty"`
	Active           *bool     `json:"Active,omitempty"`
	PrimaryEmailAddr *Email    `json:"PrimaryEmailAddr,omitempty"`
	BillAddr         *Address  `json:"BillAddr,omitempty"`
	CurrencyRef      Ref       `json:"CurrencyRef,omitzero"`
	TermRef          Ref       `json:"TermRef,omitzero"`
	AcctNum          string    `json:"AcctNum,omitempty"`
	TaxIdentifier    string    `json:"TaxIdentifier,omitempty"`
	Vendor1099       *bool     `json:"Vendor1099,omitempty"`
	Notes            string    `json:"Notes,omitempty"`
	Balance          Decimal   `json:"Balance,omitzero"`
	MetaData         *MetaData `json:"MetaData,omitempty"`
}

// IsActive reports whether the vendor can be used. QuickBooks leaves the field
// out of some answers, and means yes.
func (v Vendor) IsActive() bool { return v.Active == nil || *v.Active }

func (Vendor) entity() string { return "Vendor" }
func (v Vendor) key() string  { return v.ID }

// Email is an e-mail address.
type Email struct {
	Address string `json:"Address,omitempty"`
}

// Address is a postal address. QuickBooks answers Country as three letters
// whatever was sent, so it must not be compared literally.
type Address struct {
	Line1                  string `json:"Line1,omitempty"`
	Line2                  string `json:"Line2,omitempty"`
	City                   string `json:"City,omitempty"`
	CountrySubDivisionCode string `json:"CountrySubDivisionCode,omitempty"`
	PostalCode             string `json:"PostalCode,omitempty"`
	Country                string `json:"Country,omitempty"`
}
