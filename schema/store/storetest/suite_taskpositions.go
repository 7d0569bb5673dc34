package storetest

import (
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func taskPositionChecks() []check {
	return []check{
		{"ListsWhatWaitsForAPerson", listsWaitingTasks},
		{"ListsWhatWasNeverReadBack", listsUnverifiedTasks},
		{"JoinsTheTasksOfInvoices", joinsInvoiceTasks},
		{"FindsPostingsOfEveryKindWhoseOutcomeIsNotKnown", findsOpenPostings},
		{"CountsTasks", countsTasks},
		{"FindsThousands", findsThousandsOfTasks},
	}
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
	loose := transferTask("t-1", 1)
	recordTasks(t, store, loose)
	found, err = store.InvoiceTasks(t.Context(), company, schema.PostTransfer, []schema.InvoiceID{"", "i-1"})
	require.NoError(t, err)
	require.Equal(t, map[schema.InvoiceID][]schema.TaskPosition{"": {{Task: loose}}}, found)
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
