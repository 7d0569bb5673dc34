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
		{"ListsWhatWaitsForAPerson", listsWaitingTasks},
		{"ListsWhatWasNeverReadBack", listsUnverifiedTasks},
		{"JoinsTheTasksOfInvoices", joinsInvoiceTasks},
		{"FindsPostingsOfEveryKindWhoseOutcomeIsNotKnown", findsOpenPostings},
		{"CountsTasks", countsTasks},
		{"FindsThousands", findsThousandsOfTasks},
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

func listsWaitingTasks(on trial) {
	t, store := on.T, on.store
	held, proposed, refused := fileTask("i-2", schema.TaskHeld, 1), fileTask("i-1", schema.TaskProposed, 1), transferTask("t-1", 1)
	held.Hold = schema.Hold{Reason: schema.HoldCurrency, Detail: "because", NextStep: "do", Owner: schema.OwnerFinance}
	declined := taskPosting(refused, schema.PostingDeclined, 2)
	sent := fileTask("i-3", schema.TaskProposed, 1)
	recordTasks(t, store, refused, held, proposed, transferTask("t-2", 1), fileTask("i-4", schema.TaskAccepted, 1), sent)
	recordPostings(t, store, declined, taskPosting(sent, schema.PostingNamed, 2))

	found, err := store.WaitingTasks(t.Context(), company)
	require.NoError(t, err)
	require.Equal(t, []schema.TaskPosition{{Task: proposed}, {Task: held}, {Task: refused, Posting: bodiless(declined)}}, found)

	proposed.State, proposed.RecordedAt = schema.TaskReady, later(2)
	held.State, held.RecordedAt = schema.TaskAccepted, later(2)
	refused.RecordedAt = later(3)
	recordTasks(t, store, proposed, held, refused)
	found, err = store.WaitingTasks(t.Context(), company)
	require.NoError(t, err)
	require.Empty(t, found)
}

func listsUnverifiedTasks(on trial) {
	t, store := on.T, on.store
	first, second, uncertain := transferTask("t-2", 1), transferTask("t-1", 1), transferTask("t-3", 1)
	posted, adopted := taskPosting(first, schema.PostingPosted, 2), taskPosting(second, schema.PostingAdopted, 3)
	recordTasks(t, store, first, second, uncertain)
	recordPostings(t, store, adopted, posted, taskPosting(uncertain, schema.PostingUncertain, 2))
	newer := second
	newer.Transfer.Reference, newer.RecordedAt = "changed", later(4)
	recordTasks(t, store, newer.Seal())
	unverified := func(limit int) []schema.TaskPosition {
		found, err := store.UnverifiedTasks(t.Context(), company, schema.PostTransfer, limit)
		require.NoError(t, err)
		return found
	}
	want := []schema.TaskPosition{{Task: first, Posting: posted}, {Task: second, Posting: adopted}}
	require.Equal(t, want, unverified(9), "with the task that was posted, not a newer one")
	require.Equal(t, want[:1], unverified(1))
	require.Empty(t, unverified(0))

	other, own := verification(posted, later(4)), verification(adopted, later(4))
	other.Document = "another"
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{other, own}))
	require.Equal(t, want[:1], unverified(9))
}

func joinsInvoiceTasks(on trial) {
	t, store := on.T, on.store
	pdf, withdrawn := fileTask("i-1", schema.TaskReady, 1), fileTask("i-1", schema.TaskReady, 1)
	withdrawn.File.Item, withdrawn.Subject = "7", schema.FileSubject("i-1", "7")
	withdrawn.State, withdrawn.RecordedAt = schema.TaskWithdrawn, later(2)
	moved := fileTask("i-1", schema.TaskReady, 1)
	moved.Subject = "loose"
	movedOn := moved
	movedOn.Invoice, movedOn.RecordedAt = "i-2", later(2)
	payment := fileTask("i-1", schema.TaskReady, 1)
	payment.Kind = schema.PostPayment
	posted := taskPosting(pdf, schema.PostingPosted, 3)
	read := verification(posted, later(4))
	recordTasks(t, store, pdf, withdrawn, moved, movedOn, payment)
	recordPostings(t, store, posted)
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{read}))

	found, err := store.InvoiceTasks(t.Context(), company, schema.PostAttachment, []schema.InvoiceID{"i-3", "i-2", "i-1"})
	require.NoError(t, err)
	require.Equal(t, map[schema.InvoiceID][]schema.TaskPosition{
		"i-1": {{Task: withdrawn}, {Task: pdf, Posting: bodiless(posted), Verification: read}},
		"i-2": {{Task: movedOn}},
	}, found)
	found, err = store.InvoiceTasks(t.Context(), company, schema.PostAttachment, nil)
	require.NoError(t, err)
	require.Empty(t, found)
}

func findsOpenPostings(on trial) {
	t, store := on.T, on.store
	for _, kind := range schema.TaskKinds() {
		task := transferTask("t-1", 1)
		task.Kind = kind
		named, uncertain := taskPosting(task, schema.PostingNamed, 2), taskPosting(task, schema.PostingUncertain, 3)
		settled := taskPosting(task, schema.PostingPosted, 4)
		for n, want := range [][]schema.Posting{{named}, {uncertain}, {}} {
			recordPostings(t, store, []schema.Posting{named, uncertain, settled}[n])
			found, err := store.OpenPostings(t.Context(), company, kind)
			require.NoError(t, err)
			require.Equal(t, want, append([]schema.Posting{}, found...))
		}
		latest, err := store.LatestPostings(t.Context(), company, kind, []string{task.Subject})
		require.NoError(t, err)
		require.Equal(t, map[string]schema.Posting{task.Subject: settled}, latest)
	}
}

func countsTasks(on trial) {
	t, store := on.T, on.store
	refused, retried, waiting := transferTask("refused", 1), transferTask("retried", 1), fileTask("i-1", schema.TaskProposed, 4)
	uncertain, posted, verified := transferTask("uncertain", 1), transferTask("posted", 1), transferTask("verified", 1)
	recordTasks(t, store, refused, retried, waiting, uncertain, posted, verified, transferTask("due", 1),
		fileTask("i-2", schema.TaskReady, 1), fileTask("i-3", schema.TaskReady, 1), fileTask("i-4", schema.TaskAccepted, 1))
	later9 := taskPosting(retried, schema.PostingDeclined, 2)
	later9.RetryAt = later(9)
	done := taskPosting(verified, schema.PostingPosted, 2)
	recordPostings(t, store, later9, taskPosting(refused, schema.PostingDeclined, 3), taskPosting(uncertain, schema.PostingUncertain, 2),
		taskPosting(posted, schema.PostingPosted, 2), done)
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{verification(done, later(3))}))
	readBill(t, store, postBill(t, store, "i-2"), schema.VerifiedExact, 3)

	backlog, err := store.Backlog(t.Context(), company)
	require.NoError(t, err)
	require.Equal(t, schema.Backlog{
		Held:     map[schema.HoldReason]int{},
		TasksDue: 3, TasksWaiting: 2, OldestTaskWaiting: later(3), TasksUncertain: 1, TasksUnverified: 1,
	}, backlog)
}

func findsThousandsOfTasks(on trial) {
	t, store := on.T, on.store
	const many = 2_345
	var due, all []schema.Task
	var about []schema.InvoiceID
	for n, id := range numbered("i", many) {
		task, proposed := transferTask(id, n), fileTask(schema.InvoiceID(id), schema.TaskProposed, 0)
		due, all = append(due, task), append(all, task, proposed)
		about = append(about, proposed.Invoice)
	}
	recordTasks(t, store, all...)
	found, err := store.DueTasks(t.Context(), company, schema.PostTransfer, later(9), many+1)
	require.NoError(t, err)
	require.Equal(t, due, found)
	found, err = store.DueTasks(t.Context(), company, schema.PostTransfer, later(9), 1_001)
	require.NoError(t, err)
	require.Equal(t, due[:1_001], found)
	waiting, err := store.WaitingTasks(t.Context(), company)
	require.NoError(t, err)
	require.Len(t, waiting, many)
	tasks, err := store.InvoiceTasks(t.Context(), company, schema.PostAttachment, about)
	require.NoError(t, err)
	require.Len(t, tasks, many)
	backlog, err := store.Backlog(t.Context(), company)
	require.NoError(t, err)
	require.Equal(t, []int{many, many}, []int{backlog.TasksDue, backlog.TasksWaiting})
}
