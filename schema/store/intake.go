package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// maxTroubles is how many deliveries that need a person a report describes.
const maxTroubles = 100

// intakeRows defines the intake of a month: each delivery once, in the month of
// its first receipt, with its first outcome. What bounds the outcomes that are read
// is what was received in the month at all: that is more, and cheaper to find than
// what was first received in it.
const intakeRows = `
	WITH
		touched AS
		(
			SELECT id FROM deliveries
			WHERE company = {company:String}
				AND received_at >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')
				AND received_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
				AND received_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
		),
		month AS
		(
			SELECT id, body_sum, min(received_at) AS received
			FROM deliveries
			WHERE company = {company:String}
				AND received_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
				AND received_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
				AND id IN (SELECT id FROM touched)
			GROUP BY id, body_sum
			HAVING received >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')
		),
		first_outcomes AS
		(
			SELECT delivery, body, argMin(kind, (recorded_at, seq)) AS first_kind, argMin(detail, (recorded_at, seq)) AS first_detail
			FROM outcomes
			WHERE company = {company:String}
				AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
				AND delivery IN (SELECT id FROM touched)
			GROUP BY delivery, body
		)`

// Intake counts the deliveries first received in the month, in UTC, by what had
// become of them by asOf.
func (s *Store) Intake(
	ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
) (schema.Intake, error) {
	const counts = intakeRows + `
		SELECT toString(first_kind), count()
		FROM month LEFT JOIN first_outcomes ON month.id = first_outcomes.delivery AND month.body_sum = first_outcomes.body
		GROUP BY first_kind`
	p := params{
		"company": string(company), "as_of": cutoff(asOf),
		"start": period.First().Time().UnixMicro(), "end": period.Next().First().Time().UnixMicro(),
	}
	intake := schema.Intake{Outcomes: make(map[schema.OutcomeKind]int)}
	var kind schema.OutcomeKind
	var count uint64
	err := s.each(ctx, counts, p, []any{(*string)(&kind), &count}, func() {
		intake.Received += int(count)
		if kind == "" {
			intake.Pending += int(count)
			return
		}
		intake.Outcomes[kind] += int(count)
	})
	if err != nil {
		return schema.Intake{}, fmt.Errorf("count intake: %w", err)
	}
	if !needsPerson(intake) {
		return intake, nil
	}
	if intake.Troubles, err = s.troubles(ctx, p); err != nil {
		return schema.Intake{}, fmt.Errorf("read troubles: %w", err)
	}
	return intake, nil
}

// needsPerson reports whether there are troubles to read. In most months there are
// none, and reading them costs as much as counting does.
func needsPerson(intake schema.Intake) bool {
	for kind, count := range intake.Outcomes {
		if count > 0 && kind.NeedsPerson() {
			return true
		}
	}
	return false
}

// troubles returns the oldest deliveries of the intake that need a person.
func (s *Store) troubles(ctx context.Context, p params) ([]schema.Trouble, error) {
	const query = intakeRows + `
		SELECT id, toString(first_kind), first_detail, received
		FROM month INNER JOIN first_outcomes ON month.id = first_outcomes.delivery AND month.body_sum = first_outcomes.body
		WHERE first_kind IN {kinds:Array(String)}
		ORDER BY received, id, body_sum
		LIMIT {limit:Int64}`
	var kinds []string
	for _, kind := range schema.OutcomeKinds() {
		if kind.NeedsPerson() {
			kinds = append(kinds, string(kind))
		}
	}
	var found []schema.Trouble
	var trouble schema.Trouble
	var received time.Time
	dests := []any{(*string)(&trouble.Delivery), (*string)(&trouble.Kind), &trouble.Detail, &received}
	err := s.each(ctx, query, p.with("kinds", kinds).with("limit", int64(maxTroubles)), dests, func() {
		trouble.ReceivedAt = instant(received)
		found = append(found, trouble)
	})
	return found, err
}
