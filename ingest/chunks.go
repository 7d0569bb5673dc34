package ingest

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A segment is written by pebble's record.LogWriter in its sync-offset format:
// blocks of 32 KiB, filled with chunks, a record being one chunk or several.
//
//	sum 4 | length 2 | type 1 | segment number 4 | synced offset 8 | payload
//
// Pebble's own reader stops for good at the first chunk that does not check
// out. Ours must go on, since what follows was acknowledged too; so it reads the
// same format, and a test holds the two to the same records.
const (
	blockSize   = 32 << 10
	chunkHead   = 19
	trailerHead = 11

	chunkFull   byte = 9
	chunkFirst  byte = 10
	chunkMiddle byte = 11
	chunkLast   byte = 12
)

// chunkReader reads the records of one segment, in order, skipping everything
// that is not one. It never fails on what the file holds, only on a file that
// cannot be read.
type chunkReader struct {
	src    io.ReaderAt
	number uint32 // of the segment; chunks of another are leftovers of a recycled file

	buf    []byte
	base   int64 // offset of buf in the file
	pos    int   // next chunk in buf
	loaded bool

	record []byte // the record being put together
	start  int64  // where it starts
	within bool   // between a first and its last chunk
}

func newChunkReader(src io.ReaderAt, number uint32, offset int64) *chunkReader {
	return &chunkReader{src: src, number: number, buf: make([]byte, 0, blockSize), base: offset &^ (blockSize - 1)}
}

// next returns the next whole record and the offset of its first chunk. The
// record is valid until the next call. At the end of the file it returns io.EOF.
func (r *chunkReader) next() (record []byte, offset int64, err error) {
	for {
		if !r.loaded || r.pos+chunkHead > len(r.buf) {
			if err := r.load(); err != nil {
				return nil, 0, err
			}
		}
		kind, payload, ok := r.chunk(r.pos)
		if !ok {
			r.within = false
			r.pos = r.resume(r.pos + 1)
			continue
		}
		at := r.base + int64(r.pos)
		r.pos += chunkHead + len(payload)
		switch kind {
		case chunkFull:
			r.within = false
			return payload, at, nil
		case chunkFirst:
			r.record, r.start, r.within = append(r.record[:0], payload...), at, true
		case chunkMiddle, chunkLast:
			if !r.within {
				continue
			}
			r.record = append(r.record, payload...)
			if kind == chunkLast {
				r.within = false
				return r.record, r.start, nil
			}
		}
	}
}

// load reads the next block. A block that cannot be read in full is the last.
func (r *chunkReader) load() error {
	if r.loaded {
		if len(r.buf) < blockSize {
			return io.EOF
		}
		r.base += blockSize
	}
	n, err := r.src.ReadAt(r.buf[:blockSize], r.base)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n == 0 {
		return io.EOF
	}
	r.buf, r.pos, r.loaded = r.buf[:n], 0, true
	return nil
}

// chunk checks the chunk at pos.
func (r *chunkReader) chunk(pos int) (kind byte, payload []byte, ok bool) {
	if pos+chunkHead > len(r.buf) {
		return 0, nil, false
	}
	head := r.buf[pos:]
	kind = head[6]
	if kind < chunkFull || kind > chunkLast || binary.LittleEndian.Uint32(head[7:]) != r.number {
		return 0, nil, false
	}
	end := chunkHead + int(binary.LittleEndian.Uint16(head[4:]))
	if end > len(head) {
		return 0, nil, false
	}
	sum := crc32.Checksum(head[6:end], castagnoli)
	if (sum>>15|sum<<17)+0xa282ead8 != binary.LittleEndian.Uint32(head) {
		return 0, nil, false
	}
	return kind, head[chunkHead:end], true
}

// resume returns the place of the next good chunk of the block from pos on, or
// the end of the block.
func (r *chunkReader) resume(pos int) int {
	for ; pos+chunkHead <= len(r.buf); pos++ {
		// Nearly every place fails on these five bytes; only the rest is summed.
		if k := r.buf[pos+6]; k < chunkFull || k > chunkLast || binary.LittleEndian.Uint32(r.buf[pos+7:]) != r.number {
			continue
		}
		if _, _, ok := r.chunk(pos); ok {
			return pos
		}
	}
	return len(r.buf)
}
