package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// Power cuts in the normal test. Each is a few writers, a drainer, a cut at a
// random moment and a reading of what is left.
const powerCuts = 1200

// ledger is what the outside world knows at the moment of a power cut.
type ledger struct {
	mu     sync.Mutex
	acked  map[schema.DeliveryID]bool
	staged map[schema.DeliveryID]int
	blocks map[string][]string
}

func newLedger() *ledger {
	return &ledger{acked: make(map[schema.DeliveryID]bool), staged: make(map[schema.DeliveryID]int), blocks: make(map[string][]string)}
}

// stage takes a block once, as the store does.
func (l *ledger) stage(block schema.Block) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.blocks[block.ID]; known {
		return
	}
	l.blocks[block.ID] = ids(block.Deliveries)
	for _, d := range block.Deliveries {
		l.staged[d.ID]++
	}
}

// run writes and drains until ctx ends.
func (l *ledger) run(ctx context.Context, j *ingest.Journal, round string, rng *rand.Rand) {
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				d := delivery(n)
				d.ID = schema.DeliveryID(fmt.Sprintf("%s-%d-%d", round, w, n))
				if j.Append(ctx, d) == nil {
					l.mu.Lock()
					l.acked[d.ID] = true
					l.mu.Unlock()
				}
			}
		})
	}
	forget := rng.IntN(4) > 0
	wg.Go(func() {
		for ctx.Err() == nil {
			block, err := j.Cut(ctx, ingest.Limits{Deliveries: 20, Bytes: 1 << 20})
			if err != nil || len(block.Deliveries) == 0 {
				continue
			}
			l.stage(block)
			if forget {
				_ = j.Forget(ctx, block)
			}
		}
	})
	wg.Wait()
}

// crash runs one power cut and returns what went wrong, if anything.
func crash(t *testing.T, seed uint64, spoil func(*disk)) (lost, twice, torn int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	mem := vfs.NewCrashableMem()
	l := newLedger()
	for round := range 2 {
		machine := newDisk(mem)
		spoil(machine)
		j, err := tryOpen(machine, small)
		if err != nil {
			t.Logf("seed %d: %v", seed, err)
			return len(l.acked) + 1, 0, 0
		}
		for _, loss := range j.Stats().Losses {
			if loss.Acknowledged {
				torn++
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); l.run(ctx, j, fmt.Sprintf("r%d", round), rand.New(rand.NewPCG(seed, 2))) }()
		for range rng.IntN(16) { // let it get somewhere
			<-j.Ready()
		}
		// The ledger is frozen first: what is acknowledged after the cut does
		// not count, what is acknowledged before it must be there.
		l.mu.Lock()
		after := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		frozen := newLedger()
		for id := range l.acked {
			frozen.acked[id] = true
		}
		for id, names := range l.blocks {
			frozen.blocks[id] = names
			for _, name := range names {
				frozen.staged[schema.DeliveryID(name)]++
			}
		}
		l.mu.Unlock()
		cancel()
		<-done
		_ = j.Close()
		mem, l = after, frozen
	}
	j, err := tryOpen(mem, small)
	if err != nil {
		t.Logf("seed %d: %v", seed, err)
		return len(l.acked) + 1, 0, 0
	}
	defer j.Close()
	for _, loss := range j.Stats().Losses {
		if loss.Acknowledged {
			torn++
		}
	}
	for {
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err, "seed %d", seed)
		if len(block.Deliveries) == 0 {
			break
		}
		l.stage(block)
		require.NoError(t, j.Forget(t.Context(), block))
	}
	for id := range l.acked {
		if l.staged[id] == 0 {
			lost++
		}
	}
	for _, n := range l.staged {
		if n > 1 {
			twice++
		}
	}
	return lost, twice, torn
}

func TestJournal_PowerCut(t *testing.T) {
	t.Parallel()

	t.Run("LosesNothingAcknowledgedAndStagesNothingTwice", func(t *testing.T) {
		t.Parallel()
		seed := uint64(time.Now().UnixNano())
		t.Logf("first seed %d", seed)
		for n := range uint64(powerCuts) {
			lost, twice, torn := crash(t, seed+n, func(*disk) {})
			require.Zero(t, lost, "acknowledged and lost, seed %d", seed+n)
			require.Zero(t, twice, "staged twice, seed %d", seed+n)
			require.Zero(t, torn, "a power cut was taken for damage, seed %d", seed+n)
		}
	})

	// The next two show that the first one can see what it looks for.
	t.Run("SeesAMissingSyncOfFiles", func(t *testing.T) {
		t.Parallel()
		require.Positive(t, lostIn(t, 25, func(d *disk) { d.noSync.Store(true) }))
	})

	t.Run("SeesAMissingSyncOfTheFolder", func(t *testing.T) {
		t.Parallel()
		require.Positive(t, lostIn(t, 25, func(d *disk) { d.noDir.Store(true) }))
	})
}

func lostIn(t *testing.T, cuts uint64, spoil func(*disk)) int {
	t.Helper()
	total := 0
	for seed := range cuts {
		lost, twice, torn := crash(t, seed, spoil)
		total += lost + twice + torn
	}
	return total
}
