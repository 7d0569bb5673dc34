package load

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

const (
	// mirrorOverlap is how much of what was looked at is looked at again: for
	// clocks that disagree, and for changes that QuickBooks shows late.
	mirrorOverlap = 10 * time.Minute

	// mirrorTogether is how many documents are compared with the store at once,
	// which bounds memory. It is what QuickBooks answers in a page.
	mirrorTogether = 1000
)

// Mirror keeps what QuickBooks holds of bills and vendor credits, whoever entered
// them. A change is recorded as another [schema.BookBill], never as an update.
type Mirror interface {
	// BookBills returns the newest of each document that the query asks for.
	BookBills(ctx context.Context, q schema.BookQuery) ([]schema.BookBill, error)
	RecordBookBills(ctx context.Context, bills []schema.BookBill) error
	// Mirrored returns how far the mirror reaches, or the zero value when nothing
	// was mirrored.
	Mirrored(ctx context.Context, company schema.CompanyID, realm schema.RealmID, asOf time.Time) (schema.Mirrored, error)
	RecordMirrored(ctx context.Context, m schema.Mirrored) error
	// InvoicePositions returns all that is known of invoices, without their lines.
	// Those that are not known are absent.
	InvoicePositions(
		ctx context.Context, company schema.CompanyID, invoices []schema.InvoiceID,
	) (map[schema.InvoiceID]schema.Position, error)
}

// MirrorResult is what a look at the books brought.
type MirrorResult struct {
	Swept   bool // everything was read, and not only what changed
	Chart   bool // an account, a vendor or a setting is not as it was
	Changed int  // documents that are not as they were last seen, or are new
	Deleted int  // of them, those that are gone
	Checked int  // documents of ours that were compared with their drafts again
	Drifted int  // of them, those that are no longer as drafted
}

func (r MirrorResult) plus(s MirrorResult) MirrorResult {
	return MirrorResult{
		Swept: r.Swept || s.Swept, Chart: r.Chart || s.Chart, Changed: r.Changed + s.Changed,
		Deleted: r.Deleted + s.Deleted, Checked: r.Checked + s.Checked, Drifted: r.Drifted + s.Drifted,
	}
}

// Mirror brings the mirror up to date with what changed in the books since the
// last time: one read of the changes and one of the settings. Where QuickBooks
// does not say all that changed, because it was too much or too long ago, it
// sweeps. What somebody did to documents of ours is recorded as a new
// verification, payments and transfers included.
func (l *Loader) Mirror(ctx context.Context) (MirrorResult, error) {
	known, err := l.store.Mirrored(ctx, l.cfg.Company, l.realm(), time.Time{})
	if err != nil {
		return MirrorResult{}, fmt.Errorf("read how far the mirror reaches: %w", err)
	}
	began := l.now()
	since := known.Until.Add(-mirrorOverlap)
	if known.Until.IsZero() || began.Sub(since) >= quickbooks.ChangesReach {
		return l.sweep(ctx)
	}
	changes, complete, err := l.changes(ctx, since)
	if err != nil {
		return MirrorResult{}, err
	}
	var result MirrorResult
	seen, err := changes.sightings()
	if err != nil {
		return result, fmt.Errorf("read changes: %w", err)
	}
	if err := l.followRecords(ctx, changes, seen, &result); err != nil {
		return result, fmt.Errorf("follow payments and transfers: %w", err)
	}
	if !complete {
		swept, err := l.sweep(ctx)
		return result.plus(swept), err
	}
	if result.Chart, err = l.followChart(ctx, changes); err != nil {
		return result, fmt.Errorf("follow the chart: %w", err)
	}
	if err := l.absorb(ctx, seen, &result); err != nil {
		return result, err
	}
	known.Until = began
	return result, l.reached(ctx, known, result)
}

// Sweep reads everything that the mirror holds: the chart, every bill and vendor
// credit dated in the last Config.MirrorDays or later, and those dated earlier that
// changed since the last look. What the mirror holds and the books do not show
// any more is looked for by its id, and is gone when that finds nothing. Where the
// last look is older than QuickBooks remembers, that goes for all that it holds;
// else a deletion of what is dated earlier is told by the changes alone.
func (l *Loader) Sweep(ctx context.Context) (MirrorResult, error) {
	changed, err := l.Mirror(ctx) // only changes tell of deletions before the window
	if err != nil || changed.Swept {
		return changed, err
	}
	swept, err := l.sweep(ctx)
	return changed.plus(swept), err
}

func (l *Loader) sweep(ctx context.Context) (MirrorResult, error) {
	result := MirrorResult{Swept: true}
	known, err := l.store.Mirrored(ctx, l.cfg.Company, l.realm(), time.Time{})
	if err != nil {
		return result, fmt.Errorf("read how far the mirror reaches: %w", err)
	}
	before, err := l.store.Books(ctx, l.cfg.Company, time.Time{})
	if err != nil {
		return result, fmt.Errorf("read books: %w", err)
	}
	began := l.now()
	books, err := l.RefreshBooks(ctx)
	if err != nil {
		return result, fmt.Errorf("read the chart: %w", err)
	}
	result.Chart = !books.ReadAt.Equal(before.ReadAt)
	first := schema.DateOf(began).AddDays(-l.cfg.MirrorDays)
	for _, kind := range documentKinds() {
		if err := l.sweepKind(ctx, kind, first, known, &result); err != nil {
			return result, fmt.Errorf("sweep %ss: %w", kind.Name(), err)
		}
	}
	return result, l.reached(ctx, schema.Mirrored{Until: began, SweptAt: began, First: first}, result)
}

func (l *Loader) sweepKind(
	ctx context.Context, kind schema.DocumentKind, first schema.Date, known schema.Mirrored, result *MirrorResult,
) error {
	seen := map[schema.DocumentID]bool{}
	wanted := [][]quickbooks.Condition{{quickbooks.AtLeast("TxnDate", first.String())}}
	if !known.Until.IsZero() {
		since := known.Until.Add(-mirrorOverlap).Format(time.RFC3339)
		wanted = append(wanted, []quickbooks.Condition{
			quickbooks.AtMost("TxnDate", first.AddDays(-1).String()), quickbooks.AtLeast("MetaData.LastUpdatedTime", since),
		})
	}
	for _, conditions := range wanted {
		found, err := documents(ctx, l.books, kind, conditions...)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(found, mirrorTogether) {
			sightings := make([]sighting, len(part))
			for i, b := range part {
				seen[schema.DocumentID(b.ID)] = true
				sightings[i] = sighting{kind: kind, bill: b}
			}
			if err := l.absorb(ctx, sightings, result); err != nil {
				return err
			}
		}
	}
	if l.now().Sub(known.Until.Add(-mirrorOverlap)) >= quickbooks.ChangesReach {
		first = schema.Date{} // no change tells of what was deleted, however old
	}
	return l.sweepMissing(ctx, kind, first, seen, result)
}

// sweepMissing looks by their ids for documents that the mirror has from a day on
// and the books did not show: somebody gave them another date, or deleted
// them.
func (l *Loader) sweepMissing(
	ctx context.Context, kind schema.DocumentKind, first schema.Date, seen map[schema.DocumentID]bool, result *MirrorResult,
) error {
	mirrored, err := l.store.BookBills(ctx, schema.BookQuery{Company: l.cfg.Company, Realm: l.realm(), First: first})
	if err != nil {
		return fmt.Errorf("read the mirror: %w", err)
	}
	mirrored = slices.DeleteFunc(mirrored, func(b schema.BookBill) bool { return b.Kind != kind || seen[b.Document] })
	for part := range slices.Chunk(mirrored, idsTogether) {
		ids := make([]string, len(part))
		for i, b := range part {
			ids[i] = string(b.Document)
		}
		found, err := documents(ctx, l.books, kind, quickbooks.OneOf("Id", ids...))
		if err != nil {
			return err
		}
		sightings := make([]sighting, len(part))
		for i, id := range ids {
			at := slices.IndexFunc(found, func(b quickbooks.Bill) bool { return b.ID == id })
			if at >= 0 {
				sightings[i] = sighting{kind: kind, bill: found[at]}
				continue
			}
			// Only QuickBooks saying so makes one of ours missing.
			bill, there, err := quickbooks.Bill{ID: id}, false, error(nil)
			if part[i].Ours() {
				bill, there, err = l.reallyThere(ctx, kind, id)
			}
			if err != nil {
				return err
			}
			bill.ID = id
			sightings[i] = sighting{kind: kind, bill: bill, gone: !there}
		}
		if err := l.absorb(ctx, sightings, result); err != nil {
			return err
		}
	}
	return nil
}

// reached records how far the mirror reaches now.
func (l *Loader) reached(ctx context.Context, m schema.Mirrored, result MirrorResult) error {
	m.Company, m.Realm, m.RecordedAt = l.cfg.Company, l.realm(), after(l.now(), m.RecordedAt)
	ctx, cancel := storing(ctx)
	defer cancel()
	if err := l.store.RecordMirrored(ctx, m); err != nil {
		return fmt.Errorf("store how far the mirror reaches: %w", err)
	}
	l.metrics.mirrored(l.cfg.Company, m.Until, result)
	if result.Drifted > 0 {
		l.log.WarnContext(ctx, "documents were changed in quickbooks",
			slog.String("company", string(l.cfg.Company)), slog.Int("drifted", result.Drifted))
	}
	return nil
}
