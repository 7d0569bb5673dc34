package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const redactionColumns = `
	company LowCardinality(String)
	id String
	fields Array(String)
	before DateTime64(6, 'UTC')
	reached DateTime64(6, 'UTC')
	deliveries Int64
	redacted Int64
	left_alone Int64
	unreadable Int64
	done Bool
	decided_by String
	recorded_at DateTime64(6, 'UTC')`

// RecordRedaction says that a redaction begins, or is done.
func (s *Store) RecordRedaction(ctx context.Context, redaction schema.Redaction) error {
	return record(ctx, s, s.tables.redactions, []schema.Redaction{redaction}, func(r schema.Redaction) []any {
		return []any{
			string(r.Company), r.ID, r.Fields, stored(r.Before), stored(r.Reached), int64(r.Deliveries), int64(r.Redacted),
			int64(r.Left), int64(r.Unreadable), r.Done, r.By, stored(r.RecordedAt),
		}
	})
}

// Redactions returns every redaction of a company as it stands, the newest first.
func (s *Store) Redactions(ctx context.Context, company schema.CompanyID) ([]schema.Redaction, error) {
	const query = `
		SELECT id, fields, before, reached, deliveries, redacted, left_alone, unreadable, done, decided_by, recorded_at
		FROM
		(
			SELECT * FROM redactions
			WHERE company = {company:String}
			ORDER BY id, recorded_at DESC, seq DESC
			LIMIT 1 BY id
		)
		ORDER BY recorded_at DESC, seq DESC`
	var all []schema.Redaction
	var r schema.Redaction
	var fields []string
	var before, reached, recorded time.Time
	var deliveries, redacted, left, unreadable int64
	dests := []any{&r.ID, &fields, &before, &reached, &deliveries, &redacted, &left, &unreadable, &r.Done, &r.By, &recorded}
	err := s.each(ctx, query, params{"company": string(company)}, dests, func() {
		r.Company, r.Fields = company, orNil(fields)
		r.Before, r.Reached, r.RecordedAt = instant(before), instant(reached), instant(recorded)
		r.Deliveries, r.Redacted, r.Left, r.Unreadable = int(deliveries), int(redacted), int(left), int(unreadable)
		all = append(all, r)
		fields = nil
	})
	if err != nil {
		return nil, fmt.Errorf("read redactions: %w", err)
	}
	return all, nil
}
