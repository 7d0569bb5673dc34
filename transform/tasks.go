package transform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/payments"
)

// TaskCount says which tasks are counted together.
type TaskCount struct {
	Kind  schema.PostingKind
	State schema.TaskState
}

// recordTasks records tasks that say something new, by kind and subject.
func (r *round) recordTasks(ctx context.Context, tasks []schema.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	slices.SortStableFunc(tasks, func(a, b schema.Task) int {
		if a.Kind != b.Kind {
			return strings.Compare(string(a.Kind), string(b.Kind))
		}
		return strings.Compare(a.Subject, b.Subject)
	})
	at := r.stamp()
	for i := range tasks {
		tasks[i].RecordedAt = later(at, tasks[i].RecordedAt)
	}
	if err := r.store.RecordTasks(ctx, tasks); err != nil {
		return fmt.Errorf("record %d tasks: %w", len(tasks), err)
	}
	if r.result.Tasks == nil {
		r.result.Tasks = map[TaskCount]int{}
	}
	for _, task := range tasks {
		r.result.Tasks[TaskCount{task.Kind, task.State}]++
	}
	return nil
}

// follows reports whether the policy asks for anything that follows from invoices
// alone.
func (r *round) follows() bool { return r.cfg.Policy.AttachFiles || r.cfg.Policy.RecordPayments }

// follow records the tasks that follow from invoices alone: a file to attach for
// every address, and a payment for what was paid. Known says of which of them tasks
// may be stored that are wanted no more.
func (r *round) follow(ctx context.Context, invoices []schema.Invoice, known func(schema.InvoiceID) bool) error {
	attached, err := r.attach(ctx, invoices, known)
	if err != nil {
		return err
	}
	paid, err := r.pay(ctx, invoices, known)
	if err != nil {
		return err
	}
	return r.recordTasks(ctx, append(attached, paid...))
}

func (r *round) attach(ctx context.Context, invoices []schema.Invoice, known func(schema.InvoiceID) bool) ([]schema.Task, error) {
	if !r.cfg.Policy.AttachFiles {
		return nil, nil
	}
	found, err := r.followed(ctx, schema.PostAttachment, invoices, func(i schema.Invoice) bool { return known(i.ID) || hasFiles(i) })
	if err != nil {
		return nil, err
	}
	var tasks []schema.Task
	for _, f := range found {
		tasks = append(tasks, files(f.invoice, f.tasks)...)
	}
	return tasks, nil
}

func (r *round) pay(ctx context.Context, invoices []schema.Invoice, known func(schema.InvoiceID) bool) ([]schema.Task, error) {
	if !r.cfg.Policy.RecordPayments {
		return nil, nil
	}
	found, err := r.followed(ctx, schema.PostPayment, invoices, func(i schema.Invoice) bool {
		return known(i.ID) || i.Status == schema.StatusPaid || !i.PaidAt.IsZero()
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	wallet, err := r.wallet(ctx)
	if err != nil {
		return nil, err
	}
	var tasks []schema.Task
	for _, f := range found {
		stored := schema.TaskPosition{}
		for _, t := range f.tasks {
			if t.Task.Subject == schema.PaymentSubject(f.invoice.ID) {
				stored = t
			}
		}
		if task, changed := payments.OfInvoice(f.invoice, stored, wallet); changed {
			tasks = append(tasks, task)
		}
	}
	return tasks, nil
}

// followed is an invoice with the tasks of one kind about it.
type followed struct {
	invoice schema.Invoice
	tasks   []schema.TaskPosition
}

func (r *round) followed(
	ctx context.Context, kind schema.PostingKind, invoices []schema.Invoice, concerned func(schema.Invoice) bool,
) ([]followed, error) {
	var all []followed
	var ids []schema.InvoiceID
	for _, invoice := range invoices {
		if concerned(invoice) {
			all, ids = append(all, followed{invoice: invoice}), append(ids, invoice.ID)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	stored, err := r.store.InvoiceTasks(ctx, r.cfg.CompanyID, kind, ids)
	if err != nil {
		return nil, fmt.Errorf("read %s tasks of %d invoices: %w", kind, len(ids), err)
	}
	for n := range all {
		all[n].tasks = stored[all[n].invoice.ID]
	}
	return all, nil
}

// followOpen does the same for invoices that were recorded before this round, which
// is how they get their tasks when a policy is turned on.
func (r *round) followOpen(ctx context.Context, positions []schema.Position) error {
	if !r.follows() {
		return nil
	}
	var invoices []schema.Invoice
	for _, p := range positions {
		if p.Invoice.RecordedAt.Before(r.began) {
			invoices = append(invoices, p.Invoice)
		}
	}
	return r.follow(ctx, invoices, func(schema.InvoiceID) bool { return false })
}
