package store

import (
	"context"
	"fmt"

	"github.com/tieout/tieout/schema"
)

const meteredColumns = `
	company LowCardinality(String)
	month UInt32
	holder LowCardinality(String)
	core Int64
	core_plus Int64
	recorded_at DateTime64(6, 'UTC')`

// RecordMetered appends how many calls a process had made in a month. A count that
// is below one recorded before says nothing new.
func (s *Store) RecordMetered(ctx context.Context, calls schema.MeteredCalls) error {
	return record(ctx, s, s.tables.metered, []schema.MeteredCalls{calls}, func(c schema.MeteredCalls) []any {
		return []any{string(c.Company), meteredMonth(c.Month), c.Holder, c.Core, c.CorePlus, stored(c.RecordedAt)}
	})
}

// Metered sums up what all processes together called in a month.
func (s *Store) Metered(ctx context.Context, company schema.CompanyID, month schema.Period) (schema.Metered, error) {
	const query = `
		SELECT sum(holder_core), sum(holder_core_plus) FROM
		(
			SELECT max(core) AS holder_core, max(core_plus) AS holder_core_plus
			FROM metered
			WHERE company = {company:String} AND month = {month:Int64}
			GROUP BY holder
		)`
	var total schema.Metered
	p := params{"company": string(company), "month": int64(meteredMonth(month))}
	if err := s.each(ctx, query, p, []any{&total.Core, &total.CorePlus}, func() {}); err != nil {
		return schema.Metered{}, fmt.Errorf("read metered calls: %w", err)
	}
	return total, nil
}

// meteredMonth is p as a number written YYYYMM, 0 for none.
func meteredMonth(p schema.Period) uint32 { return day(p.First()) / 100 }
