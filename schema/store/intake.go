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
// its first receipt, with its first outcome or, where there is one, the newest review of
// it. What bounds the outcomes that are read
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
		),
		newest_reviews AS
		(
			SELECT delivery, body, argMax((kind, detail, dismissed, reason, decided_by, recorded_at), (recorded_at, seq)) AS review
			FROM reviews
			WHERE company = {company:String}
				AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
				AND delivery IN (SELECT id FROM touched)
			GROUP BY delivery, body
		),
		standing AS
		(
			SELECT id, body_sum, received, if(review.1 != '', toString(review.1), toString(first_kind)) AS stands,
				if(review.1 != '', review.2, first_detail) AS why, review.3 AS dismissed, review.4 AS reason, review.5 AS decided_by,
				review.6 AS reviewed_at
			FROM month
			LEFT JOIN first_outcomes ON month.id = first_outcomes.delivery AND month.body_sum = first_outcomes.body
			LEFT JOIN newest_reviews ON month.id = newest_reviews.delivery AND month.body_sum = newest_reviews.body
		)`

// Intake counts the deliveries first received in the month, in UTC, by what had
// become of them by asOf.
func (s *Store) Intake(
	ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
) (schema.Intake, error) {
	const counts = intakeRows + `
		SELECT stands, dismissed, count()
		FROM standing
		GROUP BY stands, dismissed`
	p := params{
		"company": string(company), "as_of": cutoff(asOf),
		"start": period.First().Time().UnixMicro(), "end": period.Next().First().Time().UnixMicro(),
	}
	intake := schema.Intake{Outcomes: make(map[schema.OutcomeKind]int)}
	var kind schema.OutcomeKind
	var dismissed bool
	var count uint64
	err := s.each(ctx, counts, p, []any{(*string)(&kind), &dismissed, &count}, func() {
		intake.Received += int(count)
		if kind == "" {
			intake.Pending += int(count)
			return
		}
		intake.Outcomes[kind] += int(count)
		if dismissed {
			if intake.Dismissed == nil {
				intake.Dismissed = make(map[schema.OutcomeKind]int)
			}
			intake.Dismissed[kind] += int(count)
		}
	})
	if err != nil {
		return schema.Intake{}, fmt.Errorf("count intake: %w", err)
	}
	if !needsPerson(intake) {
		return intake, nil
	}
	if err := s.troubles(ctx, p, &intake); err != nil {
		return schema.Intake{}, fmt.Errorf("read troubles: %w", err)
	}
	return intake, nil
}

// needsPerson reports whether there are troubles to read, dismissed ones included. In
// most months there are none, and reading them costs as much as counting does.
func needsPerson(intake schema.Intake) bool {
	for kind, count := range intake.Outcomes {
		if count > 0 && kind.NeedsPerson() {
			return true
		}
	}
	return false
}

// troubles adds the oldest deliveries of the intake that need a person, and the oldest
// that were dismissed.
func (s *Store) troubles(ctx context.Context, p params, intake *schema.Intake) error {
	const query = intakeRows + `
		SELECT id, stands, why, received, dismissed, reason, decided_by, reviewed_at
		FROM standing
		WHERE stands IN {kinds:Array(String)}
		ORDER BY received, id, body_sum
		LIMIT {limit:Int64} BY dismissed`
	var kinds []string
	for _, kind := range schema.OutcomeKinds() {
		if kind.NeedsPerson() {
			kinds = append(kinds, string(kind))
		}
	}
	var d schema.Dismissal
	var received, at time.Time
	var dismissed bool
	dests := []any{(*string)(&d.Delivery), (*string)(&d.Kind), &d.Detail, &received, &dismissed, &d.Reason, &d.By, &at}
	return s.each(ctx, query, p.with("kinds", kinds).with("limit", int64(maxTroubles)), dests, func() {
		d.ReceivedAt, d.At = instant(received), instant(at)
		if dismissed {
			intake.Dismissals = append(intake.Dismissals, d)
		} else {
			intake.Troubles = append(intake.Troubles, d.Trouble)
		}
	})
}
