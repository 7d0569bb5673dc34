package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	draftColumns = `
	company LowCardinality(String)
	invoice String
	id String
	content FixedString(32)
	state LowCardinality(String)
	kind LowCardinality(String)
	hold_reason Array(String)
	hold_detail Array(String)
	hold_next_step Array(String)
	hold_owner Array(String)
	payee String
	payee_name String
	vendor String
	doc_number String
	txn_date UInt32
	due_date UInt32
	currency LowCardinality(String)
	rate String
	payable String
	location String
	total Int64
	total_currency LowCardinality(String)
	line_item_id Array(String)
	line_concept Array(String)
	line_description Array(String)
	line_amount Array(Int64)
	line_currency Array(String)
	line_account Array(String)
	line_class Array(String)
	line_rule Array(String)
	line_rule_version Array(Int64)
	memo String
	recorded_at DateTime64(6, 'UTC')`

	draftSelect = `company, invoice, id, content, state, kind,
		` + pack + `hold_reason` + packed + `hold_detail` + packed + `hold_next_step` + packed + `hold_owner` + unpack + `,
		payee, payee_name, vendor, doc_number, txn_date, due_date, currency, rate, payable, location, total, total_currency,
		` + pack + `line_item_id` + packed + `line_concept` + packed + `line_description` + unpack + `, line_amount,
		` + pack + `line_currency` + packed + `line_account` + packed + `line_class` + packed + `line_rule` + unpack + `, line_rule_version, memo, recorded_at`
)

// RecordDrafts appends drafts.
func (s *Store) RecordDrafts(ctx context.Context, drafts []schema.Draft) error {
	return record(ctx, s, s.tables.drafts, drafts, draftRow)
}

func draftRow(d schema.Draft) []any {
	return []any{
		string(d.Company), string(d.Invoice), string(d.ID), string(d.Content[:]), string(d.State), string(d.Kind),
		list(d.Holds, func(h schema.Hold) string { return string(h.Reason) }),
		list(d.Holds, func(h schema.Hold) string { return h.Detail }),
		list(d.Holds, func(h schema.Hold) string { return h.NextStep }),
		list(d.Holds, func(h schema.Hold) string { return string(h.Owner) }),
		string(d.Payee), d.PayeeName, string(d.Vendor), d.DocNumber, day(d.TxnDate), day(d.DueDate), string(d.Currency),
		d.Rate.String(), string(d.Payable), string(d.Location), d.Total.Minor(), string(d.Total.Currency()),
		list(d.Lines, func(l schema.DraftLine) string { return l.ItemID }),
		list(d.Lines, func(l schema.DraftLine) string { return l.Concept }),
		list(d.Lines, func(l schema.DraftLine) string { return l.Description }),
		list(d.Lines, func(l schema.DraftLine) int64 { return l.Amount.Minor() }),
		list(d.Lines, func(l schema.DraftLine) string { return string(l.Amount.Currency()) }),
		list(d.Lines, func(l schema.DraftLine) string { return string(l.Account) }),
		list(d.Lines, func(l schema.DraftLine) string { return string(l.Class) }),
		list(d.Lines, func(l schema.DraftLine) string { return string(l.Rule) }),
		list(d.Lines, func(l schema.DraftLine) int64 { return int64(l.RuleVersion) }),
		d.Memo, stored(d.RecordedAt),
	}
}

// draftScan takes drafts from rows, one at a time.
type draftScan struct {
	d                                                         schema.Draft
	content                                                   string
	reasons, details, steps, owners                           packedTexts
	dated, due                                                uint32
	total                                                     int64
	totalCurrency                                             schema.Currency
	items, concepts, texts, currencies, books, classes, rules packedTexts
	amounts, versions                                         []int64
	recorded                                                  time.Time
}

// dests returns where the columns of draftSelect go.
func (r *draftScan) dests() []any {
	d := &r.d
	return []any{
		(*string)(&d.Company), (*string)(&d.Invoice), (*string)(&d.ID), &r.content, (*string)(&d.State), (*string)(&d.Kind),
		(*string)(&r.reasons), (*string)(&r.details), (*string)(&r.steps), (*string)(&r.owners), (*string)(&d.Payee), &d.PayeeName, (*string)(&d.Vendor), &d.DocNumber, &r.dated, &r.due,
		(*string)(&d.Currency), (*string)(&d.Rate), (*string)(&d.Payable), (*string)(&d.Location), &r.total, (*string)(&r.totalCurrency),
		(*string)(&r.items), (*string)(&r.concepts), (*string)(&r.texts), &r.amounts, (*string)(&r.currencies),
		(*string)(&r.books), (*string)(&r.classes), (*string)(&r.rules), &r.versions, &d.Memo, &r.recorded,
	}
}

// draft returns the draft of the row that was scanned.
func (r *draftScan) draft() schema.Draft {
	d := r.d
	d.Content = sumOf(r.content)
	d.TxnDate, d.DueDate, d.RecordedAt = fromDay(r.dated), fromDay(r.due), instant(r.recorded)
	d.Total = schema.NewMoney(r.total, r.totalCurrency)
	d.Holds, d.Lines = nil, nil
	details, steps, owners := r.details.list(), r.steps.list(), r.owners.list()
	for n, reason := range r.reasons.list() {
		d.Holds = append(d.Holds, schema.Hold{
			Reason: schema.HoldReason(reason), Detail: details[n], NextStep: steps[n], Owner: schema.Owner(owners[n]),
		})
	}
	concepts, texts, currencies := r.concepts.list(), r.texts.list(), r.currencies.list()
	books, classes, rules := r.books.list(), r.classes.list(), r.rules.list()
	for n, item := range r.items.list() {
		if d.Lines == nil {
			d.Lines = make([]schema.DraftLine, len(r.amounts))
		}
		d.Lines[n] = schema.DraftLine{
			ItemID: item, Concept: concepts[n], Description: texts[n],
			Amount:  schema.NewMoney(r.amounts[n], schema.Currency(currencies[n])),
			Account: schema.AccountID(books[n]), Class: schema.ClassID(classes[n]), Rule: schema.RuleID(rules[n]), RuleVersion: int(r.versions[n]),
		}
	}
	return d
}

const decisionColumns = `
	company LowCardinality(String)
	invoice String
	kind LowCardinality(String)
	reason String
	decided_by String
	recorded_at DateTime64(6, 'UTC')`

// Decisions returns the newest decision on each of subjects by asOf. Those on which
// nobody decided are absent.
func (s *Store) Decisions(
	ctx context.Context, company schema.CompanyID, subjects []schema.InvoiceID, asOf time.Time,
) (map[schema.InvoiceID]schema.Decision, error) {
	const query = `
		SELECT company, invoice, kind, reason, decided_by, recorded_at
		FROM decisions
		WHERE company = {company:String} AND invoice IN {ids:Array(String)}
			AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
		ORDER BY invoice, recorded_at DESC, seq DESC
		LIMIT 1 BY invoice`
	found := make(map[schema.InvoiceID]schema.Decision, len(subjects))
	var d schema.Decision
	var recorded time.Time
	dests := []any{(*string)(&d.Company), (*string)(&d.Invoice), (*string)(&d.Kind), &d.Reason, &d.By, &recorded}
	err := byIDs(subjects, func(ids []string) error {
		p := params{"company": string(company), "ids": ids, "as_of": cutoff(asOf)}
		return s.each(ctx, query, p, dests, func() {
			d.RecordedAt = instant(recorded)
			found[d.Invoice] = d
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return found, nil
}

// RecordDecisions appends decisions.
func (s *Store) RecordDecisions(ctx context.Context, decisions []schema.Decision) error {
	return record(ctx, s, s.tables.decisions, decisions, func(d schema.Decision) []any {
		return []any{string(d.Company), string(d.Invoice), string(d.Kind), d.Reason, d.By, stored(d.RecordedAt)}
	})
}
