package ingest_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// The identity is fixed, because every process that fuzzes makes its own.
const fuzzedIdentity = "00112233445566778899aabbccddeeff"

// fuzzed returns a closed journal of n deliveries, every seventh longer than a
// block, and the bytes of its identity and of its first segment.
func fuzzed(f *testing.F, n int) (fs *vfs.MemFS, identity, segment []byte) {
	f.Helper()
	fs = vfs.NewMem()
	require.NoError(f, fs.MkdirAll("/journal", 0o700))
	replace(f, fs, "/journal/identity", []byte(fuzzedIdentity))
	j := open(f, fs)
	for i := range n {
		d := delivery(i)
		if i%7 == 6 {
			d.Body = append(d.Body, make([]byte, 40_000)...)
		}
		require.NoError(f, j.Append(context.Background(), d))
	}
	require.NoError(f, j.Close())
	identity, err := hex.DecodeString(fuzzedIdentity)
	require.NoError(f, err)
	return fs, identity, contents(f, fs, "/journal/000000000001.wal")
}

// Whatever bytes a segment holds, reading it neither panics nor returns a record
// that was not written; and whatever pebble's own reader makes of the start of it,
// ours makes of it, too.
func FuzzSegment(f *testing.F) {
	_, identity, good := fuzzed(f, 3)
	whole, err := ingest.ReadSegment(good, identity)
	require.NoError(f, err)
	require.Len(f, whole, 3)
	f.Add(good)
	f.Add(good[:len(good)-7])
	f.Add([]byte{})
	f.Add(append(append([]byte{}, good...), good...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := ingest.ReadSegment(raw, identity)
		require.NoError(t, err)
		for _, d := range got {
			require.Contains(t, deliveries(whole), d.Delivery)
		}
		require.GreaterOrEqual(t, len(got), readByPebble(raw, whole))
	})
}

func deliveries(extents []ingest.Extent) []schema.Delivery {
	out := make([]schema.Delivery, 0, len(extents))
	for _, e := range extents {
		out = append(out, e.Delivery)
	}
	return out
}

// readByPebble counts the records with the bodies of whole that pebble's reader
// finds before it gives up.
func readByPebble(raw []byte, whole []ingest.Extent) int {
	file, found := vfs.NewMemFile(raw), 0
	for r := record.NewReader(file, 1); ; {
		one, err := r.Next()
		if err != nil {
			return found
		}
		text, err := io.ReadAll(one)
		if err != nil {
			return found
		}
		for _, d := range whole {
			said := string(d.Company) + string(d.ID) + string(d.Arrival) + string(d.Body)
			if len(text) == 36+len(said)+4 && string(text[36:len(text)-4]) == said {
				found++
			}
		}
	}
}

// Of a segment that is damaged in some places, exactly the records that lie in
// these places may be missing: all others are returned, in order, as they were.
func FuzzDamage(f *testing.F) {
	_, identity, good := fuzzed(f, 30)
	whole, err := ingest.ReadSegment(good, identity)
	require.NoError(f, err)
	require.Len(f, whole, 30)
	edit := func(at uint32, text string) []byte {
		return append(binary.LittleEndian.AppendUint32(nil, at<<8|uint32(len(text))), text...)
	}
	f.Add(edit(0, "\x00"))
	f.Add(edit(100, "\xff\xff\xff\xff"))
	f.Add(append(edit(32<<10, "\x00\x00"), edit(uint32(whole[5].From)+6, "\x0a")...))
	f.Add(edit(uint32(whole[6].From), string(good[whole[7].From:whole[7].From+60])))
	f.Add(edit(uint32(whole[2].To)-2, string(good[:19])))
	f.Fuzz(func(t *testing.T, edits []byte) {
		raw := append([]byte{}, good...)
		for len(edits) >= 4 {
			head := binary.LittleEndian.Uint32(edits)
			at := int(head>>8) % len(raw)
			text := edits[4:min(4+int(head&0xff), len(edits))]
			edits = edits[4+len(text):]
			copy(raw[at:], text)
		}
		got, err := ingest.ReadSegment(raw, identity)
		require.NoError(t, err)
		for _, d := range whole {
			if len(got) > 0 && got[0].ID == d.ID {
				require.Equal(t, d.Delivery, got[0].Delivery)
				got = got[1:]
				continue
			}
			require.NotEqual(t, good[d.From:d.To], raw[d.From:d.To], "%s is not damaged, and missing", d.ID)
		}
		require.Empty(t, got, "out of order, or not written")
	})
}

// A record with a right sum is one that encodes again to what it was; one with a
// wrong sum is none.
func FuzzRecord(f *testing.F) {
	_, identity, good := fuzzed(f, 3)
	for at := 0; at+19 < len(good); {
		length := int(binary.LittleEndian.Uint16(good[at+4:]))
		if length == 0 {
			break
		}
		f.Add(good[at+19:at+19+length], false)
		f.Add(good[at+19:at+19+length], true)
		at += 19 + length
	}
	f.Add([]byte{}, true)
	f.Add(make([]byte, 40), true)
	f.Fuzz(func(t *testing.T, raw []byte, summed bool) {
		d, again, err := ingest.DecodeRecord(raw, identity, summed)
		if err != nil {
			require.Nil(t, again)
			if summed && len(raw) >= 40 {
				said := 40 + uint64(binary.LittleEndian.Uint32(raw[8:]))
				for at := 2; at < 8; at += 2 {
					said += uint64(binary.LittleEndian.Uint16(raw[at:]))
				}
				require.NotEqual(t, said, uint64(len(raw)), "as long as it says, with a right sum, and refused")
			}
			return
		}
		if raw[0] != 1 {
			require.Empty(t, d, "not a delivery")
			return
		}
		require.Len(t, again, len(raw))
		require.Equal(t, raw[2:28], again[2:28], "lengths and numbers")
		require.Equal(t, raw[28:len(raw)-4], again[28:len(raw)-4], "time and texts")
		require.Equal(t, string(raw[36:len(raw)-4]), string(d.Company)+string(d.ID)+string(d.Arrival)+string(d.Body))
		require.Equal(t, raw[1] == 2, d.Channel == schema.ChannelImport)
	})
}

// A note of what the store has is either refused or says what encoding/json reads
// in it, and it writes itself again as it is read.
func FuzzMarks(f *testing.F) {
	for _, text := range []string{
		`{"drained":9}`, `{"drained":4,"block":{"from":5,"to":9,"sum":"00"}}`, `{"drained":18446744073709551615}`, `{"drained":-1}`, `{}`, `null`, ``,
		`{"drained":1}{"drained":2}`, `{"drained":1,"drained":2}`, "00000000\n{\"drained\":9}", `{"DRAINED":3}`,
	} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	f.Add([]byte("e21e9f24\n"+`{"drained":9}`), false)
	f.Fuzz(func(t *testing.T, text []byte, summed bool) {
		if len(text) > 4000 {
			return // no longer small; what is cut off has another sum
		}
		drained, from, to, again, err := ingest.ReadMarks(text, summed)
		if !summed {
			sum, rest, found := cutLine(text)
			right := found && sum == fmt.Sprintf("%08x", crc32.Checksum(rest, crc32.MakeTable(crc32.Castagnoli)))
			require.True(t, right || err != nil || len(text) == 8 && string(text) == "00000000", "taken with a wrong sum")
			text = rest
		}
		var want struct {
			Drained uint64
			Block   *struct {
				From, To uint64
				Sum      string
			}
		}
		if err != nil {
			if summed {
				require.Error(t, json.Unmarshal(text, &want), "refused, and encoding/json reads it")
			}
			return
		}
		require.NoError(t, json.Unmarshal(text, &want))
		require.Equal(t, want.Drained, drained)
		if want.Block != nil {
			require.Equal(t, []uint64{want.Block.From, want.Block.To}, []uint64{from, to})
		}
		drained2, from2, to2, once, err := ingest.ReadMarks(again, false)
		require.NoError(t, err)
		require.Equal(t, []uint64{drained, from, to}, []uint64{drained2, from2, to2})
		require.Equal(t, string(again), string(once))
	})
}

func cutLine(text []byte) (line string, rest []byte, found bool) {
	for i, c := range text {
		if c == '\n' {
			return string(text[:i]), text[i+1:], true
		}
	}
	return string(text), nil, false
}

// A journal whose note of the store says anything at all opens or says why not,
// and never returns what was not written, nor out of order.
func FuzzMarksOfAJournal(f *testing.F) {
	fs, _, _ := fuzzed(f, 9)
	files := map[string][]byte{}
	names, err := fs.List("/journal")
	require.NoError(f, err)
	for _, name := range names {
		files[name] = contents(f, fs, "/journal/"+name)
	}
	f.Add(uint64(4), uint64(5), uint64(7), false)
	f.Add(uint64(9), uint64(0), uint64(0), false)
	f.Add(uint64(0), uint64(1), uint64(1<<63), true)
	f.Add(uint64(1<<63), uint64(2), uint64(1), true)
	f.Fuzz(func(t *testing.T, drained, from, to uint64, offered bool) {
		text := fmt.Sprintf(`{"drained":%d}`, drained)
		if offered {
			text = fmt.Sprintf(`{"drained":%d,"block":{"from":%d,"to":%d,"sum":"x"}}`, drained, from, to)
		}
		copied := vfs.NewMem()
		require.NoError(t, copied.MkdirAll("/journal", 0o700))
		for name, raw := range files {
			replace(t, copied, "/journal/"+name, raw)
		}
		sum := crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
		replace(t, copied, "/journal/drained", fmt.Appendf(nil, "%08x\n%s", sum, text))
		j, err := tryOpen(copied)
		require.NoError(t, err)
		defer func() { require.NoError(t, j.Close()) }()
		block, err := j.Cut(t.Context(), all)
		if err != nil {
			require.NotErrorIs(t, err, ingest.ErrBroken)
			return
		}
		for i, d := range block.Deliveries {
			require.Equal(t, delivery(int(drained)+i).ID, d.ID)
		}
		if !offered && drained <= 9 {
			require.Len(t, block.Deliveries, 9-int(drained))
		}
	})
}
