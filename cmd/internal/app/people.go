package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/rules"
	"github.com/tieout/tieout/transform/vendors"
)

// Errors about what a person asked for.
var (
	// ErrNotRead means that the company's QuickBooks was never read.
	ErrNotRead = errors.New("QuickBooks has not been read yet; connect it and run `tieout sync` once")
	// ErrNoSuchPayee means that nobody is owed under that key.
	ErrNoSuchPayee = errors.New("no such payee; `tieout vendors` lists them")
	// ErrNoSuchVendor means that QuickBooks has no such vendor.
	ErrNoSuchVendor = errors.New("QuickBooks has no such vendor")
	// ErrNoSuchInvoice means that no invoice of that id arrived.
	ErrNoSuchInvoice = errors.New("no such invoice arrived")
	// ErrAlreadyPosted means that a decision comes too late.
	ErrAlreadyPosted = errors.New("its bill is in QuickBooks already, or on the way")
)

// stamp is when a fact is recorded, as precisely as the store keeps it.
func (a *App) stamp() time.Time { return a.options.Now().UTC().Truncate(time.Microsecond) }

// ImportRules replaces the company's rules by those of a YAML file and reports
// whether that changed anything. The error lists every mistake in the file.
func (a *App) ImportRules(ctx context.Context, id schema.CompanyID, text []byte, by string) (schema.RuleSet, bool, error) {
	parsed, err := rules.Parse(text)
	if err != nil {
		return schema.RuleSet{}, false, err
	}
	books, err := a.store.Books(ctx, id, time.Time{})
	if err != nil {
		return schema.RuleSet{}, false, err
	}
	if books.IsZero() {
		return schema.RuleSet{}, false, fmt.Errorf("check accounts: %w", ErrNotRead)
	}
	resolved, err := rules.Resolve(parsed, books, nil)
	if err != nil {
		return schema.RuleSet{}, false, err
	}
	before, err := a.store.Rules(ctx, id, time.Time{})
	if err != nil {
		return schema.RuleSet{}, false, err
	}
	before.Company = id
	next, changed := rules.Revise(before, resolved)
	if !changed {
		return before, false, nil
	}
	next.Company, next.By, next.RecordedAt = id, by, a.stamp()
	return next, true, a.store.RecordRules(ctx, next)
}

// ApproveVendors lets the vendors of proposed payees be created: of those that
// are named, or of all when none is. A named payee that was declined may be
// approved again, after whatever was in the way was cleared.
func (a *App) ApproveVendors(ctx context.Context, id schema.CompanyID, keys []schema.PayeeKey, by string) (int, error) {
	known, err := a.store.Payees(ctx, id)
	if err != nil {
		return 0, err
	}
	if len(keys) == 0 {
		for key, payee := range known {
			if payee.State == schema.PayeeProposed {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
	}
	var approved []schema.Payee
	for _, key := range keys {
		payee, err := a.approvable(known, key)
		if err != nil {
			return 0, err
		}
		payee.State, payee.By, payee.Detail, payee.RecordedAt = schema.PayeeApproved, by, "", a.stamp()
		approved = append(approved, payee)
	}
	return len(approved), a.store.RecordPayees(ctx, approved)
}

// ApproveVendorAs lets one payee's vendor be created under another name than was
// proposed, such as when a customer has that one. The name is made to fit what
// QuickBooks allows, and returned.
func (a *App) ApproveVendorAs(
	ctx context.Context, id schema.CompanyID, key schema.PayeeKey, name, by string,
) (string, error) {
	known, err := a.store.Payees(ctx, id)
	if err != nil {
		return "", err
	}
	payee, err := a.approvable(known, key)
	if err != nil {
		return "", err
	}
	payee.Name = vendors.DisplayName(name)
	if payee.Name == "" {
		return "", fmt.Errorf("name %q: has no character that QuickBooks allows", name)
	}
	payee.State, payee.By, payee.Detail, payee.RecordedAt = schema.PayeeApproved, by, "", a.stamp()
	return payee.Name, a.store.RecordPayees(ctx, []schema.Payee{payee})
}

func (a *App) approvable(known map[schema.PayeeKey]schema.Payee, key schema.PayeeKey) (schema.Payee, error) {
	payee, ok := known[key]
	switch {
	case !ok:
		return schema.Payee{}, fmt.Errorf("payee %s: %w", key, ErrNoSuchPayee)
	case payee.State != schema.PayeeProposed && payee.State != schema.PayeeDeclined:
		return schema.Payee{}, fmt.Errorf("payee %s: is %s; only one that is proposed or declined can be approved", key, payee.State)
	}
	return payee, nil
}

// LinkVendor records that a vendor which exists in QuickBooks stands for a payee.
// The vendor must be active and in the payee's currency.
func (a *App) LinkVendor(
	ctx context.Context, id schema.CompanyID, key schema.PayeeKey, vendor schema.VendorID, by string,
) (schema.Vendor, error) {
	known, err := a.store.Payees(ctx, id)
	if err != nil {
		return schema.Vendor{}, err
	}
	payee, ok := known[key]
	if !ok {
		return schema.Vendor{}, fmt.Errorf("payee %s: %w", key, ErrNoSuchPayee)
	}
	books, err := a.store.Books(ctx, id, time.Time{})
	if err != nil {
		return schema.Vendor{}, err
	}
	i := slices.IndexFunc(books.Vendors, func(v schema.Vendor) bool { return v.ID == vendor })
	switch {
	case i < 0:
		return schema.Vendor{}, fmt.Errorf("vendor %s, as of %s: %w", vendor, books.ReadAt.Format(time.RFC3339), ErrNoSuchVendor)
	case !books.Vendors[i].Active:
		return schema.Vendor{}, fmt.Errorf("vendor %s is inactive in QuickBooks; make it active there first", vendor)
	case books.Vendors[i].Currency != key.Currency():
		return schema.Vendor{}, fmt.Errorf("vendor %s is in %s and the payee is owed %s; a vendor has one currency for life",
			vendor, books.Vendors[i].Currency, key.Currency())
	}
	payee.State, payee.Origin, payee.Vendor = schema.PayeeLinked, schema.OriginPerson, vendor
	payee.Name, payee.Detail, payee.By, payee.RecordedAt = books.Vendors[i].Name, "", by, a.stamp()
	return books.Vendors[i], a.store.RecordPayees(ctx, []schema.Payee{payee})
}

// Decide records what a person said about an invoice that is not posted yet.
func (a *App) Decide(ctx context.Context, d schema.Decision) error {
	if kind, document, ok := schema.BookSubject(d.Invoice); ok {
		return a.decideDocument(ctx, d, kind, document)
	}
	known, err := a.store.Invoices(ctx, d.Company, []schema.InvoiceID{d.Invoice})
	if err != nil {
		return err
	}
	if _, ok := known[d.Invoice]; !ok {
		return fmt.Errorf("invoice %s: %w", d.Invoice, ErrNoSuchInvoice)
	}
	posted, err := a.store.LatestPostings(ctx, d.Company, schema.PostBill, []string{string(d.Invoice)})
	if err != nil {
		return err
	}
	if posted[string(d.Invoice)].State.Live() {
		return fmt.Errorf("invoice %s: %w", d.Invoice, ErrAlreadyPosted)
	}
	d.RecordedAt = a.stamp()
	return a.store.RecordDecisions(ctx, []schema.Decision{d})
}

// decideDocument records what a person said about a document in QuickBooks that no
// invoice explains.
func (a *App) decideDocument(ctx context.Context, d schema.Decision, kind schema.DocumentKind, document schema.DocumentID) error {
	bills, err := a.store.BookBills(ctx, schema.BookQuery{Company: d.Company, Documents: []schema.DocumentID{document}})
	if err != nil {
		return err
	}
	bills = slices.DeleteFunc(bills, func(b schema.BookBill) bool { return b.Kind != kind })
	if len(bills) == 0 {
		return fmt.Errorf("document %s: %w", d.Invoice, ErrNoSuchInvoice)
	}
	d.RecordedAt = a.stamp()
	return a.store.RecordDecisions(ctx, []schema.Decision{d})
}
