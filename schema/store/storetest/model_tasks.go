package storetest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// post records an invoice whose document was posted and read back, so that what comes
// after the posting is reached by short histories.
func (m *model) post(t *rapid.T) {
	ctx := t.Context()
	i := invoice("i-1", start())
	i.Company, i.Number = m.company, "n-1"
	d := draft(i, start())
	p := posting(d, schema.PostingPosted, start())
	v := verification(p, start())
	m.record(t, 1, func(s Store) error { return s.RecordInvoices(ctx, []schema.Invoice{i}) })
	m.record(t, 1, func(s Store) error { return s.RecordDrafts(ctx, []schema.Draft{d}) })
	m.record(t, 1, func(s Store) error { return s.RecordPostings(ctx, []schema.Posting{p}) })
	m.record(t, 1, func(s Store) error { return s.RecordVerifications(ctx, []schema.Verification{v}) })
}

// taskFact draws a fact of a task, or of the bill that it is about.
func (m *model) taskFact(t *rapid.T) (record func(Store) error) {
	ctx := t.Context()
	i := m.invoice(t)
	d := m.draft(t, i)
	task := m.task(t, i)
	switch rapid.SampledFrom([]string{
		"invoice", "invoice", "draft", "posting", "verification", "task", "task", "task", "task posting", "task posting", "task verification",
	}).Draw(t, "kind") {
	case "invoice":
		record = func(s Store) error { return s.RecordInvoices(ctx, []schema.Invoice{i}) }
	case "draft":
		record = func(s Store) error { return s.RecordDrafts(ctx, []schema.Draft{d}) }
	case "posting":
		p := m.posting(t, d)
		record = func(s Store) error { return s.RecordPostings(ctx, []schema.Posting{p}) }
	case "verification":
		v := m.verification(t, posting(d, schema.PostingPosted, start()))
		record = func(s Store) error { return s.RecordVerifications(ctx, []schema.Verification{v}) }
	case "task":
		record = func(s Store) error { return s.RecordTasks(ctx, []schema.Task{task}) }
	case "task posting":
		p := m.taskPosting(t, task)
		record = func(s Store) error { return s.RecordPostings(ctx, []schema.Posting{p}) }
	case "task verification":
		v := m.verification(t, taskPosting(task, schema.PostingPosted, 0))
		record = func(s Store) error { return s.RecordVerifications(ctx, []schema.Verification{v}) }
	}
	return record
}

// task draws a task about an invoice, half of the time a correction.
func (m *model) task(t *rapid.T, i schema.Invoice) schema.Task {
	kinds := append([]schema.PostingKind{schema.PostCorrection, schema.PostCorrection}, schema.TaskKinds()...)
	task := schema.Task{
		Company: m.company, Kind: rapid.SampledFrom(kinds).Draw(t, "task kind"), Invoice: i.ID, RecordedAt: m.instant(t),
		State: rapid.SampledFrom([]schema.TaskState{
			schema.TaskReady, schema.TaskReady, schema.TaskReady, schema.TaskProposed, schema.TaskHeld, schema.TaskAccepted, schema.TaskWithdrawn,
		}).Draw(t, "task state"),
	}
	switch task.Kind {
	case schema.PostCorrection:
		task.Subject = schema.CorrectionSubject(i.ID, rapid.SampledFrom([]int{1, 9, 10}).Draw(t, "round"), rapid.IntRange(1, 2).Draw(t, "part"))
		task.Correction = schema.Correction{Content: i.ContentSum(), Cancelled: i.Status == schema.StatusCancelled}
	case schema.PostPayment:
		task.Subject = schema.PaymentSubject(i.ID)
	case schema.PostTransfer:
		task.Subject, task.Invoice = schema.TopUpSubject(string(i.ID)), ""
	default:
		task.Subject = schema.FileSubject(i.ID, "")
		task.File.URL = rapid.SampledFrom([]string{"https://example.com/1", "https://example.com/2"}).Draw(t, "url")
	}
	return task.Seal()
}

func (m *model) taskPosting(t *rapid.T, task schema.Task) schema.Posting {
	state := rapid.SampledFrom([]schema.PostingState{
		schema.PostingNamed, schema.PostingUncertain, schema.PostingPosted, schema.PostingAdopted, schema.PostingDeclined, schema.PostingDeclined,
	}).Draw(t, "task posting state")
	p := taskPosting(task, state, 0)
	p.RecordedAt = m.instant(t)
	if p.State == schema.PostingDeclined && rapid.Bool().Draw(t, "retry") {
		p.RetryAt = m.instant(t)
	}
	return p
}

// taskReads returns what can be asked of tasks: of corrections and of one other kind.
func (m *model) taskReads(t *rapid.T, now time.Time, limit int) []read {
	ctx, c, ids := t.Context(), m.company, []schema.InvoiceID{"i-1", "i-2", "i-3"}
	reads := []read{
		{"WaitingTasks", func(s Store) (any, error) { return sized(s.WaitingTasks(ctx, c)) }},
		{"Amended", func(s Store) (any, error) { return all(s.Amended(ctx, c)) }},
		{"InvoicePositions", func(s Store) (any, error) { return s.InvoicePositions(ctx, c, ids) }},
	}
	other := rapid.SampledFrom([]schema.PostingKind{schema.PostAttachment, schema.PostPayment, schema.PostTransfer}).Draw(t, "other kind")
	for _, kind := range []schema.PostingKind{schema.PostCorrection, other} {
		reads = append(reads,
			read{"DueTasks", func(s Store) (any, error) { return sized(s.DueTasks(ctx, c, kind, now, limit)) }},
			read{"UnverifiedTasks", func(s Store) (any, error) { return sized(s.UnverifiedTasks(ctx, c, kind, limit)) }},
			read{"InvoiceTasks", func(s Store) (any, error) { return s.InvoiceTasks(ctx, c, kind, ids) }},
			read{"OpenPostings", func(s Store) (any, error) { return sized(s.OpenPostings(ctx, c, kind)) }},
			read{"LatestTasks", func(s Store) (any, error) { return s.LatestTasks(ctx, c, kind, []string{schema.PaymentSubject("i-1")}) }})
	}
	return reads
}
