package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/cockroachdb/errors/oserror"
)

// How often care looks at the disk and the depth. Operators read graphs that
// are coarser than this.
const careInterval = time.Second

// Most drained files that are kept to be written again; more never pays.
const maxSpares = 2

// Stats is the journal at one moment.
type Stats struct {
	Deliveries int64         // written and not confirmed by the store
	Bytes      int64         // of those
	LimitBytes int64         // where senders are answered 503
	Level      int           // 50, 70, 90 or 100: the percent of LimitBytes that were warned of last; else 0
	Age        time.Duration // since the oldest of those was received

	FreeBytes    int64 // on the journal's disk; -1 when the file system cannot tell
	ReserveBytes int64 // what of that is left to others
	NearReserve  bool  // free comes close to the reserve

	Healthy  bool   // takes deliveries now
	Refusing error  // why not; nil when healthy
	Durable  uint64 // number of the last delivery on disk
	// Losses are what damage on disk made unreadable: found since the journal was opened,
	// or noted before of segments that were not set aside yet.
	Losses []Loss
}

// Percent is how much of its bound the journal has filled.
func (s Stats) Percent() int { return int(s.Bytes * 100 / max(s.LimitBytes, 1)) }

// Stats returns the journal's state now.
func (j *Journal) Stats() Stats {
	s := Stats{
		Deliveries: max(j.waiting.Load(), 0), Bytes: max(j.bytes.Load(), 0), LimitBytes: j.cfg.MaxBytes,
		Level: int(j.room.level.Load()), FreeBytes: j.room.free.Load(), ReserveBytes: j.cfg.MinFreeBytes,
		NearReserve: j.room.nearLow.Load(), Refusing: j.refusing(), Durable: j.durable.Load(),
	}
	s.Healthy = s.Refusing == nil
	if j.room.full(s.Bytes, s.LimitBytes) {
		s.Level = levelFull // care may not have seen it yet
	}
	if oldest := j.oldest.Load(); s.Deliveries > 0 && oldest != 0 {
		s.Age = max(j.env.Now().Sub(time.UnixMicro(oldest)), 0)
	}
	s.Losses = j.lost.all()
	return s
}

// refusing returns why no delivery is taken now, or nil.
func (j *Journal) refusing() error {
	switch {
	case j.broken.Load():
		return ErrBroken
	case j.room.lowDisk.Load() || j.room.noSpace.Load():
		return ErrDiskFull
	case j.room.full(j.bytes.Load(), j.cfg.MaxBytes):
		return ErrFull
	case j.pending.Load() > j.cfg.MaxPendingBytes:
		return ErrBusy
	}
	return nil
}

// care does everything that no request should wait for: it gives back drained
// files, prepares the next, watches the disk, and mends the journal.
func (j *Journal) care(ctx context.Context) {
	defer close(j.cared)
	tick := time.NewTicker(careInterval)
	defer tick.Stop()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	var said complaint
	for {
		if j.broken.Load() {
			if err := j.mend(); err != nil {
				if said.isNew(err) {
					j.env.Log.ErrorContext(ctx, "journal could not be reopened; it is tried again", slog.Any("error", err))
				}
				j.env.Metrics.journal(j.Stats())
				if !sleep(ctx, pause.NextBackOff()) {
					return
				}
				continue
			}
			pause.Reset()
			j.env.Log.InfoContext(ctx, "journal was reopened", slog.Uint64("durable", j.durable.Load()))
		}
		j.watchDisk(ctx)
		if err := errors.Join(j.giveBack(), j.prepareNext()); said.isNew(err) {
			j.env.Log.WarnContext(ctx, "journal's folder could not be tidied; it is tried again", slog.Any("error", err))
		}
		j.watchLevel(ctx)
		j.env.Metrics.journal(j.Stats())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-j.kick:
		}
	}
}

// complaint is what was logged last, so that what stays wrong is not said again
// with every attempt.
type complaint string

// isNew reports whether err is there and is not what was said last.
func (c *complaint) isNew(err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	is := text != "" && text != string(*c)
	*c = complaint(text)
	return is
}

// sleep waits for d and reports whether it did.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// mend closes what failed, reads the journal again from disk and begins a new
// segment. What was not durable before the failure is left out: after a failed
// sync, what reading the file shows is not what the disk holds.
func (j *Journal) mend() error {
	j.drain.Lock()
	defer j.drain.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if log := j.log; log != nil {
		j.log = nil
		_ = log.Close() // reports the failure that brought us here
	}
	if j.next != nil {
		_ = j.next.file.Close() // never written; load finds it empty
		j.next = nil
	}
	j.spares = nil
	// The disk has to show that it works before everything is read again.
	if err := j.marks.write(j.fs, j.cfg.Dir); err != nil {
		return fmt.Errorf("try the disk: %w", err)
	}
	if err := j.restore(j.durable.Load()); err != nil {
		return err
	}
	if err := j.begin(); err != nil {
		return err
	}
	j.queue.settle(^uint64(0), ErrBroken)
	j.broken.Store(false)
	return nil
}

// prepareNext has the next segment's file ready before it is needed. Commits go
// on meanwhile; should they need a file sooner, they make one, and this one is
// given up, since segments are written in the order of their numbers.
func (j *Journal) prepareNext() error {
	j.mu.Lock()
	if j.next != nil || j.broken.Load() || j.room.lowDisk.Load() {
		j.mu.Unlock()
		return nil
	}
	number, spare := j.reserve()
	j.mu.Unlock()

	p, err := j.prepare(number, spare)
	if isNoSpace(err) {
		j.hasNoSpace()
		return nil
	}
	if err != nil {
		return err
	}
	j.hadSpace()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil && j.live[len(j.live)-1].number < number {
		j.next = p
		return nil
	}
	return errors.Join(p.file.Close(), j.fs.Remove(p.path))
}

// giveBack removes drained segments, keeps a few to be written again, and sets
// damaged ones aside for whoever wants to know what they held.
func (j *Journal) giveBack() error {
	j.mu.Lock()
	dead := j.dead
	j.dead = nil
	j.mu.Unlock()
	var errs []error
	for _, s := range dead {
		if len(s.lost) > 0 || s.noted < 0 {
			if err := ignoreMissing(j.fs.Rename(s.path, s.path+damagedSuffix)); err != nil {
				errs = append(errs, err)
				j.mu.Lock()
				j.dead = append(j.dead, s) // it is tried again
				j.mu.Unlock()
			}
			continue
		}
		j.mu.Lock()
		keep := len(j.spares) < maxSpares && !j.broken.Load() && !j.room.lowDisk.Load()
		if keep {
			j.spares = append(j.spares, s.path)
		}
		j.mu.Unlock()
		if !keep {
			errs = append(errs, ignoreMissing(j.fs.Remove(s.path)))
		}
	}
	return errors.Join(errs...)
}

func ignoreMissing(err error) error {
	if oserror.IsNotExist(err) {
		return nil
	}
	return err
}

func (j *Journal) logBroken(err error) {
	j.env.Log.Error("journal's disk failed; nothing is acknowledged until it is reopened",
		slog.Any("error", err))
}
