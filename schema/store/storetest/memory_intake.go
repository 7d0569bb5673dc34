package storetest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// Most troubles that a report describes.
const maxTroubles = 100

// Stage stores the deliveries of the block, once.
func (m *Memory) Stage(ctx context.Context, block schema.Block) error {
	return m.do(ctx, "Stage", func() {
		if m.blocks[block.ID] {
			return
		}
		m.blocks[block.ID] = true
		for _, d := range block.Deliveries {
			d.Body, d.Arrival = bytes.Clone(d.Body), bytes.Clone(d.Arrival)
			d.ReceivedAt = instant(d.ReceivedAt)
			m.deliveries[d.Company] = append(m.deliveries[d.Company], d)
		}
	})
}

// distinct returns the deliveries of a company that were received by asOf, each
// once as first received, the one received first leading.
func (m *Memory) distinct(company schema.CompanyID, asOf time.Time) []schema.Delivery {
	first := make(map[deliveryKey]schema.Delivery)
	for _, d := range m.deliveries[company] {
		key := keyOf(d)
		known, ok := first[key]
		if seen(d.ReceivedAt, asOf) && (!ok || d.ReceivedAt.Before(known.ReceivedAt)) {
			first[key] = d
		}
	}
	deliveries := make([]schema.Delivery, 0, len(first))
	for _, d := range first {
		deliveries = append(deliveries, d)
	}
	slices.SortFunc(deliveries, func(a, b schema.Delivery) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Sum().String(), b.Sum().String()))
	})
	return deliveries
}

func keyOf(d schema.Delivery) deliveryKey {
	return deliveryKey{company: d.Company, delivery: d.ID, body: d.Sum()}
}

// pending returns all deliveries without an outcome, with their conflicts.
//
// Which of several bodies under one id is the first is decided once: the one
// that has an outcome already, else the one received first. A body that turns
// up late with an earlier time of receipt cannot displace one that was applied.
func (m *Memory) pending(company schema.CompanyID) []schema.Staged {
	taken := make(map[schema.DeliveryID]bool)
	for key := range m.outcomes.subjects {
		outcome, _ := m.outcomes.first(key, time.Time{})
		if key.company == company && outcome.Kind != schema.OutcomeConflict {
			taken[key.delivery] = true
		}
	}
	var pending []schema.Staged
	for _, d := range m.distinct(company, time.Time{}) {
		if _, settled := m.outcomes.first(keyOf(d), time.Time{}); settled {
			continue
		}
		d.Body = bytes.Clone(d.Body)
		pending = append(pending, schema.Staged{Delivery: d, Conflict: taken[d.ID]})
		taken[d.ID] = true
	}
	return pending
}

// Pending returns deliveries without an outcome.
func (m *Memory) Pending(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Staged, error) {
	var found []schema.Staged
	err := m.do(ctx, "Pending", func() {
		found = m.pending(company)
		found = found[:min(max(limit, 0), len(found))]
		for i := range found {
			found[i].Arrival = nil
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// RecordOutcomes says what became of deliveries.
func (m *Memory) RecordOutcomes(ctx context.Context, outcomes []schema.Outcome) error {
	return m.do(ctx, "RecordOutcomes", func() {
		for _, o := range outcomes {
			o.Subjects = clone(o.Subjects)
			o.ReceivedAt, o.RecordedAt = instant(o.ReceivedAt), instant(o.RecordedAt)
			m.outcomes.add(deliveryKey{company: o.Company, delivery: o.Delivery, body: o.Body}, o.RecordedAt, m.next(), o)
		}
	})
}

// Intake counts the deliveries first received in the month.
func (m *Memory) Intake(
	ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
) (schema.Intake, error) {
	intake := monthIntake{schema.Intake{Outcomes: make(map[schema.OutcomeKind]int)}}
	err := m.do(ctx, "Intake", func() {
		for _, d := range m.distinct(company, asOf) {
			if !period.Contains(schema.DateOf(d.ReceivedAt)) {
				continue
			}
			intake.Received++
			outcome, settled := m.outcomes.first(keyOf(d), asOf)
			review, reviewed := m.reviews.newest(keyOf(d), asOf)
			if reviewed {
				outcome = review.Outcome
			}
			if !settled && !reviewed {
				intake.Pending++
				continue
			}
			intake.Outcomes[outcome.Kind]++
			trouble := schema.Trouble{Delivery: d.ID, Kind: outcome.Kind, Detail: outcome.Detail, ReceivedAt: d.ReceivedAt}
			if review.Dismissed {
				intake.dismiss(trouble, review)
				continue
			}
			if outcome.Kind.NeedsPerson() && len(intake.Troubles) < maxTroubles {
				intake.Troubles = append(intake.Troubles, trouble)
			}
		}
	})
	if err != nil {
		return schema.Intake{}, err
	}
	return intake.Intake, nil
}

// monthIntake is an intake while it is counted.
type monthIntake struct{ schema.Intake }

// dismiss counts a delivery that a person dismissed.
func (i *monthIntake) dismiss(trouble schema.Trouble, review schema.Review) {
	if i.Dismissed == nil {
		i.Dismissed = make(map[schema.OutcomeKind]int)
	}
	i.Dismissed[trouble.Kind]++
	if trouble.Kind.NeedsPerson() && len(i.Dismissals) < maxTroubles {
		i.Dismissals = append(i.Dismissals, schema.Dismissal{
			Trouble: trouble, Reason: review.Reason, By: review.By, At: review.RecordedAt,
		})
	}
}
