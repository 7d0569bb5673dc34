package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// fileTask returns a task to attach an invoice's PDF, n minutes after start.
func fileTask(id schema.InvoiceID, state schema.TaskState, n int) schema.Task {
	return schema.Task{
		Company: company, Kind: schema.PostAttachment, Subject: schema.FileSubject(id, ""), Invoice: id, State: state, By: "tieout",
		File: schema.File{URL: "https://example.com/" + string(id) + ".pdf"}, RecordedAt: later(n),
	}.Seal()
}

// transferTask returns a ready task that names no invoice, n minutes after start.
func transferTask(topUp string, n int) schema.Task {
	return schema.Task{
		Company: company, Kind: schema.PostTransfer, Subject: schema.TopUpSubject(topUp), State: schema.TaskReady, By: "tieout",
		Transfer: schema.Transfer{
			TopUp: topUp, Reference: "Nº 1", On: schema.NewDate(2026, 11, 2), Amount: schema.NewMoney(100_001, "USD"), From: "35", To: "36",
		},
		RecordedAt: later(n),
	}.Seal()
}

// taskPosting returns the posting of a task in a state, n minutes after start.
func taskPosting(task schema.Task, state schema.PostingState, n int) schema.Posting {
	p := schema.Posting{
		Company: task.Company, Kind: task.Kind, Subject: task.Subject, Draft: task.ID, Request: "r-" + task.Subject, Item: "b",
		Batch: "batch-2", Body: []byte("{}"), Attempt: 1, State: state, RecordedAt: later(n),
	}
	if state == schema.PostingPosted || state == schema.PostingAdopted {
		p.Document = schema.DocumentID("made-" + task.Subject)
	}
	return p
}

// bodiless returns a posting as positions of tasks have it.
func bodiless(p schema.Posting) schema.Posting {
	p.Body = nil
	return p
}

// postBill records an invoice whose bill was posted, and returns the posting.
func postBill(t *testing.T, store Store, id schema.InvoiceID) schema.Posting {
	t.Helper()
	i := invoice(id, later(0))
	d := draft(i, later(1))
	p := posting(d, schema.PostingPosted, later(2))
	require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
	require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{d}))
	require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{p}))
	return p
}

// readBill records what reading a bill back showed, n minutes after start.
func readBill(t *testing.T, store Store, p schema.Posting, result schema.VerificationResult, n int) {
	t.Helper()
	v := verification(p, later(n))
	v.Result = result
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{v}))
}

func recordTasks(t *testing.T, store Store, tasks ...schema.Task) {
	t.Helper()
	require.NoError(t, store.RecordTasks(t.Context(), tasks))
}

func recordPostings(t *testing.T, store Store, postings ...schema.Posting) {
	t.Helper()
	require.NoError(t, store.RecordPostings(t.Context(), postings))
}

func requireDueTasks(t *testing.T, store Store, kind schema.PostingKind, now time.Time, want ...schema.Task) {
	t.Helper()
	found, err := store.DueTasks(t.Context(), company, kind, now, 100)
	require.NoError(t, err)
	require.Equal(t, append([]schema.Task{}, want...), append([]schema.Task{}, found...))
}

func taskChecks() []check {
	return []check{
		{"ReturnsAnyTaskAsItWasRecorded", returnsAnyTask},
		{"ReturnsTheNewestTask", returnsNewestTask},
		{"TellsTasksApart", tellsTasksApart},
		{"OffersWhatIsReadyOldestFirst", offersReadyTasks},
		{"OffersNothingWithALivePosting", offersNoLiveTask},
		{"OffersADeclinedTaskWhenItsTimeHasComeOrItWasRecordedAnew", offersDeclinedTask},
		{"OffersATaskWhileItsDocumentIsThere", offersTaskOfDocument},
	}
}

// Whatever texts a task has, characters that are none included, it comes back.
func returnsAnyTask(on trial) {
	t, store := on.T, on.store
	var drawn atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		of := schema.CompanyID(fmt.Sprintf("company-%d", drawn.Add(1)))
		var tasks []schema.Task
		want := map[string]schema.Task{}
		var subjects []string
		for n := range rapid.IntRange(1, 8).Draw(rt, "tasks") {
			task := drawTask(rt)
			task.Company, task.Kind, task.Subject = of, schema.PostCorrection, fmt.Sprintf("%s:%d", task.Subject, n)
			tasks, want[task.Subject], subjects = append(tasks, task), task, append(subjects, task.Subject)
		}
		require.NoError(rt, store.RecordTasks(rt.Context(), tasks))
		found, err := store.LatestTasks(rt.Context(), of, schema.PostCorrection, append(subjects, "another"))
		require.NoError(rt, err)
		require.Equal(rt, want, found)
	})
}

func returnsNewestTask(on trial) {
	t, store := on.T, on.store
	proposed, ready := fileTask("i-1", schema.TaskProposed, 1), fileTask("i-1", schema.TaskReady, 2)
	recordTasks(t, store, ready)
	recordTasks(t, store, proposed)
	recordTasks(t, store, ready)
	found, err := store.LatestTasks(t.Context(), company, schema.PostAttachment, []string{ready.Subject, "another"})
	require.NoError(t, err)
	require.Equal(t, map[string]schema.Task{ready.Subject: ready}, found)

	again := fileTask("i-1", schema.TaskWithdrawn, 2)
	recordTasks(t, store, again)
	found, err = store.LatestTasks(t.Context(), company, schema.PostAttachment, []string{ready.Subject})
	require.NoError(t, err)
	require.Equal(t, again, found[ready.Subject], "of the same instant the one recorded last holds")
}

func tellsTasksApart(on trial) {
	t, store := on.T, on.store
	ours, foreign, kind := transferTask("t-1", 1), transferTask("t-1", 2), transferTask("t-1", 3)
	foreign.Company, kind.Kind = "globex", schema.PostPayment
	recordTasks(t, store, ours, foreign, kind)
	requireDueTasks(t, store, schema.PostTransfer, later(9), ours)
	requireDueTasks(t, store, schema.PostPayment, later(9), kind)
	requireDueTasks(t, store, schema.PostAttachment, later(9))
	found, err := store.LatestTasks(t.Context(), company, schema.PostTransfer, []string{ours.Subject})
	require.NoError(t, err)
	require.Equal(t, map[string]schema.Task{ours.Subject: ours}, found)
}

func offersReadyTasks(on trial) {
	t, store := on.T, on.store
	first, second, third := transferTask("t-2", 1), transferTask("t-1", 2), transferTask("t-3", 2)
	recordTasks(t, store, third, second, first)
	for n, state := range []schema.TaskState{schema.TaskProposed, schema.TaskHeld, schema.TaskAccepted, schema.TaskWithdrawn} {
		other := transferTask(fmt.Sprint("other-", n), 0)
		other.State = state
		recordTasks(t, store, other)
	}
	requireDueTasks(t, store, schema.PostTransfer, later(9), first, second, third)
	found, err := store.DueTasks(t.Context(), company, schema.PostTransfer, later(9), 2)
	require.NoError(t, err)
	require.Equal(t, []schema.Task{first, second}, found)
	found, err = store.DueTasks(t.Context(), company, schema.PostTransfer, later(9), 0)
	require.NoError(t, err)
	require.Empty(t, found)

	withdrawn := first
	withdrawn.State, withdrawn.RecordedAt = schema.TaskWithdrawn, later(3)
	recordTasks(t, store, withdrawn)
	requireDueTasks(t, store, schema.PostTransfer, later(9), second, third)
}

func offersNoLiveTask(on trial) {
	t, store := on.T, on.store
	for n, state := range []schema.PostingState{
		schema.PostingNamed, schema.PostingUncertain, schema.PostingPosted, schema.PostingAdopted,
	} {
		task := transferTask(fmt.Sprint("t-", n), 1)
		recordTasks(t, store, task)
		recordPostings(t, store, taskPosting(task, state, 2))
		task.RecordedAt = later(3)
		recordTasks(t, store, task)
	}
	requireDueTasks(t, store, schema.PostTransfer, later(9))
}

func offersDeclinedTask(on trial) {
	t, store := on.T, on.store
	task := transferTask("t-1", 1)
	declined := taskPosting(task, schema.PostingDeclined, 2)
	recordTasks(t, store, task)
	recordPostings(t, store, declined)
	requireDueTasks(t, store, schema.PostTransfer, later(99))

	declined.RetryAt, declined.RecordedAt = later(10), later(3)
	recordPostings(t, store, declined)
	requireDueTasks(t, store, schema.PostTransfer, later(10).Add(-time.Microsecond))
	requireDueTasks(t, store, schema.PostTransfer, later(10), task)

	declined.RetryAt, declined.RecordedAt = time.Time{}, later(11)
	recordPostings(t, store, declined)
	requireDueTasks(t, store, schema.PostTransfer, later(99))
	task.RecordedAt = later(11)
	recordTasks(t, store, task)
	requireDueTasks(t, store, schema.PostTransfer, later(99))
	task.RecordedAt = later(12)
	recordTasks(t, store, task)
	requireDueTasks(t, store, schema.PostTransfer, later(12), task)

	declined.RetryAt, declined.RecordedAt = later(30), later(12)
	recordPostings(t, store, declined)
	requireDueTasks(t, store, schema.PostTransfer, later(29))
}

func offersTaskOfDocument(on trial) {
	t, store := on.T, on.store
	task, unknown := fileTask("i-1", schema.TaskReady, 1), fileTask("i-9", schema.TaskReady, 1)
	recordTasks(t, store, task, unknown)
	requireDueTasks(t, store, schema.PostAttachment, later(9))
	bill := postBill(t, store, "i-1")
	requireDueTasks(t, store, schema.PostAttachment, later(9))
	for n, result := range []schema.VerificationResult{
		schema.VerifiedExact, schema.VerifiedMissing, schema.VerifiedDivergent, schema.VerifiedMissing,
	} {
		readBill(t, store, bill, result, 3+n)
		if result == schema.VerifiedMissing {
			requireDueTasks(t, store, schema.PostAttachment, later(9))
		} else {
			requireDueTasks(t, store, schema.PostAttachment, later(9), task)
		}
	}
	// Another document of the same invoice was not read back yet.
	bill.Document, bill.State, bill.RecordedAt = "another", schema.PostingAdopted, later(8)
	recordPostings(t, store, bill)
	requireDueTasks(t, store, schema.PostAttachment, later(9))
	readBill(t, store, bill, schema.VerifiedExact, 2)
	requireDueTasks(t, store, schema.PostAttachment, later(9), task)
	bill.State, bill.RecordedAt = schema.PostingUncertain, later(10)
	recordPostings(t, store, bill)
	requireDueTasks(t, store, schema.PostAttachment, later(11))
}
