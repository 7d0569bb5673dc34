package transform

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// facts are contracts, invoices, payments and top-ups while deliveries are folded
// into them.
type facts struct {
	policy          schema.Policy
	contracts       map[schema.ContractID]schema.Contract
	invoices        map[schema.InvoiceID]schema.Invoice
	changedContract map[schema.ContractID]bool
	changedInvoice  map[schema.InvoiceID]bool

	// What money events follow from and make: tasks by subject, whose kinds never
	// share one.
	books       schema.Books
	tasks       map[string]schema.Task
	changedTask map[string]bool

	stored  map[schema.InvoiceID]bool // invoices that were known before
	changes changes
}

func newFacts(policy schema.Policy, changes changes) *facts {
	return &facts{
		policy:    policy,
		contracts: map[schema.ContractID]schema.Contract{}, changedContract: map[schema.ContractID]bool{},
		invoices: map[schema.InvoiceID]schema.Invoice{}, changedInvoice: map[schema.InvoiceID]bool{},
		tasks: map[string]schema.Task{}, changedTask: map[string]bool{}, stored: map[schema.InvoiceID]bool{}, changes: changes,
	}
}

// contract folds a revision in, and reports whether the delivery that brought it
// says something new. It still does when it was recorded by a round that was
// interrupted before the delivery got its outcome.
func (f *facts) contract(c schema.Contract) bool {
	c.UpdatedAt = storable(c.UpdatedAt)
	before, known := f.contracts[c.ID]
	if !known {
		f.contracts[c.ID], f.changedContract[c.ID] = c, true
		return true
	}
	folded := before.Fold(c)
	folded.RecordedAt = before.RecordedAt
	same := folded.Sum() == before.Sum()
	// A later revision that says the same is recorded too: what lies between
	// the two, and comes last, must not win.
	if !same || !folded.UpdatedAt.Equal(before.UpdatedAt) {
		f.contracts[c.ID], f.changedContract[c.ID] = folded, true
	}
	return !same || c.Source == before.Source
}

// invoice does the same for an invoice.
func (f *facts) invoice(i schema.Invoice) bool {
	i.UpdatedAt, i.PaidAt = storable(i.UpdatedAt), storable(i.PaidAt)
	i.BillDate = f.policy.BillDateOf(i)
	before, known := f.invoices[i.ID]
	if !known {
		f.invoices[i.ID], f.changedInvoice[i.ID] = i, true
		return true
	}
	folded := before.Fold(i)
	// Only the first event about a fee says that it is one.
	folded.PlatformFee = before.PlatformFee || i.PlatformFee
	folded.BillDate, folded.RecordedAt = f.policy.BillDateOf(folded), before.RecordedAt
	same := folded.PlatformFee == before.PlatformFee && folded.Sum() == before.Sum()
	if !same || !folded.UpdatedAt.Equal(before.UpdatedAt) {
		f.invoices[i.ID], f.changedInvoice[i.ID] = folded, true
	}
	if !same {
		f.changes.note(before, folded)
	}
	return !same || i.Source == before.Source
}

// changedTasks returns the tasks that are to be recorded.
func (f *facts) changedTasks() []schema.Task {
	tasks := make([]schema.Task, 0, len(f.changedTask))
	for subject := range f.changedTask {
		tasks = append(tasks, f.tasks[subject])
	}
	return tasks
}

// touched returns the invoices that deliveries spoke of, by id, whether they changed
// or not: their tasks may be missing because a round was interrupted.
func (f *facts) touched() []schema.Invoice {
	invoices := slices.Collect(maps.Values(f.invoices))
	slices.SortFunc(invoices, func(a, b schema.Invoice) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return invoices
}

// storable is t as precisely as the store keeps it: revisions are compared with
// stored ones, and must not look newer for digits that those have lost.
func storable(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// later returns when a record that replaces one recorded before is recorded at
// the earliest: a clock that was set back must not let the old one stand.
func later(at, before time.Time) time.Time {
	if at.Before(before) {
		return before
	}
	return at
}

// changed returns what is to be recorded, by id.
func (f *facts) changed(at time.Time) (contracts []schema.Contract, invoices []schema.Invoice) {
	for id := range f.changedContract {
		contract := f.contracts[id]
		contract.RecordedAt = later(at, contract.RecordedAt)
		contracts = append(contracts, contract)
	}
	for id := range f.changedInvoice {
		invoice := f.invoices[id]
		invoice.RecordedAt = later(at, invoice.RecordedAt)
		invoices = append(invoices, invoice)
	}
	slices.SortFunc(contracts, func(a, b schema.Contract) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortFunc(invoices, func(a, b schema.Invoice) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return contracts, invoices
}
