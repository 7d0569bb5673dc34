package ingest

import (
	"bytes"

	"github.com/tieout/tieout/schema"
)

// ReadSegment returns the deliveries in the bytes of segment 1 of the journal
// with that identity. It runs no goroutine, which fuzzing needs in order to see
// what an input reaches.
func ReadSegment(raw, journal []byte) ([]schema.Delivery, error) {
	var id identity
	copy(id[:], journal)
	r, sealer := newChunkReader(bytes.NewReader(raw), 1, 0), id.sealer(1)
	var out []schema.Delivery
	for {
		record, _, err := r.next()
		if err != nil {
			return out, err
		}
		if f, err := decodeFrame(record, sealer); err == nil && f.kind == kindDelivery {
			f.delivery.Body = bytes.Clone(f.delivery.Body)
			out = append(out, f.delivery)
		}
	}
}
