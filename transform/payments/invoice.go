package payments

import (
	"fmt"

	"github.com/tieout/tieout/schema"
)

// By is who stands in a task that no person decided about.
const By = "tieout"

// Wallet is the account that payments come from.
type Wallet struct {
	Account  schema.AccountID
	Name     string
	Currency schema.Currency // none where it is not known
	Home     schema.Currency // in which the company keeps its books

	// Trouble says why the account cannot be used at all; its Detail is empty when it
	// can.
	Trouble schema.Hold
}

// trouble says why the bill of an invoice cannot be paid from the account; its Detail
// is empty when it can. QuickBooks pays a bill from an account in its own currency or
// in the home currency.
func (w Wallet) trouble(c schema.Currency, subject string) schema.Hold {
	if w.Trouble.Detail != "" || w.Currency == "" || w.Currency == c || w.Currency == w.Home {
		return w.Trouble
	}
	allowed := string(c)
	if w.Home != c {
		allowed += " or " + string(w.Home)
	}
	return hold(schema.HoldCurrency, schema.OwnerFinance,
		fmt.Sprintf("record the payment in QuickBooks by hand, and skip it %s; or name an account in %s under policy.payment_account in the configuration",
			Skip(subject), allowed),
		"account %s %q, which policy.payment_account names, is in %s, and a bill in %s is paid from an account in %s", w.Account, w.Name, w.Currency, c, allowed)
}

// OfInvoice returns the task that records the payment of an invoice, given the one
// that is stored, and whether it has to be recorded. There is none for an invoice
// that is not paid, nor for one whose total is not above zero.
//
// The day of a payment is that of paid_at in UTC, unless a PAYMENT said when the
// money went.
func OfInvoice(i schema.Invoice, stored schema.TaskPosition, wallet Wallet) (schema.Task, bool) {
	before := stored.Task
	if stored.Posting.State.Live() || before.State == schema.TaskAccepted {
		return before, false
	}
	task := schema.Task{
		Company: i.Company, Kind: schema.PostPayment, Subject: schema.PaymentSubject(i.ID), Invoice: i.ID, State: schema.TaskReady, By: By,
		Payment: schema.Payment{On: dayOf(i), Amount: i.Total, Account: wallet.Account},
	}
	known := before.State != "" && before.State != schema.TaskWithdrawn
	bound := known && before.Payment.Source != ""
	if bound {
		task.By, task.Reason, task.Payment = before.By, before.Reason, before.Payment
		task.Payment.Amount, task.Payment.Account = i.Total, wallet.Account
	}
	paid := bound || i.Status == schema.StatusPaid || !i.PaidAt.IsZero()
	switch {
	case !known && (i.Status == schema.StatusCancelled || !paid || i.Total.Sign() <= 0):
		return before, false
	case !paid || i.Total.Sign() <= 0:
		task = before
		task.State, task.Hold, task.By, task.Reason = schema.TaskWithdrawn, schema.Hold{}, By, "nothing of the invoice is paid"
		return task, true
	case i.Status == schema.StatusCancelled:
		task.State, task.Hold = schema.TaskHeld, hold("", schema.OwnerFinance, "ask Ontop whether the money came back; record the payment in QuickBooks by hand if it did not, and skip it "+Skip(task.Subject),
			"invoice %s was cancelled after it was paid on %s: it is not known whether the money came back", i.ID, orUnknown(task.Payment.On))
	case task.Payment.On.IsZero():
		task.State, task.Hold = schema.TaskHeld, hold("", schema.OwnerSource, "have Ontop send the invoice again with its paid_at; or record the payment in QuickBooks by hand, and skip it "+Skip(task.Subject),
			"status is PAID and paid_at is missing: it is not known on which day invoice %s was paid", i.ID)
	default:
		task.State, task.Hold = wallet.state(i.Total.Currency(), task.Subject)
	}
	task = task.Seal()
	task.RecordedAt = before.RecordedAt
	return task, !Same(task, before)
}

// state is that of a task about which nothing else is wrong.
func (w Wallet) state(c schema.Currency, subject string) (schema.TaskState, schema.Hold) {
	if trouble := w.trouble(c, subject); trouble.Detail != "" {
		return schema.TaskHeld, trouble
	}
	return schema.TaskReady, schema.Hold{}
}

func dayOf(i schema.Invoice) schema.Date {
	if i.PaidAt.IsZero() {
		return schema.Date{}
	}
	return schema.DateOf(i.PaidAt.UTC())
}

func orUnknown(d schema.Date) string {
	if d.IsZero() {
		return "an unknown day"
	}
	return d.String()
}

// Same reports whether two tasks ask for the same, whoever said so and whenever. One
// that was declined and is recorded again is tried again, so that the same is never
// recorded twice.
func Same(a, b schema.Task) bool { return a.ID == b.ID && a.State == b.State && a.Hold == b.Hold }

func hold(reason schema.HoldReason, owner schema.Owner, next, format string, args ...any) schema.Hold {
	return schema.Hold{Reason: reason, Detail: fmt.Sprintf(format, args...), NextStep: next, Owner: owner}
}
