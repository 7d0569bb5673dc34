package storetest

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// RecordReviews says what holds of deliveries from now on.
func (m *Memory) RecordReviews(ctx context.Context, reviews []schema.Review) error {
	return m.do(ctx, "RecordReviews", func() {
		for _, r := range reviews {
			r.Subjects = clone(r.Subjects)
			r.ReceivedAt, r.RecordedAt = instant(r.ReceivedAt), instant(r.RecordedAt)
			m.reviews.add(deliveryKey{company: r.Company, delivery: r.Delivery, body: r.Body}, r.RecordedAt, m.next(), r)
		}
	})
}

// Deliveries yields what q selects, as it was when the stream began.
func (m *Memory) Deliveries(ctx context.Context, q schema.DeliveryQuery) iter.Seq2[schema.Receipt, error] {
	return func(yield func(schema.Receipt, error) bool) {
		var found []schema.Receipt
		err := m.do(ctx, "Deliveries", func() { found = m.receipts(q) })
		for _, r := range found {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(schema.Receipt{}, err)
		}
	}
}

func (m *Memory) receipts(q schema.DeliveryQuery) []schema.Receipt {
	var all []schema.Receipt
	bodies := make(map[schema.DeliveryID]int)
	for _, d := range m.pending(q.Company) {
		review, _ := m.reviews.newest(keyOf(d.Delivery), time.Time{})
		review.Subjects = clone(review.Subjects)
		all = append(all, schema.Receipt{Delivery: d.Delivery, BodySum: d.Sum(), Review: review, Conflict: d.Conflict})
		bodies[d.ID]++
	}
	for key := range m.outcomes.subjects {
		if key.company != q.Company {
			continue
		}
		outcome, _ := m.outcomes.first(key, time.Time{})
		review, _ := m.reviews.newest(key, time.Time{})
		d := m.receivedAt(key, outcome.ReceivedAt)
		outcome.Subjects, review.Subjects = clone(outcome.Subjects), clone(review.Subjects)
		all = append(all, schema.Receipt{Delivery: d, BodySum: key.body, Outcome: outcome, Review: review})
		bodies[d.ID]++
	}
	all = slices.DeleteFunc(all, func(r schema.Receipt) bool { return !q.Takes(r) })
	for i := range all {
		all[i].Conflict = all[i].Conflict || bodies[all[i].ID] > 1
		if !q.Bodies {
			all[i].Body, all[i].Arrival = nil, nil
		}
	}
	slices.SortFunc(all, func(a, b schema.Receipt) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.ID, b.ID), cmp.Compare(a.BodySum.String(), b.BodySum.String()))
	})
	return all
}

// receivedAt returns the copy of a delivery that was received at an instant. Should
// there be none, all that is known is its name.
func (m *Memory) receivedAt(key deliveryKey, at time.Time) schema.Delivery {
	for _, d := range m.deliveries[key.company] {
		if keyOf(d) == key && d.ReceivedAt.Equal(at) {
			d.Body, d.Arrival = bytes.Clone(d.Body), bytes.Clone(d.Arrival)
			return d
		}
	}
	return schema.Delivery{Company: key.company, ID: key.delivery, ReceivedAt: at}
}
