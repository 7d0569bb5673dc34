package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// bookChanges is what happened in the books since a moment.
type bookChanges struct {
	bills    quickbooks.Changes
	credits  quickbooks.Changes
	vendors  quickbooks.Changes
	accounts quickbooks.Changes
	segments quickbooks.Changes // classes and locations

	payments, transfers quickbooks.Changes
}

// changes reads what changed, in one read where it is little. A full page is no
// checkpoint, so that each kind is then asked for by itself; it is not complete
// where one of them fills a page alone. Payments and transfers that fill one are
// left to be read back: of those of ours there are fewer than of bills.
func (l *Loader) changes(ctx context.Context, since time.Time) (c bookChanges, complete bool, err error) {
	all, err := l.books.Changes(ctx, since,
		quickbooks.Bill{}, quickbooks.VendorCredit{}, quickbooks.Vendor{}, quickbooks.Account{}, quickbooks.Class{}, quickbooks.Department{},
		quickbooks.BillPayment{}, quickbooks.Transfer{})
	if err != nil {
		return c, false, fmt.Errorf("read changes: %w", err)
	}
	if !all.Cut {
		return bookChanges{all, all, all, all, all, all, all}, true, nil
	}
	for _, part := range []struct {
		into  *quickbooks.Changes
		kinds []quickbooks.Entity
	}{
		{&c.payments, []quickbooks.Entity{quickbooks.BillPayment{}}},
		{&c.transfers, []quickbooks.Entity{quickbooks.Transfer{}}},
		{&c.bills, []quickbooks.Entity{quickbooks.Bill{}}},
		{&c.credits, []quickbooks.Entity{quickbooks.VendorCredit{}}},
		{&c.vendors, []quickbooks.Entity{quickbooks.Vendor{}}},
		{&c.accounts, []quickbooks.Entity{quickbooks.Account{}}},
		{&c.segments, []quickbooks.Entity{quickbooks.Class{}, quickbooks.Department{}}},
	} {
		if *part.into, err = l.books.Changes(ctx, since, part.kinds...); err != nil {
			return c, false, fmt.Errorf("read changes: %w", err)
		}
		if part.into.Cut && part.into != &c.payments && part.into != &c.transfers {
			return c, false, nil
		}
	}
	return c, true, nil
}

// sightings returns the documents among the changes.
func (c bookChanges) sightings() ([]sighting, error) {
	var seen []sighting
	bills, goneBills, err := quickbooks.Changed[quickbooks.Bill](c.bills)
	if err != nil {
		return nil, err
	}
	credits, goneCredits, err := quickbooks.Changed[quickbooks.VendorCredit](c.credits)
	if err != nil {
		return nil, err
	}
	for _, b := range bills {
		seen = append(seen, sighting{kind: schema.DocumentBill, bill: b})
	}
	for _, credit := range credits {
		seen = append(seen, sighting{kind: schema.DocumentVendorCredit, bill: billOf(credit)})
	}
	for _, gone := range goneBills {
		seen = append(seen, sighting{kind: schema.DocumentBill, bill: quickbooks.Bill{ID: gone.ID}, gone: true})
	}
	for _, gone := range goneCredits {
		seen = append(seen, sighting{kind: schema.DocumentVendorCredit, bill: quickbooks.Bill{ID: gone.ID}, gone: true})
	}
	return seen, nil
}

// followChart keeps the stored chart up to date: renamed, merged, inactive and new
// vendors and accounts come with the changes. A setting, a class or a location
// changes seldom, and has the chart read anew. It reports whether something in the
// chart changed.
func (l *Loader) followChart(ctx context.Context, c bookChanges) (bool, error) {
	stored, err := l.chart(ctx)
	if err != nil {
		return false, err
	}
	anew, err := l.settingsChanged(ctx, stored, c)
	if err != nil {
		return false, err
	}
	if anew {
		fresh, err := l.RefreshBooks(ctx)
		return !fresh.ReadAt.Equal(stored.ReadAt), err
	}
	vendors, goneVendors, err := quickbooks.Changed[quickbooks.Vendor](c.vendors)
	if err != nil {
		return false, err
	}
	accounts, goneAccounts, err := quickbooks.Changed[quickbooks.Account](c.accounts)
	if err != nil {
		return false, err
	}
	fresh := stored
	fresh.Vendors, fresh.Accounts = slices.Clone(stored.Vendors), slices.Clone(stored.Accounts)
	for _, v := range vendors {
		replace(&fresh.Vendors, vendorOf(v, stored.HomeCurrency), func(v schema.Vendor) string { return string(v.ID) })
	}
	for _, a := range accounts {
		replace(&fresh.Accounts, accountOf(a, stored.HomeCurrency), func(a schema.Account) string { return string(a.ID) })
	}
	for _, gone := range goneVendors {
		fresh.Vendors = slices.DeleteFunc(fresh.Vendors, func(v schema.Vendor) bool { return string(v.ID) == gone.ID })
	}
	for _, gone := range goneAccounts {
		fresh.Accounts = slices.DeleteFunc(fresh.Accounts, func(a schema.Account) bool { return string(a.ID) == gone.ID })
	}
	if sameBooks(fresh, stored) {
		return false, nil
	}
	fresh.ReadAt = after(l.now(), stored.ReadAt)
	if err := l.store.RecordBooks(ctx, fresh); err != nil {
		return false, fmt.Errorf("store books: %w", err)
	}
	return true, nil
}

// replace puts a record in the place of the one with its id, or last.
func replace[T any](all *[]T, one T, id func(T) string) {
	if at := slices.IndexFunc(*all, func(other T) bool { return id(other) == id(one) }); at >= 0 {
		(*all)[at] = one
		return
	}
	*all = append(*all, one)
}

// settingsChanged reports whether the chart has to be read as a whole. Changes do
// not tell of the settings, of which the closing date matters most.
func (l *Loader) settingsChanged(ctx context.Context, stored schema.Books, c bookChanges) (changed bool, err error) {
	prefs, err := l.books.Preferences(ctx)
	if err != nil {
		return false, fmt.Errorf("preferences: %w", err)
	}
	classes, goneClasses, err := quickbooks.Changed[quickbooks.Class](c.segments)
	if err != nil {
		return false, err
	}
	locations, goneLocations, err := quickbooks.Changed[quickbooks.Department](c.segments)
	if err != nil {
		return false, err
	}
	segments := stored.ClassPerLine && len(classes)+len(goneClasses) > 0 ||
		stored.TracksLocations && len(locations)+len(goneLocations) > 0
	return segments || prefs.AccountingInfoPrefs.BookCloseDate != stored.CloseDate.String() ||
		prefs.CurrencyPrefs.MultiCurrencyEnabled != stored.MultiCurrency ||
		prefs.AccountingInfoPrefs.ClassTrackingPerTxnLine != stored.ClassPerLine ||
		prefs.AccountingInfoPrefs.TrackDepartments != stored.TracksLocations, nil
}
