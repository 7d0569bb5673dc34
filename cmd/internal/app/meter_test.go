package app

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// calling is a client that called so much.
type calling struct {
	mu    sync.Mutex
	count quickbooks.Metered
}

func (c *calling) Metered() quickbooks.Metered {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *calling) call(core, corePlus int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count.Core += core
	c.count.CorePlus += corePlus
}

// process is a meter of one process, and the client that it counts.
type process struct {
	*meter
	*calling
}

func TestMeter(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	type bench struct {
		store *storetest.Memory
		clock time.Time
		start func(holder string) process
	}
	setup := func(t *testing.T) *bench {
		t.Helper()
		b := &bench{store: storetest.NewMemory(), clock: noon}
		b.start = func(holder string) process {
			p := process{newMeter(b.store, "acme", holder, func() time.Time { return b.clock }), &calling{}}
			p.watch(p.calling)
			require.NoError(t, p.look(t.Context()))
			return p
		}
		return b
	}
	stored := func(t *testing.T, b *bench, month string) schema.Metered {
		t.Helper()
		period, err := schema.ParsePeriod(month)
		require.NoError(t, err)
		total, err := b.store.Metered(t.Context(), "acme", period)
		require.NoError(t, err)
		return total
	}

	t.Run("KnowsWhatOtherProcessesCalled", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := b.start("first")
		first.call(3, 40)
		require.Equal(t, int64(40), first.used(noon), "before it is stored")
		require.NoError(t, first.flush(t.Context()))
		second := b.start("second")
		require.Equal(t, int64(40), second.used(noon), "a restart forgets nothing")
		second.call(1, 2)
		require.NoError(t, second.flush(t.Context()))
		require.Equal(t, int64(40), first.used(noon))
		first.call(0, 1)
		require.NoError(t, first.flush(t.Context()))
		require.Equal(t, int64(43), first.used(noon), "it looks at others when it tells")
		require.Equal(t, schema.Metered{Core: 4, CorePlus: 43}, stored(t, b, "2026-11"))
	})

	t.Run("CountsEveryConnectionOfTheProcess", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		p, again := b.start("one"), &calling{}
		p.call(0, 5)
		p.watch(again)
		again.call(2, 6)
		require.NoError(t, p.flush(t.Context()))
		require.NoError(t, p.flush(t.Context()), "with nothing new")
		require.Equal(t, schema.Metered{Core: 2, CorePlus: 11}, stored(t, b, "2026-11"))
	})

	t.Run("BeginsEachMonthAnew", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		p := b.start("one")
		p.call(1, 10)
		require.NoError(t, p.flush(t.Context()))
		p.call(0, 5)
		require.Equal(t, int64(15), p.used(noon))
		b.clock = noon.AddDate(0, 0, 1)
		p.call(0, 7)
		require.Equal(t, int64(7), p.used(b.clock), "what is counted after midnight is the new month's")
		require.NoError(t, p.flush(t.Context()))
		require.Equal(t, schema.Metered{Core: 1, CorePlus: 15}, stored(t, b, "2026-11"), "and what was before is stored all the same")
		require.Equal(t, schema.Metered{CorePlus: 7}, stored(t, b, "2026-12"))
	})

	t.Run("SaysAgainWhatTheStoreMayHaveMissed", func(t *testing.T) {
		t.Parallel()
		for _, after := range []bool{false, true} {
			b := setup(t)
			p := b.start("one")
			p.call(1, 10)
			away := errors.New("connection lost")
			b.store.Inject(func(string) storetest.Fault { return storetest.Fault{Err: away, After: after} })
			require.ErrorIs(t, p.flush(t.Context()), away)
			require.Equal(t, int64(10), p.used(noon))
			b.store.Inject(nil)
			p.call(0, 1)
			require.NoError(t, p.flush(t.Context()))
			require.Equal(t, schema.Metered{Core: 1, CorePlus: 11}, stored(t, b, "2026-11"))
			require.Equal(t, int64(11), p.used(noon))
		}
	})

	t.Run("LosesOneFlushAtMost", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		p := b.start("one")
		p.call(0, 10)
		require.NoError(t, p.flush(t.Context()))
		p.call(0, 3) // and the process dies
		require.Equal(t, int64(10), b.start("two").used(noon))
	})

	t.Run("IsAskedWhileItStores", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		p := b.start("one")
		var working sync.WaitGroup
		for range 4 {
			working.Go(func() {
				for range 200 {
					p.call(0, 1)
					p.used(noon)
				}
			})
			working.Go(func() {
				for range 20 {
					if err := p.flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		working.Wait()
		require.NoError(t, p.flush(t.Context()))
		require.Equal(t, schema.Metered{CorePlus: 800}, stored(t, b, "2026-11"))
		require.Equal(t, int64(800), p.used(noon))
	})
}
