package ingest_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

func inspect(tb testing.TB, fs vfs.FS, change ...func(*ingest.JournalConfig)) ingest.Inspection {
	tb.Helper()
	found, err := tryInspect(tb.Context(), fs, change...)
	require.NoError(tb, err)
	return found
}

func tryInspect(ctx context.Context, fs vfs.FS, change ...func(*ingest.JournalConfig)) (ingest.Inspection, error) {
	cfg := ingest.JournalConfig{Dir: "/journal", FS: fs}
	for _, c := range change {
		c(&cfg)
	}
	return ingest.InspectJournal(ctx, cfg)
}

// everything is every file of a folder with its content.
func everything(tb testing.TB, fs vfs.FS) map[string]string {
	tb.Helper()
	names, err := fs.List("/journal")
	require.NoError(tb, err)
	all := make(map[string]string)
	for _, name := range names {
		all[name] = string(contents(tb, fs, filepath.Join("/journal", name)))
	}
	return all
}

// spoil overwrites the records of deliveries from n up to m in their segment.
func spoil(tb testing.TB, fs vfs.FS, path string, n, m int) {
	tb.Helper()
	raw := contents(tb, fs, path)
	for ; n < m; n++ {
		at := strings.Index(string(raw), string(delivery(n).Body))
		require.Positive(tb, at, "delivery %d", n)
		raw[at] ^= 1
	}
	replace(tb, fs, path, raw)
}

func TestInspectJournal(t *testing.T) {
	t.Parallel()

	t.Run("SaysThatThereIsNone", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		_, err := tryInspect(t.Context(), fs)
		require.ErrorIs(t, err, ingest.ErrNoJournal)
		require.NoError(t, fs.MkdirAll("/journal", 0o700))
		_, err = tryInspect(t.Context(), fs)
		require.ErrorIs(t, err, ingest.ErrNoJournal)
		names, err := fs.List("/journal")
		require.NoError(t, err)
		require.Empty(t, names, "looking begins no journal")
		_, err = ingest.InspectJournal(t.Context(), ingest.JournalConfig{})
		require.ErrorContains(t, err, "journal.dir")
	})

	t.Run("FindsAnEmptyJournalWhole", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 0)
		found := inspect(t, fs)
		require.False(t, found.Damaged())
		require.Zero(t, found.Deliveries)
		require.Zero(t, found.Oldest)
		require.Empty(t, found.Lost)
		require.EqualValues(t, 4<<30, found.LimitBytes)
	})

	t.Run("SaysWhatWaitsAndChangesNothing", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs, small)
		for n := range 100 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
		}
		block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 37, Bytes: 1 << 20})
		require.NoError(t, err)
		require.NoError(t, j.Forget(t.Context(), block))
		stats := j.Stats()
		require.NoError(t, j.Close())
		replace(t, fs, "/journal/drained.new", []byte("a crash left this"))
		before := everything(t, fs)

		found := inspect(t, fs, small)
		require.EqualValues(t, 63, found.Deliveries)
		require.Equal(t, stats.Bytes, found.Bytes)
		require.Equal(t, delivery(37).ReceivedAt, found.Oldest)
		require.EqualValues(t, 37, found.Drained)
		require.EqualValues(t, 100, found.Last)
		require.False(t, found.Damaged())
		require.Len(t, found.Segments, found.Files)
		last := uint64(0)
		for _, s := range found.Segments {
			require.Equal(t, s.Last > 0 && s.Last <= 37, s.Drained && s.Deliveries > 0, s.Path)
			require.True(t, s.Sealed)
			if s.Deliveries > 0 {
				// What was drained first may have been written again already.
				require.True(t, last+1 == s.First || last == 0 && s.First <= 38, s.Path)
				last = s.Last
			}
		}
		require.EqualValues(t, 100, last)
		require.Equal(t, before, everything(t, fs))
	})

	t.Run("ListsWhatIsLostAndWhenItWasReceived", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 50)
		spoil(t, fs, path, 0, 1)
		spoil(t, fs, path, 10, 13)
		found := inspect(t, fs)
		require.True(t, found.Damaged())
		require.EqualValues(t, 46, found.Deliveries)
		require.Equal(t, []ingest.LostRun{
			{Loss: ingest.Loss{Path: path, From: 1, To: 1, Acknowledged: true}, Before: delivery(1).ReceivedAt},
			{
				Loss:  ingest.Loss{Path: path, From: 11, To: 13, Acknowledged: true},
				After: delivery(9).ReceivedAt, Before: delivery(13).ReceivedAt,
			},
		}, found.Lost)

		// The journal itself comes to the same result.
		j := open(t, fs)
		require.Equal(t, []ingest.Loss{found.Lost[0].Loss, found.Lost[1].Loss}, j.Stats().Losses)
	})

	t.Run("LeavesOutWhatTheStoreHas", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs)
		for n := range 20 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
		}
		block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 15, Bytes: 1 << 20})
		require.NoError(t, err)
		require.NoError(t, j.Forget(t.Context(), block))
		require.NoError(t, j.Close())
		spoil(t, fs, "/journal/000000000001.wal", 3, 9)
		found := inspect(t, fs)
		require.Empty(t, found.Lost)
		require.False(t, found.Damaged())
	})

	t.Run("TellsATornCommitFromDamage", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 10)
		raw := contents(t, fs, path)
		replace(t, fs, path, raw[:len(raw)-200])
		found := inspect(t, fs)
		require.False(t, found.Damaged())
		require.Less(t, found.Deliveries, int64(10))
	})

	t.Run("KeepsTellingOfWhatWasSetAside", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 50)
		spoil(t, fs, path, 20, 22)
		j := open(t, fs)
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Len(t, block.Deliveries, 48)
		require.NoError(t, j.Append(t.Context(), delivery(50)))
		require.NoError(t, j.Forget(t.Context(), block))
		require.Eventually(t, func() bool { return inspect(t, fs).AsideFiles == 1 }, 5*time.Second, time.Millisecond)
		require.NoError(t, j.Close())
		found := inspect(t, fs)
		require.Empty(t, found.Lost)
		require.True(t, found.Damaged(), "until a person has taken it away")
		require.Len(t, found.SetAside, 1)
		aside := found.SetAside[0]
		require.Equal(t, path+".damaged", aside.Path)
		require.EqualValues(t, 48, aside.Deliveries)
		require.Equal(t, []ingest.LostRun{{
			Loss:  ingest.Loss{Path: aside.Path, From: 21, To: 22, Acknowledged: true},
			After: delivery(19).ReceivedAt, Before: delivery(22).ReceivedAt,
		}}, aside.Lost)

		replace(t, fs, aside.Path, []byte("nothing of it can be read"))
		require.True(t, inspect(t, fs).Damaged())
		require.NoError(t, fs.Remove(aside.Path))
		require.False(t, inspect(t, fs).Damaged())
	})

	t.Run("SaysWhenTheMarkIsDamaged", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 5)
		replace(t, fs, "/journal/drained", []byte("00000000\n{\"drained\":9}"))
		found := inspect(t, fs)
		require.True(t, found.MarkDamaged)
		require.True(t, found.Damaged())
		require.EqualValues(t, 5, found.Deliveries)
		require.Empty(t, found.Lost)
	})

	t.Run("SaysWhenABlockCannotBeOfferedAgain", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs)
		for n := range 20 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
		}
		_, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 5, Bytes: 1 << 20})
		require.NoError(t, err)
		require.NoError(t, j.Close())
		require.False(t, inspect(t, fs).BlockDamaged)
		spoil(t, fs, "/journal/000000000001.wal", 2, 3)
		found := inspect(t, fs)
		require.True(t, found.BlockDamaged)
		require.Len(t, found.Lost, 1)
	})

	t.Run("SaysWhatIsMissingWithoutTheIdentity", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 3)
		require.NoError(t, fs.Remove("/journal/identity"))
		for _, try := range []func() error{
			func() error { _, err := tryInspect(t.Context(), fs); return err },
			func() error { _, err := tryOpen(fs); return err },
		} {
			err := try()
			require.ErrorContains(t, err, "identity: is missing, and 000000000001.wal cannot be read without it")
			require.ErrorContains(t, err, "restore it from a backup")
		}
		_, err := fs.Stat("/journal/identity")
		require.Error(t, err, "no other is made up")
	})

	t.Run("StopsWhenItIsToldTo", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 3)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := tryInspect(ctx, fs)
		require.ErrorIs(t, err, context.Canceled)
	})

	t.Run("TellsWhatCannotBeRead", func(t *testing.T) {
		t.Parallel()
		fs, _ := written(t, 3)
		_, err := tryInspect(t.Context(), unreadable{fs})
		require.ErrorIs(t, err, errUnreadable)
	})
}

var errUnreadable = errors.New("input/output error")

// unreadable is a file system whose segments cannot be read.
type unreadable struct{ vfs.FS }

func (u unreadable) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	f, err := u.FS.Open(name, options...)
	if strings.HasSuffix(name, ".wal") {
		return unreadableFile{f}, err
	}
	return f, err
}

type unreadableFile struct{ vfs.File }

func (unreadableFile) ReadAt([]byte, int64) (int, error) { return 0, errUnreadable }

// slowly is a file system in which something happens between any two reads of a
// segment, as it does to whoever reads files that are written meanwhile.
type slowly struct {
	vfs.FS
	between func()
}

func (s slowly) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	s.between()
	f, err := s.FS.Open(name, options...)
	if err != nil {
		return nil, err
	}
	return slowFile{f, s.between}, nil
}

func (s slowly) List(dir string) ([]string, error) {
	names, err := s.FS.List(dir)
	s.between()
	return names, err
}

type slowFile struct {
	vfs.File
	between func()
}

func (f slowFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	if errors.Is(err, io.EOF) || err == nil {
		f.between()
	}
	return n, err
}

func TestInspectJournal_InUse(t *testing.T) {
	t.Parallel()

	// Between any two reads, deliveries are written and others drained, so that
	// segments fill up, end, are given back and are written again.
	t.Run("NeverTakesWhatHappensMeanwhileForALoss", func(t *testing.T) {
		t.Parallel()
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		mem := vfs.NewMem()
		j := open(t, mem, func(c *ingest.JournalConfig) { c.SegmentBytes = 96 << 10 })
		n, budget := 0, 0
		step := func() {
			if budget--; budget < 0 {
				return
			}
			for range rng.IntN(20) {
				d := delivery(n)
				d.Body = append(slices.Clone(d.Body), strings.Repeat(" ", rng.IntN(6000))...)
				require.NoError(t, j.Append(t.Context(), d))
				n++
			}
			block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 1 + rng.IntN(60), Bytes: 1 << 30})
			require.NoError(t, err)
			if len(block.Deliveries) > 0 && rng.IntN(3) > 0 {
				require.NoError(t, j.Forget(t.Context(), block))
			}
		}
		for range 40 {
			budget = 40
			for range 10 {
				step()
			}
			drained := n - int(j.Stats().Deliveries)
			found := inspect(t, slowly{mem, step})
			require.Empty(t, found.Lost)
			require.False(t, found.Damaged())
			require.GreaterOrEqual(t, found.Drained, uint64(drained))
			require.LessOrEqual(t, found.Last, uint64(n))
		}
	})

	t.Run("StillFindsWhatIsReallyLost", func(t *testing.T) {
		t.Parallel()
		fs, path := written(t, 500)
		spoil(t, fs, path, 200, 205)
		j := open(t, fs)
		n := 500
		found := inspect(t, slowly{fs, func() {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
			n++
		}})
		require.Len(t, found.Lost, 1)
		require.EqualValues(t, 201, found.Lost[0].From)
		require.EqualValues(t, 205, found.Lost[0].To)
	})

	t.Run("DoesNotHoldUpThoseWhoWrite", func(t *testing.T) {
		t.Parallel()
		mem := vfs.NewMem()
		j := open(t, mem, small)
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		store := &books{}
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := j.Append(ctx, delivery(n)); err != nil {
					require.ErrorIs(t, err, context.Canceled)
				}
			}
		})
		d := drainer(t, j, store, nil, ingest.DrainConfig{BlockDeliveries: 20})
		wg.Go(func() {
			for ctx.Err() == nil {
				_, _ = d.RunOnce(ctx)
			}
		})
		for len(store.deliveries()) < 2000 {
			found := inspect(t, mem)
			require.Empty(t, found.Lost)
		}
		cancel()
		wg.Wait()
	})
}
