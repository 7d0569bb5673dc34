package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const bookColumns = `
	company LowCardinality(String)
	realm String
	name String
	country LowCardinality(String)
	home_currency LowCardinality(String)
	multi_currency Bool
	close_date UInt32
	class_per_line Bool
	tracks_locations Bool
	account_id Array(String)
	account_name Array(String)
	account_type Array(String)
	account_sub_type Array(String)
	account_currency Array(String)
	account_active Array(Bool)
	vendor_id Array(String)
	vendor_name Array(String)
	vendor_email Array(String)
	vendor_currency Array(String)
	vendor_active Array(Bool)
	class_id Array(String)
	class_name Array(String)
	class_active Array(Bool)
	location_id Array(String)
	location_name Array(String)
	location_active Array(Bool)
	read_at DateTime64(6, 'UTC')`

// RecordBooks appends what was read of a company's chart.
func (s *Store) RecordBooks(ctx context.Context, books schema.Books) error {
	return record(ctx, s, s.tables.books, []schema.Books{books}, func(b schema.Books) []any {
		return []any{
			string(b.Company), string(b.Realm), b.Name, b.Country, string(b.HomeCurrency), b.MultiCurrency, day(b.CloseDate),
			b.ClassPerLine, b.TracksLocations,
			list(b.Accounts, func(a schema.Account) string { return string(a.ID) }),
			list(b.Accounts, func(a schema.Account) string { return a.Name }),
			list(b.Accounts, func(a schema.Account) string { return a.Type }),
			list(b.Accounts, func(a schema.Account) string { return a.SubType }),
			list(b.Accounts, func(a schema.Account) string { return string(a.Currency) }),
			list(b.Accounts, func(a schema.Account) bool { return a.Active }),
			list(b.Vendors, func(v schema.Vendor) string { return string(v.ID) }),
			list(b.Vendors, func(v schema.Vendor) string { return v.Name }),
			list(b.Vendors, func(v schema.Vendor) string { return v.Email }),
			list(b.Vendors, func(v schema.Vendor) string { return string(v.Currency) }),
			list(b.Vendors, func(v schema.Vendor) bool { return v.Active }),
			list(b.Classes, func(c schema.Class) string { return string(c.ID) }),
			list(b.Classes, func(c schema.Class) string { return c.Name }),
			list(b.Classes, func(c schema.Class) bool { return c.Active }),
			list(b.Locations, func(l schema.Location) string { return string(l.ID) }),
			list(b.Locations, func(l schema.Location) string { return l.Name }),
			list(b.Locations, func(l schema.Location) bool { return l.Active }),
			stored(b.ReadAt),
		}
	})
}

// Books returns the chart as it was last read by asOf; the zero Books when it
// never was.
func (s *Store) Books(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.Books, error) {
	const query = `
		SELECT company, realm, name, country, home_currency, multi_currency, close_date, class_per_line, tracks_locations,
			account_id, account_name, account_type, account_sub_type, account_currency, account_active,
			vendor_id, vendor_name, vendor_email, vendor_currency, vendor_active,
			class_id, class_name, class_active, location_id, location_name, location_active, read_at
		FROM books
		WHERE company = {company:String} AND read_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
		ORDER BY read_at DESC, seq DESC
		LIMIT 1`
	var scan bookScan
	var books schema.Books
	err := s.each(ctx, query, params{"company": string(company), "as_of": cutoff(asOf)}, scan.dests(), func() {
		books = scan.books()
	})
	if err != nil {
		return schema.Books{}, fmt.Errorf("read books: %w", err)
	}
	return books, nil
}

// segmentScan takes classes or locations.
type segmentScan struct {
	ids, names []string
	active     []bool
}

// bookScan takes a chart from a row.
type bookScan struct {
	b        schema.Books
	closed   uint32
	accounts struct {
		ids, names, types, subTypes, currencies []string
		active                                  []bool
	}
	vendors struct {
		ids, names, emails, currencies []string
		active                         []bool
	}
	classes, locations segmentScan
	read               time.Time
}

func (r *bookScan) dests() []any {
	b, a, v := &r.b, &r.accounts, &r.vendors
	return []any{
		(*string)(&b.Company), (*string)(&b.Realm), &b.Name, &b.Country, (*string)(&b.HomeCurrency), &b.MultiCurrency, &r.closed,
		&b.ClassPerLine, &b.TracksLocations,
		&a.ids, &a.names, &a.types, &a.subTypes, &a.currencies, &a.active,
		&v.ids, &v.names, &v.emails, &v.currencies, &v.active,
		&r.classes.ids, &r.classes.names, &r.classes.active, &r.locations.ids, &r.locations.names, &r.locations.active, &r.read,
	}
}

func (r *bookScan) books() schema.Books {
	b := r.b
	b.CloseDate, b.ReadAt = fromDay(r.closed), instant(r.read)
	for n, id := range r.accounts.ids {
		b.Accounts = append(b.Accounts, schema.Account{
			ID: schema.AccountID(id), Name: r.accounts.names[n], Type: r.accounts.types[n], SubType: r.accounts.subTypes[n],
			Currency: schema.Currency(r.accounts.currencies[n]), Active: r.accounts.active[n],
		})
	}
	for n, id := range r.vendors.ids {
		b.Vendors = append(b.Vendors, schema.Vendor{
			ID: schema.VendorID(id), Name: r.vendors.names[n], Email: r.vendors.emails[n],
			Currency: schema.Currency(r.vendors.currencies[n]), Active: r.vendors.active[n],
		})
	}
	for n, id := range r.classes.ids {
		b.Classes = append(b.Classes, schema.Class{ID: schema.ClassID(id), Name: r.classes.names[n], Active: r.classes.active[n]})
	}
	for n, id := range r.locations.ids {
		b.Locations = append(b.Locations, schema.Location{
			ID: schema.LocationID(id), Name: r.locations.names[n], Active: r.locations.active[n],
		})
	}
	return b
}
