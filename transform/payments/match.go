package payments

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// Match matches payments that fit no invoice yet with those of candidates that are
// their workers', and returns what has to be recorded: for a payment that fits
// exactly one invoice, which no other payment fits as well, the task of that invoice
// and its own, which is accepted; for every other one its own, held with all that it
// may be. What one payment takes is no choice of the others any more. Candidates are
// asked for once for each payment.
func Match(waiting []schema.Task, candidates func(schema.Payment) []Candidate, wallet Wallet) []schema.Task {
	open := make([]*choice, 0, len(waiting))
	for _, loose := range waiting {
		c := &choice{loose: loose}
		if !loose.Payment.On.IsZero() && loose.Payment.Amount.Sign() > 0 {
			c.among = candidates(loose.Payment)
		}
		open = append(open, c)
	}
	var changed []schema.Task
	taken := map[schema.InvoiceID]string{}
	for {
		rivals := map[schema.InvoiceID][]string{}
		for _, c := range open {
			c.choose(taken)
			if len(c.fitting) == 1 {
				rivals[c.fitting[0].Invoice.ID] = append(rivals[c.fitting[0].Invoice.ID], c.loose.Payment.Source)
			}
		}
		left := make([]*choice, 0, len(open))
		for _, c := range open {
			if !c.decided(rivals) {
				left = append(left, c)
				continue
			}
			taken[c.fitting[0].Invoice.ID] = c.loose.Payment.Source
			changed = append(changed, bind(c.loose, c.fitting[0], wallet)...)
		}
		if len(left) < len(open) {
			open = left
			continue
		}
		for _, c := range open {
			if held := c.held(rivals); !Same(held, c.loose) {
				changed = append(changed, held)
			}
		}
		return changed
	}
}

// choice is a payment and what it may be the one of.
type choice struct {
	loose   schema.Task
	among   []Candidate
	fitting []Candidate
}

// choose finds what the payment may be the one of: one invoice, when nothing else
// fits as well. Taken are invoices that others of the same call are of.
func (c *choice) choose(taken map[schema.InvoiceID]string) {
	p := c.loose.Payment
	var exact []Candidate
	c.fitting = nil
	for _, candidate := range c.among {
		if candidate.source() == p.Source {
			c.fitting = []Candidate{candidate}
			return
		}
		fits, exactly := candidate.fits(p)
		if taken[candidate.Invoice.ID] != "" || !fits {
			continue
		}
		c.fitting = append(c.fitting, candidate)
		if exactly {
			exact = append(exact, candidate)
		}
	}
	if len(exact) == 1 {
		c.fitting = exact
	}
}

// decided reports whether one invoice fits, and no other payment to it.
func (c *choice) decided(rivals map[schema.InvoiceID][]string) bool {
	if len(c.fitting) != 1 {
		return false
	}
	only := c.fitting[0]
	return len(rivals[only.Invoice.ID]) == 1 || only.source() == c.loose.Payment.Source
}

// held is the task of a payment that is not decided.
func (c *choice) held(rivals map[schema.InvoiceID][]string) schema.Task {
	held := c.loose
	why := doubt(held.Payment, c.fitting)
	if len(c.fitting) == 1 {
		why = fmt.Sprintf("fits invoice %s, and so do others: payments %s", text(c.fitting[0]), strings.Join(rivals[c.fitting[0].Invoice.ID], ", "))
	}
	held.Hold = undecided(held.Payment, why)
	return held
}

// bind records that a payment is the one of an invoice.
func bind(loose schema.Task, c Candidate, wallet Wallet) []schema.Task {
	own := c.own()
	loose.State, loose.Hold, loose.Invoice = schema.TaskAccepted, schema.Hold{}, c.Invoice.ID
	loose.Reason = "it is the payment of invoice " + text(c)
	loose.Payment.Amount = schema.NewMoney(loose.Payment.Amount.Minor(), "USD")
	tasks := []schema.Task{loose.Seal()}
	if own.Posting.State.Live() || own.Task.State == schema.TaskAccepted {
		return tasks // its payment is recorded already
	}
	task := schema.Task{
		Company: loose.Company, Kind: schema.PostPayment, Subject: schema.PaymentSubject(c.Invoice.ID), Invoice: c.Invoice.ID,
		By: By, RecordedAt: own.Task.RecordedAt, Payment: loose.Payment,
	}
	task.Payment.Amount, task.Payment.Account = c.Invoice.Total, wallet.Account
	task.State, task.Hold = wallet.state(c.Invoice.Total.Currency(), task.Subject)
	if task = task.Seal(); !Same(task, own.Task) {
		tasks = append(tasks, task)
	}
	return tasks
}

// doubt says why a payment was not matched.
func doubt(p schema.Payment, fitting []Candidate) string {
	switch {
	case p.On.IsZero():
		return "does not say when it was made: transaction_date_time is missing or cannot be read"
	case p.Amount.Sign() <= 0:
		return "does not say an amount above zero: transaction_amount is missing or cannot be read"
	case p.Worker == "" && p.Email == "":
		return "does not say who was paid: worker_id and email are missing"
	case len(fitting) == 0 && p.Worker == "":
		return "fits no unpaid invoice: no worker has that e-mail, or several have, or none of theirs is of that amount"
	case len(fitting) == 0:
		return "fits no unpaid invoice of that worker"
	}
	const most = 10
	texts := make([]string, 0, most)
	for n, c := range fitting {
		if n == most {
			texts = append(texts, fmt.Sprintf("and %d more", len(fitting)-most))
			break
		}
		texts = append(texts, text(c))
	}
	slices.Sort(texts[:min(most, len(texts))])
	return fmt.Sprintf("fits %d invoices: %s", len(fitting), strings.Join(texts, ", "))
}

func undecided(p schema.Payment, why string) schema.Hold {
	return hold("", schema.OwnerFinance,
		fmt.Sprintf("say which invoice it paid %s; or record it in QuickBooks by hand, and skip it %s", command(p.Source), Skip(schema.LoosePaymentSubject(p.Source))),
		"payment %s, %s, %s", p.Source, said(p), why)
}

// text names an invoice for a person.
func text(c Candidate) string {
	i := c.Invoice
	text := fmt.Sprintf("%s (%s, %s", i.ID, cmp.Or(strings.TrimSpace(i.Number), "without number"), i.Total)
	if day := dayOf(i); !day.IsZero() {
		text += ", paid on " + day.String()
	}
	return text + ")"
}
