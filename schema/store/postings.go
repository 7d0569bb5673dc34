package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	postingColumns = `
	company LowCardinality(String)
	kind LowCardinality(String)
	subject String
	draft String
	form LowCardinality(String)
	request String
	item String
	batch String
	attempt Int64
	state LowCardinality(String)
	document String
	sync_token String
	fault_code LowCardinality(String)
	fault_detail String
	fault_meaning String
	fault_next String
	fault_owner LowCardinality(String)
	trace_id String
	retry_at DateTime64(6, 'UTC')
	recorded_at DateTime64(6, 'UTC')`
	postingBodyColumn = `
	body String`

	postingSelect = `company, kind, subject, draft, form, request, item, batch, attempt, state, document, sync_token, fault_code,
		fault_detail, fault_meaning, fault_next, fault_owner, trace_id, retry_at, recorded_at`
)

// RecordPostings appends what is known of postings.
func (s *Store) RecordPostings(ctx context.Context, postings []schema.Posting) error {
	return record(ctx, s, s.tables.postings, postings, func(p schema.Posting) []any {
		return []any{
			string(p.Company), string(p.Kind), p.Subject, string(p.Draft), string(p.Form), p.Request, p.Item, string(p.Batch), int64(p.Attempt),
			string(p.State), string(p.Document), p.SyncToken, p.Fault.Code, p.Fault.Detail, p.Fault.Meaning, p.Fault.Next,
			string(p.Fault.Owner), p.TraceID, stored(p.RetryAt), stored(p.RecordedAt), string(p.Body),
		}
	})
}

// LatestPostings returns the newest posting of each subject. Subjects without one
// are absent.
func (s *Store) LatestPostings(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
) (map[string]schema.Posting, error) {
	found := make(map[string]schema.Posting, len(subjects))
	err := byIDs(subjects, func(ids []string) error {
		some := span{company: company, ids: ids, asOf: endOfTime}
		return s.newestPostings(ctx, kind, some, withBodies, func(p schema.Posting) { found[p.Subject] = p })
	})
	if err != nil {
		return nil, fmt.Errorf("read postings: %w", err)
	}
	return found, nil
}

// newestPostings visits the newest posting of each subject of a span of subjects.
func (s *Store) newestPostings(
	ctx context.Context, kind schema.PostingKind, span span, parts parts, visit func(schema.Posting),
) error {
	var scan postingScan
	columns, dests := postingSelect, scan.dests()
	if parts&withBodies != 0 {
		columns, dests = columns+", body", append(dests, &scan.body)
	}
	query := `SELECT ` + columns + ` FROM postings WHERE kind = {kind:String} AND ` + span.where("subject") + `
		ORDER BY subject, recorded_at DESC, seq DESC LIMIT 1 BY subject`
	return s.each(ctx, query, span.params().with("kind", string(kind)), dests, func() { visit(scan.posting()) })
}

// OpenPostings returns the postings whose newest state is named or uncertain, by
// subject.
func (s *Store) OpenPostings(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind,
) ([]schema.Posting, error) {
	subjects, err := s.openSubjects(ctx, company, kind)
	if err != nil {
		return nil, fmt.Errorf("find open postings: %w", err)
	}
	latest, err := s.LatestPostings(ctx, company, kind, subjects)
	if err != nil {
		return nil, err
	}
	var open []schema.Posting
	for _, subject := range subjects {
		// Between the two queries it may have been settled.
		if p, ok := latest[subject]; ok && p.State.Live() && !p.State.Settled() {
			open = append(open, p)
		}
	}
	return open, nil
}

// openSubjects returns the subjects of open postings in their order, at a cost that
// follows what changed about postings of the kind and what is left to do about them.
func (s *Store) openSubjects(ctx context.Context, company schema.CompanyID, kind schema.PostingKind) ([]string, error) {
	const query = ` SELECT id FROM standing WHERE posting_state IN ('named', 'uncertain') ORDER BY id`
	if kind == schema.PostBill {
		return s.unsettled(ctx, company, query, nil)
	}
	return s.searchTexts(ctx, company, postingWork(kind), query, nil)
}

// postingScan takes postings from rows, one at a time.
type postingScan struct {
	p               schema.Posting
	attempt         int64
	retry, recorded time.Time
	body            string
}

// dests returns where the columns of postingSelect go.
func (r *postingScan) dests() []any {
	p := &r.p
	return []any{
		(*string)(&p.Company), (*string)(&p.Kind), &p.Subject, (*string)(&p.Draft), (*string)(&p.Form), &p.Request, &p.Item, (*string)(&p.Batch),
		&r.attempt, (*string)(&p.State), (*string)(&p.Document), &p.SyncToken, &p.Fault.Code, &p.Fault.Detail, &p.Fault.Meaning,
		&p.Fault.Next, (*string)(&p.Fault.Owner), &p.TraceID, &r.retry, &r.recorded,
	}
}

// posting returns the posting of the row that was scanned.
func (r *postingScan) posting() schema.Posting {
	p := r.p
	p.Attempt = int(r.attempt)
	p.RetryAt, p.RecordedAt = instant(r.retry), instant(r.recorded)
	if r.body != "" {
		p.Body = []byte(r.body)
	}
	return p
}
