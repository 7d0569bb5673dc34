package ontopsim

import (
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// The kinds of change that come after an invoice was posted. They are no troubles of
// [Troubles]: what brings them is sent by itself, see History.Afterwards.
const (
	Raised    Trouble = "raised_afterwards"    // a line is over more, and there is one more line
	Lowered   Trouble = "lowered_afterwards"   // a line is over less
	Withdrawn Trouble = "withdrawn_afterwards" // the invoice is cancelled
	Renamed   Trouble = "renamed_afterwards"   // only what nobody books is another
	Recoded   Trouble = "recoded_afterwards"   // a line is for another concept, over the same
)

// Changes returns all kinds of change.
func Changes() []Trouble { return []Trouble{Raised, Lowered, Withdrawn, Renamed, Recoded} }

// change makes up an invoice that is confirmed, and the event that changes it later.
func (g *generator) change(t Trouble) {
	w := g.somebody(t)
	s := g.offCycle(w, t)
	s.steps = s.steps[:2]
	g.play(s, t)
	invoice := &g.expected.Invoices[len(g.expected.Invoices)-1]
	at := g.cfg.LastMonth.Last().Time().AddDate(0, 0, 20)
	step := step{event: ontop.InvoiceUpdated, status: schema.StatusConfirmed, at: at, arrives: at.Add(2 * time.Second), id: g.newID("msg")}
	switch t {
	case Withdrawn:
		step.event, step.status = ontop.InvoiceCancelled, schema.StatusCancelled
		invoice.Status = schema.StatusCancelled
	case Renamed:
		s.invoice.PaymentGroup += " (extra run)"
	default:
		g.setLines(&s.invoice, g.changed(t, w, s.invoice.Lines), g.rateOf(w.place, s.invoice.IssueDate.Period()))
	}
	invoice.Total = s.invoice.Total
	g.later = true
	g.send(step.id, step.arrives, ontop.Envelope{
		EventType: step.event, EventID: g.eventID(step), OccurredAt: wireTime(step.at), Data: g.record(s, step),
	})
	g.later = false
}

// changed returns the lines as they are after a change.
func (g *generator) changed(t Trouble, w worker, before []schema.Line) []schema.Line {
	lines := append([]schema.Line(nil), before...)
	some := w.pay/40 + g.random.Int64N(99) + 1
	switch t {
	case Raised:
		lines[0].Amount = g.add(lines[0].Amount, schema.NewMoney(some, w.place.currency))
		lines = append(lines, g.line(w.place, "COMMISSION", "Late commission", some/2+1))
	case Lowered:
		lines[0].Amount = g.add(lines[0].Amount, schema.NewMoney(-some, w.place.currency))
	case Recoded:
		lines[0].Concept = "ADJUSTMENT"
	default: // the lines are as they were
	}
	return lines
}
