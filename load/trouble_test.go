package load_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

func TestLoader_Trouble(t *testing.T) {
	t.Parallel()
	inside := func(name string, test func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test)
		})
	}

	inside("ALastingThrottleIsToldAndWaitedFor", func(t *testing.T) {
		t.Helper()
		b := setup(t, withConfig(func(c *load.Config) { c.InFlight = 1 }))
		drafts := b.due(40)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.Throttle, On: "batch", Times: 4})

		_, err := b.loader.RunOnce(t.Context())

		require.ErrorIs(t, err, load.ErrBlocked)
		for _, d := range drafts {
			require.NotEqual(t, schema.PostingUncertain, b.bill(d).State, "QuickBooks said that it did nothing")
		}
		time.Sleep(10 * time.Minute)
		b.until(3)
		require.Len(t, b.bills(), 40)
	})

	inside("WhatTheThrottlesHoldBackTooLongDoesNotLeave", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.client = func(c *quickbooks.Config) { c.Limits.Pause = 14 * time.Minute }
		b.restart()
		drafts := b.due(40)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.Throttle, On: "batch"})

		_, err := b.loader.RunOnce(t.Context())

		require.ErrorIs(t, err, load.ErrBlocked)
		require.Empty(t, b.bills())
		require.Equal(t, schema.PostingNamed, b.bill(drafts[0]).State)
		time.Sleep(20 * time.Minute)
		b.until(3)
		require.Len(t, b.bills(), 40)
	})

	inside("AUsedUpQuotaStopsReadsAndNotBills", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		_, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		b.due(3)
		b.sim.SetLimits(quickbookstest.Limits{FreeBatches: true, CorePlus: -1})

		result, err := b.loader.RunOnce(t.Context())

		require.ErrorIs(t, err, load.ErrQuota)
		require.Equal(t, 3, result.Bills.Posted)
		require.Zero(t, result.Exact)
		b.sim.SetQuota(0)
		require.Equal(t, 3, b.cycle().Exact)
	})

	inside("OneOddNumberKeepsNobodyElseInTheDark", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.due(5)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()
		// The common query is refused, and then the first bill's own.
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "query", Code: "4000", Times: 2})

		result := b.cycle()

		require.Equal(t, 4, result.Bills.Adopted)
		require.Equal(t, 1, b.cycle().Bills.Adopted)
	})

	inside("EachCallOfTheStoreMayFailBeforeOrAfterItsEffect", func(t *testing.T) {
		t.Helper()
		for _, method := range []string{
			"DueBills", "OpenPostings", "LatestPostings", "RecordPostings", "Unverified", "RecordVerifications", "Payees", "RecordPayees",
		} {
			for _, after := range []bool{false, true} {
				for skip := range 4 {
					b := setup(t)
					drafts := b.due(2)
					p := b.payee("Grace Hopper")
					b.failNth(method, skip, after)
					b.loader.RunOnce(t.Context())
					b.store.Inject(nil)
					b.restart()
					b.until(3)

					require.Len(t, b.bills(), 2, "%s call %d, after its effect: %t", method, skip+1, after)
					require.Len(t, b.vendors(), 2)
					require.Equal(t, schema.PayeeLinked, b.payeeNow(p.Key).State)
					for _, d := range drafts {
						require.Equal(t, schema.VerifiedExact, b.verification(d).Result)
					}
				}
			}
		}
	})

	inside("WhatAPersonReleasesIsSentUnderAnotherName", func(t *testing.T) {
		t.Helper()
		b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Faults: true} }))
		d := b.due(1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "6210"})
		b.cycle()
		refused := b.bill(d)
		require.Equal(t, "6210", refused.Fault.Code)
		sleep(time.Second)

		b.release(d)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "3001"})
		_, err := b.loader.RunOnce(t.Context())
		require.ErrorIs(t, err, load.ErrBlocked)
		released := b.bill(d)
		require.Equal(t, refused.Request, released.Request)
		require.NotEqual(t, refused.Item, released.Item, "QuickBooks repeats what it refused to whoever repeats the name")
		require.Equal(t, refused.Body, released.Body)

		b.restart()
		sleep(time.Hour)
		b.loader.RunOnce(t.Context())
		require.Equal(t, released.Item, b.bill(d).Item, "what may be tried again by itself keeps its name")
	})

	inside("AHeldDecisionIsNotPosted", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		drafts := b.due(2)
		require.NoError(t, b.store.RecordDecisions(t.Context(), []schema.Decision{{
			Company: acme, Invoice: drafts[0].Invoice, Kind: schema.DecideHold, By: "finance", RecordedAt: time.Now(),
		}}))

		require.Equal(t, 1, b.cycle().Bills.Posted)
		require.Zero(t, b.bill(drafts[0]))
	})
}

// failNth makes one call of a store's method fail, after skip that succeed.
func (b *bench) failNth(method string, skip int, after bool) {
	calls := 0
	b.store.Inject(func(called string) storetest.Fault {
		if called != method {
			return storetest.Fault{}
		}
		if calls++; calls != skip+1 {
			return storetest.Fault{}
		}
		return storetest.Fault{Err: errors.New("planted"), After: after}
	})
}
