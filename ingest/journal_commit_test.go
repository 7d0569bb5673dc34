package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

// syncs is a disk whose syncs take until the test ends them, each by its number,
// from 0 in the order in which they began.
type syncs struct {
	*disk
	begun atomic.Int64
	ends  [8]chan error
}

// slow returns such a disk and a journal on it.
func slow(t *testing.T) (*syncs, *ingest.Journal) {
	t.Helper()
	s := &syncs{disk: newDisk(vfs.NewCrashableMem())}
	for i := range s.ends {
		s.ends[i] = make(chan error, 1)
	}
	j, err := tryOpen(s, func(c *ingest.JournalConfig) { c.MaxWait = time.Hour })
	require.NoError(t, err)
	synctest.Wait() // care has prepared the next file
	take := func() error { return <-s.ends[s.begun.Add(1)-1] }
	s.onSync.Store(&take)
	t.Cleanup(func() {
		s.onSync.Store(nil)
		for _, end := range s.ends {
			close(end)
		}
		_ = j.Close() // which reports what the test made fail
	})
	return s, j
}

// errNone stands for no answer yet.
var errNone = errors.New("no answer yet")

// appended hands a delivery to the journal, and returns how to ask for the answer.
func appended(t *testing.T, j *ingest.Journal, n int) func() error {
	t.Helper()
	answer := make(chan error, 1)
	go func() { answer <- j.Append(context.WithoutCancel(t.Context()), delivery(n)) }()
	synctest.Wait()
	return func() error {
		synctest.Wait()
		select {
		case err := <-answer:
			return err
		default:
			return errNone
		}
	}
}

func TestJournal_Commits(t *testing.T) {
	t.Parallel()

	t.Run("WhatComesDuringACommitSharesTheNext", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, j := slow(t)
			first, second, third := appended(t, j, 1), appended(t, j, 2), appended(t, j, 3)
			require.EqualValues(t, 1, s.begun.Load(), "the first waits for nobody")
			require.ErrorIs(t, first(), errNone)
			s.ends[0] <- nil
			require.NoError(t, first())
			require.ErrorIs(t, second(), errNone)
			require.EqualValues(t, 1, j.Stats().Durable)
			require.EqualValues(t, 2, s.begun.Load(), "the next begins as soon as the last has ended")
			s.ends[1] <- nil
			require.NoError(t, second())
			require.NoError(t, third())
			require.EqualValues(t, 3, j.Stats().Durable)
			require.EqualValues(t, 2, s.begun.Load(), "nothing is left to commit")
		})
	})

	t.Run("WhatComesDuringACommitThatFailsIsRefusedWithIt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, j := slow(t)
			first, second := appended(t, j, 1), appended(t, j, 2)
			s.onSync.Store(nil) // the disk is well again
			s.ends[0] <- syscall.EIO
			require.ErrorIs(t, first(), ingest.ErrBroken)
			require.ErrorIs(t, second(), ingest.ErrBroken, "it was never written")
			time.Sleep(time.Minute) // of the bubble's time: the journal is opened again
			require.NoError(t, appended(t, j, 4)())
			require.Equal(t, []string{"msg_4"}, ids(waiting(t, j)))
			require.Empty(t, j.Stats().Losses)
		})
	})

	t.Run("ARecordThatFillsBlocksComesBackWhole", func(t *testing.T) {
		t.Parallel()
		// Around the length at which nothing, or no chunk, is left of a block.
		for size := 32<<10 - 200; size < 32<<10+40; size++ {
			fs := vfs.NewMem()
			j := open(t, fs)
			d := delivery(1)
			d.Body = bytes.Repeat([]byte{byte(size)}, size)
			require.NoError(t, j.Append(t.Context(), d))
			require.NoError(t, j.Append(t.Context(), delivery(2)))
			require.NoError(t, j.Close())
			back := waiting(t, open(t, fs))
			require.Len(t, back, 2, size)
			require.Equal(t, d, back[0], size)
		}
	})
}
