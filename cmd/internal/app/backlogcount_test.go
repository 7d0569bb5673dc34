package app_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func TestBacklogCount(t *testing.T) {
	t.Parallel()

	// counter counts how often it was asked; each count takes a while, and fails when
	// it is told to.
	type counter struct {
		app.BacklogCount
		counts atomic.Int64
		takes  atomic.Int64
		fails  atomic.Bool
		log    strings.Builder
		stop   context.CancelFunc
	}
	const patience = 5 * time.Second
	start := func(t *testing.T, takes time.Duration) *counter {
		t.Helper()
		c := &counter{}
		c.takes.Store(int64(takes))
		c.BacklogCount = app.NewBacklogCount(func(ctx context.Context) (schema.Backlog, error) {
			n := c.counts.Add(1)
			select {
			case <-ctx.Done():
				return schema.Backlog{}, ctx.Err()
			case <-time.After(time.Duration(c.takes.Load())):
			}
			if c.fails.Load() {
				return schema.Backlog{}, errors.New("the store is away")
			}
			return schema.Backlog{Pending: int(n)}, nil
		}, time.Now, slog.New(slog.NewTextHandler(&c.log, nil)))
		var ctx context.Context
		ctx, c.stop = context.WithCancel(t.Context())
		go c.Run(ctx)
		t.Cleanup(func() { c.stop(); synctest.Wait() })
		return c
	}
	read := func(t *testing.T, c *counter) (pending int, age time.Duration) {
		t.Helper()
		backlog, at, ok := c.Read(t.Context(), patience)
		require.True(t, ok)
		return backlog.Pending, time.Since(at)
	}

	t.Run("IsSharedByAllWhoLookAtOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := start(t, time.Second)
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					pending, age := read(t, c)
					require.Equal(t, 1, pending)
					require.Equal(t, time.Second, age)
				})
			}
			all.Wait()
			require.EqualValues(t, 1, c.counts.Load())
		})
	})

	t.Run("IsUsedAgainForFiveTimesWhatItCost", func(t *testing.T) {
		t.Parallel()
		for takes, reused := range map[time.Duration]time.Duration{
			time.Millisecond: 5 * time.Second, 3 * time.Second: 15 * time.Second, 4 * time.Second: 20 * time.Second,
		} {
			synctest.Test(t, func(t *testing.T) {
				c := start(t, takes)
				read(t, c)
				time.Sleep(reused - time.Millisecond)
				pending, age := read(t, c)
				require.Equal(t, 1, pending)
				require.Equal(t, takes+reused-time.Millisecond, age)
				time.Sleep(time.Millisecond)
				pending, _ = read(t, c)
				require.Equal(t, 2, pending)
			})
		}
	})

	t.Run("GoesOnWhenNobodyWaitsAnyMore", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := start(t, 20*time.Second)
			began := time.Now()
			_, _, ok := c.Read(t.Context(), patience)
			require.False(t, ok, "it was never counted")
			require.Equal(t, patience, time.Since(began))
			time.Sleep(16 * time.Second)
			pending, age := read(t, c)
			require.Equal(t, 1, pending)
			require.Equal(t, 21*time.Second, age)
			require.EqualValues(t, 1, c.counts.Load())
		})
	})

	t.Run("IsShownForTwoMinutesWhenTheNextFails", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := start(t, time.Second)
			read(t, c)
			c.fails.Store(true)
			time.Sleep(100 * time.Second)
			pending, age := read(t, c)
			require.Equal(t, 1, pending)
			require.Equal(t, 102*time.Second, age)
			require.EqualValues(t, 2, c.counts.Load())
			read(t, c)
			require.EqualValues(t, 2, c.counts.Load(), "what failed is not tried again at once")
			time.Sleep(18 * time.Second)
			_, _, ok := c.Read(t.Context(), patience)
			require.False(t, ok)
			require.EqualValues(t, 3, c.counts.Load())
			c.stop()
			synctest.Wait()
			require.Equal(t, 2, strings.Count(c.log.String(), "backlog not counted"))
		})
	})

	t.Run("LetsGoOfWhoWaitsWhenItEnds", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := start(t, time.Hour)
			began := time.Now()
			time.AfterFunc(time.Second, c.stop)
			_, _, ok := c.Read(t.Context(), patience)
			require.False(t, ok)
			require.Equal(t, time.Second, time.Since(began))
			_, _, ok = c.Read(t.Context(), patience)
			require.False(t, ok)
			require.Equal(t, time.Second, time.Since(began))
			synctest.Wait()
			require.Empty(t, c.log.String(), "being told to stop is no trouble")
		})
	})
}
