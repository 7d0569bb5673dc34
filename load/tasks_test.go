package load_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

func TestLoader_Tasks(t *testing.T) {
	t.Parallel()

	within(t, "NothingNewIsMadeWhileWhatIsOpenCannotBeLookedUp", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		b.ask(b.correction(d, 1))
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()
		b.ask(b.topUp())
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "query", Times: 5})

		_, err := b.loader.RunOnce(t.Context())

		require.ErrorIs(t, err, load.ErrNoAnswer)
		require.Empty(t, b.transfers())
		b.cycle()
		require.Len(t, b.transfers(), 1)
	})

	within(t, "OneThatCannotBeMadeHoldsNothingUp", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		bad := b.topUp(func(m *schema.Transfer) { m.From = "999" })
		good := b.topUp()
		good.Subject = schema.TopUpSubject("tx-2")
		b.ask(bad, good.Seal())

		require.Equal(t, load.Tally{Posted: 1, Declined: 1}, b.cycle().Transfers)
	})

	within(t, "ACompanyThatRefusesEverythingIsLeftAlone", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		task := b.payment(d)
		b.ask(task)
		require.NoError(t, b.sim.Refuse("", "6190", false))
		_, err := b.loader.RunOnce(t.Context())
		require.ErrorIs(t, err, load.ErrBlocked)
		asked := b.sim.Stats()
		_, err = b.loader.RunOnce(t.Context())
		require.ErrorIs(t, err, load.ErrBlocked)
		require.Equal(t, asked, b.sim.Stats())

		require.NoError(t, b.sim.Refuse("", "", false))
		sleep(time.Hour)
		b.cycle()

		require.Len(t, b.payments(), 1)
	})

	within(t, "WhatAnotherLoaderLeftOpenIsSettledWithinTenMinutes", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		task := b.payment(d)
		ours := b.loader
		b.restart()
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()
		require.Equal(t, schema.PostingUncertain, b.task(task).State)

		for range 11 {
			_, err := ours.RunOnce(t.Context())
			require.NoError(t, err)
			sleep(time.Minute)
		}

		require.Equal(t, schema.PostingAdopted, b.task(task).State)
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result)
	})

	within(t, "TheirNamesNeverCarryTwoBodies", func(t *testing.T) {
		t.Helper()
		b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Faults: true} }))
		task := b.topUp()
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "6210"})
		b.cycle()
		first := b.task(task)
		require.Equal(t, "6210", first.Fault.Code)

		b.again(task)
		b.cycle()

		second := b.task(task)
		require.Equal(t, schema.PostingPosted, second.State, "%+v", second.Fault)
		require.Equal(t, first.Request, second.Request)
		require.NotEqual(t, first.Item, second.Item, "QuickBooks repeats what it refused to whoever repeats the name")
		require.Equal(t, first.Body, second.Body)
	})

	within(t, "APassingFaultIsTriedAgainUnderTheSameName", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		task := b.topUp()
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "3001"})
		_, err := b.loader.RunOnce(t.Context())
		require.ErrorIs(t, err, load.ErrBlocked)
		first := b.task(task)
		require.Equal(t, schema.PostingDeclined, first.State)
		require.False(t, first.RetryAt.IsZero())
		sleep(10 * time.Minute)

		b.cycle()

		require.Equal(t, schema.PostingPosted, b.task(task).State)
		require.Equal(t, first.Item, b.task(task).Item)
		require.Equal(t, 2, b.task(task).Attempt)
	})
}

// What tasks cost is what the package comment says.
func TestLoader_TasksCost(t *testing.T) {
	t.Parallel()

	within(t, "PaymentsThatComeTogetherFillBatches", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		var tasks []schema.Task
		for _, d := range b.due(240) {
			tasks = append(tasks, b.payment(d))
		}
		b.cycle()
		b.ask(tasks...)
		asked := b.sim.Stats().CorePlus

		require.Equal(t, load.Tally{Posted: 240}, b.cycle().Payments)

		require.Equal(t, 240/30+2, b.sim.Stats().CorePlus-asked, "batches, and 200 read back at once")
	})

	within(t, "ATopUpIsThreeCalls", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.cycle()
		_, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		b.ask(b.topUp())
		asked := b.sim.Stats().CorePlus
		b.cycle()
		require.Equal(t, 3, b.sim.Stats().CorePlus-asked)
	})
}

func TestNewMetrics_Tasks(t *testing.T) {
	t.Parallel()
	within(t, "AreCountedByKind", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		reg := prometheus.NewRegistry()
		b.loader = load.New(b.store, b.newClient(), load.Config{Company: acme, Now: time.Now},
			slog.New(slog.DiscardHandler), load.NewMetrics(reg))
		for _, kind := range schema.TaskKinds() {
			for _, outcome := range []string{"posted", "adopted", "declined", "uncertain"} {
				require.Contains(t, gather(t, reg), "tieout_load_postings_total "+string(kind)+" "+outcome)
			}
		}
		b.ask(b.payment(d), b.topUp(func(m *schema.Transfer) { m.To = "999" }))

		b.cycle()

		got := gather(t, reg)
		require.InDelta(t, 1, got["tieout_load_postings_total payment posted"], 0)
		require.InDelta(t, 1, got["tieout_load_postings_total transfer declined"], 0)
		require.InDelta(t, 1, got["tieout_load_declines_total person"], 0)
		require.InDelta(t, 1, got["tieout_load_verifications_total exact"], 0)
	})
}

func TestResult_Plus(t *testing.T) {
	t.Parallel()
	one := load.Result{
		Vendors: load.Tally{Posted: 1}, Bills: load.Tally{Adopted: 2}, Corrections: load.Tally{Declined: 3},
		Attachments: load.Tally{Uncertain: 4}, Payments: load.Tally{Posted: 5}, Transfers: load.Tally{Posted: 6}, Exact: 7, Divergent: 8, Missing: 9,
	}
	require.Equal(t, load.Result{
		Vendors: load.Tally{Posted: 2}, Bills: load.Tally{Adopted: 4}, Corrections: load.Tally{Declined: 6},
		Attachments: load.Tally{Uncertain: 8}, Payments: load.Tally{Posted: 10}, Transfers: load.Tally{Posted: 12}, Exact: 14, Divergent: 16, Missing: 18,
	}, one.Plus(one))
}
