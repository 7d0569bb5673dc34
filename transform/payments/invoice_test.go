package payments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/payments"
)

func TestOfInvoice(t *testing.T) {
	t.Parallel()
	stored := func(i schema.Invoice) schema.TaskPosition {
		task, changed := payments.OfInvoice(i, schema.TaskPosition{}, wallet)
		require.True(t, changed)
		return schema.TaskPosition{Task: task}
	}

	t.Run("NothingOfWhatIsNotPaid", func(t *testing.T) {
		t.Parallel()
		cancelled, nothing := paid("1", 3), paid("1", 3)
		cancelled.Status, nothing.Total = schema.StatusCancelled, schema.NewMoney(0, "USD")
		for _, i := range []schema.Invoice{paid("1", 0), cancelled, nothing} {
			_, changed := payments.OfInvoice(i, schema.TaskPosition{}, wallet)
			require.False(t, changed)
		}
	})

	t.Run("OnceHoweverOftenItIsAsked", func(t *testing.T) {
		t.Parallel()
		_, changed := payments.OfInvoice(paid("1", 3), stored(paid("1", 3)), wallet)
		require.False(t, changed)
	})

	t.Run("WhatTheInvoiceSaysByNow", func(t *testing.T) {
		t.Parallel()
		i := paid("1", 3)
		i.Total = schema.NewMoney(5, "USD")
		task, changed := payments.OfInvoice(i, stored(paid("1", 3)), wallet)
		require.True(t, changed)
		require.Equal(t, schema.NewMoney(5, "USD"), task.Payment.Amount)
		i.Total = schema.NewMoney(-5, "USD")
		task, changed = payments.OfInvoice(i, stored(paid("1", 3)), wallet)
		require.True(t, changed)
		require.Equal(t, schema.TaskWithdrawn, task.State)
		_, changed = payments.OfInvoice(i, schema.TaskPosition{Task: task}, wallet)
		require.False(t, changed)
		task, changed = payments.OfInvoice(paid("1", 3), schema.TaskPosition{Task: task}, wallet)
		require.True(t, changed)
		require.Equal(t, schema.TaskReady, task.State)
	})

	t.Run("NothingElseOnceItMayBeInTheBooks", func(t *testing.T) {
		t.Parallel()
		i := paid("1", 4)
		for _, state := range []schema.PostingState{schema.PostingNamed, schema.PostingUncertain, schema.PostingPosted, schema.PostingAdopted} {
			before := stored(paid("1", 3))
			before.Posting.State = state
			_, changed := payments.OfInvoice(i, before, wallet)
			require.False(t, changed, state)
		}
		before := stored(paid("1", 3))
		before.Posting.State = schema.PostingDeclined
		_, changed := payments.OfInvoice(i, before, wallet)
		require.True(t, changed)
	})

	t.Run("NotAgainWhatWasDeclined", func(t *testing.T) {
		t.Parallel()
		before := stored(paid("1", 3))
		before.Posting.State = schema.PostingDeclined
		before.Task.By = "ana" // who had it tried again
		_, changed := payments.OfInvoice(paid("1", 3), before, wallet)
		require.False(t, changed, "what is recorded again is tried again")
	})

	t.Run("NothingElseOnceAPersonSaidWhatPaidIt", func(t *testing.T) {
		t.Parallel()
		before := schema.TaskPosition{Task: schema.Task{
			Company: "acme", Kind: schema.PostPayment, Subject: "1:payment", Invoice: "1", State: schema.TaskReady, By: "ana",
			Payment: schema.Payment{Source: "p", On: day(9), Amount: schema.NewMoney(100_000, "USD"), Account: "35", Email: "jane@example.com"},
		}.Seal()}
		_, changed := payments.OfInvoice(paid("1", 3), before, wallet)
		require.False(t, changed)
		more := paid("1", 3)
		more.Total = schema.NewMoney(100_001, "USD")
		task, changed := payments.OfInvoice(more, before, wallet)
		require.True(t, changed)
		require.Equal(t, "ana", task.By)
		require.Equal(t, "p", task.Payment.Source)
	})

	t.Run("NothingElseOnceAPersonAcceptedIt", func(t *testing.T) {
		t.Parallel()
		before := stored(paid("1", 3))
		before.Task.State, before.Task.By = schema.TaskAccepted, "ana"
		_, changed := payments.OfInvoice(paid("1", 4), before, wallet)
		require.False(t, changed)
	})
}

// QuickBooks pays a bill from an account in its own currency, or in the home currency.
func TestOfInvoice_TheCurrencyOfTheWallet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wallet, home schema.Currency
		says         string
	}{
		"TheBills":      {"USD", "EUR", ""},
		"Home":          {"EUR", "EUR", ""},
		"NotKnown":      {"", "EUR", ""},
		"Another":       {"MXN", "EUR", "is in MXN, and a bill in USD is paid from an account in USD or EUR"},
		"AnotherAtHome": {"MXN", "USD", "is in MXN, and a bill in USD is paid from an account in USD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task, _ := payments.OfInvoice(paid("1", 3), schema.TaskPosition{}, payments.Wallet{Account: "35", Name: "Wallet", Currency: c.wallet, Home: c.home})
			if c.says == "" {
				require.Equal(t, schema.TaskReady, task.State)
				require.Empty(t, task.Hold)
				return
			}
			require.Equal(t, schema.TaskHeld, task.State)
			require.Equal(t, `account 35 "Wallet", which policy.payment_account names, `+c.says, task.Hold.Detail)
			require.Contains(t, task.Hold.NextStep, "(tieout payments skip 1:payment --reason TEXT); or name an account in USD")
		})
	}
}
