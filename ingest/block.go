package ingest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/tieout/tieout/schema"
)

// sumDeliveries hashes what deliveries say, in order. The time of receipt is
// part of it where it is fixed, as in the journal, and not where the same file
// is read at two times.
func sumDeliveries(deliveries []schema.Delivery, timed bool) schema.Sum {
	h := sha256.New()
	var head []byte
	for _, d := range deliveries {
		head = binary.BigEndian.AppendUint32(head[:0], uint32(len(d.Company)))
		head = append(head, d.Company...)
		head = binary.BigEndian.AppendUint32(head, uint32(len(d.ID)))
		head = append(head, d.ID...)
		head = binary.BigEndian.AppendUint32(head, uint32(len(d.Channel)))
		head = append(head, d.Channel...)
		if timed {
			head = binary.BigEndian.AppendUint64(head, uint64(d.ReceivedAt.UnixMicro()))
		}
		head = binary.BigEndian.AppendUint32(head, uint32(len(d.Arrival)))
		head = append(head, d.Arrival...)
		head = binary.BigEndian.AppendUint64(head, uint64(len(d.Body)))
		h.Write(head)
		h.Write(d.Body)
	}
	var s schema.Sum
	h.Sum(s[:0])
	return s
}

// sumFromText reads a sum as [schema.Sum.String] writes it; anything else is the
// zero sum, which no content has.
func sumFromText(text string) schema.Sum {
	var s schema.Sum
	raw, err := hex.DecodeString(text)
	if err == nil && len(raw) == len(s) {
		copy(s[:], raw)
	}
	return s
}
