package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// ErrNoSuchTask means that nothing of that name is to be made in QuickBooks.
var ErrNoSuchTask = errors.New("there is nothing of that name")

// Waiting returns what is to be made in QuickBooks and waits for a person, of the
// kinds named, by kind and subject.
func (a *App) Waiting(
	ctx context.Context, id schema.CompanyID, kinds ...schema.PostingKind,
) ([]schema.TaskPosition, error) {
	all, err := a.store.WaitingTasks(ctx, id)
	return slices.DeleteFunc(all, func(p schema.TaskPosition) bool { return !slices.Contains(kinds, p.Task.Kind) }), err
}

// RetryTasks lets what QuickBooks declined, or a person skipped, be made after all:
// the tasks that name stands for, which is a subject, an invoice, or a payment or
// top-up of Ontop's. It returns them.
func (a *App) RetryTasks(
	ctx context.Context, id schema.CompanyID, kinds []schema.PostingKind, name, by string,
) ([]schema.Task, error) {
	return a.decideTasks(ctx, id, kinds, name, func(p schema.TaskPosition) (schema.Task, bool, error) {
		task := p.Task
		switch {
		case task.State.Waits():
			return task, false, fmt.Errorf("%s: is held: %s; %s", task.Subject, task.Hold.Detail, task.Hold.NextStep)
		case isLoose(task) && task.Invoice != "":
			return task, false, nil // the payment of that invoice says it
		case isLoose(task):
			return task, false, fmt.Errorf("%s: fits no invoice; say which: tieout payments match %s INVOICE", task.Subject, task.Payment.Source)
		case task.State == schema.TaskReady && !p.Waits():
			return task, false, nil
		}
		task.State, task.Hold, task.Reason, task.By = schema.TaskReady, schema.Hold{}, "", by
		return task, true, nil
	})
}

// isLoose reports whether a task is a payment as Ontop told it, which is never made
// in QuickBooks: that of an invoice is.
func isLoose(t schema.Task) bool {
	return t.Kind == schema.PostPayment && t.Subject == schema.LoosePaymentSubject(t.Payment.Source)
}

// SkipTasks keeps the tasks that name stands for, see [App.RetryTasks], from being
// made. It returns them.
func (a *App) SkipTasks(
	ctx context.Context, id schema.CompanyID, kinds []schema.PostingKind, name, reason, by string,
) ([]schema.Task, error) {
	return a.decideTasks(ctx, id, kinds, name, func(p schema.TaskPosition) (schema.Task, bool, error) {
		task := p.Task
		if task.State == schema.TaskAccepted {
			return task, false, nil
		}
		task.State, task.Hold, task.Reason, task.By = schema.TaskAccepted, schema.Hold{}, reason, by
		return task, true, nil
	})
}

// decideTasks records what decide makes of the tasks that name stands for and that
// are not in QuickBooks. No cycle runs meanwhile, which might post them.
func (a *App) decideTasks(
	ctx context.Context, id schema.CompanyID, kinds []schema.PostingKind, name string,
	decide func(schema.TaskPosition) (schema.Task, bool, error),
) (tasks []schema.Task, err error) {
	err = a.betweenCycles(ctx, id, func() error {
		found, err := a.tasksCalled(ctx, id, kinds, name)
		if err != nil {
			return err
		}
		for _, p := range found {
			task, changed, err := decide(p)
			if err != nil {
				return err
			}
			if changed {
				tasks = append(tasks, a.renewed(task, p.Posting))
			}
		}
		if len(tasks) == 0 {
			return fmt.Errorf("%s: %w: it is %s already, by %s", name, ErrNothingWaits, stateName(found[0].Task.State), found[0].Task.By)
		}
		return a.store.RecordTasks(ctx, tasks)
	})
	return tasks, err
}

// stateName names where a task stands as the commands do.
func stateName(s schema.TaskState) string {
	switch s {
	case schema.TaskReady:
		return "to be made with the next load"
	case schema.TaskAccepted:
		return "skipped"
	default:
		return string(s)
	}
}

// tasksCalled returns the tasks of some kinds that name stands for, except what is
// withdrawn. At least one of them is not in QuickBooks, and those that are are left
// out.
func (a *App) tasksCalled(
	ctx context.Context, id schema.CompanyID, kinds []schema.PostingKind, name string,
) ([]schema.TaskPosition, error) {
	var found []schema.TaskPosition
	for _, kind := range kinds {
		about, err := a.store.InvoiceTasks(ctx, id, kind, []schema.InvoiceID{schema.InvoiceID(name)})
		if err != nil {
			return nil, err
		}
		found = append(found, about[schema.InvoiceID(name)]...)
		subjects := []string{name, schema.LoosePaymentSubject(name), schema.TopUpSubject(name)}
		latest, err := a.store.LatestTasks(ctx, id, kind, subjects)
		if err != nil {
			return nil, err
		}
		postings, err := a.store.LatestPostings(ctx, id, kind, subjects)
		if err != nil {
			return nil, err
		}
		for _, subject := range subjects {
			if task, ok := latest[subject]; ok {
				found = append(found, schema.TaskPosition{Task: task, Posting: postings[subject]})
			}
		}
	}
	found = slices.DeleteFunc(found, func(p schema.TaskPosition) bool { return p.Task.State == schema.TaskWithdrawn })
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: %w; `tieout %s` lists what waits", name, ErrNoSuchTask, commandOf(kinds[0]))
	}
	open := slices.DeleteFunc(slices.Clone(found), func(p schema.TaskPosition) bool { return p.Posting.State.Live() })
	if len(open) == 0 {
		return nil, fmt.Errorf("%s: %s: %w", name, strings.ToLower(string(found[0].Task.Kind)), ErrInBooks)
	}
	return open, nil
}

// ErrInBooks means that a decision about a task comes too late.
var ErrInBooks = errors.New("it is in QuickBooks already, or on the way")

// commandOf names the command that lists the tasks of a kind.
func commandOf(kind schema.PostingKind) string {
	switch kind {
	case schema.PostAttachment:
		return "attachments"
	case schema.PostCorrection:
		return "corrections"
	default:
		return "payments"
	}
}
