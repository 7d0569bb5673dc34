package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// intake is a journal with its drainer and those who send, in a bubble.
type intake struct {
	t       *testing.T
	store   *shelf
	change  []func(*ingest.JournalConfig)
	drain   ingest.DrainConfig
	journal *ingest.Journal
	said    *remarks
	reg     *prometheus.Registry
	end     func()

	gate    sync.RWMutex // held for writing while the machine dies
	mu      sync.Mutex
	acked   []schema.Delivery
	offered map[schema.DeliveryID]bool
	refused int
}

// newIntake begins shortly before a month ends, so that blocks have two parts.
func newIntake(t *testing.T, change ...func(*ingest.JournalConfig)) *intake {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 8, 31, 23, 58, 0, 0, time.UTC)))
	return &intake{t: t, store: newShelf(), change: change, offered: make(map[schema.DeliveryID]bool)}
}

// start opens the journal and drains it.
func (i *intake) start(fs vfs.FS) {
	i.t.Helper()
	i.journal, i.said, i.reg = watched(i.t, fs, i.change...)
	env := ingest.Env{Now: time.Now, Log: i.said.logger(), Metrics: ingest.NewMetrics(nil)}
	d, err := ingest.NewDrainer(i.journal, i.store, nil, i.drain, env)
	require.NoError(i.t, err)
	ctx, cancel := context.WithCancel(i.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	i.end = sync.OnceFunc(func() {
		cancel()
		require.NoError(i.t, <-done)
		require.NoError(i.t, i.journal.Close())
	})
	i.t.Cleanup(i.end)
}

// send offers one delivery, and remembers whether it was acknowledged.
func (i *intake) send(sender string, n int) bool {
	i.gate.RLock()
	defer i.gate.RUnlock()
	d := schema.Delivery{
		Company: "acme", ID: schema.DeliveryID(fmt.Sprintf("%s-%06d", sender, n)), ReceivedAt: time.Now().UTC().Truncate(time.Microsecond),
		Channel: schema.ChannelWebhook, Body: fmt.Appendf(nil, `{"event_type":"PAYMENT","data":{"payment_id":%d}}`, n),
		Arrival: fmt.Appendf(nil, "192.0.2.1 bearer 1 %d 0\n", n),
	}
	i.mu.Lock()
	i.offered[d.ID] = true
	i.mu.Unlock()
	err := i.journal.Append(i.t.Context(), d)
	i.mu.Lock()
	defer i.mu.Unlock()
	if err != nil {
		i.refused++
		return false
	}
	i.acked = append(i.acked, d)
	return true
}

// sendFor sends one delivery each interval.
func (i *intake) sendFor(sender string, whole, each time.Duration) {
	for n := 0; time.Duration(n)*each < whole; n++ {
		i.send(sender, n)
		time.Sleep(each)
	}
}

// settle waits until the journal is empty, and returns how long that took.
func (i *intake) settle(within time.Duration) time.Duration {
	i.t.Helper()
	began := time.Now()
	for i.journal.Stats().Deliveries > 0 {
		require.Less(i.t, time.Since(began), within, "%d wait", i.journal.Stats().Deliveries)
		time.Sleep(100 * time.Millisecond)
	}
	synctest.Wait()
	return time.Since(began)
}

// requireOnceInOrder requires that everything that was acknowledged is stored once,
// byte for byte, in the order in which each sender sent it, and nothing that was not.
func (i *intake) requireOnceInOrder() {
	i.t.Helper()
	stored, last := make(map[schema.DeliveryID]schema.Delivery), make(map[string]schema.DeliveryID)
	for _, d := range i.store.stored() {
		sender, _, _ := strings.Cut(string(d.ID), "-")
		_, twice := stored[d.ID]
		require.False(i.t, twice, "%s is stored twice", d.ID)
		require.True(i.t, i.offered[d.ID], "%s was never sent", d.ID)
		require.Less(i.t, last[sender], d.ID, "out of order")
		stored[d.ID], last[sender] = d, d.ID
	}
	for _, d := range i.acked {
		require.Equal(i.t, d, stored[d.ID], "acknowledged, and not stored as it was")
	}
}

func TestDrainer_StoreInTrouble(t *testing.T) {
	t.Parallel()

	for name, draw := range map[string]func(rng *rand.Rand, since time.Duration, insert bool) trouble{
		"Slow": func(_ *rand.Rand, _ time.Duration, insert bool) trouble {
			if insert {
				return trouble{takes: 100 * time.Second}
			}
			return trouble{takes: 10 * time.Second}
		},
		"SlowerThanAnybodyWaits": func(rng *rand.Rand, _ time.Duration, insert bool) trouble {
			if insert && rng.IntN(2) == 0 {
				return trouble{takes: time.Duration(100+rng.IntN(400)) * time.Second}
			}
			return trouble{}
		},
		"RestartingInTheMiddleOfInserts": func(rng *rand.Rand, _ time.Duration, _ bool) trouble {
			switch rng.IntN(4) {
			case 0:
				return trouble{refused: errHungUp}
			case 1:
				return trouble{lost: errHungUp}
			}
			return trouble{}
		},
		"ReadOnlyForAnHour": func(_ *rand.Rand, since time.Duration, insert bool) trouble {
			if insert && since < time.Hour {
				return trouble{refused: errReadOnly}
			}
			return trouble{}
		},
		"OutOfSpaceNowAndThen": func(rng *rand.Rand, since time.Duration, insert bool) trouble {
			// The first month of a block may still fit, and the second not.
			if insert && since < time.Hour && rng.IntN(3) > 0 {
				return trouble{refused: errNoSpace}
			}
			return trouble{}
		},
		"AnswersAreLost": func(rng *rand.Rand, _ time.Duration, insert bool) trouble {
			if insert && rng.IntN(3) > 0 {
				return trouble{lost: errHungUp}
			}
			return trouble{}
		},
		"InsertsAreDoneLongAfterTheyWereGivenUp": func(rng *rand.Rand, _ time.Duration, insert bool) trouble {
			if insert && rng.IntN(2) == 0 {
				return trouble{lost: errHungUp, later: time.Duration(rng.IntN(600)) * time.Second}
			}
			return trouble{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 0))
				i := newIntake(t, small)
				i.drain = ingest.DrainConfig{BlockDeliveries: 10 + rng.IntN(200)} // a block may take two minutes, and there are 1,200
				began := time.Now()
				i.store.setTrouble(func(insert bool) trouble { return draw(rng, time.Since(began), insert) })
				i.start(vfs.NewMem())
				i.sendFor("s", 10*time.Minute, 500*time.Millisecond)
				require.Zero(t, i.refused, "nothing that a sender can notice")
				i.settle(24 * time.Hour)
				i.store.heal()
				i.requireOnceInOrder()
				require.Len(t, i.store.stored(), 1200)
			})
		})
	}
}

// A day without a store: the journal holds what it has room for and says how full it
// is, senders are told to come back, and when the store is there again everything that
// was acknowledged gets there.
func TestDrainer_StoreAwayForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIntake(t, func(c *ingest.JournalConfig) { c.SegmentBytes, c.MaxBytes = 256<<10, 6<<20 })
		i.drain = ingest.DrainConfig{BlockDeliveries: 500}
		i.start(vfs.NewMem())
		i.sendFor("before", time.Minute, time.Second)
		i.settle(time.Minute)
		i.said.take()

		i.store.setTrouble(func(bool) trouble { return trouble{refused: errAway} })
		calls := i.store.calls
		i.sendFor("day", 24*time.Hour, time.Second)
		stats := i.journal.Stats()
		require.Positive(t, i.refused)
		require.Less(t, i.refused, 24*3600/2)
		require.Equal(t, 100, stats.Level)
		require.ErrorIs(t, stats.Refusing, ingest.ErrFull)
		require.InDelta(t, 24*3600, stats.Age.Seconds(), 60)
		require.InDelta(t, float64(i.refused), metric(t, i.reg, "tieout_ingest_journal_refused_total", "full"), 0)
		require.InDelta(t, stats.Age.Seconds(), metric(t, i.reg, "tieout_ingest_journal_oldest_seconds", ""), 2)
		require.Less(t, i.store.calls-calls, 24*3600/5, "it is left alone for a while after each attempt")
		filling, full, failed := 0, 0, 0
		for _, line := range i.said.take() {
			switch {
			case strings.Contains(line, "journal fills up"):
				filling++
			case strings.Contains(line, "journal is full"):
				full++
			case strings.Contains(line, "block could not be staged; it is offered again"):
				failed++
			default:
				require.Fail(t, "nothing else is worth a line", line)
			}
		}
		require.Equal(t, []int{3, 1}, []int{filling, full}, "at 50, 70, 90 and 100 %%, once each")
		require.Equal(t, 1, failed, "what stays wrong is said once")

		i.store.heal()
		took := i.settle(time.Hour)
		require.Less(t, took, time.Minute, "it catches up at once")
		require.Contains(t, strings.Join(i.said.take(), " "), "store takes blocks again")
		require.True(t, i.journal.Stats().Healthy)
		require.True(t, i.send("after", 1))
		i.settle(time.Minute)
		i.requireOnceInOrder()
	})
}

// Random trouble in the store, senders who never stop, and machines that lose power
// between any two steps, with what was sent to the store arriving all the same.
func TestDrainer_RandomTrouble(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("first seed %d", seed)
	for n := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("failed with seed %d", seed+n)
				}
			}()
			rng := rand.New(rand.NewPCG(seed+n, 0))
			i := newIntake(t, small)
			i.drain = ingest.DrainConfig{BlockDeliveries: 1 + rng.IntN(60), Timeout: time.Duration(1+rng.IntN(60)) * time.Second}
			faults := rand.New(rand.NewPCG(seed+n, 1))
			i.store.setTrouble(func(insert bool) trouble { return randomTrouble(faults, insert) })
			mem := vfs.NewCrashableMem()
			i.start(mem)
			var stopped atomic.Bool
			var senders sync.WaitGroup
			for s := range 3 {
				pauses := rand.New(rand.NewPCG(seed+n, uint64(10+s)))
				senders.Go(func() {
					for m := 0; !stopped.Load(); m++ {
						i.send(fmt.Sprint("s", s), m)
						time.Sleep(time.Duration(1+pauses.IntN(3000)) * time.Millisecond)
					}
				})
			}
			for range 6 {
				time.Sleep(time.Duration(rng.IntN(90_000)) * time.Millisecond)
				i.gate.Lock()
				after := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
				i.end()
				mem = after
				i.start(mem)
				i.gate.Unlock()
			}
			stopped.Store(true)
			senders.Wait()
			i.store.heal()
			i.settle(time.Hour)
			require.Empty(t, i.journal.Stats().Losses)
			i.requireOnceInOrder()
		})
	}
}

func randomTrouble(rng *rand.Rand, insert bool) trouble {
	moment := time.Duration(rng.IntN(90_000)) * time.Millisecond
	switch rng.IntN(7) {
	case 0:
		return trouble{refused: errHungUp, takes: moment / 10}
	case 1:
		return trouble{takes: moment}
	case 2:
		return trouble{lost: errHungUp}
	case 3:
		if insert {
			return trouble{lost: errHungUp, later: moment}
		}
	}
	return trouble{}
}

// What the fake store promises is what the tests above rely on.
func TestShelf_IsNoKinderThanTheStore(t *testing.T) {
	t.Parallel()

	t.Run("DropsOtherRowsUnderAUsedToken", func(t *testing.T) {
		t.Parallel()
		s := newShelf()
		require.NoError(t, s.Stage(t.Context(), schema.Block{ID: "b", Deliveries: []schema.Delivery{delivery(1)}}))
		delete(s.places, "b") // as if nobody could see them yet
		require.NoError(t, s.Stage(t.Context(), schema.Block{ID: "b", Deliveries: []schema.Delivery{delivery(2)}}))
		require.Equal(t, []string{"msg_1"}, ids(s.stored()))
	})

	t.Run("StoresHalfABlockOverTheEndOfAMonth", func(t *testing.T) {
		t.Parallel()
		s := newShelf()
		one, two := delivery(1), delivery(2)
		two.ReceivedAt = one.ReceivedAt.AddDate(0, 1, 0)
		block := schema.Block{ID: "b", Deliveries: []schema.Delivery{one, two}}
		inserts := 0
		s.trouble = func(insert bool) trouble {
			if insert {
				inserts++
			}
			if inserts == 2 {
				return trouble{refused: errNoSpace}
			}
			return trouble{}
		}
		require.ErrorIs(t, s.Stage(t.Context(), block), errNoSpace)
		require.Equal(t, []string{"msg_1"}, ids(s.stored()))
		s.trouble = nil
		require.NoError(t, s.Stage(t.Context(), block))
		require.NoError(t, s.Stage(t.Context(), block))
		require.Equal(t, []string{"msg_1", "msg_2"}, ids(s.stored()))
	})

	t.Run("DoesWhatWasSentAlsoWhenNobodyWaits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newShelf()
			s.trouble = func(insert bool) trouble {
				if insert {
					return trouble{takes: time.Hour}
				}
				return trouble{}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, s.Stage(ctx, schema.Block{ID: "b", Deliveries: []schema.Delivery{delivery(1)}}), context.DeadlineExceeded)
			require.Empty(t, s.stored())
			s.heal()
			require.Len(t, s.stored(), 1)
		})
	})
}
