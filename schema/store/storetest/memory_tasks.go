package storetest

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// RecordTasks appends tasks.
func (m *Memory) RecordTasks(ctx context.Context, tasks []schema.Task) error {
	return m.do(ctx, "RecordTasks", func() {
		for _, t := range tasks {
			t = cloneTask(t)
			t.RecordedAt, t.Correction.Document.RecordedAt = instant(t.RecordedAt), instant(t.Correction.Document.RecordedAt)
			m.tasks.add(postingKey{company: t.Company, kind: t.Kind, subject: t.Subject}, t.RecordedAt, m.next(), t)
			about := aboutKey{kind: t.Kind, invoice: invoiceKey{company: t.Company, invoice: t.Invoice}}
			if !slices.Contains(m.about[about], t.Subject) {
				m.about[about] = append(m.about[about], t.Subject)
			}
		}
	})
}

// LatestTasks returns the newest task of each subject.
func (m *Memory) LatestTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
) (map[string]schema.Task, error) {
	found := make(map[string]schema.Task, len(subjects))
	err := m.do(ctx, "LatestTasks", func() {
		for _, subject := range subjects {
			if t, ok := m.tasks.newest(postingKey{company: company, kind: kind, subject: subject}, time.Time{}); ok {
				found[subject] = cloneTask(t)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// DueTasks returns the tasks that may be posted now.
func (m *Memory) DueTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, now time.Time, limit int,
) ([]schema.Task, error) {
	var found []schema.Task
	err := m.do(ctx, "DueTasks", func() {
		for _, key := range m.taskKeys(company, kind) {
			p := m.taskPosition(key, time.Time{})
			retried := !p.Posting.RetryAt.IsZero() && !p.Posting.RetryAt.After(now)
			if m.postable(key, p) && (retried || !p.declined()) {
				found = append(found, p.Task)
			}
		}
		slices.SortStableFunc(found, func(a, b schema.Task) int { return a.RecordedAt.Compare(b.RecordedAt) })
		found = found[:min(max(limit, 0), len(found))]
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// taskPosition is what is known of a task, with what only this package asks.
type taskPosition struct{ schema.TaskPosition }

// declined reports whether the task, as it is now, was declined.
func (p taskPosition) declined() bool {
	return p.Posting.State == schema.PostingDeclined && !p.Task.RecordedAt.After(p.Posting.RecordedAt)
}

// postable reports whether a task may be posted, now or later, unless it was declined.
func (m *Memory) postable(key postingKey, p taskPosition) bool {
	if p.Task.State != schema.TaskReady || p.Posting.State.Live() {
		return false
	}
	if p.Task.Invoice == "" {
		return true
	}
	bill := billOf(invoiceKey{company: key.company, invoice: p.Task.Invoice})
	posting, _ := m.postings.newest(bill, time.Time{})
	if !inBooks(posting) {
		return false
	}
	read, _ := m.verifications.newestThat(bill, time.Time{}, func(v schema.Verification) bool { return v.Document == posting.Document })
	return read.Result == schema.VerifiedExact || read.Result == schema.VerifiedDivergent
}

// inBooks reports whether QuickBooks is known to have taken what was posted.
func inBooks(p schema.Posting) bool {
	return p.State == schema.PostingPosted || p.State == schema.PostingAdopted
}

// WaitingTasks returns the tasks that need a person.
func (m *Memory) WaitingTasks(ctx context.Context, company schema.CompanyID) ([]schema.TaskPosition, error) {
	var found []schema.TaskPosition
	err := m.do(ctx, "WaitingTasks", func() {
		for _, key := range m.taskKeys(company, "") {
			if p := m.taskPosition(key, time.Time{}); p.Waits() {
				found = append(found, p.bodiless())
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// UnverifiedTasks returns posted tasks that were never read back.
func (m *Memory) UnverifiedTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, limit int,
) ([]schema.TaskPosition, error) {
	var found []schema.TaskPosition
	err := m.do(ctx, "UnverifiedTasks", func() {
		for _, key := range m.taskKeys(company, kind) {
			if p := m.taskPosition(key, time.Time{}); inBooks(p.Posting) && p.Verification.Result == "" {
				found = append(found, p.TaskPosition)
			}
		}
		slices.SortStableFunc(found, func(a, b schema.TaskPosition) int {
			return a.Posting.RecordedAt.Compare(b.Posting.RecordedAt)
		})
		found = found[:min(max(limit, 0), len(found))]
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// InvoiceTasks returns all tasks about invoices.
func (m *Memory) InvoiceTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, invoices []schema.InvoiceID,
) (map[schema.InvoiceID][]schema.TaskPosition, error) {
	found := map[schema.InvoiceID][]schema.TaskPosition{}
	err := m.do(ctx, "InvoiceTasks", func() {
		for _, id := range invoices {
			key := invoiceKey{company: company, invoice: id}
			if tasks := m.tasksAbout(aboutKey{kind: kind, invoice: key}, time.Time{}); len(tasks) > 0 {
				found[id] = tasks
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Amended yields every invoice that the books no longer say.
func (m *Memory) Amended(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error] {
	return m.stream(ctx, "Amended", func() []schema.Position {
		var found []schema.Position
		for _, key := range m.invoiceKeys(company) {
			if p := m.position(key, time.Time{}); p.Amended() {
				found = append(found, p)
			}
		}
		return found
	})
}

// corrections returns the tasks that correct what was posted for an invoice.
func (m *Memory) corrections(key invoiceKey, asOf time.Time) []schema.TaskPosition {
	tasks := m.tasksAbout(aboutKey{kind: schema.PostCorrection, invoice: key}, asOf)
	tasks = slices.DeleteFunc(tasks, func(p schema.TaskPosition) bool {
		return p.Task.State == schema.TaskWithdrawn && !p.Posting.State.Live()
	})
	return clone(tasks)
}

func (m *Memory) tasksAbout(about aboutKey, asOf time.Time) []schema.TaskPosition {
	var found []schema.TaskPosition
	for _, subject := range slices.Sorted(slices.Values(m.about[about])) {
		key := postingKey{company: about.invoice.company, kind: about.kind, subject: subject}
		if p := m.taskPosition(key, asOf); p.Task.Kind != "" && p.Task.Invoice == about.invoice.invoice {
			found = append(found, p.bodiless())
		}
	}
	return found
}

// taskKeys returns the keys of a company's tasks of a kind, or of all kinds, by kind
// and subject.
func (m *Memory) taskKeys(company schema.CompanyID, kind schema.PostingKind) []postingKey {
	var keys []postingKey
	for key := range m.tasks.subjects {
		if key.company == company && (kind == "" || key.kind == kind) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b postingKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.subject, b.subject))
	})
	return keys
}

// taskPosition joins all that is known of a task as of asOf.
func (m *Memory) taskPosition(key postingKey, asOf time.Time) taskPosition {
	var p taskPosition
	p.Task, _ = m.tasks.newest(key, asOf)
	p.Posting, _ = m.postings.newest(key, asOf)
	if p.Posting.State.Live() {
		named := func(t schema.Task) bool { return t.ID == p.Posting.Draft }
		if t, ok := m.tasks.newestThat(key, asOf, named); ok {
			p.Task = t
		}
		p.Verification, _ = m.verifications.newestThat(key, asOf, func(v schema.Verification) bool {
			return v.Document == p.Posting.Document
		})
	}
	p.Task, p.Posting = cloneTask(p.Task), clonePosting(p.Posting)
	p.Verification.Differences = clone(p.Verification.Differences)
	return p
}

// bodiless returns the position without the body of its posting.
func (p taskPosition) bodiless() schema.TaskPosition {
	p.Posting.Body = nil
	return p.TaskPosition
}

// countTasks adds the tasks that are left to do to the backlog.
func (m *Memory) countTasks(company schema.CompanyID, backlog *schema.Backlog) {
	for _, key := range m.taskKeys(company, "") {
		p := m.taskPosition(key, time.Time{})
		switch {
		case p.Waits():
			backlog.TasksWaiting++
			since := p.Task.RecordedAt
			if p.Posting.RecordedAt.After(since) {
				since = p.Posting.RecordedAt
			}
			earliest(&backlog.OldestTaskWaiting, since)
		case m.postable(key, p):
			backlog.TasksDue++
		case inBooks(p.Posting) && p.Verification.Result == "":
			backlog.TasksUnverified++
		}
	}
	for _, kind := range schema.TaskKinds() {
		backlog.TasksUncertain += len(m.openPostings(company, kind))
	}
}

func cloneTask(t schema.Task) schema.Task {
	t.Correction.Document = cloneDraft(t.Correction.Document)
	return t
}
