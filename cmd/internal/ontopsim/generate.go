package ontopsim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// Event is one delivery that Ontop makes.
type Event struct {
	ID   string    // webhook-id; an event that is sent again may have that of the first
	At   time.Time // when it is sent; zero when that does not matter
	Body []byte
}

// History is what Ontop sends over time, and what it adds up to.
type History struct {
	Events []Event // in the order in which they are sent
	// Afterwards are sent once everything that the others bring is posted: they
	// change and cancel what was. Empty unless Config.Afterwards asks for some.
	Afterwards []Event
	Expected   Expected // of all of them
}

// Generate makes up a history.
func Generate(cfg Config) (History, error) {
	if err := cfg.Validate(); err != nil {
		return History{}, fmt.Errorf("generate history: %w", err)
	}
	cfg = cfg.withDefaults()
	g := &generator{
		cfg:    cfg,
		months: cfg.months(),
		random: rand.New(rand.NewPCG(cfg.Seed, 0x7461_6c6c_79)),
		seen:   map[string]bool{},
	}
	g.regular()
	for _, trouble := range cfg.Troubles {
		for range cfg.Each {
			g.occur(trouble)
		}
	}
	for _, change := range Changes() {
		for range cfg.Afterwards {
			g.change(change)
		}
	}
	if cfg.Money {
		g.money()
	}
	if g.err != nil {
		return History{}, fmt.Errorf("generate history: %w", g.err)
	}
	slices.SortStableFunc(g.events, func(a, b Event) int { return a.At.Compare(b.At) })
	return History{Events: g.events, Afterwards: g.afterwards, Expected: g.expected}, nil
}

// generator collects a history. The first error sticks.
type generator struct {
	cfg      Config
	months   []schema.Period
	random   *rand.Rand
	workers  []worker
	namesake *worker // see NameTaken
	hired    int
	invoiced int
	sent     int
	seen     map[string]bool // webhook-ids
	events   []Event
	expected Expected
	err      error

	afterwards []Event
	later      bool   // what is sent now belongs to them
	paid       []paid // what Ontop paid, to be told of
}

// regular makes up everything that is as it should be.
func (g *generator) regular() {
	for range g.cfg.Workers {
		w := g.hire(g.hired, "")
		g.hired++
		g.workers = append(g.workers, w)
		g.announce(w, w.contract.StartDate.AddDays(-5))
	}
	for n, month := range g.months {
		for _, w := range g.workers {
			g.play(g.month(w, month, n), NoTrouble)
		}
		g.fee(month)
	}
	for n, w := range g.workers {
		c := w.contract
		if n%5 == 1 {
			c.JobTitle = "Senior " + c.JobTitle
			g.contractEvent(ontop.ContractUpdated, w, c, g.months[len(g.months)/2].First())
		}
		if n%9 == 4 {
			c.Status, c.EndDate = "ENDED", g.cfg.LastMonth.Last()
			g.contractEvent(ontop.ContractEnded, w, c, c.EndDate)
		}
	}
}

// month makes up the invoice of a worker for the n-th of the months.
func (g *generator) month(w worker, month schema.Period, n int) story {
	invoice := g.invoice(w, month.Last(), g.lines(w, month, n))
	invoice.PeriodStart, invoice.PeriodEnd = month.First(), month.Last()
	if w.contract.StartDate.Compare(invoice.PeriodStart) > 0 {
		invoice.PeriodStart = w.contract.StartDate
	}
	s := newStory(invoice)
	// Not everything is paid by the end of the last month.
	if month == g.cfg.LastMonth && g.invoiced%3 == 0 {
		s.steps = s.steps[:2]
	}
	return s
}

// fee makes up what Ontop bills for its own services in a month. Every event of
// such an invoice has the one event type that fees have.
func (g *generator) fee(month schema.Period) {
	seats := int64(len(g.workers))
	where := placeOf(g.cfg.Currencies[0])
	unit := where.monthly / 100
	lines := []schema.Line{
		g.line(where, "PLATFORM_FEE", "Seats in "+month.String(), unit*seats),
		g.line(where, "PAYMENT_METHOD_FEE", "Card fee", unit*seats/30+1),
	}
	lines[0].Quantity = strconv.FormatInt(seats, 10)
	invoice := g.invoice(worker{place: where}, month.Last(), lines)
	invoice.PlatformFee = true
	invoice.Number = "ONTOP-" + month.String()
	s := newStory(invoice)
	s.steps = s.steps[1:]
	for i := range s.steps {
		s.steps[i].event = ontop.PlatformFeeInvoiced
	}
	g.play(s, NoTrouble)
}

// invoice makes up an invoice that is issued on a day.
func (g *generator) invoice(w worker, issued schema.Date, lines []schema.Line) schema.Invoice {
	g.invoiced++
	id := 880_000 + g.invoiced
	where := w.place
	invoice := schema.Invoice{
		ID:           schema.InvoiceID(strconv.Itoa(id)),
		Number:       fmt.Sprintf("INV-%s-%05d", issued.Period(), g.invoiced),
		Contract:     w.contract.ID,
		Worker:       w.contract.Worker,
		WorkerEmail:  w.contract.WorkerEmail,
		ExternalID:   w.contract.ExternalID,
		IssueDate:    issued,
		DueDate:      issued.AddDays(15),
		PeriodStart:  issued.Period().First(),
		PeriodEnd:    issued,
		Currency:     where.currency,
		PaymentGroup: issued.Period().String(),
		PDFURL:       g.pdf(id),
	}
	rate := g.rateOf(where, issued.Period())
	invoice.Rate = schema.Rate(rateText(rate))
	g.setLines(&invoice, lines, rate)
	return invoice
}

// pdf returns where an invoice's PDF is, if it has one. Among the first, which nothing
// else is wrong with, some are broken.
func (g *generator) pdf(id int) string {
	if g.invoiced%g.cfg.PDFEvery != 0 {
		return ""
	}
	folder := "invoices"
	kinds := BrokenFiles()
	if n := g.invoiced/g.cfg.PDFEvery - 2; n >= 0 && n%2 == 0 && n/2 < len(kinds)*g.cfg.BrokenFiles {
		folder = string(kinds[n/2%len(kinds)])
	}
	return fmt.Sprintf("%s/%s/%d.pdf", g.cfg.FilesURL, folder, id)
}

// setLines gives the invoice its lines and the totals that they add up to.
func (g *generator) setLines(invoice *schema.Invoice, lines []schema.Line, rate int64) {
	invoice.Total, invoice.USDTotal = schema.NewMoney(0, invoice.Currency), schema.NewMoney(0, "USD")
	for i := range lines {
		line := &lines[i]
		line.ItemID = strconv.Itoa(i + 1)
		line.USDAmount = dollars(line.Amount, rate)
		invoice.Total = g.add(invoice.Total, line.Amount)
		invoice.USDTotal = g.add(invoice.USDTotal, line.USDAmount)
	}
	invoice.Lines = lines
}

func (g *generator) add(a, b schema.Money) schema.Money {
	sum, err := a.Add(b)
	g.fail(err)
	return sum
}

func (g *generator) fail(err error) { g.err = cmp.Or(g.err, err) }

// rateOf returns a month's rate in millionths of a dollar: up to two percent off
// the usual, the same for everybody.
func (g *generator) rateOf(p place, month schema.Period) int64 {
	if p.currency == "USD" {
		return p.rate
	}
	sum := schema.SumOf(strconv.FormatUint(g.cfg.Seed, 10), string(p.currency), month.String())
	return max(1, p.rate+p.rate*(int64(sum[0])%41-20)/1000)
}

// dollars converts at a rate in millionths, rounding half away from zero as
// people do.
func dollars(m schema.Money, rate int64) schema.Money {
	unit := int64(1_000_000 / 100)
	for range m.Currency().Exponent() {
		unit *= 10
	}
	return schema.NewMoney(divideRounded(m.Minor()*rate, unit), "USD")
}

// divideRounded rounds half away from zero.
func divideRounded(n, by int64) int64 {
	if n < 0 {
		return -divideRounded(-n, by)
	}
	return (n + by/2) / by
}

// rateText writes millionths as a decimal number without trailing zeros.
func rateText(millionths int64) string {
	rate, err := schema.ParseRate(fmt.Sprintf("%d.%06d", millionths/1_000_000, millionths%1_000_000))
	if err != nil {
		return ""
	}
	return rate.String()
}
