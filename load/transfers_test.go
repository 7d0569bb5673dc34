package load_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// topUp is a transfer of 5,000.00 into the wallet.
func (b *bench) topUp(changes ...func(*schema.Transfer)) schema.Task {
	t := schema.Task{
		Company: acme, Kind: schema.PostTransfer, Subject: schema.TopUpSubject("tx-1"),
		Transfer: schema.Transfer{
			TopUp: "tx-1", Reference: "WIRE 77", On: schema.DateOf(time.Now()), Amount: schema.NewMoney(500_000, "USD"),
			From: b.account("Checking"), To: b.account(wallet),
		},
	}
	for _, change := range changes {
		change(&t.Transfer)
	}
	return t.Seal()
}

func (b *bench) transfers() []quickbooks.Transfer {
	return records[quickbooks.Transfer](b, "Transfer")
}

// transferByHand is a task's transfer as a bookkeeper enters it.
func (b *bench) transferByHand(t schema.Task, set map[string]any) string {
	b.t.Helper()
	fields := map[string]any{
		"FromAccountRef": map[string]any{"value": string(t.Transfer.From)}, "ToAccountRef": map[string]any{"value": string(t.Transfer.To)},
		"Amount": t.Transfer.Amount.Decimal(), "TxnDate": t.Transfer.On.String(),
	}
	maps.Copy(fields, set)
	id, err := b.sim.Create("", "Transfer", fields)
	require.NoError(b.t, err)
	return id
}

// transferProof is how the only transfer was last read back.
func (b *bench) transferProof(t schema.Task) schema.Verification {
	b.t.Helper()
	found, err := b.store.InvoiceTasks(b.t.Context(), acme, t.Kind, []schema.InvoiceID{""})
	require.NoError(b.t, err)
	require.Len(b.t, found[""], 1)
	return found[""][0].Verification
}

func TestLoader_Transfers(t *testing.T) {
	t.Parallel()

	within(t, "AreRecordedAndReadBack", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		task := b.topUp()
		b.ask(task)

		result := b.cycle()

		require.Equal(t, load.Tally{Posted: 1}, result.Transfers)
		require.Equal(t, 1, result.Exact)
		got := b.transfers()[0]
		require.Equal(t, string(task.Transfer.From), got.FromAccountRef.Value)
		require.Equal(t, string(task.Transfer.To), got.ToAccountRef.Value)
		require.Equal(t, "5000", got.Amount.String())
		require.Equal(t, task.Transfer.On.String(), got.TxnDate)
		require.Contains(t, got.PrivateNote, "Top-up at Ontop, reference WIRE 77\n[tieout "+string(task.ID))
		v := b.transferProof(task)
		require.Equal(t, schema.VerifiedExact, v.Result)
		require.Equal(t, schema.PostTransfer, v.Kind)
		require.Equal(t, task.Transfer.Amount, v.Total)
		require.Equal(t, load.Result{}, b.cycle(), "and only once")
	})

	within(t, "NameTheCurrencyWhereThereAreSeveral", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true }))
		b.ask(b.topUp())
		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Transfers)
		require.Equal(t, "USD", b.transfers()[0].CurrencyRef.Value)
	})

	for name, kind := range map[string]quickbookstest.TroubleKind{"Done": quickbookstest.LoseAfter, "NotDone": quickbookstest.LoseBefore} {
		within(t, "ALostAnswerIsLookedUpWhatWas"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Off: true} }))
			task := b.topUp()
			b.ask(task)
			b.sim.Next(quickbookstest.Trouble{Kind: kind, On: "batch"})
			require.Equal(t, load.Tally{Uncertain: 1}, b.cycle().Transfers)
			b.restart()

			b.cycle()

			require.Len(t, b.transfers(), 1)
			require.Equal(t, schema.VerifiedExact, b.transferProof(task).Result)
		})
	}

	within(t, "ALostOneIsFoundOnAnotherDay", func(t *testing.T) {
		t.Helper()
		b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Off: true} }))
		task := b.topUp()
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()
		other := task.Transfer.On.AddDays(-40).String()
		require.NoError(t, b.sim.Edit("", "Transfer", b.transfers()[0].ID, map[string]any{
			"TxnDate": other, "FromAccountRef": b.transfers()[0].FromAccountRef, "ToAccountRef": b.transfers()[0].ToAccountRef,
			"Amount": b.transfers()[0].Amount,
		}))

		require.Equal(t, load.Tally{Adopted: 1}, b.cycle().Transfers)

		v := b.transferProof(task)
		require.Equal(t, schema.VerifiedDivergent, v.Result)
		require.Equal(t, []schema.Difference{{Field: schema.FieldDate, Expected: task.Transfer.On.String(), Found: other}}, v.Differences)
	})

	within(t, "ALookUpThatFailsLeavesItOpen", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		task := b.topUp()
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "query", Code: "4000"})
		b.cycle()
		require.Equal(t, schema.PostingUncertain, b.task(task).State)

		b.cycle()

		require.Equal(t, schema.PostingAdopted, b.task(task).State)
	})

	within(t, "ThatSomebodyEnteredArePutBeforeAPerson", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		task := b.topUp()
		id := b.transferByHand(task, map[string]any{"TxnDate": task.Transfer.On.AddDays(3).String()})
		b.ask(task)

		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Transfers)

		p := b.task(task)
		require.Equal(t, schema.FaultPossibleDuplicate, p.Fault.Code)
		require.Contains(t, p.Fault.Detail, "transfer "+id+" of ")
		require.Contains(t, p.Fault.Next, "tieout payments retry top_up:tx-1")
		require.Zero(t, p.Attempt)
		b.cycle()
		require.Len(t, b.transfers(), 1, "it waits")
		b.again(task)
		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Transfers)
		require.Len(t, b.transfers(), 2, "a person said that it is another")
	})

	for name, set := range map[string]map[string]any{
		"AnotherAmount": {"Amount": "5000.01"},
		"LongAgo":       {"TxnDate": "1999-12-01"},
		"TheOtherWayRound": {
			"FromAccountRef": map[string]any{"value": "3"}, "ToAccountRef": map[string]any{"value": "1"},
		},
	} {
		within(t, "AreNotKeptBackBy"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t)
			task := b.topUp()
			b.transferByHand(task, set)
			b.ask(task)
			require.Equal(t, load.Tally{Posted: 1}, b.cycle().Transfers)
		})
	}

	for name, c := range map[string]struct {
		change func(*bench, *schema.Transfer)
		code   string
		says   string
	}{
		"InAForeignCurrency": {
			func(_ *bench, m *schema.Transfer) { m.Amount = schema.NewMoney(500_000, "EUR") }, "amount_differs", "5000.00 EUR is not in USD",
		},
		"FromNowhere":        {func(_ *bench, m *schema.Transfer) { m.From = "" }, "account_not_usable", `funding account "", which policy.top_up_account names`},
		"ToAnAccountUnknown": {func(_ *bench, m *schema.Transfer) { m.To = "999" }, "account_not_usable", `wallet account "999", which policy.payment_account names`},
		"FromAnExpense":      {func(_ *bench, m *schema.Transfer) { m.From = travel }, "account_not_usable", "of type Expense"},
		"ToItself":           {func(_ *bench, m *schema.Transfer) { m.To = m.From }, "account_not_usable", "on both sides"},
		"ToAnInactiveAccount": {
			func(b *bench, m *schema.Transfer) {
				require.NoError(b.t, b.sim.Deactivate("", "Account", string(m.To)))
			}, "account_not_usable", "is inactive",
		},
		"OfNothing":   {func(_ *bench, m *schema.Transfer) { m.Amount = schema.NewMoney(0, "USD") }, "incomplete_draft", "of 0.00 USD"},
		"WithoutADay": {func(_ *bench, m *schema.Transfer) { m.On = schema.Date{} }, "incomplete_draft", "on \"\""},
	} {
		within(t, "AreRefused"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t)
			task := b.topUp(func(m *schema.Transfer) { c.change(b, m) })
			b.ask(task)

			require.Equal(t, load.Tally{Declined: 1}, b.cycle().Transfers)

			p := b.task(task)
			require.Equal(t, c.code, p.Fault.Code)
			require.Contains(t, p.Fault.Detail, c.says)
			require.NotEmpty(t, p.Fault.Next)
			require.Zero(t, p.Attempt)
			require.Empty(t, b.transfers())
		})
	}

	within(t, "WhatABookkeeperChangedBeforeTheyWereReadBackIsTold", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		task := b.topUp()
		b.ask(task)
		b.failOnce("UnverifiedTasks", false)
		_, err := b.loader.RunOnce(t.Context())
		require.Error(t, err)
		b.store.Inject(nil)
		require.NoError(t, b.sim.Edit("", "Transfer", b.transfers()[0].ID, map[string]any{
			"FromAccountRef": map[string]any{"value": "2"}, "ToAccountRef": map[string]any{"value": "1"}, "Amount": "1.00",
		}))

		b.cycle()

		v := b.transferProof(task)
		require.Equal(t, schema.VerifiedDivergent, v.Result)
		require.Equal(t, []schema.Difference{
			{Field: schema.FieldTotal, Expected: "5000.00", Found: "1"},
			{Field: schema.FieldBank, Expected: "1", Found: "2"},
			{Field: schema.FieldAccountTo, Expected: "3", Found: "1"},
		}, v.Differences)
	})

	within(t, "WhatABookkeeperDeletedIsMissing", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		task := b.topUp()
		b.ask(task)
		b.failOnce("UnverifiedTasks", false)
		_, err := b.loader.RunOnce(t.Context())
		require.Error(t, err)
		b.store.Inject(nil)
		require.NoError(t, b.sim.Delete("", "Transfer", b.transfers()[0].ID))

		require.Equal(t, 1, b.cycle().Missing)
		require.Equal(t, schema.VerifiedMissing, b.transferProof(task).Result)
	})
}
