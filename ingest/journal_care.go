package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	Age        time.Duration // since the oldest of those was received
	Healthy    bool          // takes deliveries now
	Durable    uint64        // number of the last delivery on disk
	Losses     []Loss        // what damage on disk made unreadable, since the journal was opened
}

// Stats returns the journal's state now.
func (j *Journal) Stats() Stats {
	s := Stats{
		Deliveries: max(j.waiting.Load(), 0), Bytes: max(j.bytes.Load(), 0), LimitBytes: j.cfg.MaxBytes,
		Healthy: j.admit(0) == nil, Durable: j.durable.Load(),
	}
	if oldest := j.oldest.Load(); s.Deliveries > 0 && oldest != 0 {
		s.Age = max(j.env.Now().Sub(time.UnixMicro(oldest)), 0)
	}
	j.drain.Lock()
	defer j.drain.Unlock()
	for _, loss := range j.loss {
		s.Losses = append(s.Losses, loss)
	}
	slices.SortFunc(s.Losses, func(a, b Loss) int { return cmp.Compare(a.From, b.From) })
	return s
}

// care does everything that no request should wait for: it gives back drained
// files, prepares the next, watches the disk, and mends the journal.
func (j *Journal) care(ctx context.Context) {
	defer close(j.cared)
	tick := time.NewTicker(careInterval)
	defer tick.Stop()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	level := 0
	for {
		if j.broken.Load() {
			if err := j.mend(); err != nil {
				j.env.Log.ErrorContext(ctx, "journal could not be reopened", slog.Any("error", err))
				if !sleep(ctx, pause.NextBackOff()) {
					return
				}
				continue
			}
			pause.Reset()
			j.env.Log.InfoContext(ctx, "journal was reopened", slog.Uint64("durable", j.durable.Load()))
		}
		j.watchDisk(ctx)
		if err := errors.Join(j.giveBack(), j.prepareNext()); err != nil {
			j.env.Log.WarnContext(ctx, "journal's folder could not be tidied", slog.Any("error", err))
		}
		level = j.warn(ctx, level)
		j.env.Metrics.journal(j.Stats())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-j.kick:
		}
	}
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
	if err := j.load(j.durable.Load()); err != nil {
		return err
	}
	if err := j.begin(); err != nil {
		return err
	}
	j.queue.settle(^uint64(0), ErrBroken)
	j.broken.Store(false)
	return nil
}

// watchDisk closes the door before the disk is full, and opens it again.
func (j *Journal) watchDisk(ctx context.Context) {
	usage, err := j.fs.GetDiskUsage(j.cfg.Dir)
	if err != nil {
		j.lowDisk.Store(false) // the file system cannot tell; its errors will
		return
	}
	low := usage.AvailBytes < uint64(j.cfg.MinFreeBytes)
	if low && !j.lowDisk.Swap(true) {
		j.env.Log.ErrorContext(ctx, "disk of the journal is nearly full; senders are answered 503 until there is space",
			slog.String("dir", j.cfg.Dir), slog.Uint64("free_bytes", usage.AvailBytes))
	}
	if !low {
		j.lowDisk.Store(false)
	}
}

// warn logs when the journal passes a quarter mark of trouble, and returns the
// mark it is at.
func (j *Journal) warn(ctx context.Context, before int) int {
	share := int(j.bytes.Load() * 100 / j.cfg.MaxBytes)
	level := 0
	for _, mark := range []int{50, 70, 90, 99} { // a full journal stops just below its bound
		if share >= mark {
			level = mark
		}
	}
	if level > before {
		j.env.Log.WarnContext(ctx, "journal fills up; the store does not take deliveries fast enough",
			slog.Int("percent", share), slog.Int64("deliveries", j.waiting.Load()))
	}
	return level
}

// prepareNext has the next segment's file ready before it is needed. Commits go
// on meanwhile; should they need a file sooner, they make one, and this one is
// given up, since segments are written in the order of their numbers.
func (j *Journal) prepareNext() error {
	j.mu.Lock()
	if j.next != nil || j.broken.Load() {
		j.mu.Unlock()
		return nil
	}
	number, spare := j.reserve()
	j.mu.Unlock()

	p, err := j.prepare(number, spare)
	if isNoSpace(err) {
		j.lowDisk.Store(true)
	}
	if err != nil {
		return err
	}
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
		if s.damaged {
			errs = append(errs, ignoreMissing(j.fs.Rename(s.path, s.path+".damaged")))
			continue
		}
		j.mu.Lock()
		keep := len(j.spares) < maxSpares && !j.broken.Load()
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
