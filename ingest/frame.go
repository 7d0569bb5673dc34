package ingest

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"

	"github.com/tieout/tieout/schema"
)

// A frame is one record of the journal: a fixed head, four texts and a sum.
//
//	kind 1 | channel 1 | company length 2 | id length 2 | arrival length 2 | body length 4
//	seq 8 | durable 8 | received, microseconds 8 | company | id | arrival | body | sum 4
//
// Numbers are little-endian. The sum is over the journal's identity, the segment's
// number and everything before it: a frame of another journal, one that a sender
// wrote into a body, or one that a file held before it was recycled does not pass
// for ours. It is CRC-32 by another polynomial than the sum of the chunk around it:
// by the same one, the sum of the chunk would be the same for all frames of a
// length, and a new chunk head before an old frame would look whole.
const (
	frameHead = 36
	frameSum  = 4

	kindDelivery byte = 1
	// kindStart opens a segment; its seq is that of the first delivery in it.
	kindStart byte = 2
	// kindSeal closes a segment in order; its seq is that of the last delivery.
	kindSeal byte = 3

	channelWebhook byte = 1
	channelImport  byte = 2
)

// frame is a decoded record. For other kinds than deliveries only seq and
// durable mean something.
type frame struct {
	kind     byte
	seq      uint64 // deliveries are numbered from 1, without gaps
	durable  uint64 // every delivery up to here was durable when this was written
	size     int    // bytes of the whole frame
	delivery schema.Delivery
}

var (
	errNotFrame = errors.New("not a record of this journal")
	errTooLong  = errors.New("company, id, arrival or body is too long for the journal")
)

// identity names one journal for ever and is mixed into every sum.
type identity [16]byte

// sealer makes the sums of one segment's frames.
type sealer uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // an immutable table, as costly to build as a pattern

// sealer returns what makes the sums of the segment's frames.
func (i identity) sealer(segment uint64) sealer {
	return sealer(crc32.ChecksumIEEE(binary.LittleEndian.AppendUint64(i[:], segment)))
}

func (s sealer) sum(b []byte) uint32 { return crc32.Update(uint32(s), crc32.IEEETable, b) }

// appendFrame appends the frame to b. Everything is copied.
func appendFrame(b []byte, s sealer, f frame) ([]byte, error) {
	d := f.delivery
	if len(d.Company) > math.MaxUint16 || len(d.ID) > math.MaxUint16 || len(d.Arrival) > math.MaxUint16 || len(d.Body) > maxBody {
		return b, errTooLong
	}
	channel := channelWebhook
	if d.Channel == schema.ChannelImport {
		channel = channelImport
	}
	start := len(b)
	b = append(b, f.kind, channel)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(d.Company)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(d.ID)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(d.Arrival)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.Body)))
	b = binary.LittleEndian.AppendUint64(b, f.seq)
	b = binary.LittleEndian.AppendUint64(b, f.durable)
	var micros int64
	if f.kind == kindDelivery {
		micros = d.ReceivedAt.UnixMicro()
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(micros))
	b = append(b, d.Company...)
	b = append(b, d.ID...)
	b = append(b, d.Arrival...)
	b = append(b, d.Body...)
	return binary.LittleEndian.AppendUint32(b, s.sum(b[start:])), nil
}

// frameSize returns the length of the frame of d.
func frameSize(d schema.Delivery) int64 {
	return int64(frameHead + len(d.Company) + len(d.ID) + len(d.Arrival) + len(d.Body) + frameSum)
}

// decodeFrame reads exactly one frame. Arrival and body are part of b.
func decodeFrame(b []byte, s sealer) (frame, error) {
	if len(b) < frameHead+frameSum {
		return frame{}, errNotFrame
	}
	company := int(binary.LittleEndian.Uint16(b[2:]))
	name := int(binary.LittleEndian.Uint16(b[4:]))
	arrival := int(binary.LittleEndian.Uint16(b[6:]))
	body := int64(binary.LittleEndian.Uint32(b[8:]))
	if int64(len(b)) != frameHead+int64(company)+int64(name)+int64(arrival)+body+frameSum {
		return frame{}, errNotFrame
	}
	text := b[:len(b)-frameSum]
	if s.sum(text) != binary.LittleEndian.Uint32(b[len(text):]) {
		return frame{}, errNotFrame
	}
	f := frame{
		kind:    b[0],
		seq:     binary.LittleEndian.Uint64(b[12:]),
		durable: binary.LittleEndian.Uint64(b[20:]),
		size:    len(b),
	}
	if f.kind != kindDelivery {
		return f, nil
	}
	rest := text[frameHead:]
	f.delivery = schema.Delivery{
		Company:    schema.CompanyID(rest[:company]),
		ID:         schema.DeliveryID(rest[company : company+name]),
		ReceivedAt: time.UnixMicro(int64(binary.LittleEndian.Uint64(b[28:]))).UTC(),
		Channel:    schema.ChannelWebhook,
		Body:       rest[company+name+arrival:],
	}
	if arrival > 0 {
		f.delivery.Arrival = rest[company+name : company+name+arrival]
	}
	if b[1] == channelImport {
		f.delivery.Channel = schema.ChannelImport
	}
	return f, nil
}
