package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// Errors about what a person said of a correction.
var (
	// ErrNothingWaits means that nobody has to decide about it.
	ErrNothingWaits = errors.New("nothing of it waits for a person")
	// ErrOutdated means that something else is to be decided by now.
	ErrOutdated = errors.New("it says something else by now; look at it again with `tieout corrections`")
)

// Proposal is a correction of one invoice that waits for a person.
type Proposal struct {
	// ID changes with whatever would be posted, and with what the invoice says: an
	// approval that gives it is of nothing else.
	ID      string
	Invoice schema.Invoice
	// Parts are the documents that are not posted: of the newest correction, and
	// those of earlier ones that QuickBooks declined.
	Parts []schema.TaskPosition
}

// Current reports whether the invoice still says what the newest part is about.
func (p Proposal) Current() bool {
	about := p.Parts[len(p.Parts)-1].Task.Correction
	return about.Content == p.Invoice.ContentSum() && about.Cancelled == (p.Invoice.Status == schema.StatusCancelled)
}

// Proposals returns the corrections that wait for a person, by invoice.
func (a *App) Proposals(ctx context.Context, id schema.CompanyID) ([]Proposal, error) {
	waiting, err := a.Waiting(ctx, id, schema.PostCorrection)
	if err != nil {
		return nil, err
	}
	var about []schema.InvoiceID
	for _, p := range waiting {
		about = append(about, p.Task.Invoice)
	}
	slices.Sort(about)
	about = slices.Compact(about)
	invoices, err := a.store.Invoices(ctx, id, about)
	if err != nil {
		return nil, err
	}
	tasks, err := a.store.InvoiceTasks(ctx, id, schema.PostCorrection, about)
	if err != nil {
		return nil, err
	}
	var proposals []Proposal
	for _, invoice := range about {
		if p := newProposal(invoices[invoice], tasks[invoice]); len(p.Parts) > 0 {
			proposals = append(proposals, p)
		}
	}
	return proposals, nil
}

// newProposal picks what a person may still decide about.
func newProposal(invoice schema.Invoice, tasks []schema.TaskPosition) Proposal {
	newest := 0
	for _, p := range tasks {
		if round, _ := schema.CorrectionPart(p.Task.Subject); p.Task.State != schema.TaskWithdrawn {
			newest = max(newest, round)
		}
	}
	proposal := Proposal{Invoice: invoice, Parts: slices.DeleteFunc(slices.Clone(tasks), func(p schema.TaskPosition) bool {
		round, _ := schema.CorrectionPart(p.Task.Subject)
		open := round == newest || p.CorrectionState() == schema.CorrectionDeclined
		return !open || p.Posting.State.Live() || p.Task.State == schema.TaskWithdrawn
	})}
	slices.SortFunc(proposal.Parts, func(x, y schema.TaskPosition) int {
		xRound, xPart := schema.CorrectionPart(x.Task.Subject)
		yRound, yPart := schema.CorrectionPart(y.Task.Subject)
		return cmp.Or(cmp.Compare(xRound, yRound), cmp.Compare(xPart, yPart))
	})
	names := make([]string, 0, len(proposal.Parts))
	for _, p := range proposal.Parts {
		names = append(names, string(p.Task.ID))
	}
	proposal.ID = schema.SumOf(names...).Short(12)
	return proposal
}

// ApproveCorrection lets the documents of an invoice's correction be posted. Where
// seen is given, it has to be the ID of the [Proposal] that waits. It returns what
// was approved, and records nothing when the invoice says something else by now.
func (a *App) ApproveCorrection(
	ctx context.Context, id schema.CompanyID, invoice schema.InvoiceID, seen, by string,
) (Proposal, error) {
	return a.decideCorrection(ctx, id, invoice, seen, func(p schema.TaskPosition) (schema.Task, bool, error) {
		task := p.Task
		switch {
		case task.State == schema.TaskHeld:
			return task, false, fmt.Errorf("correction %s: is held: %s; %s", task.Subject, task.Hold.Detail, task.Hold.NextStep)
		case task.Correction.Document.Kind == "" && task.State == schema.TaskProposed:
			return task, false, fmt.Errorf("correction %s: there is no document to post: %s", task.Subject, task.Hold.NextStep)
		case !p.Waits():
			return task, false, nil
		}
		task.State, task.Hold, task.Reason, task.By = schema.TaskReady, schema.Hold{}, "", by
		return task, true, nil
	})
}

// AcceptBooks records that the books are right as they are about an invoice whose
// correction is not posted. It returns what is not posted for it.
func (a *App) AcceptBooks(
	ctx context.Context, id schema.CompanyID, invoice schema.InvoiceID, seen, reason, by string,
) (Proposal, error) {
	return a.decideCorrection(ctx, id, invoice, seen, func(p schema.TaskPosition) (schema.Task, bool, error) {
		task := p.Task
		if task.State == schema.TaskAccepted {
			return task, false, nil
		}
		task.State, task.Hold, task.Reason, task.By = schema.TaskAccepted, schema.Hold{}, reason, by
		return task, true, nil
	})
}

// decideCorrection records what decide makes of the parts of an invoice's correction.
// No cycle runs meanwhile: one might replace the proposal, or post it.
func (a *App) decideCorrection(
	ctx context.Context, id schema.CompanyID, invoice schema.InvoiceID, seen string,
	decide func(schema.TaskPosition) (schema.Task, bool, error),
) (decided Proposal, err error) {
	err = a.betweenCycles(ctx, id, func() error {
		if decided, err = a.proposal(ctx, id, invoice); err != nil {
			return err
		}
		switch {
		case len(decided.Parts) == 0:
			return fmt.Errorf("correction of invoice %s: %w; `tieout corrections` lists what does", invoice, ErrNothingWaits)
		case seen != "" && seen != decided.ID:
			return fmt.Errorf("correction of invoice %s: --id %s: %w (it is %s now)", invoice, seen, ErrOutdated, decided.ID)
		case !decided.Current():
			return fmt.Errorf("correction of invoice %s: the invoice changed at Ontop after it was proposed; run `tieout sync`: %w", invoice, ErrOutdated)
		}
		var tasks []schema.Task
		for _, p := range decided.Parts {
			task, changed, err := decide(p)
			if err != nil {
				return err
			}
			if changed {
				tasks = append(tasks, a.renewed(task, p.Posting))
			}
		}
		if len(tasks) == 0 {
			return fmt.Errorf("correction of invoice %s: %w: %s", invoice, ErrNothingWaits, said(decided.Parts))
		}
		return a.store.RecordTasks(ctx, tasks)
	})
	return decided, err
}

func (a *App) proposal(ctx context.Context, id schema.CompanyID, invoice schema.InvoiceID) (Proposal, error) {
	known, err := a.store.Invoices(ctx, id, []schema.InvoiceID{invoice})
	if err != nil {
		return Proposal{}, err
	}
	if _, ok := known[invoice]; !ok {
		return Proposal{}, fmt.Errorf("invoice %s: %w", invoice, ErrNoSuchInvoice)
	}
	tasks, err := a.store.InvoiceTasks(ctx, id, schema.PostCorrection, []schema.InvoiceID{invoice})
	if err != nil {
		return Proposal{}, err
	}
	return newProposal(known[invoice], tasks[invoice]), nil
}

// said tells what became of each part.
func said(parts []schema.TaskPosition) string {
	var texts []string
	for _, p := range parts {
		texts = append(texts, fmt.Sprintf("%s is %s by %s", p.Task.Subject, p.CorrectionState(), p.Task.By))
	}
	return strings.Join(texts, ", ")
}

// renewed returns a task stamped later than all that is known of it: what is
// recorded later holds, and a task that is newer than its decline is tried again.
func (a *App) renewed(t schema.Task, posting schema.Posting) schema.Task {
	last := t.RecordedAt
	if posting.RecordedAt.After(last) {
		last = posting.RecordedAt
	}
	t.RecordedAt = a.stamp()
	if !t.RecordedAt.After(last) {
		t.RecordedAt = last.Add(time.Microsecond)
	}
	return t
}

// cyclePatience bounds how long a person's decision waits for a cycle to end.
const cyclePatience = 2 * time.Minute

// betweenCycles does something while no cycle of the company is under way, in this
// process or another.
func (a *App) betweenCycles(ctx context.Context, id schema.CompanyID, do func() error) error {
	waiting, cancel := context.WithTimeout(ctx, cyclePatience)
	defer cancel()
	unlock, err := a.locks.Lock(waiting, cycleLock(id))
	if err != nil {
		if waiting.Err() != nil && ctx.Err() == nil {
			return fmt.Errorf("company %s: a cycle is under way, and nothing was recorded; try again when it has ended: %w", id, err)
		}
		return err
	}
	defer unlock()
	return do()
}
