package load

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// RefreshBooks reads the chart from QuickBooks: who the company is, its
// currencies, accounts and vendors, and its classes and locations where it tracks
// them, in four reads or more. It stores the
// snapshot when something changed, or when the stored one is older than
// Config.BooksEvery, and returns it.
func (l *Loader) RefreshBooks(ctx context.Context) (schema.Books, error) {
	fresh, err := l.readBooks(ctx)
	if err != nil {
		return schema.Books{}, err
	}
	stored, err := l.store.Books(ctx, l.cfg.Company, time.Time{})
	if err != nil {
		return schema.Books{}, fmt.Errorf("read books: %w", err)
	}
	fresh.ReadAt = after(l.now(), stored.ReadAt)
	if sameBooks(fresh, stored) && fresh.ReadAt.Sub(stored.ReadAt) < l.cfg.BooksEvery {
		return stored, nil
	}
	if err := l.store.RecordBooks(ctx, fresh); err != nil {
		return schema.Books{}, fmt.Errorf("store books: %w", err)
	}
	return fresh, nil
}

// sameBooks reports whether two snapshots say the same, whenever they were read.
func sameBooks(a, b schema.Books) bool {
	a.ReadAt, b.ReadAt = time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

func (l *Loader) readBooks(ctx context.Context) (schema.Books, error) {
	info, err := l.books.CompanyInfo(ctx)
	if err != nil {
		return schema.Books{}, fmt.Errorf("company info: %w", err)
	}
	prefs, err := l.books.Preferences(ctx)
	if err != nil {
		return schema.Books{}, fmt.Errorf("preferences: %w", err)
	}
	books := schema.Books{
		Company: l.cfg.Company, Realm: l.realm(), Name: info.CompanyName, Country: info.Country,
		HomeCurrency:  schema.Currency(prefs.CurrencyPrefs.HomeCurrency.Value),
		MultiCurrency: prefs.CurrencyPrefs.MultiCurrencyEnabled,
		ClassPerLine:  prefs.AccountingInfoPrefs.ClassTrackingPerTxnLine, TracksLocations: prefs.AccountingInfoPrefs.TrackDepartments,
	}
	if closed := prefs.AccountingInfoPrefs.BookCloseDate; closed != "" {
		if books.CloseDate, err = schema.ParseDate(closed); err != nil {
			return schema.Books{}, fmt.Errorf("preferences: book close date: %w", err)
		}
	}
	for account, err := range l.books.Accounts(ctx) {
		if err != nil {
			return schema.Books{}, fmt.Errorf("accounts: %w", err)
		}
		books.Accounts = append(books.Accounts, accountOf(account, books.HomeCurrency))
	}
	for vendor, err := range l.books.Vendors(ctx) {
		if err != nil {
			return schema.Books{}, fmt.Errorf("vendors: %w", err)
		}
		books.Vendors = append(books.Vendors, vendorOf(vendor, books.HomeCurrency))
	}
	return books, l.readSegments(ctx, &books)
}

// readSegments reads classes and locations, where documents may carry them: a
// company that tracks neither pays for no read.
func (l *Loader) readSegments(ctx context.Context, books *schema.Books) error {
	if books.ClassPerLine {
		for class, err := range quickbooks.Query[quickbooks.Class](ctx, l.books, quickbooks.ActiveOrNot()) {
			if err != nil {
				return fmt.Errorf("classes: %w", err)
			}
			books.Classes = append(books.Classes, schema.Class{
				ID: schema.ClassID(class.ID), Name: cmp.Or(class.FullyQualifiedName, class.Name), Active: class.IsActive(),
			})
		}
	}
	if books.TracksLocations {
		for d, err := range quickbooks.Query[quickbooks.Department](ctx, l.books, quickbooks.ActiveOrNot()) {
			if err != nil {
				return fmt.Errorf("locations: %w", err)
			}
			books.Locations = append(books.Locations, schema.Location{
				ID: schema.LocationID(d.ID), Name: cmp.Or(d.FullyQualifiedName, d.Name), Active: d.IsActive(),
			})
		}
	}
	return nil
}

// accountOf takes over an account. Where QuickBooks names no currency, it means
// the home currency.
func accountOf(a quickbooks.Account, home schema.Currency) schema.Account {
	name := a.FullyQualifiedName
	if name == "" {
		name = a.Name
	}
	return schema.Account{
		ID: schema.AccountID(a.ID), Name: name, Type: a.AccountType, SubType: a.AccountSubType,
		Currency: currencyOf(a.CurrencyRef, home), Active: a.IsActive(),
	}
}

func vendorOf(v quickbooks.Vendor, home schema.Currency) schema.Vendor {
	return schema.Vendor{
		ID: schema.VendorID(v.ID), Name: v.DisplayName, Email: emailOf(v),
		Currency: currencyOf(v.CurrencyRef, home), Active: v.IsActive(),
	}
}

func currencyOf(ref quickbooks.Ref, home schema.Currency) schema.Currency {
	if ref.Value == "" {
		return home
	}
	return schema.Currency(ref.Value)
}
