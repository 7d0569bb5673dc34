package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/schema"
)

// desk is an App whose invoices are posted, and what a person decides about there.
type desk struct {
	*world
	*app.App
	t        *testing.T
	invoices []schema.InvoiceID // with bills in QuickBooks, one taken by each test
}

// newDesk posts a month of invoices.
func newDesk(t *testing.T, changes ...func(*config.Policy)) *desk {
	t.Helper()
	w := newWorld(t)
	for _, change := range changes {
		change(&w.cfg.Companies[0].Policy)
	}
	d := &desk{world: w, App: w.ready(t), t: t}
	history := month(t, 8)
	receive(t.Context(), t, d.App, history)
	require.Equal(t, len(history.Expected.Invoices), w.cycle(t, d.App).Verified)
	for _, invoice := range history.Expected.Invoices {
		d.invoices = append(d.invoices, invoice.ID)
	}
	return d
}

func (d *desk) next() schema.Invoice {
	d.t.Helper()
	id := d.invoices[0]
	d.invoices = d.invoices[1:]
	found, err := d.Store().Invoices(d.t.Context(), acme, []schema.InvoiceID{id})
	require.NoError(d.t, err)
	return found[id]
}

func (d *desk) record(tasks ...schema.Task) {
	d.t.Helper()
	for i := range tasks {
		tasks[i].RecordedAt = d.Now().Truncate(time.Microsecond)
	}
	require.NoError(d.t, d.Store().RecordTasks(d.t.Context(), tasks))
}

func (d *desk) latest(kind schema.PostingKind, subject string) schema.Task {
	d.t.Helper()
	found, err := d.Store().LatestTasks(d.t.Context(), acme, kind, []string{subject})
	require.NoError(d.t, err)
	return found[subject]
}

// decline records that QuickBooks refused a task.
func (d *desk) decline(task schema.Task) {
	d.t.Helper()
	require.NoError(d.t, d.Store().RecordPostings(d.t.Context(), []schema.Posting{{
		Company: acme, Kind: task.Kind, Subject: task.Subject, Draft: task.ID, State: schema.PostingDeclined,
		Fault:      schema.Fault{Code: "6210", Meaning: "The books are closed.", Next: "Reopen them.", Owner: schema.OwnerFinance},
		RecordedAt: task.RecordedAt.Add(time.Millisecond),
	}}))
}

func (d *desk) post(task schema.Task) {
	d.t.Helper()
	require.NoError(d.t, d.Store().RecordPostings(d.t.Context(), []schema.Posting{{
		Company: acme, Kind: task.Kind, Subject: task.Subject, Draft: task.ID, State: schema.PostingPosted, Document: "4711",
		RecordedAt: task.RecordedAt.Add(time.Millisecond),
	}}))
}

// credit is the proposal to take 5.00 off an invoice.
func credit(i schema.Invoice, round, part int) schema.Task {
	five := schema.NewMoney(500, "USD")
	return schema.Task{
		Company: acme, Kind: schema.PostCorrection, Subject: schema.CorrectionSubject(i.ID, round, part), Invoice: i.ID,
		State: schema.TaskProposed, By: "tieout", Hold: schema.Hold{Detail: "5.00 less", NextStep: "approve it", Owner: schema.OwnerFinance},
		Correction: schema.Correction{Content: i.ContentSum(), Document: schema.Draft{
			ID: "d_1", Kind: schema.DocumentVendorCredit, Currency: "USD", Total: five, Lines: []schema.DraftLine{{Concept: "BONUS", Amount: five}},
		}},
	}.Seal()
}

func TestApp_Corrections(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	approve := func(i schema.Invoice, seen string) (app.Proposal, error) {
		return d.ApproveCorrection(t.Context(), acme, i.ID, seen, "eva")
	}
	accept := func(i schema.Invoice, seen string) (app.Proposal, error) {
		return d.AcceptBooks(t.Context(), acme, i.ID, seen, "booked by hand", "eva")
	}

	t.Run("ApproveAllPartsOfTheNewest", func(t *testing.T) {
		i := d.next()
		one, two := credit(i, 2, 1), credit(i, 2, 2)
		d.record(credit(i, 1, 1), one, two)
		listed, err := d.Proposals(t.Context(), acme)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		require.True(t, listed[0].Current())
		require.Len(t, listed[0].Parts, 2)
		p, err := approve(i, "")
		require.NoError(t, err)
		require.Equal(t, listed[0].ID, p.ID)
		for _, subject := range []string{one.Subject, two.Subject} {
			task := d.latest(schema.PostCorrection, subject)
			require.Equal(t, schema.TaskReady, task.State)
			require.Equal(t, "eva", task.By)
			require.Empty(t, task.Hold)
			require.Equal(t, schema.DraftID("d_1"), task.Correction.Document.ID)
		}
		require.Equal(t, schema.TaskProposed, d.latest(schema.PostCorrection, credit(i, 1, 1).Subject).State, "the older one is left alone")
		_, err = approve(i, "")
		require.ErrorIs(t, err, app.ErrNothingWaits)
		require.ErrorContains(t, err, one.Subject+" is approved by eva")
	})

	t.Run("AcceptWithTheReason", func(t *testing.T) {
		i := d.next()
		d.record(credit(i, 1, 1))
		_, err := accept(i, "")
		require.NoError(t, err)
		task := d.latest(schema.PostCorrection, credit(i, 1, 1).Subject)
		require.Equal(t, schema.TaskAccepted, task.State)
		require.Equal(t, "booked by hand", task.Reason)
		require.Equal(t, "eva", task.By)
		_, err = accept(i, "")
		require.ErrorIs(t, err, app.ErrNothingWaits)
		require.ErrorContains(t, err, "is accepted by eva")
	})

	t.Run("TakeBackAnApprovalThatIsNotPosted", func(t *testing.T) {
		i := d.next()
		d.record(credit(i, 1, 1))
		_, err := approve(i, "")
		require.NoError(t, err)
		_, err = accept(i, "")
		require.NoError(t, err)
		require.Equal(t, schema.TaskAccepted, d.latest(schema.PostCorrection, credit(i, 1, 1).Subject).State)
	})

	t.Run("NothingButWhatWasSeen", func(t *testing.T) {
		i := d.next()
		d.record(credit(i, 1, 1))
		_, err := approve(i, "0123456789ab")
		require.ErrorIs(t, err, app.ErrOutdated)
		require.ErrorContains(t, err, "--id 0123456789ab")
		_, err = accept(i, "0123456789ab")
		require.ErrorIs(t, err, app.ErrOutdated)
		require.Equal(t, schema.TaskProposed, d.latest(schema.PostCorrection, credit(i, 1, 1).Subject).State)

		listed, err := d.Proposals(t.Context(), acme)
		require.NoError(t, err)
		_, err = approve(i, listed[len(listed)-1].ID)
		require.NoError(t, err)
	})

	t.Run("NotOnceTheInvoiceSaysSomethingElse", func(t *testing.T) {
		i := d.next()
		before := i
		before.Number = "as it was"
		d.record(credit(before, 1, 1))
		for _, decide := range []func(schema.Invoice, string) (app.Proposal, error){approve, accept} {
			_, err := decide(i, "")
			require.ErrorIs(t, err, app.ErrOutdated)
			require.ErrorContains(t, err, "run `tieout sync`")
		}
		listed, err := d.Proposals(t.Context(), acme)
		require.NoError(t, err)
		require.False(t, listed[len(listed)-1].Current())
		cancelled := credit(i, 1, 1)
		cancelled.Correction.Cancelled = true
		d.record(cancelled.Seal())
		_, err = approve(i, "")
		require.ErrorIs(t, err, app.ErrOutdated, "it is not cancelled")
	})

	t.Run("OnlyWhatCanBePosted", func(t *testing.T) {
		i := d.next()
		held := credit(i, 1, 1)
		held.State, held.Hold, held.Correction.Document = schema.TaskHeld, schema.Hold{Detail: "no rule maps X", NextStep: "map X"}, schema.Draft{}
		d.record(held.Seal())
		_, err := approve(i, "")
		require.ErrorContains(t, err, "is held: no rule maps X; map X")
		held.State = schema.TaskProposed
		d.record(held.Seal())
		_, err = approve(i, "")
		require.ErrorContains(t, err, "there is no document to post: map X")
		_, err = accept(i, "")
		require.NoError(t, err)
	})

	t.Run("WhatWasDeclinedOnceMore", func(t *testing.T) {
		i := d.next()
		declined, again := credit(i, 1, 1), credit(i, 2, 1)
		declined.State, declined.By = schema.TaskReady, "eva"
		d.record(declined, again)
		d.decline(d.latest(schema.PostCorrection, declined.Subject))
		p, err := approve(i, "")
		require.NoError(t, err)
		require.Len(t, p.Parts, 2)
		due, err := d.Store().DueTasks(t.Context(), acme, schema.PostCorrection, d.Now(), 100)
		require.NoError(t, err)
		var subjects []string
		for _, task := range due {
			subjects = append(subjects, task.Subject)
		}
		require.Subset(t, subjects, []string{declined.Subject, again.Subject})
	})

	t.Run("NotWhatNobodyKnows", func(t *testing.T) {
		_, err := approve(schema.Invoice{ID: "424242"}, "")
		require.ErrorIs(t, err, app.ErrNoSuchInvoice)
		i := d.next()
		_, err = approve(i, "")
		require.ErrorIs(t, err, app.ErrNothingWaits)
		require.ErrorContains(t, err, "`tieout corrections` lists what does")
	})
}
