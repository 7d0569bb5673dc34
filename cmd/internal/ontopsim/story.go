package ontopsim

import (
	"strconv"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// story is what happens to an invoice. What it finally says is in invoice; each
// step may say something else.
type story struct {
	invoice schema.Invoice
	steps   []step
	// alter changes how the invoice stands on the wire, where that cannot be
	// said in a schema.Invoice.
	alter func(*ontop.InvoiceRecord)
	// odd has every number written as a string, and data as an array.
	odd bool
}

// step is one event of a story.
type step struct {
	event   ontop.EventType
	status  schema.InvoiceStatus
	says    func(*schema.Invoice) // what it says differently; may be nil
	at      time.Time             // when it happened, which orders revisions
	arrives time.Time             // when it is sent
	id      string                // webhook-id
}

// newStory is the usual course: created, confirmed two days later, paid after
// another four.
func newStory(invoice schema.Invoice) story {
	s := story{invoice: invoice}
	day := invoice.IssueDate.Time()
	s.add(ontop.InvoiceCreated, schema.StatusCreated, day.Add(18*time.Hour))
	s.add(ontop.InvoiceConfirmed, schema.StatusConfirmed, day.Add(58*time.Hour))
	s.add(ontop.InvoicePaid, schema.StatusPaid, day.Add(154*time.Hour))
	return s
}

func (s *story) add(event ontop.EventType, status schema.InvoiceStatus, at time.Time) {
	// Seconds apart, so that a history is no stampede.
	id, err := strconv.Atoi(string(s.invoice.ID))
	if err == nil {
		at = at.Add(time.Duration(id%3600)*time.Second + 120*time.Millisecond)
	}
	s.steps = append(s.steps, step{event: event, status: status, at: at, arrives: at.Add(2 * time.Second)})
}

// status is how far the invoice comes in all.
func (s *story) status() schema.InvoiceStatus {
	var furthest schema.InvoiceStatus
	for _, step := range s.steps {
		if step.status.Rank() > furthest.Rank() {
			furthest = step.status
		}
	}
	return furthest
}

// play sends a story's events and counts its invoice.
func (g *generator) play(s story, t Trouble) {
	for i := range s.steps {
		step := &s.steps[i]
		if step.id == "" {
			step.id = g.newID("msg")
		}
		var data any = g.record(s, *step)
		if s.odd {
			data = g.oddForms(data)
		}
		g.send(step.id, step.arrives, ontop.Envelope{
			EventType: step.event, EventID: g.eventID(*step), OccurredAt: wireTime(step.at), Data: data,
		})
	}
	invoice := Invoice{
		ID: s.invoice.ID, Number: s.invoice.Number, Contract: s.invoice.Contract, Worker: s.invoice.Worker,
		PlatformFee: s.invoice.PlatformFee, Status: s.status(), IssueDate: s.invoice.IssueDate,
		Currency: s.invoice.Currency, Total: s.invoice.Total, Trouble: t, Before: s.invoice.Total,
	}
	if t == UnknownCurrency {
		invoice.Currency = schema.NoCurrency
	}
	if t.Unreadable() {
		invoice.Total = schema.NewMoney(0, invoice.Currency)
	}
	g.expected.Invoices = append(g.expected.Invoices, invoice)
	g.expected.Files = append(g.expected.Files, filesOf(s.invoice)...)
	if last := s.steps[len(s.steps)-1]; last.event == ontop.InvoicePaid && !t.Unreadable() {
		g.paid = append(g.paid, paid{invoice: s.invoice, at: last.at})
	}
}

// filesOf lists the files that an invoice names.
func filesOf(i schema.Invoice) []File {
	var files []File
	if i.PDFURL != "" {
		files = append(files, newFile(i, i.PDFURL, ""))
	}
	for _, line := range i.Lines {
		if line.AttachmentURL != "" {
			files = append(files, newFile(i, line.AttachmentURL, line.ItemID))
		}
	}
	return files
}

func newFile(i schema.Invoice, url, item string) File {
	file := File{Invoice: i.ID, URL: url, Item: item}
	for _, kind := range BrokenFiles() {
		if strings.Contains(url, "/"+string(kind)+"/") {
			file.Broken = kind
		}
	}
	return file
}

// record is what a step says of the invoice, on the wire.
func (g *generator) record(s story, p step) ontop.InvoiceRecord {
	invoice := s.invoice
	invoice.Status, invoice.UpdatedAt = p.status, p.at
	if p.says != nil {
		p.says(&invoice)
	}
	if p.status.Rank() < schema.StatusConfirmed.Rank() {
		invoice.Rate, invoice.USDTotal = "", schema.Money{} // locked when confirmed
	}
	if p.status == schema.StatusPaid {
		invoice.PaidAt = p.at.Add(-time.Second)
	}
	record := ontop.NewInvoiceRecord(g.cfg.ClientID, invoice)
	for i, line := range invoice.Lines {
		quantity, err := strconv.ParseInt(line.Quantity, 10, 64)
		if err == nil && quantity > 0 && line.Amount.Minor()%quantity == 0 {
			unit := schema.NewMoney(line.Amount.Minor()/quantity, line.Amount.Currency())
			record.Items[i].UnitAmount = ontop.Decimal(unit.Decimal())
		}
		if invoice.Rate == "" {
			record.Items[i].USDAmount = ""
		}
	}
	if s.alter != nil {
		s.alter(&record)
	}
	return record
}

// eventID names the event. A repetition of the same delivery has the same body,
// and so the same name; the same content in a new delivery has a new one.
func (g *generator) eventID(p step) string {
	return "evt_" + schema.SumOf(p.id, string(p.event)).Short(16)
}

// newID makes up an id that no other event has.
func (g *generator) newID(prefix string) string {
	g.sent++
	return prefix + "_" + schema.SumOf(strconv.FormatUint(g.cfg.Seed, 10), g.cfg.ClientID, strconv.Itoa(g.sent)).Short(22)
}

// send plans an event and counts its delivery.
func (g *generator) send(id string, at time.Time, e ontop.Envelope) {
	body, err := e.Encode()
	g.fail(err)
	if g.later {
		g.afterwards = append(g.afterwards, Event{ID: id, At: at, Body: body})
	} else {
		g.events = append(g.events, Event{ID: id, At: at, Body: body})
	}
	if g.seen[id] {
		g.expected.Repeated++
		return
	}
	g.seen[id] = true
	g.expected.Deliveries++
	switch e.EventType.Kind() {
	case ontop.KindNoted:
		g.expected.Noted++
	case ontop.KindUnknown:
		g.expected.Unknown++
	case ontop.KindContract, ontop.KindInvoice:
	}
}

// announce sends that a contract exists.
func (g *generator) announce(w worker, on schema.Date) {
	g.contractEvent(ontop.ContractCreated, w, w.contract, on)
	g.expected.Contracts = append(g.expected.Contracts, w.contract.ID)
}

func (g *generator) contractEvent(event ontop.EventType, w worker, c schema.Contract, on schema.Date) {
	at := on.Time().Add(9*time.Hour + time.Duration(g.sent%3600)*time.Second)
	c.UpdatedAt = at
	record := ontop.NewContractRecord(g.cfg.ClientID, c)
	record.Country = ontop.Text(w.place.country)
	record.Amount = ontop.Decimal(schema.NewMoney(w.pay, w.place.currency).Decimal())
	record.Frequency = ontop.Text(pick(g.sent, "MONTHLY", "BIWEEKLY", "WEEKLY"))
	if c.Type == "MILESTONE" {
		record.Frequency = "ONE_TIME"
	}
	id := g.newID("msg")
	g.send(id, at.Add(2*time.Second), ontop.Envelope{
		EventType: event, EventID: g.eventID(step{id: id, event: event}), OccurredAt: wireTime(at), Data: record,
	})
}

func wireTime(at time.Time) ontop.Text { return ontop.Text(at.UTC().Format(time.RFC3339Nano)) }
