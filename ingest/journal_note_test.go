package ingest_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/ingest"
)

const firstSegment = "/journal/000000000001.wal"

// move hands the next n deliveries to a store that takes them.
func move(t *testing.T, j *ingest.Journal, n int) int {
	t.Helper()
	block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: n, Bytes: 1 << 30})
	require.NoError(t, err)
	if len(block.Deliveries) > 0 {
		require.NoError(t, j.Forget(t.Context(), block))
	}
	return len(block.Deliveries)
}

// partly is a journal of 20 deliveries of which the store has ten, and of which one
// is unreadable that it has, and one that it has not.
func partly(t *testing.T) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	j := open(t, fs)
	for n := range 20 {
		require.NoError(t, j.Append(t.Context(), delivery(n)))
	}
	require.Equal(t, 10, move(t, j, 10))
	require.NoError(t, j.Close())
	spoil(t, fs, firstSegment, 4, 5)
	spoil(t, fs, firstSegment, 14, 15)
	return fs
}

func TestInspectJournal_AfterALossWasNoticed(t *testing.T) {
	t.Parallel()
	lost := func(path string) []ingest.LostRun {
		return []ingest.LostRun{{
			Loss:  ingest.Loss{Path: path, From: 15, To: 15, Acknowledged: true},
			After: delivery(13).ReceivedAt, Before: delivery(15).ReceivedAt,
		}}
	}

	// What the store had before was counted once the file had been set aside.
	t.Run("CountsTheSameBeforeAndAfterItWasSetAside", func(t *testing.T) {
		t.Parallel()
		fs := partly(t)
		require.Equal(t, lost(firstSegment), inspect(t, fs).Lost)
		j := open(t, fs)
		require.Len(t, j.Stats().Losses, 1)
		require.Equal(t, 9, move(t, j, 100))
		require.Eventually(t, func() bool { return inspect(t, fs).AsideFiles == 1 }, 5*time.Second, time.Millisecond)
		require.NoError(t, j.Close())
		found := inspect(t, fs)
		require.Empty(t, found.Lost)
		require.Len(t, found.SetAside, 1)
		require.Equal(t, lost(firstSegment+".damaged"), found.SetAside[0].Lost)
		require.EqualValues(t, 18, found.SetAside[0].Deliveries)
		require.True(t, found.Damaged())
	})
	t.Run("RemembersOverARestartInTheMiddleOfTheFile", func(t *testing.T) {
		t.Parallel()
		fs := partly(t)
		j := open(t, fs)
		require.Equal(t, 7, move(t, j, 7)) // past the loss
		require.NoError(t, j.Close())
		require.Equal(t, lost(firstSegment), inspect(t, fs).Lost)
		again := open(t, fs)
		require.Equal(t, []ingest.Loss{lost(firstSegment)[0].Loss}, again.Stats().Losses)
		require.Equal(t, 2, move(t, again, 100))
		require.NoError(t, again.Close())
		found := inspect(t, fs)
		require.Len(t, found.SetAside, 1, "it is not written again")
		require.Equal(t, lost(firstSegment+".damaged"), found.SetAside[0].Lost)
	})

	t.Run("ReportsALossOnceOverRestarts", func(t *testing.T) {
		t.Parallel()
		fs := partly(t)
		for _, want := range []int{1, 0, 0} {
			var log bytes.Buffer
			registry := prometheus.NewRegistry()
			env := env()
			env.Log, env.Metrics = slog.New(slog.NewTextHandler(&log, nil)), ingest.NewMetrics(registry)
			j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: "/journal", FS: fs}, env)
			require.NoError(t, err)
			require.Len(t, j.Stats().Losses, 1, "it stays in what is asked for")
			require.NoError(t, j.Close())
			require.Equal(t, want, strings.Count(log.String(), "acknowledged deliveries are unreadable"))
			require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(fmt.Sprintf(`
# HELP tieout_ingest_journal_lost_records_total Records of the journal that damage on disk made unreadable.
# TYPE tieout_ingest_journal_lost_records_total counter
tieout_ingest_journal_lost_records_total %d
`, want)), "tieout_ingest_journal_lost_records_total"))
		}
	})

	t.Run("SetsAsideAfterACrashBetweenTheNoteAndTheRename", func(t *testing.T) {
		t.Parallel()
		fs := partly(t)
		j := open(t, fs)
		move(t, j, 100)
		require.NoError(t, j.Close())
		require.NoError(t, fs.Rename(firstSegment+".damaged", firstSegment))
		found := inspect(t, fs)
		require.Equal(t, lost(firstSegment), found.Lost)
		require.Empty(t, found.SetAside)
		require.NoError(t, open(t, fs).Close())
		found = inspect(t, fs)
		require.Empty(t, found.Lost)
		require.Equal(t, lost(firstSegment+".damaged"), found.SetAside[0].Lost)
	})

	t.Run("SaysThatItGuessesWhenTheNoteIsMissingOrDamaged", func(t *testing.T) {
		t.Parallel()
		spoilings := map[string]func(fs vfs.FS) error{
			"missing": func(fs vfs.FS) error { return fs.Remove(firstSegment + ".lost") },
			"flipped": func(fs vfs.FS) error {
				raw := contents(t, fs, firstSegment+".lost")
				raw[len(raw)-5] ^= 1
				replace(t, fs, firstSegment+".lost", raw)
				return nil
			},
		}
		for name, text := range map[string]string{
			"empty": `{"lost":[]}`, "backwards": `{"lost":[{"from":9,"to":8}]}`, "boundless": `{"lost":[{"from":9,"to":18446744073709551615}]}`,
		} {
			spoilings[name] = func(fs vfs.FS) error {
				sum := crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
				replace(t, fs, firstSegment+".lost", fmt.Appendf(nil, "%08x\n%s", sum, text))
				return nil
			}
		}
		for name, spoilNote := range spoilings {
			fs := partly(t)
			j := open(t, fs)
			move(t, j, 100)
			require.NoError(t, j.Close())
			require.False(t, inspect(t, fs).SetAside[0].Guessed)
			require.NoError(t, spoilNote(fs))
			aside := inspect(t, fs).SetAside[0]
			require.True(t, aside.Guessed, name)
			require.Len(t, aside.Lost, 2, "%s: all that is unreadable in it now", name)
		}
	})

	t.Run("SetsAsideAFileWhoseNoteCannotBeRead", func(t *testing.T) {
		t.Parallel()
		fs := partly(t)
		j := open(t, fs)
		move(t, j, 7)
		require.NoError(t, j.Close())
		replace(t, fs, firstSegment+".lost", []byte("00000000\n{}"))
		again := open(t, fs)
		move(t, again, 100)
		require.NoError(t, again.Close())
		found := inspect(t, fs)
		require.Len(t, found.SetAside, 1)
		require.True(t, found.SetAside[0].Guessed)
		require.True(t, found.Damaged())
	})

	t.Run("ForgetsWhenTheFileWasTakenAway", func(t *testing.T) {
		t.Parallel()
		fs := partly(t)
		j := open(t, fs)
		move(t, j, 100)
		require.NoError(t, j.Close())
		require.NoError(t, fs.Remove(firstSegment+".damaged"))
		require.False(t, inspect(t, fs).Damaged())
		require.Contains(t, everything(t, fs), "000000000001.wal.lost", "looking changes nothing")
		require.NoError(t, open(t, fs).Close())
		require.NotContains(t, everything(t, fs), "000000000001.wal.lost")
	})

	t.Run("MovesNothingThatItCouldNotNote", func(t *testing.T) {
		t.Parallel()
		fs := noNotes{FS: partly(t), refuse: new(atomic.Bool)}
		fs.refuse.Store(true)
		_, err := tryOpen(fs)
		require.ErrorIs(t, err, errUnreadable)
		fs.refuse.Store(false)
		j := open(t, fs)
		fs.refuse.Store(true)
		spoil(t, fs.FS, firstSegment, 17, 18) // after it was read
		_, err = j.Cut(t.Context(), all)
		require.ErrorIs(t, err, errUnreadable)
		require.ErrorContains(t, err, "note what is lost")
		fs.refuse.Store(false)
		require.Equal(t, 8, move(t, j, 100))
		require.NoError(t, j.Close())
		found := inspect(t, fs)
		require.Len(t, found.SetAside[0].Lost, 2)
		require.EqualValues(t, 18, found.SetAside[0].Lost[1].From)
	})

	t.Run("TriesAgainToSetAside", func(t *testing.T) {
		t.Parallel()
		fs := noNotes{FS: partly(t), refuse: new(atomic.Bool), renames: true}
		j := open(t, fs)
		fs.refuse.Store(true)
		move(t, j, 100)
		fs.refuse.Store(false)
		require.NoError(t, j.Close())
		require.Len(t, inspect(t, fs).SetAside, 1)
	})
}

// noNotes is a file system that refuses to write notes, or to set files aside.
type noNotes struct {
	vfs.FS
	refuse  *atomic.Bool
	renames bool
}

func (f noNotes) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if f.refuse.Load() && !f.renames && strings.Contains(name, ".lost") {
		return nil, errUnreadable
	}
	return f.FS.Create(name, category)
}

func (f noNotes) Rename(from, to string) error {
	if f.refuse.Load() && f.renames && strings.HasSuffix(to, ".damaged") {
		return errUnreadable
	}
	return f.FS.Rename(from, to)
}

// However damage, drains and restarts follow each other: what is told to be lost, what
// the store has and what waits are together all that was acknowledged, and nothing is
// two of these.
func TestInspectJournal_TellsExactlyWhatIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		fs, appended, stored := vfs.NewMem(), 0, map[uint64]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "lives") {
			j := open(t, fs, small)
			for range rapid.IntRange(0, 60).Draw(rt, "appended") {
				require.NoError(rt, j.Append(t.Context(), delivery(appended)))
				appended++
			}
			for range rapid.IntRange(0, 3).Draw(rt, "moves") {
				block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: rapid.IntRange(1, 40).Draw(rt, "moved"), Bytes: 1 << 30})
				require.NoError(rt, err)
				if len(block.Deliveries) == 0 {
					continue
				}
				require.NoError(rt, j.Forget(t.Context(), block))
				for _, d := range block.Deliveries {
					stored[uint64(d.ReceivedAt.Sub(noon)/time.Microsecond)+1] = true
				}
			}
			require.NoError(rt, j.Close())
			requireAccounted(rt, inspect(t, fs, small), appended, stored)
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, max(appended-1, 0)), 0, 4).Draw(rt, "spoiled") {
				flip(t, fs, n)
			}
			requireAccounted(rt, inspect(t, fs, small), appended, stored)
		}
	})
}

func requireAccounted(tb require.TestingT, found ingest.Inspection, appended int, stored map[uint64]bool) {
	told, runs := map[uint64]bool{}, found.Lost
	for _, s := range found.SetAside {
		runs = append(runs, s.Lost...)
	}
	for _, run := range runs {
		for n := run.From; n <= run.To; n++ {
			require.False(tb, told[n], "%d is told once", n)
			require.False(tb, stored[n], "%d is told to be lost, and is in the store", n)
			told[n] = true
		}
	}
	require.Equal(tb, appended, len(told)+len(stored)+int(found.Deliveries))
	require.Equal(tb, len(told) > 0, found.Damaged() && !found.BlockDamaged)
}

// flip spoils one delivery in the segment that has it, wherever that is now.
func flip(tb testing.TB, fs vfs.FS, n int) {
	tb.Helper()
	names, err := fs.List("/journal")
	require.NoError(tb, err)
	for _, name := range names {
		path := "/journal/" + name
		raw := contents(tb, fs, path)
		if at := strings.Index(string(raw), string(delivery(n).Body)); at >= 0 {
			raw[at] ^= 1
			replace(tb, fs, path, raw)
		}
	}
}

func TestRuns_Add(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var losses []ingest.Loss
		want, numbers := map[uint64]bool{}, 0
		for range rapid.IntRange(0, 30).Draw(t, "losses") {
			from := rapid.Uint64Range(1, 60).Draw(t, "from")
			to := from + rapid.Uint64Range(0, 12).Draw(t, "more")
			losses = append(losses, ingest.Loss{From: from, To: to})
			for n := from; n <= to; n++ {
				want[n] = true
			}
		}
		known, added := ingest.AddLosses(losses...)
		last := uint64(0)
		for _, run := range known {
			require.Greater(t, run.From, last, "in order, and nothing twice")
			require.LessOrEqual(t, run.From, run.To)
			for n := run.From; n <= run.To; n++ {
				require.True(t, want[n])
				numbers++
			}
			last = run.To
		}
		require.Len(t, want, numbers)
		require.ElementsMatch(t, known, added)
	})
}
