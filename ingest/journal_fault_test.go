package ingest_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

func TestJournal_FailingDisk(t *testing.T) {
	t.Parallel()

	healthy := func(j *ingest.Journal) func() bool { return func() bool { return j.Stats().Healthy } }

	faults := map[string]func(*disk) (repair func()){
		"SyncReturnsEIO": func(d *disk) func() {
			fail := func() error { return syscall.EIO }
			d.onSync.Store(&fail)
			return func() { d.onSync.Store(nil) }
		},
		"WriteReturnsENOSPC": func(d *disk) func() {
			fail := func([]byte) (int, error) { return 0, syscall.ENOSPC }
			d.onWrite.Store(&fail)
			return func() { d.onWrite.Store(nil) }
		},
		"WriteIsShort": func(d *disk) func() {
			fail := func(p []byte) (int, error) { return len(p) / 2, nil } //nolint:unparam // a short write that reports no error
			d.onWrite.Store(&fail)
			return func() { d.onWrite.Store(nil) }
		},
	}
	for name, fault := range faults {
		t.Run(name+"AcknowledgesNothingUntilReopened", func(t *testing.T) {
			t.Parallel()
			mem := vfs.NewCrashableMem()
			d := newDisk(mem)
			j := open(t, d)
			require.NoError(t, j.Append(t.Context(), delivery(1)))
			repair := fault(d)
			require.ErrorIs(t, j.Append(t.Context(), delivery(2)), ingest.ErrBroken)
			require.ErrorIs(t, j.Append(t.Context(), delivery(3)), ingest.ErrBroken)
			require.False(t, j.Stats().Healthy)
			repair()
			require.Eventually(t, healthy(j), 10*time.Second, 5*time.Millisecond)
			require.NoError(t, j.Append(t.Context(), delivery(4)))
			require.Equal(t, []string{"msg_1", "msg_4"}, ids(waiting(t, j)), "what was refused is not returned")

			after := mem.CrashClone(vfs.CrashCloneCfg{})
			again := open(t, after)
			require.Equal(t, []string{"msg_1", "msg_4"}, ids(waiting(t, again)))
			require.Empty(t, again.Stats().Losses)
		})
	}

	t.Run("KeepsWhatItAcknowledgedThroughRandomFaults", func(t *testing.T) {
		t.Parallel()
		seed := setting(t, seedVariable, uint64(time.Now().UnixNano()))
		t.Logf("the same syncs fail with %s=%d; which deliveries share them is not replayed", seedVariable, seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		var mu sync.Mutex
		d := newDisk(vfs.NewMem())
		flaky := func() error {
			mu.Lock()
			defer mu.Unlock()
			if rng.IntN(40) == 0 {
				return syscall.EIO
			}
			return nil
		}
		j := open(t, d, small)
		d.onSync.Store(&flaky)
		var acked []string
		for n := range 1500 {
			if j.Append(t.Context(), delivery(n)) == nil {
				acked = append(acked, string(delivery(n).ID))
			} else {
				require.Eventually(t, healthy(j), 20*time.Second, time.Millisecond)
			}
		}
		d.onSync.Store(nil)
		require.Greater(t, len(acked), 1000)
		require.Eventually(t, healthy(j), 20*time.Second, time.Millisecond)
		require.Equal(t, acked, ids(waiting(t, j)))
	})

	t.Run("IsFullWhenTheNextSegmentHasNoSpace", func(t *testing.T) {
		t.Parallel()
		d := newDisk(vfs.NewMem())
		j := open(t, d, small)
		full := func() error { return syscall.ENOSPC }
		d.onAlloc.Store(&full)
		var err error
		kept := 0
		for ; err == nil && kept < 10_000; kept++ {
			err = j.Append(t.Context(), delivery(kept))
		}
		require.ErrorIs(t, err, ingest.ErrFull, "full, not broken: what is there stays acknowledged")
		d.onAlloc.Store(nil)
		require.Eventually(t, func() bool { return j.Append(context.Background(), delivery(kept)) == nil }, 10*time.Second, 10*time.Millisecond)
		require.Len(t, waiting(t, j), kept)
	})

	t.Run("IsFullBeforeTheDiskIs", func(t *testing.T) {
		t.Parallel()
		mem := vfs.NewMem()
		mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20})
		j := open(t, mem)
		require.Eventually(t, func() bool {
			return errors.Is(j.Append(context.Background(), delivery(1)), ingest.ErrFull)
		}, 5*time.Second, time.Millisecond)
	})

	t.Run("CutFailsWhileTheMarkCannotBeWrittenAndThenGivesTheSameBlock", func(t *testing.T) {
		t.Parallel()
		d := newDisk(vfs.NewMem())
		j := open(t, d)
		require.NoError(t, j.Append(t.Context(), delivery(1)))
		var failing atomic.Bool
		failing.Store(true)
		fail := func() error {
			if failing.Load() {
				return syscall.EIO
			}
			return nil
		}
		d.onSync.Store(&fail)
		_, err := j.Cut(t.Context(), all)
		require.ErrorIs(t, err, syscall.EIO)
		failing.Store(false)
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		failing.Store(true)
		require.ErrorIs(t, j.Forget(t.Context(), block), syscall.EIO)
		failing.Store(false)
		again, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Equal(t, block, again)
		require.NoError(t, j.Forget(t.Context(), again))
	})
}

// written returns a closed journal of n deliveries and the path of its only
// segment with anything in it.
func written(t *testing.T, n int) (*vfs.MemFS, string) {
	t.Helper()
	fs := vfs.NewMem()
	j := open(t, fs)
	for i := range n {
		require.NoError(t, j.Append(t.Context(), delivery(i)))
	}
	require.NoError(t, j.Close())
	return fs, "/journal/000000000001.wal"
}

func contents(tb testing.TB, fs vfs.FS, path string) []byte {
	tb.Helper()
	f, err := fs.Open(path)
	require.NoError(tb, err)
	defer f.Close()
	raw, err := io.ReadAll(f)
	require.NoError(tb, err)
	return raw
}

func replace(tb testing.TB, fs vfs.FS, path string, raw []byte) {
	tb.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	require.NoError(tb, err)
	_, err = f.Write(slices.Clone(raw))
	require.NoError(tb, err)
	require.NoError(tb, f.Sync())
	require.NoError(tb, f.Close())
}

// wear damages a file as disks do: a bit flips, a sector is empty, holds what
// belongs to another one, or is not there with all that follows.
func wear(rng *rand.Rand, raw []byte) []byte {
	const sector = 512
	if len(raw) < 2*sector {
		return raw
	}
	place := func() []byte {
		at := rng.IntN(len(raw)/sector) * sector
		return raw[at : at+sector]
	}
	switch rng.IntN(8) {
	case 0:
		clear(place())
	case 1:
		copy(place(), place())
	case 2:
		return raw[:len(raw)-rng.IntN(2*sector)]
	default:
		raw[rng.IntN(len(raw))] ^= 1 << rng.IntN(8)
	}
	return raw
}

func TestJournal_Damage(t *testing.T) {
	t.Parallel()
	const n = 600 // a good two blocks of 32 KiB

	t.Run("ACutTailLosesOnlyWhatWasCut", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, n)
		raw := contents(t, fs, path)
		// The seal goes first: without it this is what a crash leaves.
		replace(t, fs, path, raw[:len(raw)-200])
		got := ids(waiting(t, open(t, fs)))
		require.Less(t, len(got), n)
		require.Greater(t, len(got), n-5)
		for i, id := range got {
			require.Equal(t, string(delivery(i).ID), id)
		}
	})

	t.Run("EveryFlippedByteIsDetectedAndCostsNoMoreThanItsRecord", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, n)
		raw := contents(t, fs, path)
		seed := setting(t, seedVariable, uint64(time.Now().UnixNano()))
		t.Logf("replay with %s=%d", seedVariable, seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		for range 150 {
			at, bit := rng.IntN(len(raw)), byte(1)<<rng.IntN(8)
			spoiled := slices.Clone(raw)
			spoiled[at] ^= bit
			copied := vfs.NewMem()
			require.NoError(t, copied.MkdirAll("/journal", 0o700))
			replace(t, copied, "/journal/identity", contents(t, fs, "/journal/identity"))
			replace(t, copied, path, spoiled)
			j := open(t, copied)
			got := ids(waiting(t, j))
			require.GreaterOrEqual(t, len(got), n-1, "byte %d bit %d", at, bit)
			want := 0
			for _, id := range got {
				for string(delivery(want).ID) != id {
					want++
					require.Less(t, want, n, "not a record that was written: %s", id)
				}
				want++
			}
			if len(got) < n {
				losses := j.Stats().Losses
				require.Len(t, losses, 1, "byte %d bit %d", at, bit)
				require.Equal(t, losses[0].From, losses[0].To)
				require.True(t, losses[0].Acknowledged)
			}
		}
	})

	t.Run("WhateverIsSpoiledIsReportedAndNothingElseIsReturned", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, n)
		require.NoError(t, open(t, fs).Close()) // that another segment follows says how much was acknowledged
		raw, seed := contents(t, fs, path), setting(t, seedVariable, uint64(time.Now().UnixNano()))
		t.Logf("replay with %s=%d", seedVariable, seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		for range 60 {
			spoiled := slices.Clone(raw)
			for range 1 + rng.IntN(12) {
				spoiled = wear(rng, spoiled)
			}
			copied := vfs.NewMem()
			require.NoError(t, copied.MkdirAll("/journal", 0o700))
			for _, name := range []string{"/journal/identity", "/journal/000000000002.wal"} {
				replace(t, copied, name, contents(t, fs, name))
			}
			replace(t, copied, path, spoiled)
			j := open(t, copied)
			var there []int
			for _, d := range waiting(t, j) {
				number, err := strconv.Atoi(strings.TrimPrefix(string(d.ID), "msg_"))
				require.NoError(t, err)
				require.Equal(t, delivery(number), d)
				there = append(there, number)
			}
			require.True(t, slices.IsSorted(there))
			for _, loss := range j.Stats().Losses {
				require.True(t, loss.Acknowledged)
				for seq := loss.From; seq <= loss.To; seq++ {
					there = append(there, int(seq)-1)
				}
			}
			slices.Sort(there)
			require.Len(t, there, n, "is there or reported, and never both")
			require.Equal(t, n-1, there[n-1])
			require.Len(t, slices.Compact(there), n)
		}
	})

	t.Run("AHoleInTheMiddleIsReportedAndTheFileSetAside", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, n)
		raw := contents(t, fs, path)
		clear(raw[20_000:40_000])
		replace(t, fs, path, raw)
		j := open(t, fs)
		losses := j.Stats().Losses
		require.Len(t, losses, 1)
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.EqualValues(t, n-len(block.Deliveries), losses[0].To-losses[0].From+1)
		require.NoError(t, j.Forget(t.Context(), block))
		require.Eventually(t, func() bool {
			names, err := fs.List("/journal")
			return err == nil && slices.ContainsFunc(names, func(s string) bool { return strings.HasSuffix(s, ".damaged") })
		}, 5*time.Second, 5*time.Millisecond)
	})

	t.Run("AMissingTailOfASealedSegmentIsReported", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs, small)
		for i := range 200 {
			require.NoError(t, j.Append(t.Context(), delivery(i)))
		}
		require.NoError(t, j.Close())
		path := "/journal/000000000001.wal"
		raw := contents(t, fs, path)
		replace(t, fs, path, raw[:len(raw)/2])
		again := open(t, fs, small)
		losses := again.Stats().Losses
		require.Len(t, losses, 1)
		require.True(t, losses[0].Acknowledged)
		require.EqualValues(t, 200, uint64(len(waiting(t, again)))+losses[0].To-losses[0].From+1)
	})

	t.Run("DamageAfterABlockWasOfferedIsSaid", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, n)
		j := open(t, fs)
		first, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.NoError(t, j.Close())
		raw := contents(t, fs, path)
		raw[30_000] ^= 1
		replace(t, fs, path, raw)
		j = open(t, fs)
		second, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.NotEqual(t, first.ID, second.ID)
		require.Len(t, second.Deliveries, n-1)
		require.NoError(t, j.Forget(t.Context(), second))
		require.Empty(t, waiting(t, j))
	})

	t.Run("ADamagedMarkOffersEverythingAgain", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 10)
		j := open(t, fs)
		block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 5, Bytes: 1 << 20})
		require.NoError(t, err)
		require.NoError(t, j.Forget(t.Context(), block))
		require.NoError(t, j.Close())
		replace(t, fs, "/journal/drained", []byte("00000000\n{\"drained\":9}"))
		j = open(t, fs)
		require.Len(t, waiting(t, j), 10)
		require.Empty(t, j.Stats().Losses)
	})

	t.Run("ALostIdentityIsNotReplaced", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 3)
		replace(t, fs, "/journal/identity", []byte("nonsense"))
		_, err := tryOpen(fs)
		require.ErrorContains(t, err, "identity")
	})

	t.Run("ASegmentOfAnotherIdentityIsNeitherReadNorGivenBack", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 3)
		before := contents(t, fs, path)
		replace(t, fs, "/journal/identity", []byte("00112233445566778899aabbccddeeff"))
		_, err := tryOpen(fs)
		require.ErrorContains(t, err, "segment 1: is of a journal with another identity")
		require.Equal(t, before, contents(t, fs, path))
	})

	t.Run("ANewChunkHeadBeforeAnOldRecordOfARecycledFileIsNotARecord", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 3)
		j := open(t, fs)
		for n := range 3 {
			require.NoError(t, j.Append(t.Context(), delivery(n+3)))
		}
		require.NoError(t, j.Close())
		old, next := contents(t, fs, path), "/journal/000000000002.wal"
		raw := contents(t, fs, next)
		const start = 36 + 4 // bytes of the first record, which says where the segment begins
		require.NotEqual(t, old[19:19+start], raw[19:19+start])
		copy(raw[19:], old[19:19+start])
		replace(t, fs, next, raw)
		require.Equal(t, []string{"msg_0", "msg_1", "msg_2", "msg_3", "msg_4", "msg_5"}, ids(waiting(t, open(t, fs))))
	})

	t.Run("ABodyThatHoldsRecordsIsStillOneRecord", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 5)
		evil := delivery(9)
		evil.Body = contents(t, fs, path)
		other := vfs.NewMem()
		j := open(t, other)
		require.NoError(t, j.Append(t.Context(), evil))
		require.NoError(t, j.Append(t.Context(), delivery(10)))
		require.NoError(t, j.Close())
		raw := contents(t, other, path)
		raw[6] ^= 0xff // the reader has to look for the next record from inside
		raw[60] ^= 0xff
		replace(t, other, path, raw)
		require.Equal(t, []string{"msg_10"}, ids(waiting(t, open(t, other))))
	})
}

// An intact segment reads the same to pebble's own reader as to ours.
func TestJournal_FormatIsPebbles(t *testing.T) {
	t.Parallel()
	fs, path := written(t, 700)
	f, err := fs.Open(path)
	require.NoError(t, err)
	defer f.Close()
	r := record.NewReader(f, 1)
	deliveries := 0
	for {
		one, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		raw, err := io.ReadAll(one)
		require.NoError(t, err)
		if strings.Contains(string(raw), "payment_id") {
			deliveries++
		}
	}
	require.Equal(t, 700, deliveries)
	require.Len(t, waiting(t, open(t, fs)), 700)
}
