package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tieout/tieout/schema"
)

// Most bytes of one body in the journal, so that a length read from a damaged
// disk never asks for more memory than this.
const maxBody = 64 << 20

// Why the journal did not take a delivery. All of them mean: try again later.
var (
	// ErrFull says that the journal reached its bound, or the disk its reserve.
	ErrFull = errors.New("the journal is full")
	// ErrBusy says that more is waiting for the disk than the bound allows.
	ErrBusy = errors.New("the journal is busy")
	// ErrSlow says that the disk did not answer in time. The delivery may
	// become durable all the same.
	ErrSlow = errors.New("the journal's disk did not answer in time")
	// ErrBroken says that the disk failed, and that nothing is acknowledged
	// until the journal was opened and read again.
	ErrBroken = errors.New("the journal's disk failed")
	// ErrClosed says that the journal was closed.
	ErrClosed = errors.New("the journal is closed")
)

// JournalConfig tunes a [Journal].
type JournalConfig struct {
	// Dir is the journal's folder, made when missing. One process owns it.
	Dir string `yaml:"dir"`

	// MaxBytes bounds what waits for the store; above it senders are answered
	// 503. The folder may hold three segments more.
	//
	// Defaults to 4 GiB, which is a day of a store that is away at 30
	// deliveries a second.
	MaxBytes int64 `yaml:"max_bytes"`

	// SegmentBytes is the size at which a new file is begun. Smaller files are
	// given back sooner and cost more syncs of the folder.
	//
	// Defaults to 32 MiB.
	SegmentBytes int64 `yaml:"segment_bytes"`

	// MinFreeBytes is what the journal leaves free on its disk for others.
	//
	// Defaults to 256 MiB.
	MinFreeBytes int64 `yaml:"min_free_bytes"`

	// MaxPendingBytes bounds what waits in memory for the disk.
	//
	// Defaults to 64 MiB.
	MaxPendingBytes int64 `yaml:"max_pending_bytes"`

	// MaxWait is how long a delivery waits for the disk before [ErrSlow].
	//
	// Defaults to 1 second; the strictest senders give up after three.
	MaxWait time.Duration `yaml:"max_wait"`

	// FS is the file system. Defaults to the machine's.
	FS vfs.FS `yaml:"-"`
}

func (c JournalConfig) withDefaults() JournalConfig {
	c.MaxBytes = orDefault(c.MaxBytes, 4<<30)
	c.SegmentBytes = orDefault(c.SegmentBytes, 32<<20)
	c.MinFreeBytes = orDefault(c.MinFreeBytes, 256<<20)
	c.MaxPendingBytes = orDefault(c.MaxPendingBytes, 64<<20)
	c.MaxWait = orDefault(c.MaxWait, time.Second)
	if c.FS == nil {
		c.FS = vfs.Default
	}
	return c
}

// Validate reports every bad setting at once, each by its key.
func (c JournalConfig) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("journal.dir: is missing"))
	}
	errs = append(errs, notNegative("journal", []setting{
		{"max_bytes", c.MaxBytes},
		{"segment_bytes", c.SegmentBytes},
		{"min_free_bytes", c.MinFreeBytes},
		{"max_pending_bytes", c.MaxPendingBytes},
		{"max_wait", int64(c.MaxWait)},
	}))
	return errors.Join(errs...)
}

// Journal keeps deliveries on this machine's disk until the store has them.
//
// All methods are safe for concurrent use. Deliveries are numbered in the order
// in which they became durable, and [Journal.Cut] returns them in that order.
type Journal struct {
	cfg  JournalConfig
	env  Env
	fs   vfs.FS
	id   identity
	lock io.Closer

	durable   atomic.Uint64 // every delivery up to here is on disk
	waiting   atomic.Int64  // deliveries written and not yet forgotten
	bytes     atomic.Int64  // bytes of them
	pending   atomic.Int64  // bytes written and not yet durable
	oldest    atomic.Int64  // when the oldest of them was received, microseconds; 0 for none
	broken    atomic.Bool
	room      room
	ready     chan struct{} // told after each commit that there is work
	kick      chan struct{} // told that there is something to take care of
	stop      context.CancelFunc
	cared     chan struct{} // closed when care has ended
	closeOnce sync.Once
	closeErr  error

	queue waiters
	lost  losses

	drain  sync.Mutex // held around Cut and Forget; taken before mu
	marks  marks
	head   cursor     // where the oldest delivery that waits is
	tail   cursor     // where the one after the last block cut is
	mu     sync.Mutex // guards what follows
	closed bool
	seq    uint64 // last number given out
	frame  []byte
	sealer sealer // of the segment being written
	sync   record.PendingSyncIndex
	log    *record.LogWriter
	size   int64
	unsure []place    // what was read, and may not be on the disk
	live   []*segment // oldest first; the last is being written
	next   *prepared
	spares []string
	dead   []*segment // drained, and to be removed off the path of commits
	number uint64     // last segment number given out
}

// OpenJournal opens the journal in cfg.Dir, or begins one, and reads all of it.
// What was cut off by a crash is left out; what is damaged is logged, kept
// beside the journal, and counted in [Stats].
func OpenJournal(cfg JournalConfig, env Env) (*Journal, error) {
	env, err := env.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	j := &Journal{
		cfg: cfg, env: env, fs: cfg.FS,
		ready: make(chan struct{}, 1), kick: make(chan struct{}, 1), cared: make(chan struct{}),
	}
	if err := j.open(); err != nil {
		if j.lock != nil {
			err = errors.Join(err, j.lock.Close())
		}
		return nil, fmt.Errorf("open journal %s: %w", cfg.Dir, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	j.stop = cancel
	j.watchDisk(ctx)
	j.env.Metrics.journal(j.Stats())
	go j.care(ctx)
	return j, nil
}

func (j *Journal) open() error {
	dir := j.cfg.Dir
	if err := j.fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := syncDir(j.fs, j.fs.PathDir(dir)); err != nil {
		return err
	}
	lock, err := j.fs.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return fmt.Errorf("another process owns the folder: %w", err)
	}
	j.lock = lock
	if j.id, err = openIdentity(j.fs, dir); err != nil {
		return err
	}
	// Also one that was there: the process before may have met a disk that failed
	// between its name and the sync of the folder, and segments are no use without it.
	if err := syncDir(j.fs, dir); err != nil {
		return err
	}
	if err := j.restore(math.MaxUint64); err != nil {
		return err
	}
	if err := j.settle(); err != nil {
		return err
	}
	return j.begin()
}

// Append makes d durable and returns nil once it is. Any error means that d must
// be offered again; it may have become durable all the same. The body is copied
// before Append waits.
func (j *Journal) Append(ctx context.Context, d schema.Delivery) error {
	err := j.append(ctx, d)
	if err != nil {
		j.env.Metrics.refused(err)
	}
	return err
}

func (j *Journal) append(ctx context.Context, d schema.Delivery) error {
	if err := j.admit(frameSize(d)); err != nil {
		return err
	}
	w := j.queue.wait(j.cfg.MaxWait)
	if err := j.write(d, w); err != nil {
		j.queue.release(w)
		return err
	}
	select {
	case err := <-w.done:
		j.queue.release(w)
		return err
	case <-w.timer.C:
		// The waiter stays in the queue, so it is not used again.
		return ErrSlow
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// admit refuses early, without the lock, what cannot be taken now.
func (j *Journal) admit(size int64) error {
	if j.broken.Load() {
		return ErrBroken
	}
	first, err := j.room.refuses(size, j.bytes.Load(), j.cfg.MaxBytes)
	if first {
		tell(j.kick) // it is said at once, however soon there is room again
	}
	if err != nil {
		return err
	}
	if j.pending.Load()+size > j.cfg.MaxPendingBytes {
		return ErrBusy
	}
	return nil
}

// write hands d to the log under the next number and queues w for its commit.
func (j *Journal) write(d schema.Delivery, w *waiter) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return ErrClosed
	}
	if j.broken.Load() {
		return ErrBroken
	}
	if j.size >= j.cfg.SegmentBytes {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	frame, err := appendFrame(j.frame[:0], j.sealer, frame{
		kind: kindDelivery, seq: j.seq + 1, durable: j.durable.Load(), delivery: d,
	})
	if err != nil {
		return err
	}
	j.frame = frame
	j.seq++
	w.seq, w.size = j.seq, int64(len(frame))
	j.pending.Add(w.size)
	j.bytes.Add(w.size)
	if j.waiting.Add(1) == 1 {
		j.oldest.Store(d.ReceivedAt.UnixMicro())
	}
	j.queue.push(w)
	j.sync.Index = int64(j.seq)
	j.size, err = j.log.SyncRecordGeneralized(frame, &j.sync)
	if err != nil {
		// The queue was told by the log, or is now.
		j.fail(err)
	}
	return nil
}

// synced is called by the log after each sync, with the last record that it
// covers. It must not take mu, which is held while a segment is closed.
func (j *Journal) synced(upTo record.PendingSyncIndex, err error) {
	if err != nil {
		j.fail(err)
		return
	}
	j.durable.Store(uint64(upTo.Index))
	n, size := j.queue.settle(uint64(upTo.Index), nil)
	j.pending.Add(-size)
	j.env.Metrics.commitSize.Observe(float64(n))
	tell(j.ready)
}

// fail stops all acknowledgement until care has opened the journal again.
func (j *Journal) fail(err error) {
	if !j.broken.Swap(true) {
		j.env.Metrics.commitErrors.Inc()
		j.logBroken(err)
	}
	_, size := j.queue.settle(^uint64(0), ErrBroken)
	j.pending.Add(-size)
	tell(j.kick)
}

// Close makes everything durable that was written, answers who waits for it and
// gives up the folder. Closing again does nothing.
func (j *Journal) Close() error {
	j.closeOnce.Do(func() {
		j.stop()
		<-j.cared
		tidied := j.giveBack()
		j.drain.Lock()
		defer j.drain.Unlock()
		j.mu.Lock()
		defer j.mu.Unlock()
		j.closed = true
		j.closeErr = errors.Join(tidied, j.seal(), j.dropPrepared(), j.lock.Close())
		j.queue.settle(^uint64(0), ErrClosed)
	})
	return j.closeErr
}

// tell wakes the one who listens on c, unless it was told already.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func orDefault[T int | int64 | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}
