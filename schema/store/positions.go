package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/tieout/tieout/schema"
)

// pageRows is how many positions are held in memory at a time.
const pageRows = 10_000

// OpenPositions yields every invoice that may still need a draft, by id: it has no
// live bill posting. What is cancelled and drafted so, and what somebody decided
// to skip, is left out.
func (s *Store) OpenPositions(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error] {
	return func(yield func(schema.Position, error) bool) {
		ids, err := s.unsettled(ctx, company, `SELECT id FROM standing WHERE open AND has_invoice ORDER BY id`, nil)
		if err != nil {
			yield(schema.Position{}, fmt.Errorf("find open positions: %w", err))
			return
		}
		s.positions(ctx, span{company: company, ids: ids, asOf: endOfTime}, withLines|withBodies, yield)
	}
}

// Positions yields every invoice of a period as of an instant, by id, without the
// invoice's lines and the posting's body. An invoice belongs to the period of its
// bill date, or without one, to that of the day on which it was first recorded.
func (s *Store) Positions(
	ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
) iter.Seq2[schema.Position, error] {
	const query = `
		SELECT id
		FROM invoices
		WHERE company = {company:String} AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
			AND id IN
			(
				SELECT id FROM invoices
				WHERE company = {company:String} AND (bill_date = 0 OR (bill_date >= {first:Int64} AND bill_date <= {last:Int64}))
			)
		GROUP BY id
		HAVING (argMax(bill_date, (recorded_at, seq)) AS billed) >= {first:Int64} AND billed <= {last:Int64}
			OR billed = 0 AND toYYYYMMDD(min(recorded_at)) BETWEEN {first:Int64} AND {last:Int64}
		ORDER BY id`
	return func(yield func(schema.Position, error) bool) {
		p := params{
			"company": string(company), "as_of": cutoff(asOf),
			"first": int64(day(period.First())), "last": int64(day(period.Last())),
		}
		ids, err := s.texts(ctx, query, p)
		if err != nil {
			yield(schema.Position{}, fmt.Errorf("find positions of %s: %w", period, err))
			return
		}
		s.positions(ctx, span{company: company, ids: ids, asOf: cutoff(asOf)}, 0, yield)
	}
}

// positions yields the positions of a span in pages, and reads the next page while
// the consumer is busy with the last.
func (s *Store) positions(
	ctx context.Context, all span, parts parts, yield func(schema.Position, error) bool,
) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	spans, err := s.spans(ctx, all)
	if err != nil {
		yield(schema.Position{}, fmt.Errorf("plan positions: %w", err))
		return
	}
	type result struct {
		page []schema.Position
		err  error
	}
	results := make(chan result)
	done := make(chan struct{})
	defer func() {
		cancel()
		<-done
	}()
	go func() {
		defer close(done)
		defer close(results)
		for _, span := range spans {
			page, err := s.page(ctx, span, parts)
			select {
			case results <- result{page, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for r := range results {
		for _, p := range r.page {
			if !yield(p, nil) {
				return
			}
		}
		if r.err != nil {
			yield(schema.Position{}, fmt.Errorf("read positions: %w", r.err))
			return
		}
	}
	if err := context.Cause(ctx); err != nil {
		yield(schema.Position{}, err)
	}
}
