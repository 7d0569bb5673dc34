package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

const outcomeColumns = `
	company LowCardinality(String)
	delivery String
	body FixedString(32)
	kind LowCardinality(String)
	event_type String
	detail String
	subjects Array(String)
	received_at DateTime64(6, 'UTC')
	recorded_at DateTime64(6, 'UTC')
	seq UInt64`

const (
	// pendingRows defines pending: the deliveries stored since the watermark
	// that have no outcome. A delivery whose first copy is older than the
	// watermark has an outcome, which is why a copy that was sent again does
	// not come back, and why earlier bodies under its id are known by theirs.
	//
	// Nearly all that was stored within the margin is settled, and is told by
	// its fingerprint, under which an outcome was recorded lately. What that
	// leaves is read once, as a scalar, and compared with all outcomes under its
	// ids, whenever they were recorded: how far back lately goes, by whatever
	// clock, decides what a search costs and never what it finds.
	//
	// It is a conflict when another body under its id has an outcome (other
	// than being a conflict itself) or, while none has, was received earlier. A
	// body that turns up late with an earlier time of receipt can so not
	// displace one that was applied.
	pendingRows = `
		WITH
			recent AS
			(
				SELECT row.1 AS id, row.2 AS body_sum, row.3 AS received, row.4 AS staged
				FROM
				(
					SELECT arrayJoin(
					(
						SELECT groupArray((id, body_sum, received, staged))
						FROM
						(
							SELECT id, body_sum, min(received_at) AS received, min(staged_at) AS staged
							FROM deliveries
							WHERE company = {company:String} AND staged_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
								AND fingerprint NOT IN
								(
									SELECT fingerprint FROM outcomes
									WHERE company = {company:String} AND recorded_at >= fromUnixTimestamp64Micro({lately:Int64}, 'UTC')
								)
							GROUP BY id, body_sum
							SETTINGS use_index_for_in_with_subqueries = 0 -- no index has fingerprints, and sorting them costs most
						)
					)) AS row
				)
			),
			known AS
			(
				SELECT delivery, groupArray(body) AS bodies, countIf(first_kind != 'conflict') > 0 AS taken
				FROM
				(
					SELECT delivery, body, argMin(kind, (recorded_at, seq)) AS first_kind
					FROM outcomes
					WHERE company = {company:String} AND delivery IN (SELECT id FROM recent)
					GROUP BY delivery, body
				)
				GROUP BY delivery
			),
			pending AS
			(
				SELECT id, body_sum, received, staged, notEmpty(bodies) AS others,
					taken OR row_number() OVER (PARTITION BY id ORDER BY received, body_sum) > 1 AS conflict
				FROM recent LEFT JOIN known ON recent.id = known.delivery
				WHERE NOT has(bodies, body_sum)
			)`

	advancePending = pendingRows + `
		SELECT {company:String}, {name:String}, {epoch:UInt64}, reached, []
		FROM
		(
			SELECT if(count() = 0, fromUnixTimestamp64Micro({reach:Int64}, 'UTC'),
				least(min(staged), fromUnixTimestamp64Micro({reach:Int64}, 'UTC'))) AS reached
			FROM pending
		)
		WHERE reached > fromUnixTimestamp64Micro({since:Int64}, 'UTC')`
)

// Pending returns at most limit deliveries that have no outcome yet, each once,
// the one received first leading. They come without their
// [schema.Delivery] Arrival, on which nothing depends.
func (s *Store) Pending(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Staged, error) {
	const query = pendingRows + `
		SELECT id, body_sum, received, conflict
		FROM pending
		ORDER BY received, id, body_sum
		LIMIT {limit:Int64}`
	if limit <= 0 {
		return nil, nil
	}
	p, err := s.searchPending(ctx, company)
	if err != nil {
		return nil, err
	}
	var found []schema.Staged
	var id, sum string
	var received time.Time
	var conflict bool
	var sums []schema.Sum
	err = s.each(ctx, query, p.with("limit", int64(limit)), []any{&id, &sum, &received, &conflict}, func() {
		found = append(found, schema.Staged{
			Delivery: schema.Delivery{Company: company, ID: schema.DeliveryID(id), ReceivedAt: instant(received)},
			Conflict: conflict,
		})
		sums = append(sums, sumOf(sum))
	})
	if err != nil {
		return nil, fmt.Errorf("find pending deliveries: %w", err)
	}
	if err := s.fillBodies(ctx, company, found, sums); err != nil {
		return nil, fmt.Errorf("read pending deliveries: %w", err)
	}
	return found, nil
}

// searchPending returns the parameters of pendingRows, after moving the watermark
// when that is due.
func (s *Store) searchPending(ctx context.Context, company schema.CompanyID) (params, error) {
	key := watermarkKey{company: company, name: pendingWork}
	mark, err := s.watermark(ctx, key)
	if err != nil {
		return nil, err
	}
	// An outcome is recorded after its delivery was stored, by a clock of its own.
	lately := max(0, mark.at.Add(-s.options.Margin).UnixMicro())
	p := s.searchParams(key, mark).with("lately", lately)
	if s.dueToAdvance(key, mark) {
		err = s.advance(ctx, key, advancePending, p)
	}
	return p, err
}

// fillBodies reads the bodies of deliveries that are in the order of receipt: all
// that was received between the first and the last, when at least a quarter of it is
// wanted, and else by ids, which costs more for each body.
func (s *Store) fillBodies(ctx context.Context, company schema.CompanyID, found []schema.Staged, sums []schema.Sum) error {
	const query = `SELECT count() FROM deliveries WHERE ` + bodyRange
	size, dense := maxIDs, false
	if len(found) > maxIDs {
		var rows uint64
		if err := s.each(ctx, query, rangeOf(company, found), []any{&rows}, func() {}); err != nil {
			return err
		}
		if dense = rows/4 < uint64(len(found)); dense {
			size = pageRows
		}
	}
	for i := 0; i < len(found); i += size {
		end := min(i+size, len(found))
		if err := s.fillSome(ctx, company, found[i:end], sums[i:end], dense); err != nil {
			return err
		}
	}
	return nil
}

// bodyRange holds for what was received in a stretch of time, which lies together in
// the table.
const bodyRange = `company = {company:String}
			AND received_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')
			AND received_at <= fromUnixTimestamp64Micro({last:Int64}, 'UTC')`

func rangeOf(company schema.CompanyID, found []schema.Staged) params {
	return params{
		"company": string(company),
		"first":   stored(found[0].ReceivedAt).UnixMicro(), "last": stored(found[len(found)-1].ReceivedAt).UnixMicro(),
	}
}

func (s *Store) fillSome(
	ctx context.Context, company schema.CompanyID, found []schema.Staged, sums []schema.Sum, dense bool,
) error {
	const (
		head = `SELECT id, body_sum, channel, body FROM deliveries WHERE ` + bodyRange
		tail = ` ORDER BY received_at, block, pos, redacted_at DESC LIMIT 1 BY id, body_sum`
	)
	type key struct {
		id  schema.DeliveryID
		sum schema.Sum
	}
	places := make(map[key]int, len(found))
	for i, d := range found {
		places[key{d.ID, sums[i]}] = i
	}
	query, p := head+tail, rangeOf(company, found)
	if !dense {
		ids := list(found, func(d schema.Staged) string { return string(d.ID) })
		slices.Sort(ids)
		query, p = head+` AND id IN {ids:Array(String)}`+tail, p.with("ids", slices.Compact(ids))
	}
	var id, sum, channel, body string
	return s.each(ctx, query, p, []any{&id, &sum, &channel, &body}, func() {
		if i, ok := places[key{schema.DeliveryID(id), sumOf(sum)}]; ok {
			found[i].Channel, found[i].Body = schema.Channel(channel), []byte(body)
		}
	})
}

// RecordOutcomes says what became of deliveries. The first outcome of a delivery
// stays.
func (s *Store) RecordOutcomes(ctx context.Context, outcomes []schema.Outcome) error {
	return record(ctx, s, s.tables.outcomes, outcomes, func(o schema.Outcome) []any {
		return []any{
			string(o.Company), string(o.Delivery), string(o.Body[:]), string(o.Kind), o.EventType, o.Detail, list(o.Subjects, text),
			stored(o.ReceivedAt), stored(o.RecordedAt),
		}
	})
}

func text(s string) string { return s }
