package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tieout/tieout/schema"
)

// span is some of a company's invoices, by id in order, as of an instant. A dense
// one covers nearly all invoices between its first and its last, which are then
// read as a range: one stretch of every table.
type span struct {
	company schema.CompanyID
	ids     []string
	dense   bool
	asOf    int64 // microseconds from 1970
}

// params returns the parameters that where needs.
func (r span) params() params {
	p := params{"company": string(r.company), "as_of": r.asOf}
	if r.dense {
		return p.with("first", r.ids[0]).with("last", r.ids[len(r.ids)-1])
	}
	return p.with("ids", r.ids)
}

// where returns the condition for rows of the span, given the column of the
// invoice's id. The column is one of a few names in this package.
func (r span) where(column string) string {
	condition := column + " IN {ids:Array(String)}"
	if r.dense {
		condition = column + " >= {first:String} AND " + column + " <= {last:String}"
	}
	return `company = {company:String} AND ` + condition + ` AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')`
}

// parts are what a page may leave out.
type parts int

const (
	withLines  parts = 1 << iota // the invoices' lines
	withBodies                   // the postings' bodies
)

// spans cuts a span into pages: into ranges when it holds more than a quarter of
// the company's invoices, else into lists of ids.
func (s *Store) spans(ctx context.Context, all span) ([]span, error) {
	const query = `SELECT count() FROM invoices WHERE company = {company:String}`
	if len(all.ids) == 0 {
		return nil, nil
	}
	var rows uint64
	size := maxIDs
	if len(all.ids) > maxIDs {
		if err := s.each(ctx, query, params{"company": string(all.company)}, []any{&rows}, func() {}); err != nil {
			return nil, err
		}
		if all.dense = uint64(len(all.ids)) > rows/4; all.dense {
			size = pageRows
		}
	}
	var spans []span
	for ids := range slices.Chunk(all.ids, size) {
		cut := all
		cut.ids = ids
		spans = append(spans, cut)
	}
	return spans, nil
}

// page joins all that is known of the invoices of a span.
func (s *Store) page(ctx context.Context, span span, parts parts) ([]schema.Position, error) {
	page := newPage(span)
	group, read := errgroup.WithContext(ctx)
	group.Go(func() error { return s.readInvoices(read, page, parts) })
	group.Go(func() error { return s.readFirsts(read, page) })
	group.Go(func() error { return s.readDrafts(read, page) })
	group.Go(func() error { return s.readPostings(read, page, parts) })
	group.Go(func() error { return s.readDecisions(read, page) })
	group.Go(func() error { return s.readVerifications(read, page) })
	group.Go(func() error { return s.readCorrections(read, page) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := s.nameDrafts(ctx, page); err != nil {
		return nil, err
	}
	return page.join(), nil
}

// page collects what belongs to the invoices of a span. Each of its readers writes
// to a field of its own of each position.
type page struct {
	span          span
	places        map[string]int
	positions     []schema.Position
	verifications [][]schema.Verification // the newest of each document
}

func newPage(span span) *page {
	p := &page{
		span:          span,
		places:        make(map[string]int, len(span.ids)),
		positions:     make([]schema.Position, len(span.ids)),
		verifications: make([][]schema.Verification, len(span.ids)),
	}
	for i, id := range span.ids {
		p.places[id] = i
	}
	return p
}

// join returns the positions with the verifications of their live documents.
func (p *page) join() []schema.Position {
	for i := range p.positions {
		posting := p.positions[i].Posting
		for _, v := range p.verifications[i] {
			if posting.State.Live() && v.Document == posting.Document {
				p.positions[i].Verification = v
			}
		}
	}
	return p.positions
}

func (s *Store) readInvoices(ctx context.Context, page *page, parts parts) error {
	var scan invoiceScan
	var content string
	columns, dests := "content, "+invoiceHead, append([]any{&content}, scan.head()...)
	if parts&withLines != 0 {
		columns, dests = columns+invoiceLines, append(dests, scan.lines()...)
	}
	query := `SELECT ` + columns + ` FROM invoices WHERE ` + page.span.where("id") + `
		ORDER BY id, recorded_at DESC, seq DESC LIMIT 1 BY id`
	return s.each(ctx, query, page.span.params(), dests, func() {
		if i, ok := page.places[string(scan.i.ID)]; ok {
			page.positions[i].Invoice, page.positions[i].Content = scan.invoice(), sumOf(content)
		}
	})
}

func (s *Store) readFirsts(ctx context.Context, page *page) error {
	var id string
	var first time.Time
	query := `SELECT id, min(invoices.recorded_at) FROM invoices WHERE ` + page.span.where("id") + ` GROUP BY id`
	return s.each(ctx, query, page.span.params(), []any{&id, &first}, func() {
		if i, ok := page.places[id]; ok {
			page.positions[i].FirstRecordedAt = instant(first)
		}
	})
}

func (s *Store) readDrafts(ctx context.Context, page *page) error {
	return s.newestDrafts(ctx, page.span, func(d schema.Draft) {
		if i, ok := page.places[string(d.Invoice)]; ok {
			page.positions[i].Draft = d
		}
	})
}

// newestDrafts visits the newest draft of each invoice of a span.
func (s *Store) newestDrafts(ctx context.Context, span span, visit func(schema.Draft)) error {
	var scan draftScan
	query := `SELECT ` + draftSelect + ` FROM drafts WHERE ` + span.where("invoice") + `
		ORDER BY invoice, recorded_at DESC, seq DESC LIMIT 1 BY invoice`
	return s.each(ctx, query, span.params(), scan.dests(), func() { visit(scan.draft()) })
}

// nameDrafts puts the draft that a live posting names in place of a newer one,
// which is rare: an invoice that was posted is not drafted again.
func (s *Store) nameDrafts(ctx context.Context, page *page) error {
	var invoices, drafts []string
	for _, p := range page.positions {
		if p.Posting.State.Live() && p.Posting.Draft != p.Draft.ID {
			invoices, drafts = append(invoices, p.Posting.Subject), append(drafts, string(p.Posting.Draft))
		}
	}
	for n := 0; n < len(invoices); n += maxIDs {
		end := min(n+maxIDs, len(invoices))
		some := span{company: page.span.company, ids: invoices[n:end], asOf: page.span.asOf}
		var scan draftScan
		query := `SELECT ` + draftSelect + ` FROM drafts WHERE ` + some.where("invoice") + ` AND id IN {drafts:Array(String)}
			ORDER BY invoice, id, recorded_at DESC, seq DESC LIMIT 1 BY invoice, id`
		err := s.each(ctx, query, some.params().with("drafts", drafts[n:end]), scan.dests(), func() {
			i := page.places[string(scan.d.Invoice)]
			if page.positions[i].Posting.Draft == scan.d.ID {
				page.positions[i].Draft = scan.draft()
			}
		})
		if err != nil {
			return fmt.Errorf("read posted drafts: %w", err)
		}
	}
	return nil
}

func (s *Store) readPostings(ctx context.Context, page *page, parts parts) error {
	return s.newestPostings(ctx, schema.PostBill, page.span, parts, func(p schema.Posting) {
		if i, ok := page.places[p.Subject]; ok {
			page.positions[i].Posting = p
		}
	})
}

func (s *Store) readDecisions(ctx context.Context, page *page) error {
	var d schema.Decision
	var recorded time.Time
	query := `SELECT company, invoice, kind, reason, decided_by, recorded_at FROM decisions WHERE ` + page.span.where("invoice") + `
		ORDER BY invoice, recorded_at DESC, seq DESC LIMIT 1 BY invoice`
	dests := []any{(*string)(&d.Company), (*string)(&d.Invoice), (*string)(&d.Kind), &d.Reason, &d.By, &recorded}
	return s.each(ctx, query, page.span.params(), dests, func() {
		if i, ok := page.places[string(d.Invoice)]; ok {
			d.RecordedAt = instant(recorded)
			page.positions[i].Decision = d
		}
	})
}

func (s *Store) readVerifications(ctx context.Context, page *page) error {
	return s.newestVerifications(ctx, schema.PostBill, page.span, func(v schema.Verification) {
		if i, ok := page.places[v.Subject]; ok {
			page.verifications[i] = append(page.verifications[i], v)
		}
	})
}
