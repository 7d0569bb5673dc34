package app

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// HoldsLock, when set, makes this test binary a process that takes a lock in the
// folder, says so, and waits to be killed.
const HoldsLock = "TIEOUT_TEST_HOLDS_LOCK_IN"

// HoldLockForEver returns only when it could not take the lock.
func HoldLockForEver(dir string) int {
	store, err := newFileLeases(dir)
	if err != nil {
		return 1
	}
	held, err := store.TryLease(context.Background(), "cycle/acme", "the killed", time.Minute, time.Now())
	if err != nil || !held {
		return 1
	}
	io.WriteString(os.Stdout, "held\n")
	select {}
}

func TestFileLeases(t *testing.T) {
	t.Parallel()

	open := func(t *testing.T, dir string) *fileLeases {
		t.Helper()
		store, err := newFileLeases(dir)
		require.NoError(t, err)
		return store
	}
	try := func(t *testing.T, l *fileLeases, name, holder string) bool {
		t.Helper()
		held, err := l.TryLease(t.Context(), name, holder, time.Minute, time.Now())
		require.NoError(t, err)
		return held
	}

	t.Run("AreHeldByOneAtATimeAlsoAcrossProcesses", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		one, other := open(t, dir), open(t, dir) // as two processes have
		require.True(t, try(t, one, "cycle/acme", "a"))
		require.True(t, try(t, one, "cycle/acme", "a"), "a claim is confirmed")
		require.False(t, try(t, one, "cycle/acme", "b"))
		require.False(t, try(t, other, "cycle/acme", "c"))
		require.True(t, try(t, other, "cycle/globex", "c"), "another name is another lock")

		require.NoError(t, one.ReleaseLease(t.Context(), "cycle/acme", "b", time.Now()), "what b does not hold stays")
		require.False(t, try(t, other, "cycle/acme", "c"))
		require.NoError(t, one.ReleaseLease(t.Context(), "cycle/acme", "a", time.Now()))
		require.True(t, try(t, other, "cycle/acme", "c"))
		require.False(t, try(t, one, "cycle/acme", "a"))
		require.NoError(t, other.ReleaseLease(t.Context(), "cycle/acme", "c", time.Now()))
		require.NoError(t, other.ReleaseLease(t.Context(), "cycle/globex", "c", time.Now()))
	})

	t.Run("EndWithAKilledProcess", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		killed := exec.CommandContext(t.Context(), os.Args[0])
		killed.Env = append(os.Environ(), HoldsLock+"="+dir)
		out, err := killed.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, killed.Start())
		said := make([]byte, len("held\n"))
		_, err = io.ReadFull(out, said)
		require.NoError(t, err)

		locks := newLocks(open(t, dir), time.Now, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err = locks.Lock(ctx, "cycle/acme")
		require.ErrorIs(t, err, ErrBusy)

		require.NoError(t, killed.Process.Kill())
		require.Error(t, killed.Wait())
		unlock, err := locks.Lock(t.Context(), "cycle/acme")
		require.NoError(t, err)
		unlock()
	})

	t.Run("SayWhichFileIsInTheWay", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := newFileLeases(filepath.Join(file, "locks"))
		require.ErrorContains(t, err, file)
	})
}
