package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/tieout/tieout/schema"
)

// surroundings are what stands around drafts that are due.
type surroundings struct {
	// alike is, by draft, the bill that somebody entered and that may be it.
	alike map[schema.DraftID]schema.BookBill
	// released is, by invoice, the decline of its draft that a person took back.
	released map[schema.InvoiceID]rowID
	// items name within their requests the drafts that were sent before.
	items map[schema.InvoiceID]string
}

// lookAround finds what keeps drafts from being posted before anything is named:
// bills in the mirror that somebody else entered, of the same vendor, kind, amount
// and currency, and dated within Config.DuplicateDays. A draft that a person
// released after it was declined for such a bill is let go, once: what comes after
// the release is looked at anew.
func (r *round) lookAround(ctx context.Context, due []schema.Draft) (surroundings, error) {
	s, forAlike, err := r.sentBefore(ctx, due)
	if err != nil {
		return surroundings{}, err
	}
	unknown := slices.DeleteFunc(slices.Clone(due), func(d schema.Draft) bool { return forAlike[d.Invoice] })
	s.alike, err = r.byHand(ctx, unknown)
	return s, err
}

// byHand finds bills in the mirror that somebody else entered and that may be what
// drafts are to become. What we posted, be it for another invoice or as a
// correction, is none of them.
func (r *round) byHand(ctx context.Context, due []schema.Draft) (map[schema.DraftID]schema.BookBill, error) {
	if len(due) == 0 {
		return nil, nil
	}
	alike := map[schema.DraftID]schema.BookBill{}
	q := schema.BookQuery{Company: r.cfg.Company, Realm: r.realm()}
	for _, d := range due {
		q.Vendors = append(q.Vendors, d.Vendor)
		if first := d.TxnDate.AddDays(-r.cfg.DuplicateDays); q.First.IsZero() || first.Compare(q.First) < 0 {
			q.First = first
		}
		if last := d.TxnDate.AddDays(r.cfg.DuplicateDays); last.Compare(q.Last) > 0 {
			q.Last = last
		}
	}
	mirrored, err := r.store.BookBills(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the mirror: %w", err)
	}
	byVendor := map[schema.VendorID][]schema.BookBill{}
	for _, b := range mirrored {
		if !b.Ours() && !b.Marked() {
			byVendor[b.Vendor] = append(byVendor[b.Vendor], b)
		}
	}
	for _, d := range due {
		if b, ok := nearest(d, byVendor[d.Vendor], r.cfg.DuplicateDays); ok {
			alike[d.ID] = b
		}
	}
	return alike, nil
}

// nearest returns the bill that is most likely the same as a draft.
func nearest(d schema.Draft, bills []schema.BookBill, days int) (found schema.BookBill, ok bool) {
	kind := schema.DocumentBill
	if d.Kind == schema.DocumentVendorCredit {
		kind = d.Kind
	}
	least := days + 1
	for _, b := range bills {
		if b.Kind != kind || b.Total != d.Total || b.TxnDate.IsZero() {
			continue
		}
		if apart := daysApart(b.TxnDate, d.TxnDate); apart < least {
			found, ok, least = b, true, apart
		}
	}
	return found, ok
}

func daysApart(a, b schema.Date) int {
	if a.Compare(b) < 0 {
		a, b = b, a
	}
	return int(a.Time().Sub(b.Time()).Hours() / 24)
}

// sentBefore says of drafts that were sent or declined before under which name they
// are sent again, which of those declines a person took back, and for which of these
// something alike had been found. A draft keeps its name until a person releases it:
// QuickBooks may repeat to the old one what it refused then, for ever.
func (r *round) sentBefore(
	ctx context.Context, due []schema.Draft,
) (s surroundings, forAlike map[schema.InvoiceID]bool, err error) {
	subjects := make([]string, len(due))
	for i, d := range due {
		subjects[i] = string(d.Invoice)
	}
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, r.kind, subjects)
	if err != nil {
		return s, nil, fmt.Errorf("read postings: %w", err)
	}
	s.items = map[schema.InvoiceID]string{}
	var declined []schema.InvoiceID
	for _, d := range due {
		p := latest[string(d.Invoice)]
		if p.Draft != d.ID {
			continue
		}
		s.items[d.Invoice] = p.Item
		if p.State == schema.PostingDeclined && p.RetryAt.IsZero() {
			declined = append(declined, d.Invoice)
		}
	}
	if len(declined) == 0 {
		return s, nil, nil
	}
	positions, err := r.store.InvoicePositions(ctx, r.cfg.Company, declined)
	if err != nil {
		return s, nil, fmt.Errorf("read positions: %w", err)
	}
	s.released, forAlike = map[schema.InvoiceID]rowID{}, map[schema.InvoiceID]bool{}
	for _, invoice := range declined {
		decision, p := positions[invoice].Decision, latest[string(invoice)]
		if decision.Kind == schema.DecideRelease && decision.RecordedAt.After(p.RecordedAt) {
			s.released[invoice], forAlike[invoice] = rowOf(p), p.Fault.Code == codeDuplicate
			s.items[invoice] = itemAgain(p.Draft, decision.RecordedAt)
		}
	}
	return s, forAlike, nil
}

// unseen returns tasks but for those that were declined because something alike is
// there: they would not be due had nobody approved them again.
func (r *round) unseen(ctx context.Context, due []schema.Task) ([]schema.Task, error) {
	if len(due) == 0 {
		return nil, nil
	}
	subjects := make([]string, len(due))
	for i, t := range due {
		subjects[i] = t.Subject
	}
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, r.kind, subjects)
	if err != nil {
		return nil, fmt.Errorf("read postings: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(due), func(t schema.Task) bool {
		p := latest[t.Subject]
		return p.State == schema.PostingDeclined && p.Draft == t.ID && p.Fault.Code == codeDuplicate
	}), nil
}
