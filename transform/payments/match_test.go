package payments_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/payments"
)

var wallet = payments.Wallet{Account: "35"}

func day(d int) schema.Date { return schema.NewDate(2026, 2, d) }

// paid is an invoice of 1000.00 USD that was paid on a day of February; on none when
// d is 0.
func paid(id schema.InvoiceID, d int) schema.Invoice {
	i := schema.Invoice{
		Company: "acme", ID: id, Number: "INV-" + string(id), Status: schema.StatusConfirmed, Worker: "77", Currency: "USD",
		Total: schema.NewMoney(100_000, "USD"),
	}
	if d > 0 {
		i.Status, i.PaidAt = schema.StatusPaid, day(d).Time().Add(20*time.Hour)
	}
	return i
}

func said(source string, d int) schema.Payment {
	return schema.Payment{Source: source, On: day(d), Amount: schema.NewMoney(100_000, schema.NoCurrency), Worker: "77", Account: "35"}
}

// desk holds what is stored about payments.
type desk struct {
	invoices []schema.Invoice
	tasks    map[string]schema.TaskPosition
	subjects []string
}

func newDesk(invoices ...schema.Invoice) *desk {
	return &desk{invoices: invoices, tasks: map[string]schema.TaskPosition{}}
}

func (d *desk) store(tasks ...schema.Task) {
	for _, task := range tasks {
		p, known := d.tasks[task.Subject]
		if !known {
			d.subjects = append(d.subjects, task.Subject)
		}
		p.Task = task
		d.tasks[task.Subject] = p
	}
}

// hear takes what INVOICE_PAID says of all invoices.
func (d *desk) hear() {
	for _, i := range d.invoices {
		if task, changed := payments.OfInvoice(i, d.tasks[schema.PaymentSubject(i.ID)], wallet); changed {
			d.store(task)
		}
	}
}

// arrive takes a PAYMENT.
func (d *desk) arrive(p schema.Payment) string {
	task, changed, contradiction := payments.Arrived("acme", p, d.tasks[schema.LoosePaymentSubject(p.Source)].Task)
	if changed {
		d.store(task)
	}
	return contradiction
}

// match matches what waits, and returns how many tasks were recorded.
func (d *desk) match() int {
	var waiting []schema.Task
	for _, subject := range d.subjects {
		if task := d.tasks[subject].Task; payments.Waits(task) {
			waiting = append(waiting, task)
		}
	}
	found := payments.Match(waiting, d.candidates, wallet)
	d.store(found...)
	return len(found)
}

func (d *desk) candidates(p schema.Payment) []payments.Candidate {
	var all []payments.Candidate
	for _, i := range d.invoices {
		if i.Worker == p.Worker {
			all = append(all, d.candidate(i))
		}
	}
	return all
}

func (d *desk) candidate(i schema.Invoice) payments.Candidate {
	c := payments.Candidate{Invoice: i}
	for _, p := range d.tasks {
		if p.Task.Invoice == i.ID {
			c.Tasks = append(c.Tasks, p)
		}
	}
	return c
}

func (d *desk) own(id schema.InvoiceID) schema.Task { return d.tasks[schema.PaymentSubject(id)].Task }

func (d *desk) loose(id string) schema.Task           { return d.tasks[schema.LoosePaymentSubject(id)].Task }
func (d *desk) post(id schema.InvoiceID)              { d.live(schema.PaymentSubject(id)) }
func (d *desk) becomes(n int, i schema.Invoice) *desk { d.invoices[n] = i; return d }

func (d *desk) live(subject string) {
	p := d.tasks[subject]
	p.Posting.State = schema.PostingPosted
	d.tasks[subject] = p
}

func TestMatch(t *testing.T) {
	t.Parallel()

	t.Run("TheOnlyUnpaidInvoice", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 0))
		d.arrive(said("p", 3))
		require.Equal(t, 2, d.match())
		require.Equal(t, schema.Task{
			Company: "acme", Kind: schema.PostPayment, Subject: "1:payment", Invoice: "1", State: schema.TaskReady, By: "tieout",
			Payment: schema.Payment{Source: "p", On: day(3), Amount: schema.NewMoney(100_000, "USD"), Account: "35", Worker: "77"},
		}.Seal(), d.own("1"))
		require.Equal(t, schema.TaskAccepted, d.loose("p").State)
		require.Equal(t, schema.InvoiceID("1"), d.loose("p").Invoice)
		require.Equal(t, "it is the payment of invoice 1 (INV-1, 1000.00 USD)", d.loose("p").Reason)
		require.Zero(t, d.match())
	})

	t.Run("TheSameWhateverComesFirst", func(t *testing.T) {
		t.Parallel()
		first := newDesk(paid("1", 3))
		first.hear()
		require.Empty(t, first.own("1").Payment.Source)
		first.arrive(said("p", 3))
		first.match()

		second := newDesk(paid("1", 0))
		second.arrive(said("p", 3))
		second.match()
		second.becomes(0, paid("1", 3)).hear()
		require.Equal(t, first.own("1"), second.own("1"))
		require.Len(t, second.tasks, 2)
		require.Equal(t, first.loose("p").Invoice, second.loose("p").Invoice)
		first.hear()
		require.Equal(t, second.own("1"), first.own("1"), "the invoice keeps what PAYMENT said of it")
	})

	t.Run("NotTwiceWhatIsInTheBooks", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 3), paid("2", 0))
		d.hear()
		d.post("1")
		before := d.own("1")
		d.arrive(said("p", 3))
		require.Equal(t, 1, d.match())
		require.Equal(t, before, d.own("1"), "what is posted stays as it is")
		require.Equal(t, schema.InvoiceID("1"), d.loose("p").Invoice)
		require.Empty(t, d.own("2").Subject)
		d.arrive(said("q", 4))
		d.match()
		require.Equal(t, "q", d.own("2").Payment.Source, "the next one is of the other invoice")
	})

	t.Run("TheSameDayDecides", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 2), paid("2", 3), paid("3", 0))
		d.hear()
		d.arrive(said("p", 3))
		d.match()
		require.Equal(t, "p", d.own("2").Payment.Source)
	})

	t.Run("NearDaysDoNot", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 2), paid("2", 0))
		d.hear()
		d.arrive(said("p", 3))
		d.match()
		require.Equal(t, schema.TaskHeld, d.loose("p").State)
		require.Equal(t, "payment p, 1000.00 USD on 2026-02-03 to worker 77, fits 2 invoices: "+
			"1 (INV-1, 1000.00 USD, paid on 2026-02-02), 2 (INV-2, 1000.00 USD)", d.loose("p").Hold.Detail)
		require.Equal(t, "say which invoice it paid (tieout payments match p INVOICE); or record it in QuickBooks by hand, "+
			"and skip it (tieout payments skip payment:p --reason TEXT)",
			d.loose("p").Hold.NextStep)
		require.Zero(t, d.match(), "asking again changes nothing")
	})

	t.Run("WhatWasPaidLongAgoIsNoCandidate", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 2), paid("2", 0))
		d.hear()
		d.arrive(said("p", 10))
		d.match()
		require.Equal(t, "p", d.own("2").Payment.Source)
	})

	t.Run("SeveralUnpaidOnesAreHeld", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 0), paid("2", 0))
		d.arrive(said("p", 3))
		d.match()
		require.Equal(t, schema.TaskHeld, d.loose("p").State)
		require.Empty(t, d.own("1").Subject)
		d.becomes(0, paid("1", 3)).hear()
		d.match()
		require.Equal(t, schema.InvoiceID("1"), d.loose("p").Invoice, "it is tried again when the worker's invoices change")
	})

	t.Run("TwoPaymentsOfOneInvoiceAreBothHeld", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 0))
		d.arrive(said("p", 3))
		d.arrive(said("q", 4))
		d.match()
		require.Equal(t, schema.TaskHeld, d.loose("p").State)
		require.Contains(t, d.loose("q").Hold.Detail, "fits invoice 1 (INV-1, 1000.00 USD), and so do others: payments p, q")
	})

	t.Run("DollarsOfAnInvoiceInEuros", func(t *testing.T) {
		t.Parallel()
		i := paid("1", 0)
		i.Currency, i.Total, i.USDTotal = "EUR", schema.NewMoney(92_000, "EUR"), schema.NewMoney(100_000, "USD")
		d := newDesk(i)
		d.arrive(said("p", 3))
		d.match()
		require.Equal(t, schema.NewMoney(92_000, "EUR"), d.own("1").Payment.Amount, "the amount is the document's")
	})

	t.Run("HeldWhereNothingFits", func(t *testing.T) {
		t.Parallel()
		other := paid("1", 0)
		other.Total = schema.NewMoney(100_001, "USD")
		cancelled := paid("2", 0)
		cancelled.Status = schema.StatusCancelled
		d := newDesk(other, cancelled)
		d.arrive(said("p", 3))
		d.match()
		require.Contains(t, d.loose("p").Hold.Detail, "fits no unpaid invoice of that worker")
		for field, p := range map[string]schema.Payment{
			"transaction_date_time": {Source: "a", Amount: schema.NewMoney(1, schema.NoCurrency), Worker: "77"},
			"transaction_amount":    {Source: "b", On: day(1), Worker: "77"},
			"worker_id and email":   {Source: "c", On: day(1), Amount: schema.NewMoney(1, schema.NoCurrency)},
			"e-mail":                {Source: "d", On: day(1), Amount: schema.NewMoney(1, schema.NoCurrency), Email: "x@example.com"},
		} {
			d.arrive(p)
			d.match()
			require.Contains(t, d.loose(p.Source).Hold.Detail, field)
		}
	})

	t.Run("HeldWhereTheWalletIsNot", func(t *testing.T) {
		t.Parallel()
		trouble := payments.Wallet{Account: "35", Trouble: schema.Hold{Detail: "account 35 is inactive", Owner: schema.OwnerFinance}}
		loose, _, _ := payments.Arrived("acme", said("p", 3), schema.Task{})
		found := payments.Match([]schema.Task{loose}, newDesk(paid("1", 0)).candidates, trouble)
		require.Equal(t, schema.TaskHeld, found[1].State)
		require.Equal(t, trouble.Trouble, found[1].Hold)
		again, changed := payments.OfInvoice(paid("1", 3), schema.TaskPosition{Task: found[1]}, wallet)
		require.True(t, changed)
		require.Equal(t, schema.TaskReady, again.State)
		require.Equal(t, "p", again.Payment.Source)
	})
}

func TestArrived(t *testing.T) {
	t.Parallel()

	t.Run("OnceHoweverOftenItComes", func(t *testing.T) {
		t.Parallel()
		d := newDesk()
		require.Empty(t, d.arrive(said("p", 3)))
		before := d.loose("p")
		require.Empty(t, d.arrive(said("p", 3)))
		require.Equal(t, before, d.loose("p"))
	})

	t.Run("AContradictionWaitsForAPerson", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 0))
		d.arrive(said("p", 3))
		require.Equal(t, "payment p was 1000.00 USD on 2026-02-03 to worker 77 before, and is 1000.00 USD on 2026-02-04 to worker 77 now",
			d.arrive(said("p", 4)))
		require.Equal(t, day(3), d.loose("p").Payment.On)
		require.Zero(t, d.match(), "nothing says which of them is right")
		before := d.loose("p")
		d.arrive(said("p", 4))
		require.Equal(t, before, d.loose("p"))
	})

	t.Run("WhatWasMatchedStays", func(t *testing.T) {
		t.Parallel()
		d := newDesk(paid("1", 0))
		d.arrive(said("p", 3))
		d.match()
		before := d.loose("p")
		require.NotEmpty(t, d.arrive(said("p", 4)))
		require.Equal(t, before, d.loose("p"))
		require.Empty(t, d.arrive(said("p", 3)))
	})
}

// Whatever comes in whatever order, no invoice is paid by two payments, no payment
// pays two invoices, and asking again changes nothing.
func TestMatch_NothingIsPaidTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk()
		for n := range rapid.IntRange(1, 4).Draw(t, "invoices") {
			i := paid(schema.InvoiceID(fmt.Sprint(n)), 0)
			i.Total = schema.NewMoney(int64(rapid.IntRange(0, 2).Draw(t, "total")), "USD")
			d.invoices = append(d.invoices, i)
		}
		posted := map[string]schema.Task{}
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				n := rapid.IntRange(0, len(d.invoices)-1).Draw(t, "invoice")
				if d.invoices[n].PaidAt.IsZero() {
					total := d.invoices[n].Total
					d.invoices[n] = paid(d.invoices[n].ID, rapid.IntRange(1, 12).Draw(t, "day"))
					d.invoices[n].Total = total
				}
			case 1, 2:
				p := said(fmt.Sprint("p", rapid.IntRange(0, 4).Draw(t, "payment")), rapid.IntRange(1, 12).Draw(t, "on"))
				p.Amount = schema.NewMoney(int64(rapid.IntRange(1, 2).Draw(t, "amount")), schema.NoCurrency)
				d.arrive(p)
			case 3:
				for _, i := range d.invoices {
					if own := d.own(i.ID); own.State == schema.TaskReady {
						d.post(i.ID)
						posted[own.Subject] = own
					}
				}
			case 4:
				d.invoices[0].Status = schema.StatusCancelled
			}
			d.hear()
			d.match()
			require.Zero(t, d.match())
			d.requireSingle(t)
			for subject, task := range posted {
				require.Equal(t, task, d.tasks[subject].Task, "what is posted never changes")
			}
		}
	})
}

func (d *desk) requireSingle(t *rapid.T) {
	invoiceOf, sourceOf := map[string]schema.InvoiceID{}, map[schema.InvoiceID]string{}
	for _, p := range d.tasks {
		task := p.Task
		require.Equal(t, task, task.Seal())
		require.Equal(t, task.State.Waits(), task.Hold.Detail != "")
		if task.Payment.Source == "" || task.Invoice == "" || task.State == schema.TaskWithdrawn {
			continue
		}
		require.Contains(t, []schema.InvoiceID{"", task.Invoice}, invoiceOf[task.Payment.Source])
		require.Contains(t, []string{"", task.Payment.Source}, sourceOf[task.Invoice])
		invoiceOf[task.Payment.Source], sourceOf[task.Invoice] = task.Invoice, task.Payment.Source
	}
}
