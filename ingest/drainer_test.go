package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

var (
	_ ingest.Stager   = (*storetest.Memory)(nil)
	_ ingest.Backlog  = (*ingest.Journal)(nil)
	_ ingest.Appender = (*ingest.Journal)(nil)
)

func drainer(tb testing.TB, j ingest.Backlog, store ingest.Stager, nudge func(), cfg ingest.DrainConfig) *ingest.Drainer {
	tb.Helper()
	d, err := ingest.NewDrainer(j, store, nudge, cfg, env())
	require.NoError(tb, err)
	return d
}

func TestDrainer_RunOnce(t *testing.T) {
	t.Parallel()

	t.Run("OffersTheVerySameBlockUntilItIsTaken", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem())
		var offered []schema.Block
		store := stage(func(b schema.Block) error {
			offered = append(offered, b)
			if len(offered) < 4 {
				return errAway
			}
			return nil
		})
		d := drainer(t, j, store, nil, ingest.DrainConfig{BlockDeliveries: 2})
		for n := range 5 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
			_, err := d.RunOnce(t.Context())
			if n < 3 {
				require.ErrorIs(t, err, errAway)
			} else {
				require.NoError(t, err)
			}
		}
		require.Len(t, offered, 5)
		for _, b := range offered[1:4] {
			require.Equal(t, offered[0], b, "more arrived meanwhile, and the block stays as it is")
		}
		require.Equal(t, []string{"msg_1", "msg_2"}, ids(offered[4].Deliveries))
	})

	t.Run("StagesExactlyOnceThroughCrashesBetweenStageAndForget", func(t *testing.T) {
		t.Parallel()
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		mem := vfs.NewCrashableMem()
		store := &books{fail: func(int) (before, after error) {
			switch rng.IntN(3) {
			case 0:
				return errAway, nil
			case 1:
				return nil, errAway
			}
			return nil, nil
		}}
		var want []string
		for round := range 60 {
			j := open(t, mem, small)
			for n := range 10 + rng.IntN(20) {
				d := delivery(round*1000 + n)
				require.NoError(t, j.Append(t.Context(), d))
				want = append(want, string(d.ID))
			}
			d := drainer(t, j, store, nil, ingest.DrainConfig{BlockDeliveries: 1 + rng.IntN(12)})
			for range rng.IntN(4) {
				_, _ = d.RunOnce(t.Context())
			}
			mem = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
			require.NoError(t, j.Close())
		}
		store.fail = nil
		_, err := drainer(t, open(t, mem, small), store, nil, ingest.DrainConfig{}).Drain(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, ids(store.deliveries()), "each once, in order")
	})

	t.Run("FillsTheStoreThatTheOtherStagesRead", func(t *testing.T) {
		t.Parallel()
		j, store := open(t, vfs.NewMem()), storetest.NewMemory()
		for n := range 7 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
		}
		n, err := drainer(t, j, store, nil, ingest.DrainConfig{BlockDeliveries: 3}).Drain(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, n)
	})
}

type stage func(schema.Block) error

func (s stage) Stage(_ context.Context, b schema.Block) error { return s(b) }

// queue is a backlog in memory, for tests with a clock of their own.
type queue struct {
	blocks []schema.Block
	ready  chan struct{}
}

func (q *queue) Cut(context.Context, ingest.Limits) (schema.Block, error) {
	if len(q.blocks) == 0 {
		return schema.Block{}, nil
	}
	return q.blocks[0], nil
}

func (q *queue) Forget(context.Context, schema.Block) error {
	q.blocks = q.blocks[1:]
	return nil
}

func (q *queue) Ready() <-chan struct{} { return q.ready }

func TestDrainer_Run(t *testing.T) {
	t.Parallel()

	t.Run("WaitsForAStoreThatIsAwayForADayAndThenNudges", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := &queue{ready: make(chan struct{}, 1)}
			for n := range 3 {
				q.blocks = append(q.blocks, schema.Block{ID: fmt.Sprint(n), Deliveries: []schema.Delivery{delivery(n)}})
			}
			back := time.Now().Add(24 * time.Hour)
			calls, nudges := 0, 0
			var staged []string
			store := stage(func(b schema.Block) error {
				calls++
				if time.Now().Before(back) {
					return errAway
				}
				staged = append(staged, b.ID)
				return nil
			})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			d := drainer(t, q, store, func() { nudges++ }, ingest.DrainConfig{})
			go func() { done <- d.Run(ctx) }()
			time.Sleep(24*time.Hour + time.Minute)
			synctest.Wait()
			require.Equal(t, []string{"0", "1", "2"}, staged, "in order")
			require.Equal(t, 3, nudges)
			require.Greater(t, calls, 24*60)
			require.Less(t, calls, 24*3600)
			cancel()
			require.NoError(t, <-done)
		})
	})

	t.Run("StagesWithinASecondOfArrival", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := &queue{ready: make(chan struct{}, 1)}
			var staged time.Time
			store := stage(func(schema.Block) error { staged = time.Now(); return nil })
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			d := drainer(t, q, store, nil, ingest.DrainConfig{})
			go func() { done <- d.Run(ctx) }()
			time.Sleep(time.Hour)
			synctest.Wait()
			arrived := time.Now()
			q.blocks = []schema.Block{{ID: "1", Deliveries: []schema.Delivery{delivery(1)}}}
			q.ready <- struct{}{}
			time.Sleep(time.Minute)
			synctest.Wait()
			require.LessOrEqual(t, staged.Sub(arrived), time.Second)
			cancel()
			require.NoError(t, <-done)
		})
	})
}

func TestDrainConfig_Validate(t *testing.T) {
	t.Parallel()
	err := ingest.DrainConfig{BlockDeliveries: -1, Interval: -1}.Validate()
	require.ErrorContains(t, err, "drain.block_deliveries")
	require.ErrorContains(t, err, "drain.interval")
	require.ErrorContains(t, ingest.ReceiverConfig{BodyLimit: 1 << 30, Connections: -1}.Validate(), "public.connections")
}
