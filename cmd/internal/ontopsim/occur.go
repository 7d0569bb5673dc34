package ontopsim

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// occur makes up one occurrence of a trouble.
func (g *generator) occur(t Trouble) {
	switch {
	case t == PublishedEvents:
		g.published()
	case !t.aboutInvoice():
		g.unknown()
	default:
		w := g.somebody(t)
		s := g.offCycle(w, t)
		g.arrange(&s, w, t)
		g.play(s, t)
	}
}

// somebody returns the worker of an occurrence, with a contract of its own where
// the trouble is about that.
func (g *generator) somebody(t Trouble) worker {
	if !t.newContract() && len(g.workers) > 0 {
		return g.workers[g.random.IntN(len(g.workers))]
	}
	if t == NameTaken && g.namesake != nil {
		return *g.namesake
	}
	name := ""
	if t == NameTaken {
		name = g.cfg.CustomerName
	}
	w := g.hire(g.hired, name)
	g.hired++
	if t == NameTaken {
		g.namesake = &w
	}
	if t != ContractMissing && t != ContractLate {
		g.announce(w, w.contract.StartDate.AddDays(-5))
	}
	return w
}

// offCycle makes up an invoice of a worker that is beside the monthly one.
func (g *generator) offCycle(w worker, t Trouble) story {
	month := g.months[g.random.IntN(len(g.months))]
	issued := month.First().AddDays(9 + g.random.IntN(10))
	if t == ClosedPeriod {
		issued = g.cfg.CloseDate
	}
	lines := []schema.Line{g.line(w.place, "BONUS", "Project bonus", w.pay/10+g.random.Int64N(99)+1)}
	switch t {
	case NetNegative:
		lines = append(lines, g.line(w.place, "DEDUCTION", "Equipment not returned", -w.pay/4-g.random.Int64N(99)-1))
	case UnmappedConcept:
		lines = append(lines, g.line(w.place, "RELOCATION_ALLOWANCE", "Moving house", w.pay/4))
	default:
		lines = append(lines, g.line(w.place, "REIMBURSEMENT", "Software", w.pay/50+g.random.Int64N(99)+1))
	}
	return newStory(g.invoice(w, issued, lines))
}

// arrange bends the usual course of a story to a trouble.
func (g *generator) arrange(s *story, w worker, t Trouble) {
	created, confirmed := &s.steps[0], &s.steps[1]
	switch t {
	case SameDelivery:
		repeat := *confirmed
		repeat.id = g.newID("msg")
		confirmed.id = repeat.id
		repeat.arrives = repeat.arrives.Add(30 * time.Second)
		s.steps = append(s.steps, repeat)
	case SameContent:
		repeat := *confirmed
		repeat.arrives = repeat.arrives.Add(5 * time.Minute)
		s.steps = append(s.steps, repeat)
	case LateDelivery:
		confirmed.arrives = confirmed.arrives.AddDate(0, 0, 10)
	case Reordered:
		created.arrives, confirmed.arrives = confirmed.arrives, created.arrives.Add(time.Minute)
	case Correction:
		created.says = g.anotherAmount(w)
		s.add(ontop.InvoiceUpdated, schema.StatusCreated, s.invoice.IssueDate.Time().Add(30*time.Hour))
	case StaleRevision:
		s.add(ontop.InvoiceUpdated, schema.StatusCreated, s.invoice.IssueDate.Time().Add(30*time.Hour))
		stale := &s.steps[len(s.steps)-1]
		stale.says = g.anotherAmount(w)
		stale.arrives = s.steps[1].arrives.Add(26 * time.Hour)
	case Cancellation:
		s.steps = s.steps[:2]
		s.add(ontop.InvoiceCancelled, schema.StatusCancelled, s.invoice.IssueDate.Time().Add(100*time.Hour))
	case NotConfirmed:
		s.steps = s.steps[:1]
	case TotalMismatch:
		s.invoice.Total = g.add(s.invoice.Total, schema.NewMoney(1+g.random.Int64N(500), w.place.currency))
	case ContractLate:
		g.announce(w, schema.DateOf(confirmed.arrives).AddDays(2))
	case UnknownCurrency:
		s.alter = func(r *ontop.InvoiceRecord) { r.Currency = "ZZZ" }
	case TooManyDecimals:
		s.alter = func(r *ontop.InvoiceRecord) {
			r.TotalAmount = finer(r.TotalAmount)
			r.Items[0].Amount, r.Items[0].UnitAmount = finer(r.Items[0].Amount), ""
		}
	case OddForms:
		s.odd = true
	default: // the trouble is not in the course of events
	}
}

// anotherAmount makes a revision say more than the invoice finally does.
func (g *generator) anotherAmount(w worker) func(*schema.Invoice) {
	more := schema.NewMoney(w.pay/20+g.random.Int64N(99)+1, w.place.currency)
	return func(i *schema.Invoice) {
		lines := append([]schema.Line(nil), i.Lines...)
		lines[0].Amount = g.add(lines[0].Amount, more)
		i.Lines, i.Total = lines, g.add(i.Total, more)
	}
}

// finer adds half a minor unit, which no currency has.
func finer(amount ontop.Decimal) ontop.Decimal {
	for _, c := range amount {
		if c == '.' {
			return amount + "5"
		}
	}
	return amount + ".5"
}

// oddForms returns an array of one record whose numbers are strings.
func (g *generator) oddForms(record any) any {
	text, err := json.Marshal(record)
	g.fail(err)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	g.fail(dec.Decode(&object))
	return []any{quoteNumbers(object)}
}

func quoteNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case map[string]any:
		for name, field := range v {
			v[name] = quoteNumbers(field)
		}
	case []any:
		for i, element := range v {
			v[i] = quoteNumbers(element)
		}
	}
	return v
}

// published sends one of each of the events that Ontop publishes. The payment is for
// none of the invoices.
func (g *generator) published() {
	w := g.somebody(PublishedEvents)
	c := w.contract
	at := g.months[g.random.IntN(len(g.months))].First().AddDays(g.random.IntN(20)).Time().Add(11 * time.Hour)
	g.send(g.newID("msg"), at, ontop.Envelope{EventType: ontop.KYC, Data: ontop.VerifiedRecord{
		Status: "ACTIVE", WorkerID: ontop.ID(c.Worker), ClientID: ontop.ID(g.cfg.ClientID), ExternalID: ontop.Text(c.ExternalID),
		WorkerEmail: ontop.Text(c.WorkerEmail),
	}})
	id := strconv.Itoa(60_000 + g.sent)
	usd := dollars(schema.NewMoney(w.pay*3/2+7, w.place.currency), w.place.rate)
	g.pay(id, c.Worker, c.WorkerEmail, usd, at)
	g.expected.Loose = append(g.expected.Loose, id)
	g.topUp(strconv.Itoa(51_000+g.sent), schema.NewMoney(2_500_000, "USD"), at.Add(2*time.Minute))
}

// unknown sends an event of a type that nobody has heard of.
func (g *generator) unknown() {
	at := g.months[g.random.IntN(len(g.months))].First().AddDays(g.random.IntN(20)).Time().Add(13 * time.Hour)
	w := g.somebody(UnknownEventType)
	g.send(g.newID("msg"), at, ontop.Envelope{EventType: "TIMESHEET_SUBMITTED", Data: map[string]any{
		"client_id": ontop.ID(g.cfg.ClientID), "worker_id": ontop.ID(w.contract.Worker), "hours": []int{8, 8, 7, 8, 6},
	}})
}
