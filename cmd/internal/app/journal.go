package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
)

// ErrJournalInUse means that another process owns the journal.
var ErrJournalInUse = errors.New("the journal is in use")

// JournalState is the journal of a configuration at one moment, whether a server
// runs or not.
type JournalState struct {
	Dir string `json:"dir"`
	// Owner is who has the journal: "server" when the server of this configuration
	// runs, "process" for another, and empty for nobody.
	Owner string `json:"owner"`
	// PID is the other process, where the system tells.
	PID int `json:"pid,omitempty"`
	JournalStatus
	OldestReceivedAt *time.Time `json:"oldest_received_at"` // null when nothing waits
	Files            int        `json:"files"`              // segments
	FileBytes        int64      `json:"file_bytes"`         // of those
	SetAside         int        `json:"set_aside"`          // damaged segments that were kept
}

// The owners of a journal.
const (
	OwnerServer  = "server"
	OwnerProcess = "process"
)

// ReadJournal says how the journal of a configuration stands: as its server sees it
// when that runs, and otherwise as its folder does. It changes nothing, needs no
// store, and returns [ingest.ErrNoJournal] when there is none.
func ReadJournal(ctx context.Context, cfg config.Config, now func() time.Time) (JournalState, error) {
	server, running, err := askServer(ctx, cfg.Private.Listen)
	if err != nil {
		return JournalState{}, err
	}
	survey, err := ingest.SurveyJournal(journalConfig(cfg))
	if err != nil {
		return JournalState{}, err
	}
	s := JournalState{
		Dir: survey.Dir, Files: survey.Files, FileBytes: survey.FileBytes, SetAside: survey.AsideFiles,
	}
	if running {
		s.Owner, s.JournalStatus = OwnerServer, server.Journal
		if s.Deliveries > 0 {
			oldest := now().Add(-time.Duration(s.AgeSeconds * float64(time.Second))).UTC()
			s.OldestReceivedAt = &oldest
		}
		return s, nil
	}
	if s.PID, err = journalOwner(survey.Dir); err != nil {
		return JournalState{}, err
	}
	if s.PID != 0 {
		s.Owner = OwnerProcess
	}
	found, err := ingest.InspectJournal(ctx, journalConfig(cfg))
	if err != nil {
		return JournalState{}, err
	}
	s.JournalStatus = newJournalStatus(found.Stats(now()))
	if !found.Oldest.IsZero() {
		s.OldestReceivedAt = &found.Oldest
	}
	return s, nil
}

// SurveyJournal looks at the folder of the journal of a configuration, at its names
// and sizes only. It returns [ingest.ErrNoJournal] when there is none.
func SurveyJournal(cfg config.Config) (ingest.Survey, error) {
	return ingest.SurveyJournal(journalConfig(cfg))
}

// VerifyJournal reads every record of the journal of a configuration. It changes
// nothing, and the journal may be in use.
func VerifyJournal(ctx context.Context, cfg config.Config) (ingest.Inspection, error) {
	return ingest.InspectJournal(ctx, journalConfig(cfg))
}

func journalConfig(cfg config.Config) ingest.JournalConfig {
	return ingest.JournalConfig{Dir: cfg.Store.Journal, MaxBytes: int64(cfg.Store.JournalLimitMiB) << 20}
}

// JournalFree returns an error that wraps [ErrJournalInUse] and says by whom, unless
// nobody uses the journal of a configuration.
func JournalFree(ctx context.Context, cfg config.Config) error {
	server, running, err := askServer(ctx, cfg.Private.Listen)
	if err != nil {
		return err
	}
	if running {
		return fmt.Errorf("%w: the server that runs owns it and drains it by itself; %d deliveries wait, see `tieout journal status`",
			ErrJournalInUse, server.Journal.Deliveries)
	}
	pid, err := journalOwner(cfg.Store.Journal)
	if err != nil {
		return err
	}
	if pid != 0 {
		return fmt.Errorf("%w: process %d owns %s; stop it first, or let it end", ErrJournalInUse, pid, cfg.Store.Journal)
	}
	return nil
}

// journalOwner returns the process that has locked the journal's folder, or 0. It
// must not be asked by a process that holds the lock itself: to the system, closing
// the file gives up the lock.
func journalOwner(dir string) (int, error) {
	file, err := os.Open(filepath.Join(dir, "LOCK"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("journal's lock: %w", err)
	}
	defer file.Close()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("journal's lock: %w", err)
	}
	if lock.Type == syscall.F_UNLCK {
		return 0, nil
	}
	return int(lock.Pid), nil
}

// Drained is what came of [App.DrainJournal].
type Drained struct {
	Deliveries int           // moved into the store
	Left       int64         // still in the journal
	Lost       []ingest.Loss // what damage on disk made unreadable
}

// LostDeliveries counts what was acknowledged and cannot be read.
func (d Drained) LostDeliveries() int64 { return lostIn(d.Lost) }

func lostIn(losses []ingest.Loss) (n int64) {
	for _, loss := range losses {
		if loss.Acknowledged {
			n += int64(loss.To - loss.From + 1)
		}
	}
	return n
}

// DrainJournal moves everything that waits in the journal into the store, and
// returns when nothing waits or ctx ends; what is left then stays where it is. A
// store that fails is tried again, each time after tell, which may be nil, was told
// why and for how long. It needs the journal for itself: see [JournalFree].
func (a *App) DrainJournal(ctx context.Context, tell func(err error, wait time.Duration)) (d Drained, err error) {
	journal, err := ingest.OpenJournal(journalConfig(a.cfg), a.ingestEnv(nil))
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	drainer, err := ingest.NewDrainer(journal, a.store, nil, ingest.DrainConfig{}, a.ingestEnv(nil))
	if err != nil {
		return d, err
	}
	pause := backoff.NewExponentialBackOff()
	pause.MaxInterval = 5 * time.Second
	for {
		moved, failed := drainer.Drain(ctx)
		d.Deliveries += moved
		stats := journal.Stats()
		d.Left, d.Lost = stats.Deliveries, stats.Losses
		if failed == nil || ctx.Err() != nil {
			return d, failed
		}
		if moved > 0 {
			pause.Reset()
		}
		wait := pause.NextBackOff()
		a.log.DebugContext(ctx, "block could not be staged; it is offered again", slog.Any("error", failed))
		if tell != nil {
			tell(failed, wait)
		}
		select {
		case <-ctx.Done():
			return d, failed
		case <-time.After(wait):
		}
	}
}
