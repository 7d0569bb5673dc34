package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// changedInvoice returns an invoice of postBill as it stands after the n-th change, 0
// being what was posted, recorded at minutes after start.
func changedInvoice(id schema.InvoiceID, n, at int) schema.Invoice {
	i := invoice(id, later(at))
	i.Lines[0].Amount = schema.NewMoney(12_000+int64(n), "USD")
	i.Total = schema.NewMoney(12_345+int64(n), "USD")
	return i
}

// correctionTask returns a correction of an invoice that says what it says.
func correctionTask(i schema.Invoice, round int, state schema.TaskState, at int) schema.Task {
	task := schema.Task{
		Company: company, Kind: schema.PostCorrection, Subject: schema.CorrectionSubject(i.ID, round, 1), Invoice: i.ID, State: state,
		Correction: schema.Correction{
			Content: i.ContentSum(), Cancelled: i.Status == schema.StatusCancelled, Document: draft(i, later(at)),
		},
		RecordedAt: later(at),
	}
	return task.Seal()
}

func recordInvoice(t *testing.T, store Store, i schema.Invoice) {
	t.Helper()
	require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
}

func requireAmended(t *testing.T, store Store, ids ...schema.InvoiceID) {
	t.Helper()
	require.Equal(t, append([]schema.InvoiceID{}, ids...), invoiceIDs(collect(t, store.Amended(t.Context(), company))))
}

func amendedChecks() []check {
	return []check{
		{"YieldsWhatChangedAfterItWasPosted", yieldsAmended},
		{"YieldsWhatWasCancelledAfterItWasPosted", yieldsCancelled},
		{"YieldsAProposalThatNoLongerFits", yieldsStaleProposal},
		{"KnowsWhatTheBooksSayAfterCorrections", knowsCorrections},
		{"CountsAWithdrawnCorrectionThatWasSent", countsWithdrawn},
		{"TakesTheDraftThatWasPosted", takesPostedDraft},
		{"KeepsCorrectionsInPositions", keepsCorrections},
		{"NeverChangesCorrectionsAsOfAnInstant", keepsCorrectionsAsOf},
		{"YieldsThousands", yieldsThousands},
	}
}

func yieldsAmended(on trial) {
	t, store := on.T, on.store
	for _, id := range []schema.InvoiceID{"i-3", "i-1", "i-2"} {
		postBill(t, store, id)
	}
	recordInvoice(t, store, changedInvoice("i-4", 0, 0))
	requireAmended(t, store)
	first, third, never := changedInvoice("i-1", 1, 5), changedInvoice("i-3", 1, 5), changedInvoice("i-4", 1, 5)
	require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{third, never, first}))
	requireAmended(t, store, "i-1", "i-3")

	proposal := correctionTask(first, 1, schema.TaskProposed, 6)
	recordTasks(t, store, proposal)
	requireAmended(t, store, "i-3")
	recordInvoice(t, store, changedInvoice("i-3", 0, 7))
	requireAmended(t, store)

	changed := changedInvoice("i-1", 2, 8)
	recordInvoice(t, store, changed)
	found := collect(t, store.Amended(t.Context(), company))
	require.Len(t, found, 1)
	require.Equal(t, changed, found[0].Invoice, "with its lines")
	require.Equal(t, changed.ContentSum(), found[0].Content)
	require.Equal(t, draft(invoice("i-1", later(0)), later(1)), found[0].Draft)
	require.Equal(t, []schema.TaskPosition{{Task: proposal}}, found[0].Corrections)
}

func yieldsCancelled(on trial) {
	t, store := on.T, on.store
	postBill(t, store, "i-1")
	cancelled := changedInvoice("i-1", 0, 3)
	cancelled.Status = schema.StatusCancelled
	recordInvoice(t, store, cancelled)
	requireAmended(t, store, "i-1")
	requireAmended(t, store, "i-1")
	recordTasks(t, store, correctionTask(cancelled, 1, schema.TaskProposed, 4))
	requireAmended(t, store)
	recordTasks(t, store, correctionTask(cancelled, 1, schema.TaskWithdrawn, 5))
	requireAmended(t, store, "i-1")
	recordTasks(t, store, correctionTask(cancelled, 2, schema.TaskAccepted, 6))
	requireAmended(t, store)
}

func yieldsStaleProposal(on trial) {
	t, store := on.T, on.store
	postBill(t, store, "i-1")
	first := changedInvoice("i-1", 1, 3)
	recordInvoice(t, store, first)
	recordTasks(t, store, correctionTask(first, 1, schema.TaskProposed, 4))
	requireAmended(t, store)
	recordInvoice(t, store, changedInvoice("i-1", 0, 5))
	requireAmended(t, store, "i-1")
	recordTasks(t, store, correctionTask(first, 1, schema.TaskWithdrawn, 6))
	requireAmended(t, store)
	second := changedInvoice("i-1", 2, 7)
	recordInvoice(t, store, second)
	recordTasks(t, store, correctionTask(second, 2, schema.TaskReady, 8), correctionTask(first, 1, schema.TaskHeld, 8))
	requireAmended(t, store, "i-1")
}

func knowsCorrections(on trial) {
	t, store := on.T, on.store
	postBill(t, store, "i-1")
	first, second := changedInvoice("i-1", 1, 3), changedInvoice("i-1", 2, 6)
	corrected := correctionTask(first, 9, schema.TaskReady, 4)
	recordInvoice(t, store, first)
	recordTasks(t, store, corrected)
	recordPostings(t, store, taskPosting(corrected, schema.PostingPosted, 5))
	requireAmended(t, store)
	recordInvoice(t, store, second)
	requireAmended(t, store, "i-1")
	recordTasks(t, store, correctionTask(second, 10, schema.TaskAccepted, 7))
	requireAmended(t, store)
	recordInvoice(t, store, changedInvoice("i-1", 1, 8))
	requireAmended(t, store)
	recordInvoice(t, store, changedInvoice("i-1", 0, 9))
	requireAmended(t, store, "i-1")
}

func countsWithdrawn(on trial) {
	t, store := on.T, on.store
	postBill(t, store, "i-1")
	first := changedInvoice("i-1", 1, 3)
	ready, withdrawn := correctionTask(first, 1, schema.TaskReady, 4), correctionTask(first, 1, schema.TaskWithdrawn, 5)
	recordInvoice(t, store, first)
	recordTasks(t, store, ready, withdrawn)
	recordInvoice(t, store, changedInvoice("i-1", 0, 6))
	requireAmended(t, store)
	sent := taskPosting(ready, schema.PostingUncertain, 7)
	recordPostings(t, store, sent)
	found := collect(t, store.Amended(t.Context(), company))
	require.Len(t, found, 1)
	require.Equal(t, []schema.TaskPosition{{Task: withdrawn, Posting: bodiless(sent)}}, found[0].Corrections)
	recordPostings(t, store, taskPosting(ready, schema.PostingDeclined, 8))
	requireAmended(t, store)
}

func takesPostedDraft(on trial) {
	t, store := on.T, on.store
	p := postBill(t, store, "i-1")
	changed := changedInvoice("i-1", 1, 3)
	recordInvoice(t, store, changed)
	require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{draft(changed, later(4))}))
	requireAmended(t, store, "i-1")
	p.State, p.RecordedAt = schema.PostingDeclined, later(5)
	recordPostings(t, store, p)
	requireAmended(t, store)
	p.State, p.Draft, p.RecordedAt = schema.PostingAdopted, draft(changed, later(4)).ID, later(6)
	recordPostings(t, store, p)
	requireAmended(t, store)
}

func keepsCorrections(on trial) {
	t, store := on.T, on.store
	postBill(t, store, "i-1")
	changed, held := changedInvoice("i-1", 1, 3), correctionTask(invoice("i-2", later(0)), 1, schema.TaskHeld, 3)
	second, first := correctionTask(changed, 2, schema.TaskReady, 4), correctionTask(changed, 1, schema.TaskReady, 4)
	posted := taskPosting(first, schema.PostingPosted, 5)
	read := verification(posted, later(6))
	recordInvoice(t, store, changed)
	recordInvoice(t, store, invoice("i-2", later(0)))
	recordTasks(t, store, second, first, held, correctionTask(changed, 3, schema.TaskWithdrawn, 4), fileTask("i-1", schema.TaskReady, 1))
	recordPostings(t, store, posted)
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{read}))

	want := []schema.TaskPosition{{Task: first, Posting: bodiless(posted), Verification: read}, {Task: second}}
	positions, err := store.InvoicePositions(t.Context(), company, []schema.InvoiceID{"i-1"})
	require.NoError(t, err)
	require.Equal(t, want, positions["i-1"].Corrections)
	unverified, err := store.Unverified(t.Context(), company, 9)
	require.NoError(t, err)
	require.Len(t, unverified, 1)
	require.Equal(t, want, unverified[0].Corrections)
	found := collect(t, store.Positions(t.Context(), company, november(t), time.Time{}))
	require.Len(t, found, 2)
	require.Equal(t, want, found[0].Corrections)
	require.Equal(t, []schema.TaskPosition{{Task: held}}, found[1].Corrections)
	open := collect(t, store.OpenPositions(t.Context(), company))
	require.Len(t, open, 1)
	require.Equal(t, []schema.TaskPosition{{Task: held}}, open[0].Corrections)
}

func keepsCorrectionsAsOf(on trial) {
	t, store := on.T, on.store
	postBill(t, store, "i-1")
	changed := changedInvoice("i-1", 1, 3)
	proposed, ready := correctionTask(changed, 1, schema.TaskProposed, 4), correctionTask(changed, 1, schema.TaskReady, 5)
	named, posted := taskPosting(ready, schema.PostingNamed, 6), taskPosting(ready, schema.PostingPosted, 7)
	read := verification(posted, later(8))
	recordInvoice(t, store, changed)
	recordTasks(t, store, ready, proposed)
	recordPostings(t, store, posted, named)
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{read}))
	for at, want := range map[int][]schema.TaskPosition{
		3: nil, 4: {{Task: proposed}}, 5: {{Task: ready}}, 6: {{Task: ready, Posting: bodiless(named)}},
		7: {{Task: ready, Posting: bodiless(posted)}}, 8: {{Task: ready, Posting: bodiless(posted), Verification: read}},
	} {
		found := collect(t, store.Positions(t.Context(), company, november(t), later(at)))
		require.Len(t, found, 1)
		require.Equal(t, want, found[0].Corrections, at)
	}
}

func yieldsThousands(on trial) {
	t, store := on.T, on.store
	var invoices []schema.Invoice
	var drafts []schema.Draft
	var postings []schema.Posting
	var tasks []schema.Task
	for n, id := range numbered("i", 3_333) {
		i, changed := invoice(schema.InvoiceID(id), later(0)), changedInvoice(schema.InvoiceID(id), 1, 3)
		d := draft(i, later(1))
		invoices, drafts = append(invoices, i, changed), append(drafts, d)
		postings = append(postings, posting(d, schema.PostingPosted, later(2)))
		state := schema.TaskReady
		if n%3 == 0 {
			state = schema.TaskWithdrawn
		}
		tasks = append(tasks, correctionTask(changed, 1, state, 4))
	}
	require.NoError(t, store.RecordInvoices(t.Context(), invoices))
	require.NoError(t, store.RecordDrafts(t.Context(), drafts))
	recordPostings(t, store, postings...)
	require.Len(t, collect(t, store.Amended(t.Context(), company)), len(tasks))
	recordTasks(t, store, tasks...)
	require.Len(t, collect(t, store.Amended(t.Context(), company)), len(tasks)/3)
	found := collect(t, store.Positions(t.Context(), company, november(t), time.Time{}))
	require.Len(t, found, len(tasks))
	for n, p := range found {
		if n%3 == 0 {
			require.Empty(t, p.Corrections)
		} else {
			require.Equal(t, []schema.TaskPosition{{Task: tasks[n]}}, p.Corrections)
		}
	}
}
