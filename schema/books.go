package schema

import "time"

// Books is what we last read of the company's chart in QuickBooks: the records
// that drafts refer to. It is a snapshot; every one is kept.
type Books struct {
	Company       CompanyID
	Realm         RealmID
	Name          string // the company's name in QuickBooks
	Country       string // such as "US"
	HomeCurrency  Currency
	MultiCurrency bool
	CloseDate     Date // the last day of closed books; none when they are open or it cannot be read
	// ClassPerLine and TracksLocations say whether a line may carry a class and a
	// document a location. Classes and Locations are not read where they may not.
	ClassPerLine    bool
	TracksLocations bool
	Accounts        []Account
	Vendors         []Vendor
	Classes         []Class
	Locations       []Location
	ReadAt          time.Time
}

// IsZero reports whether QuickBooks has never been read.
func (b Books) IsZero() bool { return b.ReadAt.IsZero() }

// Takes reports whether documents and vendors in currency c can be made: those in
// the home currency always, others only where the company keeps several.
func (b Books) Takes(c Currency) bool { return b.MultiCurrency || c == b.HomeCurrency }

// Account is an account in QuickBooks.
type Account struct {
	ID       AccountID
	Name     string // fully qualified, such as "Contractors:Base pay"
	Type     string // as QuickBooks names it, such as "Expense"
	SubType  string
	Currency Currency
	Active   bool
}

// Vendor is a vendor in QuickBooks.
type Vendor struct {
	ID       VendorID
	Name     string // the display name
	Email    string
	Currency Currency
	Active   bool
}

// Class is a class in QuickBooks: a segment that a line belongs to.
type Class struct {
	ID     ClassID
	Name   string // fully qualified, such as "Product:Design"
	Active bool
}

// Location is a location in QuickBooks, which its API calls a department: a
// segment that a whole document belongs to.
type Location struct {
	ID     LocationID
	Name   string // fully qualified
	Active bool
}
