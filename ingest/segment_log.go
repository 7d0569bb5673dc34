package ingest

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"
)

// keptBuffer is the most memory that a commit leaves to the next but one.
const keptBuffer = 4 << 20

var errLogClosed = errors.New("the segment is closed")

// segmentFile is a segment as its log sees it.
type segmentFile interface {
	io.WriteCloser
	// Sync makes durable what was written, and what is needed to find it.
	Sync() error
}

// segmentLog writes the records of one segment. Those that come during a commit
// share the next one, which begins as soon as that one has ended: nobody waits for
// company. After an error nothing more is written, since from then on nobody knows
// what the file holds.
type segmentLog struct {
	file   segmentFile
	number uint32
	synced func(upTo uint64, err error)
	ended  chan struct{}

	mu     sync.Mutex // guards what follows
	due    sync.Cond  // told that something waits, or that the log is to be closed
	buf    []byte     // written next
	upTo   uint64     // the last delivery in buf; 0 for none
	size   int64      // of the file with buf
	safe   int64      // of the file as far as it is synced
	spare  []byte
	err    error
	closed bool
}

// commit is a run of records that are written and synced at once.
type commit struct {
	records []byte
	upTo    uint64
	end     int64 // of the file behind it
}

// newSegmentLog begins to write a segment. After each commit synced is told the last
// delivery that it made durable. After an error it is told that error, for whatever
// was still to be written as well.
func newSegmentLog(number uint64, file segmentFile, synced func(upTo uint64, err error)) *segmentLog {
	l := &segmentLog{file: file, number: uint32(number), synced: synced, ended: make(chan struct{})}
	l.due.L = &l.mu
	go func() {
		defer close(l.ended)
		for {
			c, err := l.gather()
			if len(c.records) == 0 {
				return
			}
			if err == nil {
				err = l.write(c.records)
			}
			l.end(c, err)
		}
	}()
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

// gather waits until something is to be committed, and takes everything that waits.
// It takes nothing when the log was closed and everything is written. With an error,
// what it takes is not to be written.
func (l *segmentLog) gather() (commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.upTo == 0 && !l.closed {
		l.due.Wait()
	}
	c := commit{records: l.buf, upTo: l.upTo, end: l.size}
	l.buf, l.spare, l.upTo = l.spare, nil, 0
	return c, l.err
}

// write makes records durable.
func (l *segmentLog) write(records []byte) error {
	n, err := l.file.Write(records)
	if err == nil && n < len(records) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return err
	}
	return l.file.Sync()
}

// end says what has come of a commit.
func (l *segmentLog) end(c commit, err error) {
	l.mu.Lock()
	l.err = err
	if err == nil {
		l.safe = c.end
	}
	if cap(c.records) <= keptBuffer {
		l.spare = c.records[:0]
	}
	l.mu.Unlock()
	if c.upTo > 0 || err != nil {
		l.synced(c.upTo, err)
	}
}

// close commits what was added, closes the file and returns the error that ended
// the log, if one did.
func (l *segmentLog) close() error {
	l.mu.Lock()
	l.closed = true
	l.due.Signal()
	l.mu.Unlock()
	<-l.ended
	return errors.Join(l.err, l.file.Close())
}
