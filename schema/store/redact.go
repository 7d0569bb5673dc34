package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tieout/tieout/schema"
)

const redactedColumns = `
	staged_at DateTime64(6, 'UTC')
	redacted_at DateTime64(6, 'UTC')`

// redactPage is how many bodies are read at a time, each of a mebibyte at most.
const redactPage = 200

// StoredDelivery is one row of the store: senders repeat themselves, so that a
// delivery may have several.
type StoredDelivery struct {
	schema.Receipt

	block    string
	pos      uint32
	stagedAt time.Time
	// doubled says that an older form of the row is there as well, which a redaction
	// that was interrupted left behind.
	doubled bool
}

// Doubled reports whether an older form of the row is there as well, so that it has to
// be redacted again although nothing in its body changes.
func (d StoredDelivery) Doubled() bool { return d.doubled }

// RedactionQuery selects rows of one company.
type RedactionQuery struct {
	Company schema.CompanyID
	From    time.Time // received then or later
	Before  time.Time // received before then
	// StagedSince leaves out what was stored earlier; zero leaves out nothing.
	StagedSince time.Time
}

// EachStored visits every row that q selects, the one received first leading, with its
// body and what stands of it. Redact may be called in between.
func (s *Store) EachStored(ctx context.Context, q RedactionQuery, visit func(StoredDelivery) error) error {
	var last *StoredDelivery
	for {
		page, err := s.storedPage(ctx, q, last)
		if err != nil {
			return fmt.Errorf("read stored deliveries: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		if err := s.fillStandings(ctx, q.Company, page); err != nil {
			return err
		}
		for _, d := range page {
			if err := visit(d); err != nil {
				return err
			}
		}
		last = &page[len(page)-1]
	}
}

// storedPage returns the rows after the last one. Of a row that is there twice, the
// form redacted last is returned, and that it is doubled.
func (s *Store) storedPage(ctx context.Context, q RedactionQuery, last *StoredDelivery) ([]StoredDelivery, error) {
	const query = `
		SELECT id, received_at, toString(channel), body, body_sum, arrival, block, pos, staged_at, redacted_at
		FROM deliveries
		WHERE company = {company:String}
			AND received_at >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')
			AND received_at < fromUnixTimestamp64Micro({before:Int64}, 'UTC')
			AND staged_at >= fromUnixTimestamp64Micro({staged:Int64}, 'UTC')
			AND (toUnixTimestamp64Micro(received_at), block, toInt64(pos)) > ({start:Int64}, {block:String}, {pos:Int64})
		ORDER BY received_at, block, pos, redacted_at DESC
		LIMIT {rows:Int64}`
	p := params{
		"company": string(q.Company), "before": stored(q.Before).UnixMicro(), "staged": stored(q.StagedSince).UnixMicro(),
		"start": stored(q.From).UnixMicro(), "block": "", "pos": int64(-1), "rows": int64(redactPage + 1),
	}
	if last != nil {
		p["start"], p["block"], p["pos"] = stored(last.ReceivedAt).UnixMicro(), last.block, int64(last.pos)
	}
	var page []StoredDelivery
	var d StoredDelivery
	var body, sum, arrival string
	var received, staged, redacted time.Time
	dests := []any{(*string)(&d.ID), &received, (*string)(&d.Channel), &body, &sum, &arrival, &d.block, &d.pos, &staged, &redacted}
	err := s.each(ctx, query, p, dests, func() {
		d.Company, d.ReceivedAt, d.Body, d.BodySum = q.Company, instant(received), []byte(body), sumOf(sum)
		d.Arrival = bytesOf(arrival)
		d.stagedAt, d.RedactedAt = instant(staged), instant(redacted)
		if n := len(page) - 1; n >= 0 && page[n].same(d) {
			page[n].doubled = true
			return
		}
		page = append(page, d)
	})
	// One more row than fits was read: it tells whether the last one is doubled.
	return page[:min(len(page), redactPage)], err
}

func (d StoredDelivery) same(e StoredDelivery) bool {
	return d.ReceivedAt.Equal(e.ReceivedAt) && d.block == e.block && d.pos == e.pos
}

// fillStandings adds the outcomes and reviews of rows.
func (s *Store) fillStandings(ctx context.Context, company schema.CompanyID, page []StoredDelivery) error {
	ids := list(page, func(d StoredDelivery) string { return string(d.ID) })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	outcomes, reviews := map[deliveryName]schema.Outcome{}, map[deliveryName]schema.Review{}
	err := s.firstOutcomes(ctx, company, ids, func(o schema.Outcome) { outcomes[deliveryName{o.Delivery, o.Body}] = o })
	if err != nil {
		return err
	}
	err = s.newestReviews(ctx, company, ids, func(r schema.Review) { reviews[deliveryName{r.Delivery, r.Body}] = r })
	if err != nil {
		return err
	}
	for i := range page {
		name := deliveryName{page[i].ID, page[i].BodySum}
		page[i].Outcome, page[i].Review = outcomes[name], reviews[name]
	}
	return nil
}

// Redact stores rows, which are in the order of receipt, anew with the bodies that they have now, and deletes the rows as
// they were. It returns once the deletion is done; the engine takes the files that held
// them from the disk some minutes later, eight by default. No two calls for a company have the same instant. A row's hash, its times and
// its place stay, so that nothing counts differently. Interrupted at any point, the
// delivery is there, redacted or not, and is found by EachStored again.
func (s *Store) Redact(ctx context.Context, at time.Time, rows []StoredDelivery) error {
	if len(rows) == 0 {
		return nil
	}
	inserted := make([][]any, len(rows))
	for i, d := range rows {
		inserted[i] = []any{
			string(d.Company), string(d.ID), stored(d.ReceivedAt), string(d.Channel), string(d.Body), string(d.BodySum[:]), d.block, d.pos,
			string(d.Arrival), stored(d.stagedAt), stored(at),
		}
	}
	// A block that is inserted is atomic within a month alone; a part of it that is
	// missing is only a row that is not redacted yet, and must not be deleted.
	if err := s.insert(ctx, s.tables.redacted, contentToken(inserted), inserted); err != nil {
		return err
	}
	if err := s.checkRedacted(ctx, at, rows); err != nil {
		return err
	}
	for chunk := range slices.Chunk(rows, maxIDs) {
		last := &chunk[len(chunk)-1] == &rows[len(rows)-1]
		if err := s.deleteOlder(ctx, at, chunk, last); err != nil {
			return fmt.Errorf("delete what was redacted: %w: %w", ErrUnknownOutcome, err)
		}
	}
	return nil
}

// checkRedacted makes sure that rows are there in their new form, before the old one is
// deleted: nothing else may ever delete what was received.
func (s *Store) checkRedacted(ctx context.Context, at time.Time, rows []StoredDelivery) error {
	const query = `
		SELECT uniqExact(received_at, block, pos)
		FROM deliveries
		WHERE company = {company:String}
			AND received_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')
			AND received_at <= fromUnixTimestamp64Micro({last:Int64}, 'UTC')
			AND redacted_at = fromUnixTimestamp64Micro({at:Int64}, 'UTC')`
	p := params{
		"company": string(rows[0].Company), "at": stored(at).UnixMicro(),
		"first": stored(rows[0].ReceivedAt).UnixMicro(), "last": stored(rows[len(rows)-1].ReceivedAt).UnixMicro(),
	}
	var there uint64
	if err := s.each(ctx, query, p, []any{&there}, func() {}); err != nil {
		return fmt.Errorf("look for redacted deliveries: %w", err)
	}
	if there != uint64(len(rows)) {
		return fmt.Errorf("%d of %d redacted deliveries are in the store: %w", there, len(rows), ErrUnknownOutcome)
	}
	return nil
}

// deleteOlder deletes the older forms of rows that are in the order of receipt. The
// engine takes such orders one after the other, and several in one go where nobody
// waits in between: once the last is done, all are.
func (s *Store) deleteOlder(ctx context.Context, at time.Time, rows []StoredDelivery, wait bool) error {
	const statement = `
		ALTER TABLE deliveries DELETE
		WHERE company = {company:String}
			AND received_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')
			AND received_at <= fromUnixTimestamp64Micro({last:Int64}, 'UTC')
			AND redacted_at < fromUnixTimestamp64Micro({at:Int64}, 'UTC')
			AND concat(block, '/', toString(pos)) IN {names:Array(String)}`
	p := params{
		"company": string(rows[0].Company), "at": stored(at).UnixMicro(),
		"first": stored(rows[0].ReceivedAt).UnixMicro(), "last": stored(rows[len(rows)-1].ReceivedAt).UnixMicro(),
		"names": list(rows, func(d StoredDelivery) string { return d.block + "/" + strconv.FormatUint(uint64(d.pos), 10) }),
	}
	sync := 0
	if wait {
		sync = 1
		if s.options.Cluster != "" {
			sync = 2 // on every replica
		}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"mutations_sync": sync, "max_execution_time": int(s.options.Timeout.Seconds()),
	}))
	return s.conn.Exec(ctx, statement, p.arguments()...)
}
