package corrections

import (
	"fmt"

	"github.com/tieout/tieout/schema"
)

// party is to whom a document is addressed, and in which currency.
type party struct {
	vendor   schema.VendorID
	currency schema.Currency
}

// header is what a document says once for all of its lines. Lines that are reversed
// keep it, so that nothing is left in home currency either.
type header struct {
	party
	rate     schema.Rate
	payable  schema.AccountID
	location schema.LocationID
}

func headerOf(d schema.Draft) header {
	return header{party: party{d.Vendor, d.Currency}, rate: d.Rate, payable: d.Payable, location: d.Location}
}

// place is what a line is booked to.
type place struct {
	account schema.AccountID
	class   schema.ClassID
	concept string
}

func placeOf(l schema.DraftLine) place { return place{l.Account, l.Class, l.Concept} }

// ledger adds up lines by place. All amounts have the sign that the invoice gives
// them: those of a vendor credit are below zero.
type ledger struct {
	header header
	of     schema.Draft // a document that has the header
	order  []place
	sums   map[place]schema.Money
	lines  map[place]schema.DraftLine // the last one that was booked there
}

func newLedger(h header, of schema.Draft) *ledger {
	return &ledger{header: h, of: of, sums: map[place]schema.Money{}, lines: map[place]schema.DraftLine{}}
}

func (l *ledger) add(line schema.DraftLine, amount schema.Money) error {
	at := placeOf(line)
	sum, known := l.sums[at]
	if !known {
		l.order = append(l.order, at)
		sum = schema.NewMoney(0, l.header.currency)
	}
	sum, err := sum.Add(amount)
	if err != nil {
		return fmt.Errorf("line %s: %w", line.Concept, err)
	}
	l.sums[at], l.lines[at] = sum, line
	return nil
}

// document adds all lines of d.
func (l *ledger) document(d schema.Draft) error {
	for _, line := range d.Lines {
		amount, err := d.Kind.Signed(line.Amount)
		if err == nil {
			err = l.add(line, amount)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// less takes all that other adds up to away.
func (l *ledger) less(other *ledger) error {
	for _, at := range other.order {
		amount, err := other.sums[at].Neg()
		if err == nil {
			line, known := l.lines[at]
			if !known {
				line = other.lines[at]
			}
			err = l.add(line, amount)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rest returns what does not add up to nothing, one line a place, and its total.
// Concepts that trade amounts within one account and class leave the books as they
// are, and are left out.
func (l *ledger) rest() (lines []schema.DraftLine, total schema.Money, err error) {
	total = schema.NewMoney(0, l.header.currency)
	whole := map[place]schema.Money{}
	for _, at := range l.order {
		within := place{account: at.account, class: at.class}
		if sum, known := whole[within]; known {
			if whole[within], err = sum.Add(l.sums[at]); err != nil {
				return nil, total, fmt.Errorf("account %s: %w", at.account, err)
			}
			continue
		}
		whole[within] = l.sums[at]
	}
	for _, at := range l.order {
		sum := l.sums[at]
		if sum.IsZero() || whole[place{account: at.account, class: at.class}].IsZero() {
			continue
		}
		line := l.lines[at]
		line.Amount, line.ItemID = sum, ""
		lines = append(lines, line)
		if total, err = total.Add(sum); err != nil {
			return nil, total, err
		}
	}
	return lines, total, nil
}

// byHeader adds documents up by their headers, in the order of their appearance.
func byHeader(documents []schema.Draft) ([]*ledger, error) {
	var all []*ledger
	for _, d := range documents {
		var found *ledger
		for _, l := range all {
			if l.header == headerOf(d) {
				found = l
			}
		}
		if found == nil {
			found = newLedger(headerOf(d), d)
			all = append(all, found)
		}
		if err := found.document(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// claim is what the source says about an amount, whatever it is booked to.
type claim struct {
	payee    schema.PayeeKey
	currency schema.Currency
	concept  string
}

// sourceMoved reports whether anything that the source says of the amounts differs
// from what the documents say: rules that book the same amounts elsewhere by now do
// not move what was booked before.
func sourceMoved(books []schema.Draft, now schema.Draft) (bool, error) {
	sums := map[claim]schema.Money{}
	count := func(d schema.Draft, turn bool) error {
		for _, line := range d.Lines {
			at := claim{d.Payee, d.Currency, line.Concept}
			amount, err := d.Kind.Signed(line.Amount)
			if err == nil && turn {
				amount, err = amount.Neg()
			}
			if sum, known := sums[at]; known && err == nil {
				amount, err = sum.Add(amount)
			}
			if err != nil {
				return fmt.Errorf("line %s: %w", line.Concept, err)
			}
			sums[at] = amount
		}
		return nil
	}
	for _, d := range books {
		if err := count(d, false); err != nil {
			return true, err
		}
	}
	if err := count(now, true); err != nil {
		return true, err
	}
	for _, sum := range sums {
		if !sum.IsZero() {
			return true, nil
		}
	}
	return false, nil
}
