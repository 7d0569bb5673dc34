package transform

import (
	"slices"

	"github.com/tieout/tieout/schema"
)

// changes remembers which fields of an invoice a round changed that no document says,
// so that a person can be told what was of no account to the books.
type changes map[schema.InvoiceID]change

type change struct {
	before schema.Sum // what the invoice said when the round began
	fields []string
}

// maxChanges bounds what is remembered: without it a person is told less, no more.
const maxChanges = 16384

func (c changes) note(before, after schema.Invoice) {
	fields := changedFields(before, after)
	known, again := c[after.ID]
	switch {
	case again:
		for _, field := range fields {
			if !slices.Contains(known.fields, field) {
				known.fields = append(known.fields, field)
			}
		}
		c[after.ID] = known
	case len(fields) > 0 && len(c) < maxChanges:
		c[after.ID] = change{before: before.ContentSum(), fields: fields}
	}
}

// since returns the fields that changed since the books said what an invoice said,
// when that is known.
func (c changes) since(p schema.Position) []string {
	known := c[p.Invoice.ID]
	said := known.before == p.Draft.Content || slices.ContainsFunc(p.Corrections, func(t schema.TaskPosition) bool {
		return t.Task.Correction.Content == known.before
	})
	if !said {
		return nil
	}
	return known.fields
}

// changedFields names what differs between two revisions, as the sender does, of the
// fields that no document carries in full.
func changedFields(a, b schema.Invoice) []string {
	var fields []string
	differs := func(field string, yes bool) {
		if yes {
			fields = append(fields, field)
		}
	}
	differs("agreement_id", a.Contract != b.Contract)
	differs("worker_id", a.Worker != b.Worker)
	differs("worker_email", a.WorkerEmail != b.WorkerEmail)
	differs("external_id", a.ExternalID != b.ExternalID)
	differs("period_start", a.PeriodStart != b.PeriodStart)
	differs("period_end", a.PeriodEnd != b.PeriodEnd)
	differs("usd_total_amount", a.USDTotal != b.USDTotal)
	differs("exchange_rate", a.Rate != b.Rate)
	differs("payment_group", a.PaymentGroup != b.PaymentGroup)
	differs("items", !slices.EqualFunc(a.Lines, b.Lines, func(l, m schema.Line) bool {
		l.AttachmentURL, m.AttachmentURL = "", ""
		return l == m
	}))
	return fields
}
