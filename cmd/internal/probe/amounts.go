package probe

import (
	"context"

	"github.com/tieout/tieout/load/quickbooks"
)

func amountExperiments() []Experiment {
	return []Experiment{
		{
			Name: "negative-line", Question: "May a bill have a negative line?",
			Documented: "A code against it exists (2290); others say that such lines go through.",
			Tried:      "Post a bill with lines of 100 and -10.",
			ReliesOn:   "Nothing: a bill that is refused is put before a person.",
			Answers: []Answer{
				relied("kept", "Negative lines are taken."),
				relied("refused_2290", "They are refused with 2290: an invoice with a deduction is put before a person."),
				bearable(refused, "They are refused with another code: an invoice with a deduction is put before a person."),
				harmful("changed", "The bill is taken with another total than its lines have."),
			},
			run: func(ctx context.Context, l *lab) (string, error) { return l.amounts(ctx, "90", "100", "-10") },
		},
		{
			Name: "negative-total", Question: "May a bill be negative?", Documented: "Refused for sales forms; for bills nothing.",
			Tried: "Post a bill with lines of 10 and -100.", ReliesOn: "Nothing: tieout holds such invoices.",
			Answers: []Answer{
				relied(refused, "It is refused. tieout holds such invoices before they are sent."),
				bearable("kept", "It is taken. tieout holds such invoices all the same."),
				bearable("changed", "It is taken with another total. tieout holds such invoices before they are sent."),
			},
			run: func(ctx context.Context, l *lab) (string, error) { return l.amounts(ctx, "-90", "10", "-100") },
		},
		{
			Name: "zero-total", Question: "May a bill be zero?", Documented: "Nothing.",
			Tried: "Post a bill with lines of 100 and -100.", ReliesOn: "Nothing: a bill that is refused is put before a person.",
			Answers: []Answer{
				relied("kept", "It is taken."),
				relied(refused, "It is refused: an invoice of zero is put before a person."),
				harmful("changed", "It is taken with another total."),
			},
			run: func(ctx context.Context, l *lab) (string, error) { return l.amounts(ctx, "0", "100", "-100") },
		},
		{
			Name: "three-decimals", Question: "What becomes of an amount with three decimals?",
			Documented: "The form is 10.5: up to five decimals; what is booked is not said.",
			Tried:      "Post a bill of 10.005.", ReliesOn: "Nothing: tieout sends as many decimals as the currency has.",
			Answers: []Answer{
				relied("refused_2140", "It is refused as no amount."),
				bearable(refused, "It is refused."),
				bearable("rounded_up", "It is booked as 10.01."),
				bearable("rounded_down", "It is booked as 10.00."),
				bearable("kept", "It is booked with three decimals."),
			},
			run: threeDecimals,
		},
	}
}

// amounts posts a bill with the lines and looks at its total.
func (l *lab) amounts(ctx context.Context, total string, amounts ...string) (string, error) {
	got, r, err := l.total(ctx, amounts...)
	switch {
	case err != nil || !r.ok():
		return r.key(), err
	case got.Cmp(number(total)) != 0:
		l.remark("its total is %s instead of %s", got, total)
		return "changed", nil
	default:
		return "kept", nil
	}
}

func (l *lab) total(ctx context.Context, amounts ...string) (quickbooks.Decimal, reply, error) {
	r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) {
		b.Line = nil
		for _, amount := range amounts {
			b.Line = append(b.Line, l.line(amount))
		}
	})
	if err != nil || !r.ok() {
		return quickbooks.Decimal{}, r, err
	}
	b, err := l.client.Bill(ctx, r.id)
	return b.TotalAmt, r, err
}

func threeDecimals(ctx context.Context, l *lab) (string, error) {
	got, r, err := l.total(ctx, "10.005")
	if err != nil || !r.ok() {
		return r.key(), err
	}
	l.remark("its total is %s", got)
	switch got {
	case number("10.01"):
		return "rounded_up", nil
	case number("10"):
		return "rounded_down", nil
	case number("10.005"):
		return "kept", nil
	default:
		return "booked_otherwise", nil
	}
}
