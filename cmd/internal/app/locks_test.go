package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/store/storetest"
)

func quietLocks(store leases) *locks { return newLocks(store, time.Now, slog.New(slog.DiscardHandler)) }

func TestLocks(t *testing.T) {
	t.Parallel()

	t.Run("AreHeldByOneAtATimeAcrossProcesses", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := storetest.NewMemory()
			var inside, entered atomic.Int32
			var all sync.WaitGroup
			for range 4 { // each with locks of its own, as processes have
				process := quietLocks(store)
				for range 3 {
					all.Go(func() {
						unlock, err := process.Lock(t.Context(), "cycle:acme")
						require.NoError(t, err)
						require.Equal(t, int32(1), inside.Add(1))
						time.Sleep(time.Second)
						entered.Add(1)
						inside.Add(-1)
						unlock()
					})
				}
			}
			all.Wait()
			require.Equal(t, int32(12), entered.Load())
		})
	})

	t.Run("OutliveLongWork", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := storetest.NewMemory()
			unlock, err := quietLocks(store).Lock(t.Context(), "cycle:acme")
			require.NoError(t, err)
			time.Sleep(10 * leaseTTL)

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = quietLocks(store).Lock(ctx, "cycle:acme")
			require.ErrorIs(t, err, ErrBusy)
			unlock()
		})
	})

	t.Run("RunOutAfterTheirHolderDied", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := storetest.NewMemory()
			held, err := store.TryLease(t.Context(), "cycle:acme", "the dead", leaseTTL, time.Now())
			require.NoError(t, err)
			require.True(t, held)

			started := time.Now()
			unlock, err := quietLocks(store).Lock(t.Context(), "cycle:acme")
			require.NoError(t, err)
			require.GreaterOrEqual(t, time.Since(started), leaseTTL)
			unlock()
		})
	})

	// A store that was away when a lock was given back kept its own holder out for
	// as long as a lease lasts.
	t.Run("AreGivenBackWhenTheStoreIsBack", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := storetest.NewMemory()
			locks := quietLocks(store)
			unlock, err := locks.Lock(t.Context(), "cycle:acme")
			require.NoError(t, err)
			store.Inject(func(string) storetest.Fault { return storetest.Fault{Err: errors.New("away")} })
			unlock()
			_, err = locks.Lock(t.Context(), "cycle:acme")
			require.Error(t, err)

			store.Inject(nil)
			began := time.Now()
			unlock, err = locks.Lock(t.Context(), "cycle:acme")
			require.NoError(t, err)
			require.Zero(t, time.Since(began))
			unlock()
			require.Empty(t, locks.stale)
		})
	})

	t.Run("SayWhenTheStoreFails", func(t *testing.T) {
		t.Parallel()
		store := storetest.NewMemory()
		broken := errors.New("disk full")
		store.Inject(func(string) storetest.Fault { return storetest.Fault{Err: broken} })
		locks := quietLocks(store)
		_, err := locks.Lock(t.Context(), "cycle:acme")
		require.ErrorIs(t, err, broken)

		store.Inject(nil)
		unlock, err := locks.Lock(t.Context(), "cycle:acme")
		require.NoError(t, err, "a failed attempt leaves nothing locked")
		unlock()
	})
}
