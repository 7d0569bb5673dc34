package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/schema"
)

func pdf(i schema.Invoice, item string) schema.Task {
	return schema.Task{
		Company: acme, Kind: schema.PostAttachment, Subject: schema.FileSubject(i.ID, item), Invoice: i.ID, State: schema.TaskReady, By: "tieout",
		File: schema.File{URL: "https://files.example.com/" + string(i.ID) + item, Item: item},
	}.Seal()
}

func loose(payment string, worker schema.WorkerID) schema.Task {
	return schema.Task{
		Company: acme, Kind: schema.PostPayment, Subject: schema.LoosePaymentSubject(payment), State: schema.TaskHeld, By: "tieout",
		Hold:    schema.Hold{Detail: "fits no invoice", NextStep: "say which", Owner: schema.OwnerFinance},
		Payment: schema.Payment{Source: payment, On: schema.NewDate(2026, 8, 30), Account: "35", Worker: worker},
	}.Seal()
}

func topUp(id string) schema.Task {
	return schema.Task{
		Company: acme, Kind: schema.PostTransfer, Subject: schema.TopUpSubject(id), State: schema.TaskReady, By: "tieout",
		Transfer: schema.Transfer{TopUp: id, On: schema.NewDate(2026, 8, 3), Amount: schema.NewMoney(2_500_000, "USD"), From: "36", To: "35"},
	}.Seal()
}

func TestApp_Tasks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	files, money := []schema.PostingKind{schema.PostAttachment}, []schema.PostingKind{schema.PostPayment, schema.PostTransfer}

	t.Run("RetryOneFileOrAllOfAnInvoice", func(t *testing.T) {
		i := d.next()
		whole, receipt := pdf(i, ""), pdf(i, "3")
		d.record(whole, receipt)
		d.decline(d.latest(schema.PostAttachment, whole.Subject))
		d.decline(d.latest(schema.PostAttachment, receipt.Subject))
		waiting, err := d.Waiting(t.Context(), acme, schema.PostAttachment)
		require.NoError(t, err)
		require.Len(t, waiting, 2)
		require.Equal(t, "The books are closed.", waiting[0].Posting.Fault.Meaning)
		none, err := d.Waiting(t.Context(), acme, money...)
		require.NoError(t, err)
		require.Empty(t, none)

		tasks, err := d.RetryTasks(t.Context(), acme, files, receipt.Subject, "eva")
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		require.Equal(t, "eva", d.latest(schema.PostAttachment, receipt.Subject).By)
		tasks, err = d.RetryTasks(t.Context(), acme, files, string(i.ID), "eva")
		require.NoError(t, err)
		require.Len(t, tasks, 1, "the other one is to be tried again already")
		waiting, err = d.Waiting(t.Context(), acme, schema.PostAttachment)
		require.NoError(t, err)
		require.Empty(t, waiting)
		_, err = d.RetryTasks(t.Context(), acme, files, string(i.ID), "eva")
		require.ErrorContains(t, err, "it is to be made with the next load already, by eva")
	})

	t.Run("SkipAndTakeItBack", func(t *testing.T) {
		i := d.next()
		d.record(pdf(i, ""))
		_, err := d.SkipTasks(t.Context(), acme, files, string(i.ID), "it is on paper", "eva")
		require.NoError(t, err)
		task := d.latest(schema.PostAttachment, pdf(i, "").Subject)
		require.Equal(t, []any{schema.TaskAccepted, "it is on paper", "eva"}, []any{task.State, task.Reason, task.By})
		_, err = d.SkipTasks(t.Context(), acme, files, string(i.ID), "again", "bob")
		require.ErrorContains(t, err, "it is skipped already, by eva")
		_, err = d.RetryTasks(t.Context(), acme, files, string(i.ID), "eva")
		require.NoError(t, err)
		require.Equal(t, schema.TaskReady, d.latest(schema.PostAttachment, pdf(i, "").Subject).State)
	})

	t.Run("FindTopUpsAndPaymentsByTheirIDs", func(t *testing.T) {
		d.record(topUp("51001"), loose("60001", "7000"))
		for _, name := range []string{"51001", "60001"} {
			_, err := d.SkipTasks(t.Context(), acme, money, name, "booked by hand", "eva")
			require.NoError(t, err, name)
		}
		require.Equal(t, schema.TaskAccepted, d.latest(schema.PostTransfer, "top_up:51001").State)
		require.Equal(t, schema.TaskAccepted, d.latest(schema.PostPayment, "payment:60001").State)
		_, err := d.RetryTasks(t.Context(), acme, money, "60001", "eva")
		require.ErrorContains(t, err, "tieout payments match 60001 INVOICE")
	})

	t.Run("RefuseWhatIsTooLateOrUnknown", func(t *testing.T) {
		d.record(topUp("51002"))
		d.post(d.latest(schema.PostTransfer, "top_up:51002"))
		_, err := d.SkipTasks(t.Context(), acme, money, "top_up:51002", "too late", "eva")
		require.ErrorIs(t, err, app.ErrInBooks)
		_, err = d.RetryTasks(t.Context(), acme, money, "top_up:51003", "eva")
		require.ErrorIs(t, err, app.ErrNoSuchTask)
		require.ErrorContains(t, err, "`tieout payments` lists what waits")
		_, err = d.RetryTasks(t.Context(), acme, files, "51002", "eva")
		require.ErrorIs(t, err, app.ErrNoSuchTask, "a top-up is no file")
	})

	t.Run("RetryNothingThatIsHeld", func(t *testing.T) {
		d.record(loose("60002", "7000"))
		_, err := d.RetryTasks(t.Context(), acme, money, "60002", "eva")
		require.ErrorContains(t, err, "is held: fits no invoice; say which")
	})
}

func TestApp_MatchPayment(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	match := func(payment string, i schema.InvoiceID) (schema.Task, error) {
		return d.MatchPayment(t.Context(), acme, payment, i, "eva")
	}

	t.Run("PaysTheBill", func(t *testing.T) {
		i := d.next()
		d.record(loose("60001", i.Worker))
		task, err := match("60001", i.ID)
		require.NoError(t, err)
		require.Equal(t, i.Total, task.Payment.Amount)
		stored := d.latest(schema.PostPayment, schema.PaymentSubject(i.ID))
		require.Equal(t, schema.TaskReady, stored.State)
		require.Equal(t, schema.Payment{
			Source: "60001", On: schema.NewDate(2026, 8, 30), Amount: i.Total, Account: "35", Worker: i.Worker,
		}, stored.Payment)
		require.Equal(t, "eva", stored.By)
		require.Equal(t, schema.TaskWithdrawn, d.latest(schema.PostPayment, "payment:60001").State)
		_, err = match("60001", i.ID)
		require.ErrorContains(t, err, "is settled: it pays invoice "+string(i.ID)+" (eva)")

		d.record(loose("60002", i.Worker))
		_, err = match("60002", i.ID)
		require.ErrorContains(t, err, "payment 60001 pays it already")
		d.post(stored)
		_, err = match("60002", i.ID)
		require.ErrorIs(t, err, app.ErrInBooks)
	})

	t.Run("OnlyOfItsOwnWorker", func(t *testing.T) {
		i := d.next()
		d.record(loose("60003", "1"))
		_, err := match("60003", i.ID)
		require.ErrorContains(t, err, "it went to worker 1, and invoice "+string(i.ID)+" is of worker "+string(i.Worker))
		require.Equal(t, schema.TaskHeld, d.latest(schema.PostPayment, "payment:60003").State)
	})

	t.Run("NamesWhatItDoesNotKnow", func(t *testing.T) {
		_, err := match("69999", "880001")
		require.ErrorIs(t, err, app.ErrNoSuchTask)
		d.record(loose("60004", ""))
		_, err = match("payment:60004", "424242")
		require.ErrorIs(t, err, app.ErrNoSuchInvoice)
	})

	t.Run("NeedsAWallet", func(t *testing.T) {
		none := loose("60005", "")
		none.Payment.Account = ""
		d.record(none.Seal())
		_, err := match("60005", d.next().ID)
		require.ErrorIs(t, err, app.ErrNoWallet)
	})
}

// The account that was set when a payment came may be gone, or be the wrong one.
func TestApp_MatchPayment_FromTheAccountOfToday(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(p *config.Policy) { p.PaymentAccount = "36" })
	i := d.next()
	d.record(loose("60001", i.Worker))
	task, err := d.MatchPayment(t.Context(), acme, "60001", i.ID, "eva")
	require.NoError(t, err)
	require.Equal(t, schema.AccountID("36"), task.Payment.Account)
}
