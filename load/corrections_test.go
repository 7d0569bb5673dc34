package load_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// ask stores tasks as ready.
func (b *bench) ask(tasks ...schema.Task) {
	b.t.Helper()
	for i := range tasks {
		if tasks[i].State == "" {
			tasks[i].State = schema.TaskReady
		}
		tasks[i].RecordedAt = time.Now().UTC().Truncate(time.Microsecond)
	}
	require.NoError(b.t, b.store.RecordTasks(b.t.Context(), tasks))
}

// again has a person approve a task once more.
func (b *bench) again(t schema.Task) {
	b.t.Helper()
	sleep(time.Second)
	t.By = "eva"
	b.ask(t)
}

func (b *bench) task(t schema.Task) schema.Posting { return b.posting(t.Kind, t.Subject) }

// proof is how a task of an invoice was last read back.
func (b *bench) proof(t schema.Task) schema.Verification {
	b.t.Helper()
	found, err := b.store.InvoiceTasks(b.t.Context(), acme, t.Kind, []schema.InvoiceID{t.Invoice})
	require.NoError(b.t, err)
	for _, p := range found[t.Invoice] {
		if p.Task.Subject == t.Subject {
			return p.Verification
		}
	}
	return schema.Verification{}
}

// correction is a bill of 250.00 more, or what changes make of it.
func (b *bench) correction(d schema.Draft, part int, changes ...func(*schema.Draft)) schema.Task {
	more := d
	more.ID, more.Total, more.Memo = "", schema.NewMoney(25_000, d.Currency), "Base pay was corrected"
	more.Kind, more.DocNumber = schema.DocumentBill, d.DocNumber+"-C"+string(rune('0'+part))
	more.Lines = []schema.DraftLine{d.Lines[0]}
	more.Lines[0].Amount = more.Total
	for _, change := range changes {
		change(&more)
	}
	return schema.Task{
		Company: acme, Kind: schema.PostCorrection, Subject: schema.CorrectionSubject(d.Invoice, 1, part), Invoice: d.Invoice,
		Correction: schema.Correction{Content: schema.SumOf("changed"), Document: more.Seal()},
	}.Seal()
}

func asCredit(d *schema.Draft) { d.Kind, d.DueDate = schema.DocumentVendorCredit, schema.Date{} }

func TestLoader_Corrections(t *testing.T) {
	t.Parallel()

	within(t, "ArePostedOnceTheirInvoiceWasReadBack", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1)
		more, less := b.correction(d, 1), b.correction(d, 2, asCredit)
		b.ask(more, less)
		require.Equal(t, load.Tally{}, b.cycle().Corrections, "there is nothing yet to correct")
		b.record(d)

		result := b.cycle()

		require.Equal(t, load.Tally{Posted: 2}, result.Corrections)
		require.Equal(t, load.Tally{Posted: 1}, result.Bills)
		require.Equal(t, 3, result.Exact)
		require.Len(t, b.bills(), 2)
		require.Len(t, b.credits(), 1)
		for _, task := range []schema.Task{more, less} {
			p, v := b.task(task), b.proof(task)
			require.Equal(t, schema.PostingPosted, p.State)
			require.Equal(t, task.ID, p.Draft)
			require.Equal(t, schema.VerifiedExact, v.Result)
			require.Equal(t, task.Correction.Document.Total, v.Total)
			require.Equal(t, schema.PostCorrection, v.Kind)
			require.Equal(t, p.Document, v.Document)
		}
		require.Equal(t, "INV-1-C1", b.bills()[1].DocNumber)
		require.Equal(t, "INV-1-C2", b.credits()[0].DocNumber)
		require.Contains(t, b.credits()[0].PrivateNote, string(less.Correction.Document.ID))
		require.Equal(t, load.Result{}, b.cycle(), "and only once")
	})

	within(t, "OfAMonthShareABatch", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		var tasks []schema.Task
		for _, d := range b.due(3) {
			tasks = append(tasks, b.correction(d, 1))
		}
		b.ask(tasks...)
		b.cycle()

		require.Equal(t, b.task(tasks[0]).Batch, b.task(tasks[2]).Batch)
		require.Equal(t, b.task(tasks[0]).Request, b.task(tasks[2]).Request)
		require.NotEqual(t, b.task(tasks[0]).Item, b.task(tasks[2]).Item)
	})

	within(t, "WaitForAPersonWhereOneIsNeeded", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.due(1)[0]
		for part, state := range []schema.TaskState{schema.TaskProposed, schema.TaskHeld, schema.TaskAccepted, schema.TaskWithdrawn} {
			task := b.correction(d, part+1)
			task.State = state
			b.ask(task)
		}

		b.cycle()
		b.cycle()

		require.Len(t, b.bills(), 1)
	})

	within(t, "AreLookedUpWhenTheAnswerIsLost", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.due(1)[0]
		b.cycle()
		tasks := []schema.Task{b.correction(d, 1), b.correction(d, 2, asCredit)}
		b.ask(tasks...)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		require.Equal(t, load.Tally{Uncertain: 2}, b.cycle().Corrections)
		b.restart()

		require.Equal(t, load.Tally{Adopted: 2}, b.cycle().Corrections)

		require.Len(t, b.bills(), 2)
		require.Len(t, b.credits(), 1)
		require.Equal(t, b.bills()[1].ID, string(b.task(tasks[0]).Document), "not the invoice's own")
	})

	within(t, "AreInTheCurrencyAndAtTheRateOfTheBill", func(t *testing.T) {
		t.Helper()
		b, d := foreign(t)
		task := b.correction(d, 1)
		b.ask(task)

		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Corrections, "%+v", b.task(task).Fault)

		require.Equal(t, "EUR", b.bills()[1].CurrencyRef.Value)
		require.Equal(t, "1.0847", b.bills()[1].ExchangeRate.String())
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result)
	})

	within(t, "ThatAreNoDocumentAreDeclined", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.due(1)[0]
		none := b.correction(d, 1, func(d *schema.Draft) { d.Kind = "" })
		odd := b.correction(d, 2, func(d *schema.Draft) { d.Total = schema.NewMoney(1, "USD") })
		b.ask(none, odd)

		result := b.cycle()

		require.Equal(t, load.Tally{Declined: 2}, result.Corrections)
		require.Equal(t, "incomplete_draft", b.task(none).Fault.Code)
		require.Equal(t, schema.OwnerOps, b.task(odd).Fault.Owner)
		require.Contains(t, b.task(odd).Fault.Detail, "add up to")
		require.Len(t, b.bills(), 1)
	})

	within(t, "ThatQuickBooksRefusesAreTriedAgainWhenAPersonSaysSo", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.due(1)[0]
		task := b.correction(d, 1)
		b.cycle()
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "batch", Code: "6210"})
		b.cycle()
		p := b.task(task)
		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, "6210", p.Fault.Code)
		b.cycle()
		require.Equal(t, p, b.task(task), "it waits for a person")

		b.again(task)
		b.cycle()

		require.Equal(t, schema.PostingPosted, b.task(task).State)
		require.Len(t, b.bills(), 2)
	})
}

func TestLoader_CorrectionsAndTheMirror(t *testing.T) {
	t.Parallel()

	// corrected is an invoice with a bill more and a credit, read back.
	corrected := func(t *testing.T) (*bench, schema.Draft, schema.Task, schema.Task) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		more, less := b.correction(d, 1), b.correction(d, 2, asCredit)
		b.record(d)
		b.ask(more, less)
		b.cycle()
		return b, d, more, less
	}

	within(t, "TheMirrorKnowsTheirInvoice", func(t *testing.T) {
		t.Helper()
		b, d, more, less := corrected(t)
		b.mirror()

		for _, task := range []schema.Task{more, less} {
			own := b.mirrored()[b.task(task).Document]
			require.Equal(t, d.Invoice, own.Invoice)
			require.Equal(t, task.Correction.Document.ID, own.Draft)
			require.Equal(t, task.Correction.Document.Kind, own.Kind)
		}
	})

	within(t, "AlsoWhenItMeetsThemFirstAndWithoutTheirNote", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		b.record(d)
		b.cycle()
		b.mirror()
		sleep(hour)
		more := b.correction(d, 1)
		b.ask(more)
		b.failOnce("UnverifiedTasks", false)
		_, err := b.loader.RunOnce(t.Context())
		require.Error(t, err, "it is not read back")
		b.store.Inject(nil)
		id := string(b.task(more).Document)
		require.NoError(t, b.sim.Edit("", "Bill", id, map[string]any{"PrivateNote": ""}))

		result := b.mirror()

		require.Equal(t, 1, result.Checked)
		require.Equal(t, d.Invoice, b.mirrored()[b.task(more).Document].Invoice)
		require.Equal(t, schema.VerifiedExact, b.proof(more).Result)
	})

	within(t, "WhatBecomesOfThemIsRecorded", func(t *testing.T) {
		t.Helper()
		b, d, more, less := corrected(t)
		b.mirror()
		sleep(hour)
		require.NoError(t, b.sim.Edit("", "Bill", string(b.task(more).Document), map[string]any{"DocNumber": "mine"}))
		require.NoError(t, b.sim.Delete("", "VendorCredit", string(b.task(less).Document)))

		result := b.mirror()

		require.Equal(t, 2, result.Drifted)
		require.Equal(t, schema.VerifiedDivergent, b.proof(more).Result)
		require.Equal(t, schema.FieldDocNumber, b.proof(more).Differences[0].Field)
		require.Equal(t, schema.PostCorrection, b.proof(more).Kind)
		require.Equal(t, more.Subject, b.proof(more).Subject)
		require.Equal(t, schema.VerifiedMissing, b.proof(less).Result)
		require.Equal(t, schema.VerifiedExact, b.verificationNow(d).Result, "the invoice's own is as it was")
		require.True(t, b.mirrored()[b.task(less).Document].Deleted)
	})

	within(t, "TheyAreNoDuplicateOfAnotherInvoice", func(t *testing.T) {
		t.Helper()
		b, d, more, _ := corrected(t)
		b.mirror()
		alike := b.draft(2, today, func(d *schema.Draft) { d.Lines = more.Correction.Document.Lines })
		b.record(alike)

		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Bills)
		require.Equal(t, alike.Total, more.Correction.Document.Total)
		require.Equal(t, d.Vendor, alike.Vendor)
	})

	within(t, "WhatSomebodyCorrectedByHandIsPutBeforeAPerson", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		b.record(d)
		b.cycle()
		more := b.correction(d, 1)
		id := b.handBill(more.Correction.Document, map[string]any{"DocNumber": "by hand"})
		b.mirror()
		b.ask(more)

		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Corrections)
		p := b.task(more)
		require.Equal(t, schema.FaultPossibleDuplicate, p.Fault.Code)
		require.Contains(t, p.Fault.Detail, id)
		require.Contains(t, p.Fault.Next, "tieout corrections accept inv-00001 --reason TEXT")
		b.cycle()
		require.Len(t, b.bills(), 2, "it waits")

		b.again(more)
		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Corrections, "a person said that it is another")
		require.Len(t, b.bills(), 3)
	})
}

// observer notes every call of the store.
func observer(calls *[]string) func(string) storetest.Fault {
	var mu sync.Mutex
	return func(called string) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		*calls = append(*calls, called)
		return storetest.Fault{}
	}
}

func count(calls []string, method string) int {
	n := 0
	for _, called := range calls {
		if called == method {
			n++
		}
	}
	return n
}

// markOfTask is the mark in the note of what a posting sent.
func markOfTask(t *testing.T, p schema.Posting) string {
	t.Helper()
	note := noteOf(t, p)
	return note[strings.LastIndex(note, "[tieout "):]
}
