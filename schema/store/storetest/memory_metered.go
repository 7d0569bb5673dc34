package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// meterKey is whose counts of a month are kept.
type meterKey struct {
	company schema.CompanyID
	month   schema.Period
	holder  string
}

// RecordMetered appends what a process had called in a month.
func (m *Memory) RecordMetered(ctx context.Context, calls schema.MeteredCalls) error {
	return m.do(ctx, "RecordMetered", func() {
		calls.RecordedAt = instant(calls.RecordedAt)
		key := meterKey{company: calls.Company, month: calls.Month, holder: calls.Holder}
		if before, ok := m.metered.newest(key, time.Time{}); ok {
			calls.Core, calls.CorePlus = max(calls.Core, before.Core), max(calls.CorePlus, before.CorePlus)
		}
		// Order of arrival, as what counts is the largest and not the latest.
		m.metered.append(key, time.Time{}, m.next(), calls)
	})
}

// Metered sums up what all processes together called in a month.
func (m *Memory) Metered(ctx context.Context, company schema.CompanyID, month schema.Period) (schema.Metered, error) {
	var total schema.Metered
	err := m.do(ctx, "Metered", func() {
		for key := range m.metered.subjects {
			if key.company != company || key.month != month {
				continue
			}
			if calls, ok := m.metered.newest(key, time.Time{}); ok {
				total = total.Plus(calls.Metered)
			}
		}
	})
	if err != nil {
		return schema.Metered{}, err
	}
	return total, nil
}

// Sent reports whether any posting was named.
func (m *Memory) Sent(ctx context.Context, company schema.CompanyID) (bool, error) {
	sent := false
	err := m.do(ctx, "Sent", func() {
		for key, records := range m.postings.subjects {
			sent = sent || key.company == company && slices.ContainsFunc(records, func(known record[schema.Posting]) bool {
				return known.fact.State != schema.PostingDeclined
			})
		}
	})
	return sent && err == nil, err
}
