package ontopsim

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/tieout/tieout/schema"
)

// Config says what history to make up. The zero Config is ready to use.
type Config struct {
	// ClientID is the Ontop client whose history it is.
	//
	// Defaults to "999".
	ClientID string

	// Seed makes histories differ. The same Config gives the same bytes.
	Seed uint64

	// Workers is how many people work for the client all the time. Every one
	// has a contract, and an invoice in every month.
	//
	// Defaults to 16, which has every contract type with every signing.
	Workers int

	// Months is how many months are invoiced.
	//
	// Defaults to 3.
	Months int

	// LastMonth is the last of them.
	//
	// Defaults to 2026-08.
	LastMonth schema.Period

	// Currencies are those of the contracts, in turn. Ontop's own fees are in
	// the first one.
	//
	// Defaults to USD, EUR, COP, BRL, MXN and JPY.
	Currencies []schema.Currency

	// CustomerName is the name of somebody in QuickBooks who is no vendor.
	// One worker bears it, see [NameTaken].
	//
	// Defaults to "Globex Corporation".
	CustomerName string

	// CloseDate is the last day of closed books, see [ClosedPeriod].
	//
	// Defaults to the last day before the first of the months.
	CloseDate schema.Date

	// Troubles are the kinds of trouble that occur. Nil means all of them;
	// empty means none.
	Troubles []Trouble

	// Each is how often each kind of trouble occurs. Those that concern an
	// invoice have one of their own, beside those of the workers.
	//
	// Defaults to 2.
	Each int

	// Afterwards is how often each of [Changes] occurs, with an invoice of its own.
	//
	// Defaults to none.
	Afterwards int

	// Money says whether Ontop tells of every payment in a PAYMENT event, and of
	// a top-up a month.
	//
	// Defaults to false, where only INVOICE_PAID tells.
	Money bool

	// FilesURL is where the files of invoices are; see [Files].
	//
	// Defaults to "https://files.example.com".
	FilesURL string

	// PDFEvery is how many invoices there are for each that has a PDF.
	//
	// Defaults to 1.
	PDFEvery int

	// BrokenFiles is how often each kind of [BrokenFile] occurs.
	//
	// Defaults to none.
	BrokenFiles int
}

func (c Config) withDefaults() Config {
	c.ClientID = cmp.Or(c.ClientID, "999")
	c.Workers = cmp.Or(c.Workers, 16)
	c.Months = cmp.Or(c.Months, 3)
	c.LastMonth = cmp.Or(c.LastMonth, schema.NewDate(2026, 8, 1).Period())
	if c.Currencies == nil {
		c.Currencies = []schema.Currency{"USD", "EUR", "COP", "BRL", "MXN", "JPY"}
	}
	c.CustomerName = cmp.Or(c.CustomerName, "Globex Corporation")
	if c.CloseDate.IsZero() && c.Months > 0 {
		c.CloseDate = c.months()[0].First().AddDays(-1)
	}
	if c.Troubles == nil {
		c.Troubles = Troubles()
	}
	c.Each = cmp.Or(c.Each, 2)
	c.PDFEvery = cmp.Or(c.PDFEvery, 1)
	c.FilesURL = strings.TrimSuffix(cmp.Or(c.FilesURL, "https://files.example.com"), "/")
	return c
}

// months returns the months that are invoiced, in order.
func (c Config) months() []schema.Period {
	months := make([]schema.Period, c.Months)
	month := c.LastMonth
	for i := len(months) - 1; i >= 0; i-- {
		months[i] = month
		month = month.First().AddDays(-1).Period()
	}
	return months
}

// Validate reports every setting that no history can be made from.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	for name, n := range map[string]int{
		"workers": c.Workers, "months": c.Months, "each": c.Each, "afterwards": c.Afterwards, "pdf every": c.PDFEvery, "broken files": c.BrokenFiles,
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s: must not be negative, is %d", name, n))
		}
	}
	if c.Months > 600 {
		errs = append(errs, fmt.Errorf("months: must be at most 600, is %d", c.Months))
	}
	if len(c.Currencies) == 0 {
		errs = append(errs, errors.New("currencies: must name at least one"))
	}
	for _, currency := range c.Currencies {
		if _, err := schema.ParseCurrency(string(currency)); err != nil {
			errs = append(errs, fmt.Errorf("currencies: %w", err))
		}
	}
	known := map[Trouble]bool{}
	for _, trouble := range Troubles() {
		known[trouble] = true
	}
	for _, trouble := range c.Troubles {
		if !known[trouble] {
			errs = append(errs, fmt.Errorf("troubles: there is no %q", trouble))
		}
	}
	return errors.Join(errs...)
}
