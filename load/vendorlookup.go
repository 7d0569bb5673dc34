package load

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// vendorFinder looks for vendors in QuickBooks. It knows which vendor every
// payee has, so that two payees never end up with one.
type vendorFinder struct {
	holders map[schema.VendorID]schema.PayeeKey
}

func newVendorFinder(payees map[schema.PayeeKey]schema.Payee) vendorFinder {
	holders := make(map[schema.VendorID]schema.PayeeKey)
	for key, p := range payees {
		if p.State == schema.PayeeLinked {
			holders[p.Vendor] = key
		}
	}
	return vendorFinder{holders: holders}
}

// find looks for the vendors of jobs by name, all in one query.
func (f vendorFinder) find(ctx context.Context, r *round, jobs []*job) {
	if r.halted(jobs) {
		return
	}
	var names []string
	bodies := make(map[*job]quickbooks.Vendor, len(jobs))
	for _, j := range jobs {
		var body quickbooks.Vendor
		if json.Unmarshal(j.posting.Body, &body) == nil {
			bodies[j] = body
			names = append(names, body.DisplayName)
		}
	}
	vendors, err := namedVendors(ctx, r.books, names)
	stopped := r.stop(err)
	for _, j := range jobs {
		body, readable := bodies[j]
		own, failure := vendors, err
		if err != nil && !stopped && len(jobs) > 1 {
			own, failure = namedVendors(ctx, r.books, []string{body.DisplayName})
			stopped = r.stop(failure)
		}
		if failure != nil || !readable {
			r.lookFailed(ctx, j, failure)
			continue
		}
		f.recognise(ctx, r, j, body, own)
	}
}

func namedVendors(ctx context.Context, books *quickbooks.Client, names []string) ([]quickbooks.Vendor, error) {
	return quickbooks.Collect(quickbooks.Query[quickbooks.Vendor](ctx, books,
		quickbooks.OneOf("DisplayName", names...), quickbooks.ActiveOrNot()))
}

// recognise decides whether a vendor with our name is the one that we meant to
// create.
func (f vendorFinder) recognise(ctx context.Context, r *round, j *job, body quickbooks.Vendor, vendors []quickbooks.Vendor) {
	var named []quickbooks.Vendor
	for _, v := range vendors {
		if strings.EqualFold(v.DisplayName, body.DisplayName) {
			named = append(named, v)
		}
	}
	if len(named) == 0 {
		holder, known, err := f.holder(ctx, r, j)
		if err != nil {
			r.stop(err)
			r.lookFailed(ctx, j, err)
			return
		}
		if !known {
			r.feed(j, event{kind: eventNothing})
			return
		}
		named = append(named, holder)
	}
	for _, v := range named {
		if why := f.unlike(j, body, v); why != "" {
			j.alike = vendorClash("vendor "+v.DisplayName+" (id "+v.ID+")", why)
			r.feed(j, event{kind: eventDifferent})
			return
		}
	}
	j.found = document{id: schema.DocumentID(named[0].ID), token: named[0].SyncToken}
	r.feed(j, event{kind: eventIdentical})
}

// holder reads the record that QuickBooks said has the name. One that is no
// vendor is a customer or an employee, whom we cannot use.
func (f vendorFinder) holder(ctx context.Context, r *round, j *job) (quickbooks.Vendor, bool, error) {
	id, said := storedFault(j.fault).NameHolder()
	if !said {
		return quickbooks.Vendor{}, false, nil
	}
	v, err := r.books.Vendor(ctx, id)
	if err == nil {
		return v, true, nil
	}
	if stops(err) != nil {
		return quickbooks.Vendor{}, false, err
	}
	j.alike = schema.Fault{
		Code:    codeDuplicate,
		Meaning: "It is no vendor: the customer or employee with id " + id + " has it.",
		Next:    "Approve the payee under another name, or link it to an existing vendor.",
		Owner:   schema.OwnerFinance,
	}
	return quickbooks.Vendor{}, false, nil
}

// unlike says why a vendor with our name is not ours to use, or nothing. Without
// e-mail addresses to compare it is ours only if a request to create it may have
// been carried out.
func (f vendorFinder) unlike(j *job, body, v quickbooks.Vendor) string {
	holder, held := f.holders[schema.VendorID(v.ID)]
	sent, there := emailOf(body), emailOf(v)
	switch {
	case !v.IsActive():
		return "who is inactive"
	case body.CurrencyRef.Value != "" && v.CurrencyRef.Value != "" && body.CurrencyRef.Value != v.CurrencyRef.Value:
		return "who has another currency"
	case held && string(holder) != j.posting.Subject:
		return "who stands for another payee"
	case sent != "" && strings.EqualFold(sent, there):
		return ""
	case sent == there && j.track.unheard:
		return ""
	case there == "":
		return "without an e-mail address that could tell whether it is the same"
	}
	return "who has another e-mail address"
}

func emailOf(v quickbooks.Vendor) string {
	if v.PrimaryEmailAddr == nil {
		return ""
	}
	return strings.TrimSpace(v.PrimaryEmailAddr.Address)
}
