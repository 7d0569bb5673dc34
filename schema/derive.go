package schema

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math/big"
)

// A Sum is a SHA-256 hash of a fact's content.
type Sum [sha256.Size]byte

// String returns the sum in lower-case hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// IsZero reports whether s was never computed.
func (s Sum) IsZero() bool { return s == Sum{} }

// SumOf hashes parts in order. Every part is preceded by its length, so that
// ("ab", "c") and ("a", "bc") differ.
func SumOf(parts ...string) Sum {
	h := newHasher()
	for _, part := range parts {
		h.text(part)
	}
	return h.sum()
}

// Short returns the first n characters of the sum written in base 62, which is
// where names that must be short come from: ten characters carry 59 bits.
// It returns the whole sum, 43 characters, when n is larger than that.
func (s Sum) Short(n int) string {
	const width = 43 // ceil(256 / log2(62))
	text := new(big.Int).SetBytes(s[:]).Text(62)
	for len(text) < width {
		text = "0" + text
	}
	// The last characters are the low digits, which are evenly spread; the
	// first is not, since 2^256 is no power of 62.
	return text[width-min(n, width):]
}

// hasher feeds length-prefixed fields to SHA-256.
type hasher struct{ h hash.Hash }

func newHasher() hasher { return hasher{h: sha256.New()} }

func (h hasher) text(s string) {
	h.number(int64(len(s)))
	h.h.Write([]byte(s))
}

func (h hasher) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.h.Write(b[:])
}

func (h hasher) flag(b bool) {
	if b {
		h.number(1)
	} else {
		h.number(0)
	}
}

func (h hasher) money(m Money) {
	h.number(m.minor)
	h.text(string(m.currency))
}

func (h hasher) date(d Date) { h.text(d.String()) }

func (h hasher) sum() Sum {
	var s Sum
	h.h.Sum(s[:0])
	return s
}
