package transform_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// post records that the document of the invoice of these tests is in the books, as it is drafted now.
func (w *world) post(t *testing.T) {
	t.Helper()
	const id = schema.InvoiceID("555")
	draft := w.drafts(t)[id]
	require.Equal(t, schema.DraftReady, draft.State)
	w.recordPosting(t, schema.PostBill, string(id), draft.ID)
	require.NoError(t, w.store.RecordVerifications(t.Context(), []schema.Verification{{
		Company: "acme", Kind: schema.PostBill, Subject: string(id), Draft: draft.ID, Document: schema.DocumentID("doc of " + string(id)),
		Result: schema.VerifiedExact, RecordedAt: start.Add(time.Hour),
	}}))
}

func (w *world) recordPosting(t *testing.T, kind schema.PostingKind, subject string, draft schema.DraftID) {
	t.Helper()
	require.NoError(t, w.store.RecordPostings(t.Context(), []schema.Posting{{
		Company: "acme", Kind: kind, Subject: subject, Draft: draft, State: schema.PostingPosted, Document: schema.DocumentID("doc of " + subject),
		RecordedAt: start.Add(time.Hour),
	}}))
}

// tasks returns the newest tasks of a kind about that invoice, by subject.
func (w *world) tasks(t *testing.T, kind schema.PostingKind) map[string]schema.Task {
	t.Helper()
	const id = schema.InvoiceID("555")
	found, err := w.store.InvoiceTasks(t.Context(), "acme", kind, []schema.InvoiceID{id})
	require.NoError(t, err)
	tasks := map[string]schema.Task{}
	for _, p := range found[id] {
		tasks[p.Task.Subject] = p.Task
	}
	return tasks
}

// say records that a person said what is to become of a task.
func (w *world) say(t *testing.T, task schema.Task, state schema.TaskState) {
	t.Helper()
	task.State, task.By, task.RecordedAt = state, "ana", task.RecordedAt.Add(time.Millisecond)
	if state == schema.TaskAccepted {
		task.Hold, task.Reason = schema.Hold{}, "as agreed"
	}
	require.NoError(t, w.store.RecordTasks(t.Context(), []schema.Task{task}))
}

// postedWorld has the invoice of these tests in the books, in a bill of 1100.00 USD.
func postedWorld(t *testing.T, change ...func(*transform.Config)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
	w.run(t)
	w.post(t)
	require.False(t, w.run(t).Changed())
	return w
}

// amended is the invoice with another bonus.
func amended(bonus int, at string) object {
	return invoice().with(object{
		"total_amount": 1000 + bonus, "updated_at": at,
		"items": []object{
			{"item_id": 1, "concept": "FIXED_PAYMENT", "description": "January", "amount": "1000.00"},
			{"item_id": 2, "concept": "BONUS", "amount": bonus},
		},
	})
}

const (
	second = "2026-02-02T23:30:00-05:00" // the 3rd in UTC
	third  = "2026-02-05T00:00:00Z"
	fourth = "2026-02-07T00:00:00Z"
)

func TestTransformer_ProposesCorrections(t *testing.T) {
	t.Parallel()

	t.Run("ABillOfWhatIsOwedMore", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		result := w.run(t)
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostCorrection, State: schema.TaskProposed}: 1}, result.Tasks)
		tasks := w.tasks(t, schema.PostCorrection)
		require.Len(t, tasks, 1)
		task := tasks["555:1.1"]
		require.Equal(t, schema.TaskProposed, task.State)
		require.Equal(t, schema.Hold{
			Detail:   "total was 1100.00 USD, is now 1300.00 USD: line BONUS was 100.00, is now 300.00",
			NextStep: "approve it, which posts bill INV-1-C1 of 200.00 USD; or accept the books as they are (tieout corrections)",
			Owner:    schema.OwnerFinance,
		}, task.Hold)
		require.Equal(t, "tieout", task.By)
		d := task.Correction.Document
		require.Equal(t, schema.DocumentBill, d.Kind)
		require.Equal(t, usd(20_000), d.Total)
		require.Equal(t, schema.NewDate(2026, 2, 3), d.TxnDate, "the day on which it changed, in UTC")
		require.Equal(t, "INV-1-C1", d.DocNumber)
		require.Equal(t, schema.VendorID("56"), d.Vendor)
		require.Equal(t, schema.AccountID("33"), d.Payable)
		require.Equal(t, []schema.DraftLine{
			{Concept: "BONUS", Description: "Correction: BONUS", Amount: usd(20_000), Account: "71", Rule: "bonus", RuleVersion: 1},
		}, d.Lines)
		require.Equal(t, "Correction 1 of Ontop invoice INV-1 (id 555); total was 1100.00 USD, is now 1300.00 USD: "+
			"line BONUS was 100.00, is now 300.00; corrects bill INV-1; content "+d.Content.Short(12)+"; rules bonus v1", d.Memo)
		require.Equal(t, d, d.Seal())
		require.Equal(t, task.ID, task.Seal().ID)
	})

	t.Run("ACreditOfWhatIsOwedLess", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(-50, second)))
		w.run(t)
		d := w.tasks(t, schema.PostCorrection)["555:1.1"].Correction.Document
		require.Equal(t, schema.DocumentVendorCredit, d.Kind)
		require.Equal(t, usd(15_000), d.Total)
		require.Equal(t, usd(15_000), d.Lines[0].Amount)
		require.Zero(t, d.DueDate)
	})

	t.Run("NothingIsRecordedTwice", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		for range 3 {
			require.False(t, w.run(t).Changed())
		}
	})

	t.Run("AnotherChangeReplacesAProposal", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		first := w.tasks(t, schema.PostCorrection)["555:1.1"]
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", amended(400, third)))
		w.run(t)
		tasks := w.tasks(t, schema.PostCorrection)
		require.Len(t, tasks, 1)
		require.NotEqual(t, first.ID, tasks["555:1.1"].ID)
		require.Equal(t, usd(30_000), tasks["555:1.1"].Correction.Document.Total)
	})

	t.Run("AndBuildsOnWhatWasApproved", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		w.say(t, w.tasks(t, schema.PostCorrection)["555:1.1"], schema.TaskReady)
		require.False(t, w.run(t).Changed(), "what is approved stays")
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", amended(400, third)))
		w.run(t)
		task := w.tasks(t, schema.PostCorrection)["555:2.1"]
		require.Equal(t, usd(10_000), task.Correction.Document.Total)
		require.Equal(t, "INV-1-C2", task.Correction.Document.DocNumber)
		require.Contains(t, task.Hold.Detail, "total was 1300.00 USD, is now 1400.00 USD")
	})

	t.Run("GoingBackWithdrawsIt", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", amended(100, third)))
		result := w.run(t)
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostCorrection, State: schema.TaskWithdrawn}: 1}, result.Tasks)
		require.False(t, w.run(t).Changed())
	})

	t.Run("ALaterRevisionThatSaysTheSameDoesNotMoveIt", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		w.stage(t, deliver("k", 4, "INVOICE_PAID", amended(300, fourth).with(object{"paid_at": fourth})))
		require.Empty(t, w.run(t).Tasks)
	})

	t.Run("CancelledTakesAllBack", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_CANCELLED", invoice().with(object{"updated_at": second})))
		w.run(t)
		task := w.tasks(t, schema.PostCorrection)["555:1.1"]
		require.True(t, task.Correction.Cancelled)
		d := task.Correction.Document
		require.Equal(t, schema.DocumentVendorCredit, d.Kind)
		require.Equal(t, usd(110_000), d.Total)
		require.Equal(t, []schema.AccountID{"70", "71"}, []schema.AccountID{d.Lines[0].Account, d.Lines[1].Account})
		require.Equal(t, "the invoice was cancelled at Ontop, and the books hold 1100.00 USD of it", task.Hold.Detail)
		require.False(t, w.run(t).Changed())
		w.say(t, task, schema.TaskReady)
		require.False(t, w.run(t).Changed())
	})

	t.Run("WhatNoDocumentSaysIsAccepted", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(object{"updated_at": second, "worker_email": "new@example.com", "payment_group": "B"})))
		w.run(t)
		task := w.tasks(t, schema.PostCorrection)["555:1.1"]
		require.Equal(t, schema.TaskAccepted, task.State)
		require.Equal(t, "tieout", task.By)
		require.Equal(t, "worker_email, payment_group changed, and nothing that is booked did", task.Reason)
		require.Empty(t, task.Correction.Document)
		require.False(t, w.run(t).Changed())
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", amended(300, third)))
		w.run(t)
		require.Equal(t, "INV-1-C2", w.tasks(t, schema.PostCorrection)["555:2.1"].Correction.Document.DocNumber)
	})

	t.Run("PaymentDoesNotMoveWhatIsBooked", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t, func(c *transform.Config) { c.Policy.BillDate = schema.BillOnPaidAt })
		w.stage(t, deliver("j", 3, "INVOICE_PAID", invoice().with(object{"updated_at": second, "paid_at": second, "payment_group": "B"})))
		w.run(t)
		require.Equal(t, schema.TaskAccepted, w.tasks(t, schema.PostCorrection)["555:1.1"].State)
	})

	t.Run("RulesDoNotMoveWhatIsBooked", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		set := ruleSet()
		set.Version, set.RecordedAt, set.Rules[1].Account = 3, start.Add(time.Hour), "70"
		require.NoError(t, w.store.RecordRules(t.Context(), set))
		require.False(t, w.run(t).Changed())
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(object{"updated_at": second, "worker_email": "new@example.com"})))
		w.run(t)
		require.Equal(t, schema.TaskAccepted, w.tasks(t, schema.PostCorrection)["555:1.1"].State)
	})

	t.Run("WhatNoDocumentCanSayIsForAPerson", func(t *testing.T) {
		t.Parallel()
		for detail, change := range map[string]object{
			"total is 1100.00 USD as before: date was 2026-01-31, is now 2026-01-30": {"issue_date": "2026-01-30"},
			"total is 1100.00 USD as before: due date was none, is now 2026-03-01":   {"due_date": "2026-03-01"},
			"total is 1100.00 USD as before: number was INV-1, is now INV-9":         {"invoice_number": "INV-9"},
			"total is 1100.00 USD as before: line FIXED_PAYMENT was 1000.00, is now 900.00, line BONUS was 100.00, is now 200.00; to be booked elsewhere: " +
				"-100.00 USD of FIXED_PAYMENT to account 70, 100.00 USD of BONUS to account 71": {"items": []object{
				{"concept": "FIXED_PAYMENT", "amount": 900}, {"concept": "BONUS", "amount": 200},
			}},
		} {
			w := postedWorld(t)
			w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(change).with(object{"updated_at": second})))
			w.run(t)
			task := w.tasks(t, schema.PostCorrection)["555:1.1"]
			require.Equal(t, schema.TaskProposed, task.State)
			require.Equal(t, detail, task.Hold.Detail)
			require.Contains(t, task.Hold.NextStep, "no document can say that: correct it in QuickBooks by hand")
			require.Empty(t, task.Correction.Document.Kind)
			require.False(t, w.run(t).Changed())

			w.say(t, task, schema.TaskAccepted)
			w.stage(t, deliver("k", 4, "INVOICE_UPDATED", invoice().with(change).with(object{"updated_at": third, "payment_group": "B"})))
			w.run(t)
			repeated := w.tasks(t, schema.PostCorrection)["555:2.1"]
			require.Equal(t, schema.TaskAccepted, repeated.State, "what was accepted is not asked again")
			require.Equal(t, "ana", repeated.By)
			require.Equal(t, "nothing that is booked changed since it was accepted as correction 555:1.1: as agreed", repeated.Reason)
		}
	})

	t.Run("AnotherCurrencyIsTwoDocuments", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(object{"currency": "EUR", "exchange_rate": "1.08", "updated_at": second})))
		w.run(t)
		tasks := w.tasks(t, schema.PostCorrection)
		require.Len(t, tasks, 2)
		back, again := tasks["555:1.1"].Correction.Document, tasks["555:1.2"].Correction.Document
		require.Equal(t, []any{schema.DocumentVendorCredit, schema.VendorID("56"), usd(110_000), schema.Rate("")}, []any{back.Kind, back.Vendor, back.Total, back.Rate})
		require.Equal(t, []any{schema.DocumentBill, schema.VendorID("57"), schema.NewMoney(110_000, "EUR"), schema.Rate("1.08")},
			[]any{again.Kind, again.Vendor, again.Total, again.Rate})
		require.Contains(t, tasks["555:1.1"].Hold.Detail, "document 1 of 2: takes back what is booked to Jane Doe")
		require.False(t, w.run(t).Changed())

		w.say(t, tasks["555:1.1"], schema.TaskReady)
		require.False(t, w.run(t).Changed(), "what is left of a round stays as it is")
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", amended(100, third)))
		w.run(t)
		tasks = w.tasks(t, schema.PostCorrection)
		require.Len(t, tasks, 2)
		require.Equal(t, usd(110_000), tasks["555:1.2"].Correction.Document.Total, "what was taken back is booked again")
	})

	t.Run("HeldForAllReasonsUntilTheyAreCleared", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second).with(object{
			"total_amount": 1301, "items": []object{{"concept": "FIXED_PAYMENT", "amount": 1000}, {"concept": "NEW", "amount": 300}},
		})))
		w.run(t)
		task := w.tasks(t, schema.PostCorrection)["555:1.1"]
		require.Equal(t, schema.TaskHeld, task.State)
		require.Equal(t, schema.HoldTotalMismatch, task.Hold.Reason)
		require.Contains(t, task.Hold.Detail, "a difference of 1.00 USD")
		require.Contains(t, task.Hold.Detail, `concept "NEW" in items[1] is mapped to no account`)
		require.False(t, w.run(t).Changed())
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", amended(300, third).with(object{
			"items": []object{{"concept": "FIXED_PAYMENT", "amount": 1000}, {"concept": "NEW", "amount": 300}},
		})))
		w.run(t)
		set := ruleSet()
		set.Version, set.RecordedAt = 3, start.Add(time.Hour)
		set.Rules = append(set.Rules, schema.Rule{ID: "new", Version: 1, Concept: "NEW", Account: "71", Name: "Bonuses"})
		require.NoError(t, w.store.RecordRules(t.Context(), set))
		w.run(t)
		task = w.tasks(t, schema.PostCorrection)["555:1.1"]
		require.Equal(t, schema.TaskProposed, task.State)
		require.Equal(t, usd(20_000), task.Correction.Document.Total)
	})

	t.Run("NotInClosedBooks", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		books := chart()
		books.CloseDate, books.ReadAt = schema.NewDate(2026, 2, 28), start.Add(time.Hour)
		require.NoError(t, w.store.RecordBooks(t.Context(), books))
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		task := w.tasks(t, schema.PostCorrection)["555:1.1"]
		require.Equal(t, schema.HoldClosedPeriod, task.Hold.Reason)
		require.Contains(t, task.Hold.Detail, "updated_at, which dates the correction, is 2026-02-03, and books are closed up to 2026-02-28")

		next := postedWorld(t, func(c *transform.Config) { c.Policy.ClosedPeriod = schema.ClosedNextOpenDay })
		require.NoError(t, next.store.RecordBooks(t.Context(), books))
		next.stage(t, deliver("j", 3, "INVOICE_CANCELLED", invoice().with(object{"updated_at": second})))
		next.run(t)
		d := next.tasks(t, schema.PostCorrection)["555:1.1"].Correction.Document
		require.Equal(t, schema.NewDate(2026, 3, 1), d.TxnDate)
		require.Contains(t, d.Memo, "dated 2026-02-03, booked on the first open day")
	})

	t.Run("NumbersAreNobodyElses", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("other", 3, "INVOICE_CONFIRMED", invoice().with(object{"invoice_id": 556, "invoice_number": "INV-1-C1"})),
			deliver("j", 4, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		number := w.tasks(t, schema.PostCorrection)["555:1.1"].Correction.Document.DocNumber
		require.Regexp(t, `^INV-1-[0-9A-Za-z]{7}-C1$`, number)
		require.LessOrEqual(t, len(number), 21)
	})

	t.Run("NotWhatAPersonSkipped", func(t *testing.T) {
		t.Parallel()
		w := postedWorld(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", amended(300, second)))
		w.run(t)
		require.NoError(t, w.store.RecordDecisions(t.Context(), []schema.Decision{{Company: "acme", Invoice: "555", Kind: schema.DecideSkip, RecordedAt: start}}))
		w.run(t)
		require.Equal(t, schema.TaskWithdrawn, w.tasks(t, schema.PostCorrection)["555:1.1"].State)
		require.False(t, w.run(t).Changed())
	})
}

// Whatever arrives in whatever rounds, and whatever is approved or posted meanwhile,
// what is posted and approved in the end is what the invoice says, by account.
func TestTransformer_CorrectionsArriveWhereTheSourceIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := postedWorld(t)
		amounts := map[string]int{}
		for n := range rapid.IntRange(1, 6).Draw(rt, "changes") {
			amounts = map[string]int{"FIXED_PAYMENT": rapid.IntRange(-2, 4).Draw(rt, "pay"), "BONUS": rapid.IntRange(-2, 4).Draw(rt, "bonus")}
			at := start.Add(time.Duration(n) * time.Hour).Format(time.RFC3339)
			w.stage(t, deliver(fmt.Sprint("change ", n), n+3, "INVOICE_UPDATED", invoice().with(object{
				"updated_at": at, "total_amount": amounts["FIXED_PAYMENT"] + amounts["BONUS"],
				"items": []object{{"concept": "FIXED_PAYMENT", "amount": amounts["FIXED_PAYMENT"]}, {"concept": "BONUS", "amount": amounts["BONUS"]}},
			})))
			w.run(t)
			require.False(t, w.run(t).Changed())
			if rapid.Bool().Draw(rt, "approve") {
				w.approve(t, rapid.Bool().Draw(rt, "post"))
			}
		}
		w.run(t)
		w.approve(t, true)
		require.False(t, w.run(t).Changed())
		require.Equal(rt, map[schema.AccountID]int64{"70": int64(amounts["FIXED_PAYMENT"]) * 100, "71": int64(amounts["BONUS"]) * 100}, w.balance(t))
	})
}

// approve approves every proposal that has a document, and posts it.
func (w *world) approve(t *testing.T, post bool) {
	t.Helper()
	for subject, task := range w.tasks(t, schema.PostCorrection) {
		if task.State == schema.TaskProposed && task.Correction.Document.Kind != "" {
			w.say(t, task, schema.TaskReady)
			if post {
				w.recordPosting(t, schema.PostCorrection, subject, task.ID)
			}
		}
	}
}

// balance is what the bill, the corrections that are approved, and what is to be done
// by hand add up to.
func (w *world) balance(t *testing.T) map[schema.AccountID]int64 {
	t.Helper()
	sums := map[schema.AccountID]int64{"70": 100_000, "71": 10_000}
	for _, task := range w.tasks(t, schema.PostCorrection) {
		d := task.Correction.Document
		byHand := d.Kind == "" && task.State == schema.TaskProposed
		for _, line := range d.Lines {
			amount, err := d.Kind.Signed(line.Amount)
			require.NoError(t, err)
			if task.State == schema.TaskReady || byHand {
				sums[line.Account] += amount.Minor()
			}
		}
	}
	return sums
}
