package payments

import (
	"fmt"

	"github.com/tieout/tieout/schema"
)

// Arrived returns the task of a payment of Ontop's that was not matched yet, given
// the one that is stored, and whether it has to be recorded. A payment that comes
// again says nothing new. One that says something else than before is a
// contradiction: its task is held and keeps what was said first. Where the first was
// matched already, only contradiction says so.
func Arrived(company schema.CompanyID, p schema.Payment, stored schema.Task) (task schema.Task, changed bool, contradiction string) {
	subject := schema.LoosePaymentSubject(p.Source)
	task = schema.Task{
		Company: company, Kind: schema.PostPayment, Subject: subject, State: schema.TaskHeld, By: By, Payment: p,
		Hold: hold("", schema.OwnerNobody, "none: it is matched with the worker's invoices next", "payment %s was not matched yet", p.Source),
	}.Seal()
	if stored.State == "" {
		return task, true, ""
	}
	if said(p) == said(stored.Payment) {
		return stored, false, ""
	}
	contradiction = fmt.Sprintf("payment %s was %s before, and is %s now", p.Source, said(stored.Payment), said(p))
	if stored.State != schema.TaskHeld {
		return stored, false, contradiction
	}
	task = stored
	task.Hold = hold(schema.HoldTotalMismatch, schema.OwnerSource,
		fmt.Sprintf("ask Ontop which of them is right, and say which invoice it paid %s", command(p.Source)), "%s", contradiction)
	return task, !Same(task, stored), contradiction
}

// said is what a PAYMENT says, for a person.
func said(p schema.Payment) string {
	to := "worker " + string(p.Worker)
	if p.Worker == "" {
		to = "the worker with the e-mail " + p.Email
	}
	return fmt.Sprintf("%s USD on %s to %s", p.Amount.Decimal(), orUnknown(p.On), to)
}

func command(payment string) string {
	return fmt.Sprintf("(tieout payments match %s INVOICE)", payment)
}

// Skip names the command with which a person says that nothing is to be recorded.
func Skip(subject string) string {
	return fmt.Sprintf("(tieout payments skip %s --reason TEXT)", subject)
}

// Waits reports whether a task is that of a payment that fits no invoice yet and that
// may be matched without a person.
func Waits(t schema.Task) bool {
	return t.Kind == schema.PostPayment && t.State == schema.TaskHeld && t.Subject == schema.LoosePaymentSubject(t.Payment.Source) &&
		t.Hold.Reason != schema.HoldTotalMismatch
}

// Candidate is an invoice that a payment may be the one of.
type Candidate struct {
	Invoice schema.Invoice
	// Tasks are all tasks of kind PostPayment about the invoice.
	Tasks []schema.TaskPosition
}

// own returns the task that records the payment of the invoice.
func (c Candidate) own() schema.TaskPosition {
	for _, t := range c.Tasks {
		if t.Task.Subject == schema.PaymentSubject(c.Invoice.ID) {
			return t
		}
	}
	return schema.TaskPosition{}
}

// source returns Ontop's payment that the invoice was paid by, when one is known.
func (c Candidate) source() string {
	for _, t := range c.Tasks {
		if t.Task.Payment.Source != "" && (t.Task.State != schema.TaskWithdrawn || t.Posting.State.Live()) {
			return t.Task.Payment.Source
		}
	}
	return ""
}

// near is how many days may lie between what INVOICE_PAID and what PAYMENT say of one
// payment: banks and time zones take a few. An invoice that was paid longer ago was
// paid by something else.
const near = 7

// fits reports whether the payment may be the one of the invoice, and whether the day
// agrees too.
func (c Candidate) fits(p schema.Payment) (fits, exactly bool) {
	i, amount := c.Invoice, schema.NewMoney(p.Amount.Minor(), "USD")
	if i.Status == schema.StatusCancelled || i.Total.Sign() <= 0 || i.Total != amount && i.USDTotal != amount || c.source() != "" {
		return false, false
	}
	day := dayOf(i)
	if day.IsZero() {
		return true, false
	}
	return day.Compare(p.On.AddDays(-near)) >= 0 && day.Compare(p.On.AddDays(near)) <= 0, day == p.On
}
