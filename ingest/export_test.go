package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tieout/tieout/schema"
)

// Extent is one delivery in the bytes of a segment and the bytes that it takes
// there, with heads and what lies between them.
type Extent struct {
	schema.Delivery
	From, To int64
}

// ReadSegment returns the deliveries in the bytes of segment 1 of the journal
// with that identity. It runs no goroutine, which fuzzing needs in order to see
// what an input reaches.
func ReadSegment(raw, journal []byte) ([]Extent, error) {
	var id identity
	copy(id[:], journal)
	r, sealer := newChunkReader(bytes.NewReader(raw), 1, 0), id.sealer(1)
	var out []Extent
	for {
		record, at, err := r.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if f, err := decodeFrame(record, sealer); err == nil && f.kind == kindDelivery {
			f.delivery.Body, f.delivery.Arrival = bytes.Clone(f.delivery.Body), bytes.Clone(f.delivery.Arrival)
			out = append(out, Extent{f.delivery, at, r.base + int64(r.pos)})
		}
	}
}

// DecodeRecord decodes a record of segment 1 of the journal with that identity,
// and encodes what it says again. When summed, the sum behind the record is made
// right first.
func DecodeRecord(record, journal []byte, summed bool) (d schema.Delivery, again []byte, err error) {
	var id identity
	copy(id[:], journal)
	s, record := id.sealer(1), bytes.Clone(record)
	if end := len(record) - frameSum; summed && end >= 0 {
		binary.LittleEndian.PutUint32(record[end:], s.sum(record[:end]))
	}
	f, err := decodeFrame(record, s)
	if err != nil {
		return d, nil, err
	}
	again, err = appendFrame(nil, s, f)
	return f.delivery, again, err
}

// ReadMarks reads what a journal notes of the store, and writes it again. When
// summed, the sum before the text is made right first.
func ReadMarks(text []byte, summed bool) (drained, from, to uint64, again []byte, err error) {
	fs := vfs.NewMem()
	if summed {
		text = append([]byte(markSum(text)+"\n"), text...)
	}
	file, err := fs.Create(marksFile, category)
	if err != nil {
		return 0, 0, 0, nil, err
	}
	_, err = file.Write(bytes.Clone(text)) // a vfs may change what it is given
	if err := errors.Join(err, file.Close()); err != nil {
		return 0, 0, 0, nil, err
	}
	m, err := readMarks(fs, "")
	if err != nil {
		return 0, 0, 0, nil, err
	}
	if m.Block != nil {
		from, to = m.Block.From, m.Block.To
	}
	if err := m.write(fs, ""); err != nil {
		return 0, 0, 0, nil, err
	}
	again, err = readSmall(fs, marksFile)
	return m.Drained, from, to, again, err
}

// AddLosses takes in one loss after the other, and returns what is known then and what
// was new, each by its numbers.
func AddLosses(losses ...Loss) (known, added []Loss) {
	var r runs
	for _, loss := range losses {
		added = append(added, r.add(loss)...)
	}
	return r, added
}
