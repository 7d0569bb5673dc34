package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/tieout/tieout/ingest"
)

// JournalStatus is how full a journal is at one moment.
type JournalStatus struct {
	Deliveries  int64   `json:"deliveries"` // on disk and not in the store yet
	Bytes       int64   `json:"bytes"`
	LimitBytes  int64   `json:"limit_bytes"` // where Ontop is answered 503
	FillPercent int     `json:"fill_percent"`
	AgeSeconds  float64 `json:"age_seconds"` // of the oldest
	// Level is 50, 70, 90 or 100 once the journal has filled so many percent, and
	// 0 before that. At 100 it is full.
	Level        int   `json:"level"`
	FreeBytes    int64 `json:"free_bytes"`    // on its disk; -1 when the file system cannot tell
	ReserveBytes int64 `json:"reserve_bytes"` // what of that is left to others
	Healthy      bool  `json:"healthy"`       // takes deliveries now
	// Refusing says why it takes none; empty when healthy.
	Refusing string `json:"refusing"`
	// Lost counts acknowledged deliveries that damage on disk made unreadable, and
	// that the store does not have.
	Lost int64 `json:"lost"`
	// Warnings are what a person has to know, in sentences, each with the next step.
	Warnings []string `json:"warnings"`
}

func newJournalStatus(s ingest.Stats) JournalStatus {
	j := JournalStatus{
		Deliveries: s.Deliveries, Bytes: s.Bytes, LimitBytes: s.LimitBytes, FillPercent: s.Percent(), AgeSeconds: s.Age.Seconds(),
		Level: s.Level, FreeBytes: s.FreeBytes, ReserveBytes: s.ReserveBytes, Healthy: s.Healthy,
		Lost: lostIn(s.Losses), Warnings: []string{},
	}
	if s.Refusing != nil {
		j.Refusing = s.Refusing.Error()
	}
	add := func(warning string) {
		if warning != "" {
			j.Warnings = append(j.Warnings, warning)
		}
	}
	add(diskWarning(s))
	add(levelWarning(s))
	if j.Lost > 0 {
		add(fmt.Sprintf("%s: run `tieout journal verify`", lostText(j.Lost)))
	}
	return j
}

func lostText(n int64) string {
	if n == 1 {
		return "1 acknowledged delivery cannot be read"
	}
	return fmt.Sprintf("%d acknowledged deliveries cannot be read", n)
}

// diskWarning says what has to be done about the disk, or nothing.
func diskWarning(s ingest.Stats) string {
	switch {
	case errors.Is(s.Refusing, ingest.ErrDiskFull) && s.FreeBytes >= 0 && s.FreeBytes < s.ReserveBytes:
		return fmt.Sprintf("its disk has %s free, less than the reserve of %s: Ontop is answered 503 until you make room on it",
			Bytes(s.FreeBytes), Bytes(s.ReserveBytes))
	case errors.Is(s.Refusing, ingest.ErrDiskFull):
		return "its disk has no space for another file, or a quota says so: Ontop is answered 503 until you make room"
	case errors.Is(s.Refusing, ingest.ErrBroken):
		return "its disk failed: Ontop is answered 503 until it can be written again; see the server's log"
	case s.NearReserve:
		return fmt.Sprintf("its disk has %s free; make room on it: below %s Ontop is answered 503", Bytes(s.FreeBytes), Bytes(s.ReserveBytes))
	}
	return ""
}

// levelWarning says what has to be done about what waits, or nothing.
func levelWarning(s ingest.Stats) string {
	const way = "see whether the store is away, read-only or out of space (`tieout status`, and the server's log)"
	switch {
	case s.Level >= 100:
		return fmt.Sprintf("it is full, with %s of %s: Ontop is answered 503 until the store has taken some of it; %s",
			Bytes(s.Bytes), Bytes(s.LimitBytes), way)
	case s.Level > 0:
		return fmt.Sprintf("%d %% of its bound is used, and at 100 %% Ontop is answered 503; %s, or raise store.journal_limit_mib", s.Percent(), way)
	}
	return ""
}

// Bytes writes a size as people read it.
func Bytes(n int64) string {
	const unit = 1 << 10
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	size, units := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB"}
	for len(units) > 1 && size >= unit {
		size, units = size/unit, units[1:]
	}
	if size >= 100 {
		return fmt.Sprintf("%.0f %s", size, units[0])
	}
	return fmt.Sprintf("%.3g %s", size, units[0])
}

// journalReady returns why the journal takes no deliveries, or nil.
func (s *server) journalReady(context.Context) error { return s.journal.Stats().Refusing }

// journalWarnings is what to know of a journal that takes deliveries.
func (s *server) journalWarnings() []string { return newJournalStatus(s.journal.Stats()).Warnings }
