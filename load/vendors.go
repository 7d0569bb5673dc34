package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tieout/tieout/schema"
)

// author signs what no person decided.
const author = "tieout"

// Vendors creates the vendors of approved payees and links each payee to its
// vendor, or declines it with the reason.
func (l *Loader) Vendors(ctx context.Context) (Result, error) {
	var result Result
	payees, err := l.store.Payees(ctx, l.cfg.Company)
	if err != nil {
		return result, fmt.Errorf("read payees: %w", err)
	}
	approved := approvedOf(payees)
	if len(approved) == 0 {
		return result, nil
	}
	if err := l.block.check(l.now()); err != nil {
		return result, err
	}
	books, err := l.chart(ctx)
	if err != nil {
		return result, err
	}
	// A vendor keeps its currency for life: in a company without several, one of
	// another currency would be made in the company's, and of no use later.
	approved = slices.DeleteFunc(approved, func(p schema.Payee) bool {
		return !books.Takes(p.Key.Currency())
	})
	finder := newVendorFinder(payees)
	var errs []error
	for part := range slices.Chunk(approved, l.cfg.BatchSize) {
		r := l.newRound(schema.PostVendor, finder.find)
		if err := r.create(ctx, part, books); err != nil {
			errs = append(errs, err)
		}
		result.Vendors = result.Vendors.plus(r.tally)
		if errs = append(errs, r.errs...); r.halt != nil {
			errs = append(errs, r.halt)
			break
		}
	}
	return result, errors.Join(errs...)
}

func approvedOf(payees map[schema.PayeeKey]schema.Payee) []schema.Payee {
	approved := slices.Collect(maps.Values(payees))
	approved = slices.DeleteFunc(approved, func(p schema.Payee) bool { return p.State != schema.PayeeApproved })
	slices.SortFunc(approved, func(a, b schema.Payee) int { return cmp.Compare(a.Key, b.Key) })
	return approved
}

// create takes payees through the protocol and records what they have become.
// The newest posting decides, whichever cycle or loader it came from, so that a
// crash between the two records is made up for.
func (r *round) create(ctx context.Context, payees []schema.Payee, books schema.Books) error {
	subjects := make([]string, len(payees))
	for i, p := range payees {
		subjects[i] = string(p.Key)
	}
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, r.kind, subjects)
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	var jobs []*job
	for _, p := range payees {
		draft := vendorDraft(p)
		if newest := latest[string(p.Key)]; newest.State.Live() || newest.Draft == draft && newest.RetryAt.IsZero() {
			continue
		}
		body, err := encodeVendor(p, books)
		if err != nil {
			return fmt.Errorf("encode vendor: %w", err)
		}
		j := &job{posting: schema.Posting{
			Company: p.Company, Kind: schema.PostVendor, Subject: string(p.Key), Draft: draft,
			Request: vendorRequest(p.Company, r.realm()), Item: itemOf(draft), Body: body,
		}}
		r.feed(j, event{kind: eventDue})
		jobs = append(jobs, j)
	}
	r.run(ctx, jobs)
	for _, j := range jobs {
		if j.stored {
			latest[j.posting.Subject] = j.posting
		}
	}
	return r.link(ctx, payees, latest)
}

func (r *round) link(ctx context.Context, payees []schema.Payee, latest map[string]schema.Posting) error {
	var records []schema.Payee
	for _, p := range payees {
		posting := latest[string(p.Key)]
		record := p
		record.By, record.RecordedAt = author, after(r.now(), p.RecordedAt)
		switch {
		case posting.State == schema.PostingPosted:
			record.State, record.Origin, record.Detail = schema.PayeeLinked, schema.OriginCreated, ""
		case posting.State == schema.PostingAdopted:
			record.State, record.Origin, record.Detail = schema.PayeeLinked, schema.OriginAdopted, ""
		case posting.State == schema.PostingDeclined && posting.RetryAt.IsZero() && posting.Draft == vendorDraft(p):
			record.State, record.Detail = schema.PayeeDeclined, explain(posting.Fault)
		default:
			continue
		}
		if record.State == schema.PayeeLinked {
			record.Vendor = schema.VendorID(posting.Document)
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return nil
	}
	ctx, cancel := storing(ctx)
	defer cancel()
	if err := r.store.RecordPayees(ctx, records); err != nil {
		return fmt.Errorf("store payees: %w", err)
	}
	return nil
}

// explain is a fault in one text, for a person.
func explain(f schema.Fault) string {
	text := f.Meaning
	if f.Detail != "" && f.Code != codeDuplicate {
		text += " (" + f.Detail + ")"
	}
	if f.Next != "" {
		text += " " + f.Next
	}
	return text
}
