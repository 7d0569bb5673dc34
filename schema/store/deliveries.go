package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	// listPage is how many deliveries are named at a time while they are listed. A
	// page costs a look at when all outcomes of the company were received.
	listPage = 20_000
	// bodiesAtATime bounds the bodies in memory, each of a mebibyte at most.
	bodiesAtATime = 100
)

// receiptKey names a delivery and orders deliveries: by first receipt, id and body.
type receiptKey struct {
	received time.Time
	id       string
	body     schema.Sum
}

func (k receiptKey) compare(other receiptKey) int {
	return cmp.Or(k.received.Compare(other.received), cmp.Compare(k.id, other.id), bytes.Compare(k.body[:], other.body[:]))
}

// Deliveries yields the deliveries that q selects, each once, the one received first
// leading. However many there are, a page of them is held at a time; other methods
// may be called between two.
func (s *Store) Deliveries(ctx context.Context, q schema.DeliveryQuery) iter.Seq2[schema.Receipt, error] {
	return func(yield func(schema.Receipt, error) bool) {
		var after *receiptKey
		for {
			// What gets its outcome in between is found there: pending ones are
			// asked for first.
			page, last, err := s.findReceipts(ctx, q, after)
			if err != nil {
				yield(schema.Receipt{}, fmt.Errorf("find deliveries: %w", err))
				return
			}
			contested, err := s.contested(ctx, q.Company)
			if err != nil {
				yield(schema.Receipt{}, fmt.Errorf("find conflicts: %w", err))
				return
			}
			size := maxIDs
			if q.Bodies {
				size = bodiesAtATime
			}
			for chunk := range slices.Chunk(page, size) {
				receipts, err := s.receipts(ctx, q, chunk, contested)
				if err != nil {
					yield(schema.Receipt{}, fmt.Errorf("read deliveries: %w", err))
					return
				}
				for _, r := range receipts {
					if !yield(r, nil) {
						return
					}
				}
			}
			if last == nil {
				return
			}
			after = last
		}
	}
}

// findReceipts returns the next deliveries that may be selected, and the last place
// that they cover, which is nil at the end.
func (s *Store) findReceipts(ctx context.Context, q schema.DeliveryQuery, after *receiptKey) ([]receiptKey, *receiptKey, error) {
	var settled []receiptKey
	pending, err := s.findPending(ctx, q, after)
	if err != nil {
		return nil, nil, err
	}
	if q.Outcome != schema.OutcomePending {
		if settled, err = s.findSettled(ctx, q, after); err != nil {
			return nil, nil, err
		}
	}
	var last *receiptKey
	for _, some := range [][]receiptKey{pending, settled} {
		if len(some) < s.options.listPage {
			continue
		}
		if key := some[len(some)-1]; last == nil || key.compare(*last) < 0 {
			last = &key
		}
	}
	all := append(settled, pending...)
	if last != nil {
		all = slices.DeleteFunc(all, func(f receiptKey) bool { return f.compare(*last) > 0 })
	}
	// Of one that is in both lists the outcome, which comes first, is left.
	slices.SortStableFunc(all, func(a, b receiptKey) int { return a.compare(b) })
	all = slices.CompactFunc(all, func(a, b receiptKey) bool { return a.compare(b) == 0 })
	return all, last, nil
}

// receiptParams are the parameters of a page; without a last place it begins before
// everything.
func receiptParams(q schema.DeliveryQuery, after *receiptKey, page int) params {
	p := params{
		"company": string(q.Company), "id": string(q.ID), "type": q.Type, "kind": string(q.Outcome),
		"from": int64(0), "to": int64(endOfTime), "after": int64(-1), "after_id": "", "after_body": "", "limit": int64(page),
	}
	if !q.From.IsZero() {
		p["from"] = stored(q.From.Add(time.Microsecond - 1)).UnixMicro() // no finer than what is stored
	}
	if !q.To.IsZero() {
		p["to"] = stored(q.To.Add(time.Microsecond - 1)).UnixMicro()
	}
	if after != nil {
		p["after"], p["after_id"] = after.received.UnixMicro(), after.id
		p["after_body"] = fmt.Sprintf("%X", after.body[:])
	}
	return p
}

// within holds for a row of a page, given its columns.
func within(received, id, body string) string {
	at := `toUnixTimestamp64Micro(` + received + `)`
	return at + ` >= {from:Int64} AND ` + at + ` < {to:Int64} AND ({id:String} = '' OR ` + id + ` = {id:String})
		AND (` + at + `, ` + id + `, hex(` + body + `)) > ({after:Int64}, {after_id:String}, {after_body:String})`
}

// findPending names deliveries that have no outcome. Of those a type or an outcome is
// known only from a review.
func (s *Store) findPending(ctx context.Context, q schema.DeliveryQuery, after *receiptKey) ([]receiptKey, error) {
	query := pendingRows + `
		SELECT id, body_sum, received
		FROM pending
		WHERE ` + within("received", "id", "body_sum")
	if q.Type != "" || q.Outcome != "" && q.Outcome != schema.OutcomePending {
		query += ` AND id IN (SELECT delivery FROM reviews WHERE company = {company:String})`
	}
	query += `
		ORDER BY received, id, body_sum
		LIMIT {limit:Int64}`
	p, err := s.searchPending(ctx, q.Company)
	if err != nil {
		return nil, err
	}
	maps.Copy(p, receiptParams(q, after, s.options.listPage))
	var all []receiptKey
	var id, body string
	var received time.Time
	err = s.each(ctx, query, p, []any{&id, &body, &received}, func() {
		all = append(all, receiptKey{instant(received), id, sumOf(body)})
	})
	return all, err
}

// findSettled names deliveries that have an outcome. What a review says is looked at
// afterwards, so that all that have one are named.
func (s *Store) findSettled(ctx context.Context, q schema.DeliveryQuery, after *receiptKey) ([]receiptKey, error) {
	query := `
		SELECT delivery, body, received_at
		FROM outcomes
		WHERE company = {company:String} AND ` + within("received_at", "delivery", "body")
	if q.Type != "" || q.Outcome != "" {
		query += `
			AND
			(
				({type:String} = '' OR event_type = {type:String}) AND ({kind:String} = '' OR kind = {kind:String})
				OR delivery IN (SELECT delivery FROM reviews WHERE company = {company:String})
			)`
	}
	query += `
		ORDER BY received_at, delivery, body
		LIMIT {limit:Int64}`
	var all []receiptKey
	var id, body string
	var received time.Time
	err := s.each(ctx, query, receiptParams(q, after, s.options.listPage), []any{&id, &body, &received}, func() {
		all = append(all, receiptKey{instant(received), id, sumOf(body)})
	})
	return all, err
}

// receipts reads all that is known of deliveries, and leaves out what q does not take.
func (s *Store) receipts(
	ctx context.Context, q schema.DeliveryQuery, some []receiptKey, contested map[schema.DeliveryID]bool,
) ([]schema.Receipt, error) {
	places := make(map[deliveryName]int, len(some))
	receipts := make([]schema.Receipt, len(some))
	bodies := make(map[schema.DeliveryID]map[schema.Sum]bool, len(some))
	ids := make([]string, len(some))
	for i, f := range some {
		id := schema.DeliveryID(f.id)
		receipts[i] = schema.Receipt{
			Delivery: schema.Delivery{Company: q.Company, ID: id, ReceivedAt: f.received}, BodySum: f.body,
		}
		places[deliveryName{id, f.body}], ids[i] = i, f.id
		if bodies[id] == nil {
			bodies[id] = map[schema.Sum]bool{}
		}
		bodies[id][f.body] = true
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	err := s.firstOutcomes(ctx, q.Company, ids, func(o schema.Outcome) {
		bodies[o.Delivery][o.Body] = true
		if i, ok := places[deliveryName{o.Delivery, o.Body}]; ok {
			receipts[i].Outcome = o
		}
	})
	if err != nil {
		return nil, err
	}
	err = s.newestReviews(ctx, q.Company, ids, func(r schema.Review) {
		if i, ok := places[deliveryName{r.Delivery, r.Body}]; ok {
			receipts[i].Review = r
		}
	})
	if err != nil {
		return nil, err
	}
	if err := s.fillReceipts(ctx, q, receipts, places); err != nil {
		return nil, err
	}
	taken := receipts[:0]
	for _, r := range receipts {
		r.Conflict = contested[r.ID] || len(bodies[r.ID]) > 1
		// An outcome that was given for another receipt is named there.
		if q.Takes(r) && (r.Outcome.Kind == "" || r.Outcome.ReceivedAt.Equal(r.ReceivedAt)) {
			taken = append(taken, r)
		}
	}
	return taken, nil
}

// contested returns the ids under which a body has no outcome and is not the first, or
// another one has: those that received it are in conflict, and need not be on one page.
func (s *Store) contested(ctx context.Context, company schema.CompanyID) (map[schema.DeliveryID]bool, error) {
	const query = pendingRows + `
		SELECT DISTINCT id
		FROM pending
		WHERE conflict OR others`
	p, err := s.searchPending(ctx, company)
	if err != nil {
		return nil, err
	}
	ids := make(map[schema.DeliveryID]bool)
	var id string
	return ids, s.each(ctx, query, p, []any{&id}, func() { ids[schema.DeliveryID(id)] = true })
}

// deliveryName tells deliveries of a company apart.
type deliveryName struct {
	id   schema.DeliveryID
	body schema.Sum
}

// fillReceipts reads on which way deliveries came in and, where that is asked for,
// their bodies and arrivals. The table is in the order of receipt, in which each is looked up.
func (s *Store) fillReceipts(
	ctx context.Context, q schema.DeliveryQuery, receipts []schema.Receipt, places map[deliveryName]int,
) error {
	bodies := `'', ''`
	if q.Bodies {
		bodies = `body, arrival`
	}
	query := `
		SELECT id, body_sum, toString(channel), redacted_at, ` + bodies + `
		FROM deliveries
		WHERE company = {company:String}
			AND received_at IN (SELECT fromUnixTimestamp64Micro(toInt64(arrayJoin({times:Array(String)})), 'UTC'))
			AND id IN {ids:Array(String)}
		ORDER BY received_at, block, pos, redacted_at DESC
		LIMIT 1 BY id, body_sum`
	p := params{
		"company": string(q.Company),
		"ids":     list(receipts, func(r schema.Receipt) string { return string(r.ID) }),
		"times":   list(receipts, func(r schema.Receipt) string { return strconv.FormatInt(stored(r.ReceivedAt).UnixMicro(), 10) }),
	}
	var id, sum, channel, text, arrival string
	var redacted time.Time
	return s.each(ctx, query, p, []any{&id, &sum, &channel, &redacted, &text, &arrival}, func() {
		if i, ok := places[deliveryName{schema.DeliveryID(id), sumOf(sum)}]; ok {
			receipts[i].Channel, receipts[i].RedactedAt = schema.Channel(channel), instant(redacted)
			if q.Bodies {
				receipts[i].Body, receipts[i].Arrival = []byte(text), bytesOf(arrival)
			}
		}
	})
}
