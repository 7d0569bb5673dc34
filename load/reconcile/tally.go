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
	v := classify(p)
	source := sourceAmount(p.Invoice)
	books, inBooks, err := booksAmount(p)
	if err != nil {
		return err
	}
	counted := source
	if inBooks {
		counted = books
	}
	err = errors.Join(
		t.received(source),
		t.term(v.column, counted),
		t.state(v.state, source),
	)
	if err != nil {
		return err
	}
	item := newItem(p, v, t.asOf)
	item.Amount, item.Currency = schema.Amount(source), source.Currency()
	if inBooks {
		amount := schema.Amount(books)
		item.QuickBooksAmount = &amount
		if difference, err := books.Sub(source); err == nil {
			d := schema.Amount(difference)
			item.Difference = &d
		}
	}
	t.items = append(t.items, item)
	return nil
}

// sourceAmount is what the invoice asks for. An amount or a currency that could
// not be read counts as zero of no currency; the item says what was there.
func sourceAmount(invoice schema.Invoice) schema.Money {
	if invoice.Currency == "" {
		return schema.NewMoney(0, schema.NoCurrency)
	}
	return schema.NewMoney(invoice.Total.Minor(), invoice.Currency)
}

// booksAmount is what QuickBooks holds for the invoice, once it was read back,
// and what was sent to it before that. A vendor credit counts with the invoice's
// sign: below zero.
func booksAmount(p schema.Position) (amount schema.Money, inBooks bool, err error) {
	switch {
	case !p.Posting.State.Live():
		return schema.Money{}, false, nil
	case p.Verification.Result == schema.VerifiedMissing:
		return schema.NewMoney(0, p.Draft.Currency), true, nil
	case p.Verification.Result != "":
		amount, inBooks = p.Verification.Total, true
	default:
		amount, inBooks = p.Draft.Total, p.Posting.State.Settled()
	}
	amount, err = p.Draft.Kind.Signed(amount)
	return amount, inBooks, err
}

func newItem(p schema.Position, v verdict, asOf time.Time) schema.Item {
	item := schema.Item{
		InvoiceID:     p.Invoice.ID,
		InvoiceNumber: p.Invoice.Number,
		Worker:        cmp.Or(p.Draft.PayeeName, p.Invoice.WorkerEmail, string(p.Invoice.Worker)),
		State:         v.state,
		Cause:         v.cause,
		QuickBooksID:  p.Posting.Document,
		AgeDays:       max(0, int(asOf.Sub(p.FirstRecordedAt).Hours()/24)),
		Owner:         v.owner,
		NextAction:    v.next,
		Rules:         []schema.RuleUse{},
		Holds:         []schema.HoldReason{},
	}
	for _, line := range p.Draft.Lines {
		use := schema.RuleUse{Rule: line.Rule, Version: line.RuleVersion}
		if use.Rule != "" && !slices.Contains(item.Rules, use) {
			item.Rules = append(item.Rules, use)
		}
	}
	if v.column == held {
		for _, hold := range p.Draft.Holds {
			if !slices.Contains(item.Holds, hold.Reason) {
				item.Holds = append(item.Holds, hold.Reason)
			}
		}
	}
	return item
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
