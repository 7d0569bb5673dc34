package transform

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
	"github.com/tieout/tieout/transform/payments"
)

// statusSuccess is the one transaction_status under which money went out.
const statusSuccess = "SUCCESS"

// payment notes what a PAYMENT says, to be matched with an invoice later in the
// round. It returns what became of it, with what a person has to know.
func (f *facts) payment(company schema.CompanyID, p ontop.Payment) (schema.OutcomeKind, string) {
	if p.Status != statusSuccess {
		return schema.OutcomeNoted, fmt.Sprintf("payment %s has transaction_status %q and not %s: nothing was paid, and nothing is recorded",
			p.ID, clip(p.Status, 100), statusSuccess)
	}
	amount, err := schema.ParseMoney(p.Amount, schema.NoCurrency)
	if err != nil || amount.Sign() <= 0 {
		return schema.OutcomeUnreadable, fmt.Sprintf("payment %s: transaction_amount is %q: send an amount in USD above zero with at most 2 decimals; "+
			"or record the payment in QuickBooks by hand", p.ID, clip(p.Amount, 100))
	}
	paid := schema.Payment{Source: p.ID, Amount: amount, Account: f.policy.WalletAccount, Worker: p.Worker}
	if p.Worker == "" {
		paid.Email = strings.ToLower(strings.TrimSpace(p.Email))
	}
	if !p.At.IsZero() {
		paid.On = schema.DateOf(p.At.UTC())
	}
	task, changed, contradiction := payments.Arrived(company, paid, f.tasks[schema.LoosePaymentSubject(p.ID)])
	kind := f.task(task, changed)
	if contradiction != "" {
		kind = schema.OutcomeUnreadable
	}
	return kind, contradiction
}

// task keeps a task that says something new, and returns what became of the event
// that it follows from.
func (f *facts) task(task schema.Task, changed bool) schema.OutcomeKind {
	if !changed {
		return schema.OutcomeUnchanged
	}
	f.tasks[task.Subject], f.changedTask[task.Subject] = task, true
	return schema.OutcomeApplied
}

// wallet returns the account that payments come from, and why it cannot be used.
func (r *round) wallet(ctx context.Context) (payments.Wallet, error) {
	books, err := r.chart(ctx)
	if err != nil {
		return payments.Wallet{}, err
	}
	account, trouble := usable(books, r.cfg.Policy.WalletAccount, "payment_account")
	return payments.Wallet{
		Account: r.cfg.Policy.WalletAccount, Name: account.Name, Currency: account.Currency, Home: books.HomeCurrency, Trouble: trouble,
	}, nil
}

// usable returns an account that money moves through, or why it cannot. Field is
// where the policy names it.
func usable(books schema.Books, id schema.AccountID, field string) (schema.Account, schema.Hold) {
	if books.IsZero() {
		return schema.Account{}, hold("", schema.OwnerOps, "connect QuickBooks (tieout connect), or wait for the first reading of its accounts",
			"QuickBooks has not been read yet, so that account %s, which policy.%s names, is not known", id, field)
	}
	var account schema.Account
	at := slices.IndexFunc(books.Accounts, func(a schema.Account) bool { return a.ID == id })
	found := at >= 0
	if found {
		account = books.Accounts[at]
		account.Currency = cmp.Or(account.Currency, books.HomeCurrency)
	}
	switch {
	case id == "":
		return account, hold("", schema.OwnerOps, "name it in the configuration: "+banks(books), "policy.%s is missing", field)
	case !found:
		return account, hold("", schema.OwnerOps, fmt.Sprintf("correct policy.%s in the configuration: %s", field, banks(books)),
			"account %s, which policy.%s names, is not in QuickBooks", id, field)
	case account.Type != typeBank:
		return account, hold("", schema.OwnerOps, fmt.Sprintf("correct policy.%s in the configuration: %s", field, banks(books)),
			"account %s %q, which policy.%s names, is of type %s, and money moves through accounts of type %s", id, account.Name, field, account.Type, typeBank)
	case !account.Active:
		return account, hold("", schema.OwnerFinance, fmt.Sprintf("make it active again in QuickBooks, or name another one under policy.%s in the configuration", field),
			"account %s %q, which policy.%s names, is inactive in QuickBooks", id, account.Name, field)
	}
	return account, schema.Hold{}
}

// banks says which accounts money may move through.
func banks(books schema.Books) string {
	const most = 5
	var texts []string
	for _, a := range books.Accounts {
		if a.Active && a.Type == typeBank {
			texts = append(texts, fmt.Sprintf("%s (%s)", a.ID, a.Name))
		}
	}
	switch {
	case len(texts) == 0:
		return "QuickBooks has no active account of type " + typeBank + ", so create one there first"
	case len(texts) > most:
		texts = append(texts[:most], fmt.Sprintf("and %d more", len(texts)-most))
	}
	return "QuickBooks has " + strings.Join(texts, ", ")
}

// match looks for the invoices of payments that fit none yet.
func (b *bench) match(ctx context.Context, waiting []schema.TaskPosition) error {
	var loose []schema.Task
	for _, p := range waiting {
		if payments.Waits(p.Task) && !p.Posting.State.Live() {
			loose = append(loose, p.Task)
		}
	}
	if len(loose) == 0 || !b.cfg.Policy.RecordPayments {
		return nil
	}
	wallet, err := b.wallet(ctx)
	if err != nil {
		return err
	}
	who, err := b.paidWorkers(ctx, loose)
	if err != nil {
		return err
	}
	invoices, tasks, err := b.candidates(ctx, loose, who)
	if err != nil {
		return err
	}
	found := payments.Match(loose, func(p schema.Payment) []payments.Candidate {
		var candidates []payments.Candidate
		for _, invoice := range invoices[who(p)] {
			candidates = append(candidates, payments.Candidate{Invoice: invoice, Tasks: tasks[invoice.ID]})
		}
		return candidates
	}, wallet)
	return b.recordTasks(ctx, found)
}

// paidWorkers returns who a payment was made to: the worker that it names, or the
// only one with its e-mail.
func (b *bench) paidWorkers(ctx context.Context, loose []schema.Task) (func(schema.Payment) schema.WorkerID, error) {
	byEmail := map[string]schema.WorkerID{}
	for _, task := range loose {
		if task.Payment.Worker == "" && task.Payment.Email != "" {
			byEmail[task.Payment.Email] = ""
		}
	}
	if len(byEmail) > 0 {
		payees, err := b.store.Payees(ctx, b.cfg.CompanyID)
		if err != nil {
			return nil, fmt.Errorf("read payees: %w", err)
		}
		several := map[string]bool{}
		for key, payee := range payees {
			email := strings.ToLower(payee.Email)
			known, asked := byEmail[email]
			worker := workerOfKey(key)
			if !asked || worker == "" {
				continue
			}
			several[email] = several[email] || known != "" && known != worker
			byEmail[email] = worker
		}
		for email := range several {
			if several[email] {
				byEmail[email] = ""
			}
		}
	}
	return func(p schema.Payment) schema.WorkerID {
		if p.Worker != "" {
			return p.Worker
		}
		return byEmail[p.Email]
	}, nil
}

// workerOfKey returns the worker of a payee, when it is one that has an id.
func workerOfKey(key schema.PayeeKey) schema.WorkerID {
	id, found := strings.CutPrefix(strings.TrimSuffix(string(key), ":"+string(key.Currency())), string(schema.PayeeWorker)+":")
	if !found {
		return ""
	}
	return schema.WorkerID(id)
}

// candidates reads the invoices of all workers that were paid, and the payments of
// those that a payment might be the one of.
func (b *bench) candidates(
	ctx context.Context, loose []schema.Task, who func(schema.Payment) schema.WorkerID,
) (map[schema.WorkerID][]schema.Invoice, map[schema.InvoiceID][]schema.TaskPosition, error) {
	var workers []schema.WorkerID
	for _, task := range loose {
		if worker := who(task.Payment); worker != "" {
			workers = append(workers, worker)
		}
	}
	if workers = unique(workers); len(workers) == 0 {
		return nil, nil, nil
	}
	invoices, err := b.store.WorkerInvoices(ctx, b.cfg.CompanyID, workers)
	if err != nil {
		return nil, nil, fmt.Errorf("read invoices of %d workers: %w", len(workers), err)
	}
	var ids []schema.InvoiceID
	for _, list := range invoices {
		for _, invoice := range list {
			ids = append(ids, invoice.ID)
		}
	}
	if ids = unique(ids); len(ids) == 0 {
		return nil, nil, nil
	}
	tasks, err := b.store.InvoiceTasks(ctx, b.cfg.CompanyID, schema.PostPayment, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("read payments of %d invoices: %w", len(ids), err)
	}
	return invoices, tasks, nil
}

// settleHeld looks again at payments of invoices that are held: an account may have
// come back, or the policy have changed. What was declined from another account than
// the policy names by now would be declined again, however often a person retries it.
func (b *bench) settleHeld(ctx context.Context, waiting []schema.TaskPosition) error {
	var ids []schema.InvoiceID
	for _, p := range waiting {
		again := p.Task.State == schema.TaskHeld || p.Task.Payment.Account != b.cfg.Policy.WalletAccount
		if p.Task.Kind == schema.PostPayment && again && p.Task.Subject == schema.PaymentSubject(p.Task.Invoice) {
			ids = append(ids, p.Task.Invoice)
		}
	}
	if len(ids) == 0 || !b.cfg.Policy.RecordPayments {
		return nil
	}
	known, err := b.store.Invoices(ctx, b.cfg.CompanyID, unique(ids))
	if err != nil {
		return fmt.Errorf("read %d invoices: %w", len(ids), err)
	}
	wallet, err := b.wallet(ctx)
	if err != nil {
		return err
	}
	var tasks []schema.Task
	for _, p := range waiting {
		invoice, found := known[p.Task.Invoice]
		if !found || p.Task.Kind != schema.PostPayment || p.Task.Subject != schema.PaymentSubject(p.Task.Invoice) {
			continue
		}
		if task, changed := payments.OfInvoice(invoice, p, wallet); changed {
			tasks = append(tasks, task)
		}
	}
	return b.recordTasks(ctx, tasks)
}
