package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const reviewColumns = `
	company LowCardinality(String)
	delivery String
	body FixedString(32)
	kind LowCardinality(String)
	event_type String
	detail String
	subjects Array(String)
	received_at DateTime64(6, 'UTC')
	dismissed Bool
	reason String
	decided_by String
	recorded_at DateTime64(6, 'UTC')`

// RecordReviews says what holds of deliveries from now on. Their outcomes stay on
// record.
func (s *Store) RecordReviews(ctx context.Context, reviews []schema.Review) error {
	return record(ctx, s, s.tables.reviews, reviews, func(r schema.Review) []any {
		return []any{
			string(r.Company), string(r.Delivery), string(r.Body[:]), string(r.Kind), r.EventType, r.Detail, list(r.Subjects, text),
			stored(r.ReceivedAt), r.Dismissed, r.Reason, r.By, stored(r.RecordedAt),
		}
	})
}

// newestReviews visits the newest review of each delivery under ids.
func (s *Store) newestReviews(
	ctx context.Context, company schema.CompanyID, ids []string, visit func(schema.Review),
) error {
	const query = `
		SELECT delivery, body, toString(kind), event_type, detail, subjects, received_at, dismissed, reason, decided_by, recorded_at
		FROM reviews
		WHERE company = {company:String} AND delivery IN {ids:Array(String)}
		ORDER BY delivery, body, recorded_at DESC, seq DESC
		LIMIT 1 BY delivery, body`
	var r schema.Review
	var body string
	var subjects []string
	var received, recorded time.Time
	dests := []any{
		(*string)(&r.Delivery), &body, (*string)(&r.Kind), &r.EventType, &r.Detail, &subjects, &received, &r.Dismissed, &r.Reason,
		&r.By, &recorded,
	}
	err := s.each(ctx, query, params{"company": string(company), "ids": ids}, dests, func() {
		r.Company, r.Body, r.Subjects = company, sumOf(body), orNil(subjects)
		r.ReceivedAt, r.RecordedAt = instant(received), instant(recorded)
		visit(r)
	})
	if err != nil {
		return fmt.Errorf("read reviews: %w", err)
	}
	return nil
}

// firstOutcomes visits the outcome of each delivery under ids, conflicts included.
func (s *Store) firstOutcomes(
	ctx context.Context, company schema.CompanyID, ids []string, visit func(schema.Outcome),
) error {
	const query = `
		SELECT delivery, body, toString(kind), event_type, detail, subjects, received_at, recorded_at
		FROM outcomes
		WHERE company = {company:String} AND delivery IN {ids:Array(String)}
		ORDER BY delivery, body, recorded_at, seq
		LIMIT 1 BY delivery, body`
	var o schema.Outcome
	var body string
	var subjects []string
	var received, recorded time.Time
	dests := []any{
		(*string)(&o.Delivery), &body, (*string)(&o.Kind), &o.EventType, &o.Detail, &subjects, &received, &recorded,
	}
	err := s.each(ctx, query, params{"company": string(company), "ids": ids}, dests, func() {
		o.Company, o.Body, o.Subjects = company, sumOf(body), orNil(subjects)
		o.ReceivedAt, o.RecordedAt = instant(received), instant(recorded)
		visit(o)
	})
	if err != nil {
		return fmt.Errorf("read outcomes: %w", err)
	}
	return nil
}

// orNil tells no list from an empty one as facts do, which do not.
func orNil(texts []string) []string {
	if len(texts) == 0 {
		return nil
	}
	return texts
}
