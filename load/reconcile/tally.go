package reconcile

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// tally adds positions up. Its memory grows by one item an invoice.
type tally struct {
	asOf   time.Time
	sums   map[schema.Currency]*sums
	states map[schema.State]schema.StateTotals
	items  []schema.Item
}

// sums are the terms of one currency's equation.
type sums struct {
	received schema.Money
	terms    [columns]schema.Money
}

func newTally(asOf time.Time) *tally {
	return &tally{asOf: asOf, sums: map[schema.Currency]*sums{}, states: map[schema.State]schema.StateTotals{}}
}

func (t *tally) add(p schema.Position) error {
	item := newItem(p, t.asOf)
	source := sourceAmount(p.Invoice)
	item.Amount, item.Currency = schema.Amount(source), source.Currency()
	terms := terms{{amount: source}}
	var v verdict
	if p.Posting.State.Settled() && p.Posting.State.Live() {
		var err error
		if v, terms, err = t.posted(p, &item); err != nil {
			return err
		}
	} else {
		v = classify(p)
		terms[0].column = v.column
		if v.column == held {
			item.Holds = reasons(p.Draft.Holds)
		}
	}
	item.State, item.Cause, item.Owner, item.NextAction = v.state, v.cause, v.owner, v.next
	t.items = append(t.items, item)
	err := errors.Join(t.received(source), t.state(v.state, source))
	for _, one := range terms {
		err = errors.Join(err, t.term(one.column, one.amount))
	}
	return err
}

// posted judges an invoice whose document is in the books, and fills in what they
// hold.
func (t *tally) posted(p schema.Position, item *schema.Item) (verdict, terms, error) {
	c := correctionsOf(p)
	documents, err := documentsOf(p, c)
	if err != nil {
		return verdict{}, nil, err
	}
	sums, err := inBooks(item.Currency, documents)
	if err != nil {
		return verdict{}, nil, err
	}
	amount := schema.Amount(sums[0])
	item.QuickBooksAmount = &amount
	if difference, err := sums[0].Sub(owed(p)); err == nil && len(sums) == 1 {
		d := schema.Amount(difference)
		item.Difference = &d
	}
	if item.Corrections, err = itemCorrections(c); err != nil {
		return verdict{}, nil, err
	}
	terms, err := termsOf(p, c, documents)
	return classifyPosted(p, c, documents), terms, err
}

// sourceAmount is what the invoice asks for. An amount or a currency that could
// not be read counts as zero of no currency; the item says what was there.
func sourceAmount(invoice schema.Invoice) schema.Money {
	if invoice.Currency == "" {
		return schema.NewMoney(0, schema.NoCurrency)
	}
	return schema.NewMoney(invoice.Total.Minor(), invoice.Currency)
}

func newItem(p schema.Position, asOf time.Time) schema.Item {
	item := schema.Item{
		InvoiceID:     p.Invoice.ID,
		InvoiceNumber: p.Invoice.Number,
		Worker:        cmp.Or(p.Draft.PayeeName, p.Invoice.WorkerEmail, string(p.Invoice.Worker)),
		QuickBooksID:  p.Posting.Document,
		AgeDays:       max(0, int(asOf.Sub(p.FirstRecordedAt).Hours()/24)),
		Rules:         []schema.RuleUse{},
		Holds:         []schema.HoldReason{},
		Corrections:   []schema.ItemCorrection{},
	}
	for _, line := range p.Draft.Lines {
		use := schema.RuleUse{Rule: line.Rule, Version: line.RuleVersion}
		if use.Rule != "" && !slices.Contains(item.Rules, use) {
			item.Rules = append(item.Rules, use)
		}
	}
	return item
}

func reasons(holds []schema.Hold) []schema.HoldReason {
	found := []schema.HoldReason{}
	for _, hold := range holds {
		if !slices.Contains(found, hold.Reason) {
			found = append(found, hold.Reason)
		}
	}
	return found
}

// itemCorrections lists the documents of all corrections, posted or not.
func itemCorrections(c corrected) ([]schema.ItemCorrection, error) {
	all := []schema.ItemCorrection{}
	for _, r := range c.rounds {
		for _, part := range r {
			task := part.Task
			d, err := c.document(task.Correction.Document, part.Posting, part.Verification)
			if err != nil {
				return nil, err
			}
			one := schema.ItemCorrection{
				Subject: task.Subject, Kind: task.Correction.Document.Kind, QuickBooksID: part.Posting.Document,
				Amount: schema.Amount(d.amount), Currency: d.amount.Currency(), State: part.CorrectionState(), Reason: task.Reason,
			}
			if !task.State.Waits() {
				one.ApprovedBy = task.By
			}
			all = append(all, one)
		}
	}
	return all, nil
}

func (t *tally) of(c schema.Currency) *sums {
	if found, ok := t.sums[c]; ok {
		return found
	}
	created := &sums{received: schema.NewMoney(0, c)}
	for i := range created.terms {
		created.terms[i] = schema.NewMoney(0, c)
	}
	t.sums[c] = created
	return created
}

func (t *tally) received(m schema.Money) (err error) {
	s := t.of(m.Currency())
	s.received, err = s.received.Add(m)
	return err
}

func (t *tally) term(c column, m schema.Money) (err error) {
	s := t.of(m.Currency())
	s.terms[c], err = s.terms[c].Add(m)
	return err
}

func (t *tally) state(state schema.State, m schema.Money) error {
	totals := t.states[state]
	if totals.Amounts == nil {
		totals.Amounts = map[schema.Currency]schema.Amount{}
	}
	before, ok := totals.Amounts[m.Currency()]
	if !ok {
		before = schema.Amount(schema.NewMoney(0, m.Currency()))
	}
	sum, err := before.Money().Add(m)
	if err != nil {
		return err
	}
	totals.Count++
	totals.Amounts[m.Currency()] = schema.Amount(sum)
	t.states[state] = totals
	return nil
}

func (t *tally) report() (schema.Report, error) {
	report := schema.Report{Equation: []schema.Equation{}, States: t.states, Items: t.items}
	if report.Items == nil {
		report.Items = []schema.Item{}
	}
	for currency, s := range t.sums {
		equation, err := s.equation(currency)
		if err != nil {
			return schema.Report{}, err
		}
		report.Equation = append(report.Equation, equation)
	}
	slices.SortFunc(report.Equation, func(a, b schema.Equation) int { return cmp.Compare(a.Currency, b.Currency) })
	return report, nil
}

func (s *sums) equation(c schema.Currency) (schema.Equation, error) {
	residual := s.received
	for _, term := range s.terms {
		var err error
		if residual, err = residual.Sub(term); err != nil {
			return schema.Equation{}, err
		}
	}
	return schema.Equation{
		Currency:         c,
		Received:         schema.Amount(s.received),
		Verified:         schema.Amount(s.terms[verified]),
		PostedUnverified: schema.Amount(s.terms[postedUnverified]),
		Held:             schema.Amount(s.terms[held]),
		Waiting:          schema.Amount(s.terms[waiting]),
		Declined:         schema.Amount(s.terms[declined]),
		Uncertain:        schema.Amount(s.terms[uncertain]),
		Skipped:          schema.Amount(s.terms[skipped]),
		Cancelled:        schema.Amount(s.terms[cancelled]),
		Residual:         schema.Amount(residual),
	}, nil
}
