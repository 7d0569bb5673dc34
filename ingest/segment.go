package ingest

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

const segmentSuffix = ".wal"

// segment is one file of the journal.
type segment struct {
	number uint64
	path   string
	first  uint64 // the first delivery that may be in it
	last   uint64 // the last that counts; what follows was never acknowledged
	lost   runs   // what damage took of it before the store had it
	noted  int    // how many of those its note has; -1 when that cannot be read, and is left as it is
}

// prepared is a file that is ready to become the segment being written: made,
// given its space, and its name made durable.
type prepared struct {
	number uint64
	path   string
	file   vfs.File
}

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d%s", number, segmentSuffix))
}

// segmentNumber reads the number from a file name.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 12 {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 32)
	return number, err == nil
}

// reserve gives out the number of the next file, and a drained one to make it
// from if there is any. It needs mu.
func (j *Journal) reserve() (number uint64, spare string) {
	j.number++
	if n := len(j.spares); n > 0 {
		spare, j.spares = j.spares[n-1], j.spares[:n-1]
	}
	return j.number, spare
}

// prepare makes a segment's file, if it can from a drained one: its blocks are
// allocated already, which makes a sync of it cheaper by a third. It syncs the
// folder, and needs no lock.
func (j *Journal) prepare(number uint64, spare string) (*prepared, error) {
	p := &prepared{number: number, path: segmentPath(j.cfg.Dir, number)}
	var err error
	if spare != "" {
		p.file, err = j.fs.ReuseForWrite(spare, p.path, category)
	} else {
		p.file, err = j.fs.Create(p.path, category)
	}
	if err != nil {
		return nil, fmt.Errorf("make segment %d: %w", p.number, err)
	}
	// Space is taken now, so that the disk is found full here and not in the
	// middle of a commit. A file system that cannot do this is used as it is.
	err = p.file.Preallocate(0, j.cfg.SegmentBytes+maxOverhang)
	if isNoSpace(err) {
		return nil, errors.Join(err, p.file.Close(), j.fs.Remove(p.path))
	}
	if err := syncDir(j.fs, j.cfg.Dir); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

// maxOverhang is what the last delivery may put past the end of a segment.
const maxOverhang = 2 << 20

func (j *Journal) dropPrepared() error {
	if j.next == nil {
		return nil
	}
	p := j.next
	j.next = nil
	return errors.Join(p.file.Close(), j.fs.Remove(p.path))
}

// rotate seals the segment being written and begins the next.
func (j *Journal) rotate() error {
	if j.next == nil {
		p, err := j.prepare(j.reserve())
		if isNoSpace(err) {
			j.hasNoSpace() // until care finds space again
			return ErrDiskFull
		}
		if err != nil {
			j.fail(err)
			return ErrBroken
		}
		j.next = p
	}
	if err := j.seal(); err != nil {
		j.fail(err)
		return ErrBroken
	}
	if err := j.begin(); err != nil {
		j.fail(err)
		return ErrBroken
	}
	return nil
}

// seal writes the last record of the segment being written, syncs and closes it.
func (j *Journal) seal() error {
	if j.log == nil {
		return nil
	}
	log := j.log
	j.log = nil
	j.live[len(j.live)-1].last = j.seq
	err := j.note(log, kindSeal, j.seq)
	return errors.Join(err, log.Close())
}

// begin starts writing the next segment.
func (j *Journal) begin() error {
	if j.next == nil {
		p, err := j.prepare(j.reserve())
		if err != nil {
			return err
		}
		j.next = p
	}
	p := j.next
	j.next = nil
	j.live = append(j.live, &segment{number: p.number, path: p.path, first: j.seq + 1})
	log := openLog(record.NewLogWriter, timedFile{file: p.file, now: j.env.Now, seen: j.env.Metrics.commitTime}, p.number, j.synced)
	j.log, j.size, j.sealer = log, 0, j.id.sealer(p.number)
	tell(j.kick)
	return j.note(log, kindStart, j.seq+1)
}

// note writes a record that is no delivery. It becomes durable with the next
// one that is.
func (j *Journal) note(log *record.LogWriter, kind byte, seq uint64) error {
	frame, err := appendFrame(j.frame[:0], j.sealer, frame{kind: kind, seq: seq, durable: j.durable.Load()})
	if err != nil {
		return err
	}
	j.frame = frame
	j.sync.Index = record.NoSyncIndex
	_, err = log.SyncRecordGeneralized(frame, &j.sync)
	return err
}

// openLog exists because the type of a log's number cannot be named outside
// pebble, but can be inferred.
func openLog[N ~uint64](
	open func(io.Writer, N, record.LogWriterConfig) *record.LogWriter,
	file io.Writer, number uint64, synced record.ExternalSyncQueueCallback,
) *record.LogWriter {
	return open(file, N(number), record.LogWriterConfig{
		ExternalSyncQueueCallback: synced,
		WriteWALSyncOffsets:       func() bool { return true },
	})
}

// timedFile is a segment as its log sees it: a sync covers the data and what is
// needed to find it, and is measured.
type timedFile struct {
	file vfs.File
	now  func() time.Time
	seen prometheus.Observer
}

func (f timedFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}

func (f timedFile) Sync() error {
	start := f.now()
	err := f.file.SyncData()
	f.seen.Observe(f.now().Sub(start).Seconds())
	return err
}

func (f timedFile) Close() error { return f.file.Close() }

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
