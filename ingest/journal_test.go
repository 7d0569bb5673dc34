package ingest_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

func TestJournal_Append(t *testing.T) {
	t.Parallel()

	t.Run("KeepsEveryFieldAndTheOrderOverAReopen", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs)
		want := []schema.Delivery{
			delivery(1),
			{Company: "other-co", ID: "import-1", ReceivedAt: noon, Channel: schema.ChannelImport, Body: []byte{}},
			{Company: "acme", ID: "big", ReceivedAt: noon, Channel: schema.ChannelWebhook, Body: bytes.Repeat([]byte("x\x00"), 300_000)},
			delivery(4),
		}
		for _, d := range want {
			require.NoError(t, j.Append(t.Context(), d))
		}
		require.NoError(t, j.Close())
		require.Equal(t, want, waiting(t, open(t, fs)))
	})

	t.Run("CopiesBodyAndArrival", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem())
		d := delivery(1)
		d.Body, d.Arrival = bytes.Clone(d.Body), bytes.Clone(d.Arrival)
		require.NoError(t, j.Append(t.Context(), d))
		clear(d.Body)
		clear(d.Arrival)
		require.Equal(t, delivery(1), waiting(t, j)[0])
	})

	t.Run("ManyAtOnceShareCommitsAcrossSegments", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs, small)
		var wg sync.WaitGroup
		for n := range 500 {
			wg.Go(func() { require.NoError(t, j.Append(context.Background(), delivery(n))) })
		}
		wg.Wait()
		require.EqualValues(t, 500, j.Stats().Deliveries)
		require.Len(t, waiting(t, j), 500)
		require.NoError(t, j.Close())
		again := open(t, fs, small)
		require.Len(t, waiting(t, again), 500)
		require.Empty(t, again.Stats().Losses)
	})

	t.Run("RefusesWhenClosed", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem())
		require.NoError(t, j.Close())
		require.NoError(t, j.Close())
		require.ErrorIs(t, j.Append(t.Context(), delivery(1)), ingest.ErrClosed)
	})

	t.Run("RefusesWhenFullAndTakesAgainWhenDrained", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem(), func(c *ingest.JournalConfig) { c.MaxBytes = 1000 })
		n := 0
		for ; n < 100; n++ {
			if err := j.Append(t.Context(), delivery(n)); err != nil {
				require.ErrorIs(t, err, ingest.ErrFull)
				break
			}
		}
		require.Greater(t, n, 3)
		require.Less(t, n, 20)
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.NoError(t, j.Forget(t.Context(), block))
		require.NoError(t, j.Append(t.Context(), delivery(n)))
	})

	t.Run("RefusesWhenMoreIsPendingThanMemoryAllows", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem(), func(c *ingest.JournalConfig) { c.MaxPendingBytes = 50 })
		require.ErrorIs(t, j.Append(t.Context(), delivery(1)), ingest.ErrBusy)
	})

	t.Run("GivesUpWaitingForASlowDisk", func(t *testing.T) {
		t.Parallel()
		disk := newDisk(vfs.NewMem())
		j := open(t, disk, func(c *ingest.JournalConfig) { c.MaxWait = 20 * time.Millisecond })
		release := disk.hold()
		require.ErrorIs(t, j.Append(t.Context(), delivery(1)), ingest.ErrSlow)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, j.Append(ctx, delivery(2)), "nobody waits for a request that is gone")
		release()
		require.Eventually(t, func() bool { return j.Stats().Durable == 2 }, 5*time.Second, time.Millisecond)
		require.Equal(t, []string{"msg_1", "msg_2"}, ids(waiting(t, j)))
	})
}

func TestJournal_Cut(t *testing.T) {
	t.Parallel()

	t.Run("ReturnsTheSameBlockUntilForgottenAlsoAfterAReopen", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs, small)
		for n := range 100 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
		}
		first, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 37, Bytes: 1 << 20})
		require.NoError(t, err)
		require.Len(t, first.Deliveries, 37)
		again, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Equal(t, first, again)

		require.NoError(t, j.Close())
		j = open(t, fs, small)
		again, err = j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Equal(t, first, again)

		require.NoError(t, j.Forget(t.Context(), again))
		rest, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Len(t, rest.Deliveries, 63)
		require.NotEqual(t, first.ID, rest.ID)
		require.EqualValues(t, 63, j.Stats().Deliveries)
	})

	t.Run("EndsABlockAtTheBytes", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem())
		for n := range 10 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
		}
		block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: 100, Bytes: 1})
		require.NoError(t, err)
		require.Len(t, block.Deliveries, 1, "one delivery always fits")
	})

	t.Run("IsEmptyWhenNothingWaits", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem())
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Empty(t, block)
	})

	t.Run("ForgetsOnlyWhatWasCutLast", func(t *testing.T) {
		t.Parallel()
		j := open(t, vfs.NewMem())
		require.Error(t, j.Forget(t.Context(), schema.Block{ID: "journal:x"}))
		require.NoError(t, j.Append(t.Context(), delivery(1)))
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		require.Error(t, j.Forget(t.Context(), schema.Block{ID: block.ID + "x"}))
		require.NoError(t, j.Forget(t.Context(), block))
		require.Error(t, j.Forget(t.Context(), block))
	})

	t.Run("GivesDrainedSegmentsBack", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		j := open(t, fs, small)
		for n := range 2000 {
			require.NoError(t, j.Append(t.Context(), delivery(n)))
			if n%50 == 0 {
				block, err := j.Cut(t.Context(), all)
				require.NoError(t, err)
				require.NoError(t, j.Forget(t.Context(), block))
			}
		}
		require.Eventually(t, func() bool {
			names, err := fs.List("/journal")
			return err == nil && len(names) < 12
		}, 5*time.Second, 5*time.Millisecond)
		require.Len(t, waiting(t, j), 49)
		require.NoError(t, j.Close())
		require.Len(t, waiting(t, open(t, fs, small)), 49)
	})
}

func TestOpenJournal(t *testing.T) {
	t.Parallel()

	t.Run("RefusesAFolderThatIsOwned", func(t *testing.T) {
		t.Parallel()
		fs := vfs.NewMem()
		open(t, fs)
		_, err := tryOpen(fs)
		require.ErrorContains(t, err, "another process owns the folder")
	})

	t.Run("RefusesAFolderThatIsOwnedOnARealDisk", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		real := func(c *ingest.JournalConfig) { c.Dir = dir }
		j := open(t, vfs.Default, real)
		require.NoError(t, j.Append(t.Context(), delivery(1)))
		_, err := tryOpen(vfs.Default, real)
		require.ErrorContains(t, err, "another process owns the folder")
		require.NoError(t, j.Close())
		require.Len(t, waiting(t, open(t, vfs.Default, real)), 1)
	})

	t.Run("ReportsEveryBadSettingByItsKey", func(t *testing.T) {
		t.Parallel()
		err := ingest.JournalConfig{MaxBytes: -1, MaxWait: -1}.Validate()
		require.ErrorContains(t, err, "journal.dir")
		require.ErrorContains(t, err, "journal.max_bytes")
		require.ErrorContains(t, err, "journal.max_wait")
	})

	t.Run("NeedsAClock", func(t *testing.T) {
		t.Parallel()
		_, err := ingest.OpenJournal(ingest.JournalConfig{Dir: "/j", FS: vfs.NewMem()}, ingest.Env{})
		require.ErrorContains(t, err, "env.now")
	})
}

func TestJournal_Stats(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	require.True(t, j.Stats().Healthy)
	require.Zero(t, j.Stats().Age)
	d := delivery(1)
	d.ReceivedAt = noon.Add(-time.Minute)
	require.NoError(t, j.Append(t.Context(), d))
	require.Equal(t, time.Minute, j.Stats().Age)
	require.Positive(t, j.Stats().Bytes)
	block, err := j.Cut(t.Context(), all)
	require.NoError(t, err)
	require.NoError(t, j.Forget(t.Context(), block))
	require.Zero(t, j.Stats().Age)
	require.Zero(t, j.Stats().Bytes)
	require.Zero(t, j.Stats().Deliveries)
}
