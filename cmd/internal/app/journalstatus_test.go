package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/ingest"
)

func TestNewJournalStatus(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	healthy := ingest.Stats{Deliveries: 3, Bytes: gib, LimitBytes: 4 * gib, FreeBytes: 9 * gib, ReserveBytes: 256 << 20, Healthy: true}
	for name, c := range map[string]struct {
		change   func(*ingest.Stats)
		refusing string
		warns    string
	}{
		"Healthy": {change: func(*ingest.Stats) {}},
		"HalfFull": {
			change: func(s *ingest.Stats) { s.Bytes, s.Level = 5*gib/2, 50 },
			warns:  "62 % of its bound is used, and at 100 % Ontop is answered 503; see whether the store is away",
		},
		"Full": {
			change:   func(s *ingest.Stats) { s.Level, s.Refusing = 100, ingest.ErrFull },
			refusing: "the journal is full",
			warns:    "it is full, with 1 GiB of 4 GiB: Ontop is answered 503 until the store has taken some of it; see whether the store is away",
		},
		"DiskNearlyFull": {
			change: func(s *ingest.Stats) { s.NearReserve, s.FreeBytes = true, 300<<20 },
			warns:  "its disk has 300 MiB free; make room on it: below 256 MiB Ontop is answered 503",
		},
		"DiskFull": {
			change:   func(s *ingest.Stats) { s.FreeBytes, s.Refusing = 100<<20, ingest.ErrDiskFull },
			refusing: "the journal is full: its disk has too little space left",
			warns:    "its disk has 100 MiB free, less than the reserve of 256 MiB: Ontop is answered 503 until you make room on it",
		},
		"Quota": {
			change:   func(s *ingest.Stats) { s.Refusing = ingest.ErrDiskFull },
			refusing: "the journal is full: its disk has too little space left",
			warns:    "its disk has no space for another file, or a quota says so: Ontop is answered 503 until you make room",
		},
		"DiskFailed": {
			change:   func(s *ingest.Stats) { s.Refusing = ingest.ErrBroken },
			refusing: "the journal's disk failed",
			warns:    "its disk failed: Ontop is answered 503 until it can be written again; see the server's log",
		},
		"Lost": {
			change: func(s *ingest.Stats) {
				s.Losses = []ingest.Loss{{From: 3, To: 5, Acknowledged: true}, {From: 9, To: 9}}
			},
			warns: "3 acknowledged deliveries cannot be read: run `tieout journal verify`",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stats := healthy
			c.change(&stats)
			got := app.NewJournalStatus(stats)
			require.Equal(t, c.refusing, got.Refusing)
			if c.warns == "" {
				require.Empty(t, got.Warnings)
				return
			}
			require.Len(t, got.Warnings, 1)
			require.Contains(t, got.Warnings[0], c.warns)
		})
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, text := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 9030: "8.82 KiB", 256 << 20: "256 MiB", 1000 << 20: "1000 MiB",
		4 << 30: "4 GiB", 61 << 40: "61 TiB", 5000 << 40: "5000 TiB",
	} {
		require.Equal(t, text, app.Bytes(n))
	}
}
