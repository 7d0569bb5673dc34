package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// A watermark bounds the search for work: everything of a company that was stored
// before it, by the server's clock, is done, except for its members. What is to be
// done is therefore among the members and what was stored since, and is found at a
// cost that does not grow with the history.
//
// # Why nothing is skipped
//
// Work comes only from rows, and a row carries the time at which the server stored
// it, which no sender, receiver or journal can set: a delivery that was journalled
// on Monday and reaches the server on Thursday is stored on Thursday, and found.
//
// A watermark is computed from one read of the work that is left. That read sees
// every row that was visible when it began. A row with an earlier time that was
// not visible yet belongs to an insert that was still running, so a watermark is
// never set later than the server's clock at the beginning of the read less the
// margin, which is longer than an insert may run, and on a cluster covers what the
// replicas' clocks differ by. Rows within the margin are read again every time.
// Nor is it set later than the oldest work left; or else that work is named as a
// member. Work that turns up for a subject that was done, such as a changed
// invoice or a decision taken back, does so through a row stored since.
//
// Where nothing was stored since and there are no members, nothing has to be read
// again, and the watermark stays where it is.
//
// The premises are a clock that is not set back by more than the margin, and
// inserts that end. [Store.ResetWatermarks] trusts neither: it starts a new epoch,
// in which the next search looks at everything. It is to be called daily.
type watermark struct {
	epoch uint64
	at    time.Time
	now   time.Time // the server's clock before anything was read
}

// The kinds of work that have a watermark, besides those of postingWork.
const (
	pendingWork   = "pending"   // deliveries without an outcome; no members
	unsettledWork = "unsettled" // invoices with something left to do
	amendedWork   = "amended"   // invoices that the books no longer say
)

// maxMembers bounds what a watermark names. With more work than that, searching
// everything costs no more than the work does.
const maxMembers = 50_000

const watermarkColumns = `
	company LowCardinality(String)
	name LowCardinality(String)
	epoch UInt64
	at DateTime64(6, 'UTC')
	members Array(String)`

type watermarkKey struct {
	company schema.CompanyID
	name    string
}

// watermark returns the newest watermark, which is 1970 when there is none. The table
// is in its order, so that the older ones are not read.
func (s *Store) watermark(ctx context.Context, key watermarkKey) (watermark, error) {
	const query = `
		SELECT max(epoch), max(at), now64(6, 'UTC')
		FROM
		(
			SELECT epoch, at
			FROM watermarks
			WHERE company = {company:String} AND name = {name:String}
			ORDER BY epoch DESC, at DESC
			LIMIT 1
		)`
	var mark watermark
	p := params{"company": string(key.company), "name": key.name}
	if err := s.each(ctx, query, p, []any{&mark.epoch, &mark.at, &mark.now}, func() {}); err != nil {
		return watermark{}, fmt.Errorf("read watermark of %s: %w", key.name, err)
	}
	return mark, nil
}

// searchParams returns the parameters of a search from a watermark, and of its
// advance: reach is the farthest that it may go.
func (s *Store) searchParams(key watermarkKey, mark watermark) params {
	return params{
		"company": string(key.company), "name": key.name, "epoch": mark.epoch, "since": mark.at.UnixMicro(),
		"reach": s.reach(mark).UnixMicro(), "max_members": int64(maxMembers),
	}
}

func (s *Store) reach(mark watermark) time.Time { return mark.now.Add(-s.options.Margin) }

// dueToAdvance reports whether this process should move a watermark now, and
// takes note that it does.
func (s *Store) dueToAdvance(key watermarkKey, mark watermark) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	last, ok := s.advanced[key]
	if !s.reach(mark).After(mark.at) || ok && now.Sub(last) < s.options.Advance && !now.Before(last) {
		return false
	}
	s.advanced[key] = now
	return true
}

// advance moves a watermark to what the query selects. It is not retried: one
// that could not be moved costs time and nothing else.
func (s *Store) advance(ctx context.Context, key watermarkKey, query string, p params) error {
	insert := `INSERT INTO watermarks (company, name, epoch, at, members) ` + query
	if err := s.conn.Exec(ctx, insert, p.arguments()...); err != nil {
		return fmt.Errorf("advance watermark of %s: %w", key.name, err)
	}
	return nil
}

// ResetWatermarks has the next search of every company for every kind of work look
// at everything that was ever stored. It is the daily check of the premises under
// which watermarks are safe, and costs one full search.
func (s *Store) ResetWatermarks(ctx context.Context) error {
	const query = `SELECT DISTINCT company, name FROM watermarks`
	epoch := s.seq.take(1)
	var rows [][]any
	var company, name string
	err := s.each(ctx, query, nil, []any{&company, &name}, func() {
		rows = append(rows, []any{company, name, epoch, time.Unix(0, 0).UTC(), []string{}})
	})
	if err != nil {
		return fmt.Errorf("reset watermarks: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := s.insert(ctx, s.tables.watermarks, fmt.Sprintf("reset/%d", epoch), rows); err != nil {
		return fmt.Errorf("reset watermarks: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.advanced)
	return nil
}
