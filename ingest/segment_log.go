package ingest

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"
)

// Commits of one segment that are under way at once. A disk ends two syncs of one
// file in little more than the time of one, and a request that comes during the
// first does not have to wait for its end.
const lanes = 2

// keptBuffer is the most memory that a commit leaves to later ones.
const keptBuffer = 4 << 20

var errLogClosed = errors.New("the segment is closed")

// lane is one open description of a segment's file. Each commit is synced through
// one that no other uses meanwhile: Linux tells of a failed write once to each
// description, so that of two syncs through the same one, the wrong one might
// hear of it, and the other be taken for done.
type lane interface {
	io.WriteCloser
	// Sync makes durable what was written, through whichever lane, before the call.
	Sync() error
}

// segmentLog writes the records of one segment. Those that come while all lanes are busy
// share the next commit, which begins as soon as one is free: nobody waits for
// company. Commits count in the order in which they were written, whichever is
// synced first. After an error nothing more is written, since from then on nobody
// knows what the file holds.
type segmentLog struct {
	number uint32
	lanes  [lanes]lane
	synced func(upTo uint64, err error)
	ended  sync.WaitGroup

	turn   chan struct{} // filled while a commit is gathered and written; taken before mu
	before chan struct{} // closed when the commit before the next has ended; guarded by turn

	mu     sync.Mutex // guards what follows
	due    sync.Cond  // told that something waits, or that the log is to be closed
	buf    []byte     // written next
	upTo   uint64     // the last delivery in buf; 0 for none
	size   int64      // of the file with buf
	safe   int64      // of the file as far as it is synced
	spare  [][]byte
	err    error
	closed bool
}

// commit is a run of records that are written and synced at once.
type commit struct {
	records []byte
	upTo    uint64
	end     int64         // of the file behind it
	before  chan struct{} // closed when the commit before has ended
	over    chan struct{} // closed when this one has
	err     error
}

// newSegmentLog begins to write a segment: through the first lane, synced through all.
// After each commit synced is told the last delivery that it made durable. After
// an error it is told that error, for whatever was still to be written as well.
func newSegmentLog(number uint64, files [lanes]lane, synced func(upTo uint64, err error)) *segmentLog {
	l := &segmentLog{number: uint32(number), lanes: files, synced: synced, turn: make(chan struct{}, 1), before: make(chan struct{})}
	l.due.L = &l.mu
	close(l.before)
	for _, lane := range files {
		l.ended.Go(func() {
			for c := l.write(); c != nil; c = l.write() {
				l.end(c, lane)
			}
		})
	}
	return l
}

// add puts a record into the next commit and returns the size of the file with
// it. Without a delivery, upTo is 0, and the record goes along with the next that
// is one.
func (l *segmentLog) add(record []byte, upTo uint64) (size int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.err; err != nil {
		return l.size, err
	}
	if l.closed {
		return l.size, errLogClosed
	}
	l.chunks(record)
	if upTo > 0 {
		l.upTo = upTo
		l.due.Signal()
	}
	return l.size, nil
}

// chunks appends a record in the form that [chunkReader] reads. It needs mu.
func (l *segmentLog) chunks(record []byte) {
	for first := true; ; first = false {
		n := min(len(record), blockSize-int(l.size%blockSize)-chunkHead)
		last := n == len(record)
		start := len(l.buf)
		l.buf = append(l.buf, 0, 0, 0, 0, byte(n), byte(n>>8), chunkKind(first, last))
		l.buf = binary.LittleEndian.AppendUint32(l.buf, l.number)
		l.buf = binary.LittleEndian.AppendUint64(l.buf, uint64(l.safe))
		l.buf = append(l.buf, record[:n]...)
		sum := crc32.Checksum(l.buf[start+6:], castagnoli)
		binary.LittleEndian.PutUint32(l.buf[start:], maskedSum(sum))
		l.size += int64(chunkHead + n)
		if room := blockSize - int(l.size%blockSize); room < chunkHead {
			l.buf = append(l.buf, make([]byte, room)...)
			l.size += int64(room)
		}
		if record = record[n:]; last {
			return
		}
	}
}

func chunkKind(first, last bool) byte {
	switch {
	case first && last:
		return chunkFull
	case first:
		return chunkFirst
	case last:
		return chunkLast
	}
	return chunkMiddle
}

// write waits until something is to be committed and writes it. It returns nil
// when the log was closed and everything is written.
func (l *segmentLog) write() *commit {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	c := l.gather()
	if c == nil || c.err != nil {
		return c
	}
	n, err := l.lanes[0].Write(c.records)
	if err == nil && n < len(c.records) {
		err = io.ErrShortWrite
	}
	c.err = err
	return c
}

// gather takes everything that waits as one commit. It needs turn.
func (l *segmentLog) gather() *commit {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.upTo == 0 && !l.closed {
		l.due.Wait()
	}
	if len(l.buf) == 0 {
		return nil
	}
	c := &commit{records: l.buf, upTo: l.upTo, end: l.size, before: l.before, over: make(chan struct{}), err: l.err}
	l.before = c.over
	l.buf, l.upTo = nil, 0
	if n := len(l.spare); n > 0 {
		l.buf, l.spare = l.spare[n-1], l.spare[:n-1]
	}
	return c
}

// end syncs a commit through a lane of its own, waits for those before it, and
// says what has come of it.
func (l *segmentLog) end(c *commit, lane lane) {
	err := c.err
	if err == nil {
		err = lane.Sync()
	}
	<-c.before
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	if err = l.err; err == nil {
		l.safe = c.end
	}
	if cap(c.records) <= keptBuffer && len(l.spare) < lanes {
		l.spare = append(l.spare, c.records[:0])
	}
	l.mu.Unlock()
	if c.upTo > 0 || err != nil {
		l.synced(c.upTo, err)
	}
	close(c.over)
}

// close commits what was added, closes the file and returns the error that ended
// the log, if one did.
func (l *segmentLog) close() error {
	l.mu.Lock()
	l.closed = true
	l.due.Broadcast()
	l.mu.Unlock()
	l.ended.Wait()
	err := l.err
	for _, lane := range l.lanes {
		err = errors.Join(err, lane.Close())
	}
	return err
}
