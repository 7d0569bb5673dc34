package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// tiny are sizes at which every step is taken and nothing is measured.
func tiny() sizes {
	return sizes{
		turn: 50 * time.Millisecond, busy: 100 * time.Millisecond, open: 200 * time.Millisecond, rounds: 1,
		rates: []int{200, 2000}, backlog: 3000, drained: 1000, syncs: 5,
	}
}

// TestIntake takes every step of the parts of intake, on the one engine that a
// process has.
//
//nolint:paralleltest,tparallel // the parts share the engine, which they wait for to be quiet
func TestIntake(t *testing.T) {
	dir := t.TempDir()
	l, err := newLab(t.Context(), filepath.Join(dir, "data"), dir, io.Discard, false)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.close()) }()
	s := tiny()

	t.Run("ClosedLoops", func(t *testing.T) {
		rows, err := measureClosed(t.Context(), l, s)
		require.NoError(t, err)
		require.Len(t, rows, 4)
		require.Equal(t, []string{"≥ 0.45", "≥ 0.30", "≥ 0.60", "≥ 0.35"}, []string{rows[0].Target, rows[1].Target, rows[2].Target, rows[3].Target})
		require.Contains(t, rows[1].Measured, "the engine takes")
		require.NotContains(t, rows[0].Measured, "the engine takes")
	})
	t.Run("OpenLoopsAndOverload", func(t *testing.T) {
		rows, err := measureOpen(t.Context(), l, s)
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, "p99 ≤ 5 ms", rows[1].Target)
		require.Regexp(t, `p50 .*, p99 .*, p99.9 .*, worst`, rows[0].Measured)
		require.Regexp(t, `/s acknowledged, p99 .*; .*/s answered 503`, rows[2].Measured)
	})
	t.Run("ClickHouseAwayAndBack", func(t *testing.T) {
		rows, err := measureAway(t.Context(), l, s)
		require.NoError(t, err)
		require.Len(t, rows, 5)
		require.Regexp(t, `while the drainer catches up on [3-9],\d{3}`, rows[2].What)
	})
	t.Run("DrainAlone", func(t *testing.T) {
		rows, err := measureDrain(t.Context(), l, s)
		require.NoError(t, err)
		require.Regexp(t, `^[\d,]+/s, processors \d+ µs$`, rows[0].Measured)
	})
	t.Run("OneAtATime", func(t *testing.T) {
		rows, err := measureSingle(t.Context(), l, s)
		require.NoError(t, err)
		require.Contains(t, rows[0].Measured, " against ")
	})
	t.Run("ARunThatLostSomethingIsVoid", func(t *testing.T) {
		g, err := l.gate(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, g.close()) }()
		require.NoError(t, g.fill(t.Context(), 100))
		require.NoError(t, g.balance(t.Context()))
		acknowledged := g.ledger
		g.ledger = acknowledged.Plus(webhookload.Ledger{Sent: 1, Acknowledged: 1})
		require.ErrorIs(t, g.balance(t.Context()), webhookload.ErrVoid)

		g.ledger = acknowledged
		end, err := g.drain(t.Context())
		require.NoError(t, err)
		require.NoError(t, g.drained(t.Context()))
		require.NoError(t, end())
		require.NoError(t, g.balance(t.Context()))
		require.NoError(t, g.place.statement(t.Context(), "INSERT INTO deliveries SELECT * FROM deliveries LIMIT 1"))
		require.ErrorContains(t, g.balance(t.Context()), "times", "one is there twice")
		require.NoError(t, g.place.statement(t.Context(), "TRUNCATE TABLE deliveries"))
		require.ErrorIs(t, g.balance(t.Context()), webhookload.ErrVoid)
	})
}

func TestFillFor(t *testing.T) {
	t.Parallel()
	require.Equal(t, 10*time.Millisecond, fillFor(1))
	require.Equal(t, time.Second/2, fillFor(25_000))
	require.Equal(t, time.Second, fillFor(1<<30))
}

func TestPacedText(t *testing.T) {
	t.Parallel()
	var r webhookload.Result
	r.Times.Record(time.Millisecond)
	require.Equal(t, "p50 1.00 ms, p99 1.00 ms, p99.9 1.00 ms, worst 1.00 ms", pacedText(r))
	r.Refused, r.Unsent = 1200, 3
	require.True(t, strings.HasSuffix(pacedText(r), "; 1,200 refused, 0 cut off; 3 never sent"))
}
