package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
	"github.com/tieout/tieout/transform/payments"
)

// typeTransfer is the one transaction_type that is published for top-ups.
const typeTransfer = "TRANSFER"

// What keeps a transfer from being made whatever the accounts are: a person has to
// see it, and looking again changes nothing.
const (
	holdContradicted = schema.HoldTotalMismatch
	holdUnknownType  = schema.HoldUnmappedConcept
)

// topUp keeps the transfer that a top-up asks for. It carries no time, so that its
// day is that on which it was received, in UTC. It returns what became of it, with
// what a person has to know.
func (f *facts) topUp(company schema.CompanyID, t ontop.TopUp, on schema.Date) (schema.OutcomeKind, string) {
	subject := schema.TopUpSubject(t.ID)
	stored, known := f.tasks[subject]
	if known {
		return f.repeated(stored, t)
	}
	task := schema.Task{
		Company: company, Kind: schema.PostTransfer, Subject: subject, By: payments.By,
		Transfer: schema.Transfer{TopUp: t.ID, Reference: t.Reference, On: on},
	}
	amount, err := schema.ParseMoney(t.Amount, schema.NoCurrency)
	if errors.Is(err, schema.ErrPrecision) {
		// Its decimals are those of a currency that is not known here.
		if account, trouble := usable(f.books, f.policy.WalletAccount, "payment_account"); trouble.Detail == "" {
			amount, err = schema.ParseMoney(t.Amount, account.Currency)
		}
	}
	if err != nil {
		return schema.OutcomeUnreadable, fmt.Sprintf("top-up %s: amount is %q, which does not fit the currency of the account that policy.payment_account names: "+
			"send a decimal number with as many decimals as it has; or make the transfer in QuickBooks by hand", t.ID, clip(t.Amount, 100))
	}
	task.Transfer.Amount = amount
	if t.Type != "" && t.Type != typeTransfer {
		task.State, task.Hold = schema.TaskHeld, hold(holdUnknownType, schema.OwnerFinance,
			"make the transfer in QuickBooks by hand if it is one, and skip this one "+payments.Skip(subject),
			"transaction_type of top-up %s is %q, and only %s is known", t.ID, clip(t.Type, 100), typeTransfer)
		return f.task(task.Seal(), true), ""
	}
	return f.task(transfer(task, f.policy, f.books), true), ""
}

// repeated compares a top-up that comes again with what is known of it.
func (f *facts) repeated(stored schema.Task, t ontop.TopUp) (schema.OutcomeKind, string) {
	before := stored.Transfer
	amount, err := schema.ParseMoney(t.Amount, before.Amount.Currency())
	if err == nil && amount == before.Amount {
		return schema.OutcomeUnchanged, ""
	}
	contradiction := fmt.Sprintf("amount of top-up %s was %s before, and is %s now", t.ID, before.Amount.Decimal(), cmp.Or(clip(t.Amount, 100), "missing"))
	if stored.State != schema.TaskReady && stored.State != schema.TaskHeld {
		return schema.OutcomeUnreadable, contradiction // a person has decided about it
	}
	task := stored
	task.State, task.Hold = schema.TaskHeld, hold(holdContradicted, schema.OwnerSource,
		"ask Ontop which of them is right; make the transfer in QuickBooks by hand, and skip this one "+payments.Skip(stored.Subject), "%s", contradiction)
	f.task(task, !payments.Same(task, stored))
	return schema.OutcomeUnreadable, contradiction
}

// transfer fills in the accounts of a transfer, and says whether it can be made.
func transfer(task schema.Task, policy schema.Policy, books schema.Books) schema.Task {
	task.State, task.Hold = schema.TaskHeld, schema.Hold{}
	from, noFrom := usable(books, policy.FundingAccount, "top_up_account")
	to, noTo := usable(books, policy.WalletAccount, "payment_account")
	task.Transfer.From, task.Transfer.To = policy.FundingAccount, policy.WalletAccount
	amount, err := schema.ParseMoney(task.Transfer.Amount.Decimal(), to.Currency)
	byHand := "make the transfer in QuickBooks by hand, and skip this one " + payments.Skip(task.Subject)
	switch said := task.Transfer.Amount.Decimal(); {
	case noTo.Detail != "":
		task.Hold = noTo
	case noFrom.Detail != "":
		task.Hold = noFrom
	case from.ID == to.ID:
		task.Hold = hold("", schema.OwnerOps, "name two accounts in the configuration",
			"policy.top_up_account and policy.payment_account both name account %s", to.ID)
	case from.Currency != to.Currency:
		task.Hold = hold(schema.HoldCurrency, schema.OwnerOps, "name accounts in one currency in the configuration; or "+byHand,
			"account %s %q is in %s and account %s %q in %s: a top-up says one amount", from.ID, from.Name, from.Currency, to.ID, to.Name, to.Currency)
	case err != nil:
		task.Hold = hold(schema.HoldCurrency, schema.OwnerFinance, byHand,
			"amount of top-up %s is %s, which does not fit the decimals of %s, the currency of account %s %q", task.Transfer.TopUp, said, to.Currency, to.ID, to.Name)
	case amount.Sign() <= 0:
		task.Hold = hold(schema.HoldNegativeTotal, schema.OwnerFinance, "ask Ontop what it means; book it in QuickBooks by hand, and skip it "+payments.Skip(task.Subject),
			"amount of top-up %s is %s, and a transfer must be above zero", task.Transfer.TopUp, said)
	default:
		task.State, task.Transfer.Amount = schema.TaskReady, amount
	}
	return task.Seal()
}

// settleTransfers looks again at transfers that are held: an account may have come
// back, or the policy have changed. One that was declined is made between the accounts
// that the policy names by now.
func (b *bench) settleTransfers(ctx context.Context, waiting []schema.TaskPosition) error {
	if !b.cfg.Policy.RecordTopUps {
		return nil
	}
	books, err := b.chart(ctx)
	if err != nil {
		return err
	}
	var tasks []schema.Task
	for _, p := range waiting {
		moved := p.Task.Transfer.From != b.cfg.Policy.FundingAccount || p.Task.Transfer.To != b.cfg.Policy.WalletAccount
		if p.Task.Kind != schema.PostTransfer || p.Task.Hold.Reason == holdContradicted || p.Task.Hold.Reason == holdUnknownType ||
			p.Task.State != schema.TaskHeld && !moved {
			continue
		}
		if task := transfer(p.Task, b.cfg.Policy, books); !payments.Same(task, p.Task) {
			tasks = append(tasks, task)
		}
	}
	return b.recordTasks(ctx, tasks)
}
