package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tieout/tieout/schema"
)

// ErrNoWallet means that payments cannot be recorded.
var ErrNoWallet = errors.New("policy.payment_account names no account; it has to be the bank account in QuickBooks that stands for the wallet at Ontop")

// MatchPayment says that a payment of Ontop's that fits no invoice pays this one. It
// is recorded against the invoice's bill with the next load, over what the bill is
// over, and the task is returned.
func (a *App) MatchPayment(
	ctx context.Context, id schema.CompanyID, payment string, invoice schema.InvoiceID, by string,
) (task schema.Task, err error) {
	err = a.betweenCycles(ctx, id, func() error {
		loose, err := a.loosePayment(ctx, id, payment)
		if err != nil {
			return err
		}
		if task, err = a.paymentOf(ctx, id, invoice, loose); err != nil {
			return fmt.Errorf("payment %s: %w", payment, err)
		}
		task.State, task.By = schema.TaskReady, by
		loose.State, loose.Hold, loose.By = schema.TaskWithdrawn, schema.Hold{}, by
		loose.Reason = fmt.Sprintf("it pays invoice %s", invoice)
		return a.store.RecordTasks(ctx, []schema.Task{a.renewed(loose, schema.Posting{}), task})
	})
	return task, err
}

func (a *App) loosePayment(ctx context.Context, id schema.CompanyID, payment string) (schema.Task, error) {
	subject := schema.LoosePaymentSubject(payment)
	found, err := a.store.LatestTasks(ctx, id, schema.PostPayment, []string{subject, payment})
	if err != nil {
		return schema.Task{}, err
	}
	loose, ok := found[subject]
	if !ok {
		loose, ok = found[payment] // a person may have copied the subject
	}
	switch {
	case !ok || loose.Invoice != "":
		return loose, fmt.Errorf("payment %s: %w that fits no invoice; `tieout payments` lists those", payment, ErrNoSuchTask)
	case loose.State == schema.TaskWithdrawn:
		return loose, fmt.Errorf("payment %s: is settled: %s (%s)", payment, loose.Reason, loose.By)
	}
	return loose, nil
}

// paymentOf returns the task that pays an invoice with a payment, when it may.
func (a *App) paymentOf(
	ctx context.Context, id schema.CompanyID, invoice schema.InvoiceID, loose schema.Task,
) (schema.Task, error) {
	positions, err := a.store.InvoicePositions(ctx, id, []schema.InvoiceID{invoice})
	if err != nil {
		return schema.Task{}, err
	}
	p, ok := positions[invoice]
	subject := schema.PaymentSubject(invoice)
	found, err := a.store.LatestTasks(ctx, id, schema.PostPayment, []string{subject})
	if err != nil {
		return schema.Task{}, err
	}
	posted, err := a.store.LatestPostings(ctx, id, schema.PostPayment, []string{subject})
	if err != nil {
		return schema.Task{}, err
	}
	c, err := a.company(id)
	if err != nil {
		return schema.Task{}, err
	}
	before, paid := found[subject], loose.Payment
	// The account of today: that of the day when the payment came may be gone.
	paid.Account = cmp.Or(c.cfg.Policy.Schema().WalletAccount, paid.Account)
	switch {
	case !ok:
		return schema.Task{}, fmt.Errorf("invoice %s: %w", invoice, ErrNoSuchInvoice)
	case paid.Account == "":
		return schema.Task{}, ErrNoWallet
	case paid.Worker != "" && p.Invoice.Worker != paid.Worker:
		return schema.Task{}, fmt.Errorf("it went to worker %s, and invoice %s is of worker %s", paid.Worker, invoice, orNobody(p.Invoice.Worker))
	case posted[subject].State.Live():
		return schema.Task{}, fmt.Errorf("invoice %s: its payment %s: %w", invoice, before.Payment.Source, ErrInBooks)
	case before.State != "" && before.State != schema.TaskWithdrawn && before.Payment.Source != "" && before.Payment.Source != paid.Source:
		return schema.Task{}, fmt.Errorf("invoice %s: payment %s pays it already; skip that one first", invoice, before.Payment.Source)
	case p.Posting.State != schema.PostingPosted && p.Posting.State != schema.PostingAdopted:
		return schema.Task{}, fmt.Errorf("invoice %s: has no bill in QuickBooks yet; match it once it has", invoice)
	case p.Draft.Kind == schema.DocumentVendorCredit:
		return schema.Task{}, fmt.Errorf("invoice %s: is vendor credit %s in QuickBooks, which nobody pays", invoice, p.Posting.Document)
	}
	paid.Amount = p.Draft.Total
	task := schema.Task{Company: id, Kind: schema.PostPayment, Subject: subject, Invoice: invoice, Payment: paid, RecordedAt: before.RecordedAt}
	return a.renewed(task.Seal(), posted[subject]), nil
}

func orNobody(id schema.WorkerID) string { return cmp.Or(string(id), "nobody") }
