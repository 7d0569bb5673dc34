package probe

import (
	"context"

	"github.com/tieout/tieout/load/quickbooks"
)

// abroad is a vendor in a foreign currency, and what its bills need.
type abroad struct{ vendor, currency, payable string }

// move makes a bill one of the foreign vendor.
func (a *abroad) move(b *quickbooks.Bill) {
	b.VendorRef.Value, b.CurrencyRef.Value, b.APAccountRef.Value = a.vendor, a.currency, a.payable
	b.ExchangeRate = number("1.1")
}

// abroad returns the vendor in a foreign currency. It prefers a currency that the
// company has, because one that is added stays.
func (l *lab) abroad(ctx context.Context) (*abroad, error) {
	switch {
	case !l.multi():
		return nil, notTried{"The company has one currency. Turn multicurrency on under Settings, Advanced, Currency " +
			"(it cannot be turned off again), and run the probe again."}
	case l.outside != nil:
		return l.outside, nil
	}
	f := &abroad{}
	for _, a := range l.accounts {
		if a.AccountSubType == "AccountsPayable" && a.IsActive() && a.CurrencyRef.Value != "" && a.CurrencyRef.Value != l.home() {
			f.currency, f.payable = a.CurrencyRef.Value, a.ID
			break
		}
	}
	fresh := f.currency == ""
	if fresh {
		f.currency = map[bool]string{true: "EUR", false: "USD"}[l.home() != "EUR"]
	}
	var err error
	if f.vendor, err = l.newVendor(ctx, "vendor in "+f.currency, f.currency); err != nil {
		return nil, err
	}
	if fresh {
		l.added = append(l.added, "the currency "+f.currency+", if the company did not have it before")
		if l.accounts, err = quickbooks.Collect(l.client.Accounts(ctx)); err != nil {
			return nil, err
		}
		f.payable = l.payableIn(f.currency)
		l.remark("accounts payable account in %s after its first vendor: %q", f.currency, f.payable)
	}
	l.outside = f
	return f, nil
}

func currencyExperiments() []Experiment {
	mismatch := []Answer{
		relied("refused_6000", "It is refused with 6000, and put before a person."),
		bearable(refused, "It is refused with another code, and put before a person."),
		bearable(keyAccepted, "It is taken. tieout compares currencies itself before it sends a bill."),
	}
	return []Experiment{
		{
			Name: "currency-mismatch", Question: "What does a bill in another currency than its vendor's answer?",
			Documented: "A refusal whose words are known; the code, 6000, only from context.",
			Tried:      "Post a bill in the home currency to a vendor in a foreign one.",
			ReliesOn:   "Nothing: tieout checks the vendor's currency.", Answers: mismatch, run: currencyMismatch,
		},
		{
			Name: "payable-mismatch", Question: "What does an accounts payable account in another currency answer?",
			Documented: "'The transaction needs to be in the same currency as the A/R and A/P accounts you use.'",
			Tried:      "Post a foreign bill with the accounts payable account of the home currency.",
			ReliesOn:   "Nothing: tieout names the account in the bill's currency.", Answers: mismatch, run: payableMismatch,
		},
		{
			Name: "missing-rate", Question: "At which rate is a foreign bill booked that says none?",
			Documented: "1, or the company's rate; 1 was reported for payments.",
			Tried:      "Post a foreign bill without ExchangeRate, and read its rate.",
			ReliesOn:   "Nothing: tieout always says the rate.",
			Answers: []Answer{
				relied("at_one", "It is booked at 1."),
				relied("at_company_rate", "It is booked at another rate than 1, the company's."),
				relied(refused, "It is refused."),
			},
			run: missingRate,
		},
		{
			Name: "missing-payable", Question: "May a bill leave its accounts payable account out?",
			Documented: "Only where there is one.",
			Tried:      "Post a bill without APAccountRef.", ReliesOn: "Nothing: tieout always names the account.",
			Answers: []Answer{
				relied(keyAccepted, "It is taken."),
				relied("refused_2020", "It is refused with 2020."),
				bearable(refused, "It is refused with another code."),
			},
			run: func(ctx context.Context, l *lab) (string, error) {
				r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) { b.APAccountRef.Value = "" })
				return r.key(), err
			},
		},
	}
}

func currencyMismatch(ctx context.Context, l *lab) (string, error) {
	f, err := l.abroad(ctx)
	if err != nil {
		return "", err
	}
	r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) { b.VendorRef.Value = f.vendor })
	return r.key(), err
}

func payableMismatch(ctx context.Context, l *lab) (string, error) {
	f, err := l.abroad(ctx)
	if err != nil {
		return "", err
	}
	r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) {
		home := b.APAccountRef
		f.move(b)
		b.APAccountRef = home
	})
	return r.key(), err
}

func missingRate(ctx context.Context, l *lab) (string, error) {
	f, err := l.abroad(ctx)
	if err != nil {
		return "", err
	}
	r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) {
		f.move(b)
		b.ExchangeRate = quickbooks.Decimal{}
	})
	if err != nil || !r.ok() {
		return r.key(), err
	}
	b, err := l.client.Bill(ctx, r.id)
	if err != nil {
		return "", err
	}
	l.remark("its rate is %s", b.ExchangeRate)
	if b.ExchangeRate == number("1") {
		return "at_one", nil
	}
	return "at_company_rate", nil
}
