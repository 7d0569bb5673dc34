package ingest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/tieout/tieout/schema"
)

// headerID is where Standard Webhooks, and senders that sign otherwise and like
// it, name a delivery.
const headerID = "webhook-id"

const (
	// Longest id of a delivery; the longest in use have about 40 characters.
	maxDeliveryID = 256
	// Longest list of signatures: some dozens of the longest kind.
	maxSignatures = 4096
	// Digits of a time in seconds until the year 5138.
	maxTimestamp = 11
	// Most signatures of version v1a that each public key is tried on: old and new
	// of a rotation, twice. One costs the hash of a whole body and a curve, and
	// anybody can send a list of them.
	mostPublic = 4
)

// standard verifies Standard Webhooks 1.0.0: what is signed is id, timestamp and
// body, joined by dots.
type standard struct {
	keys      []Key
	tolerance time.Duration
	// The names of the headers.
	id, timestamp, signature string
}

func (s *standard) Verify(header Header, body []byte, now time.Time) (Proof, error) {
	value, err := one(header, s.id)
	if err != nil {
		return Proof{}, err
	}
	if !validID(value) {
		return Proof{}, RejectedMalformed
	}
	id := schema.DeliveryID(value)
	if value, err = one(header, s.timestamp); err != nil {
		return Proof{}, err
	}
	seconds, ok := parseSeconds(value)
	if !ok {
		return Proof{}, RejectedMalformed
	}
	if value, err = one(header, s.signature); err != nil {
		return Proof{}, err
	}
	if len(value) > maxSignatures {
		return Proof{}, RejectedMalformed
	}
	if err := within(time.Unix(seconds, 0), now, s.tolerance); err != nil {
		return Proof{}, err
	}
	head := make([]byte, 0, 128)
	head = append(append(head, id...), '.')
	head = append(strconv.AppendInt(head, seconds, 10), '.')
	key, err := s.match(value, head, body, now)
	if err != nil {
		return Proof{}, err
	}
	return Proof{ID: id, Scheme: StandardWebhooks, Key: key, SignedAt: time.Unix(seconds, 0)}, nil
}

// match returns which active key made any signature of the list, from 1. Versions
// that are not known are skipped, as the specification asks.
func (s *standard) match(list, head, body []byte, now time.Time) (int, error) {
	active := false
	for i := range s.keys {
		key := &s.keys[i]
		if !key.active(now) {
			continue
		}
		active = true
		if key.matches(list, head, body) {
			return i + 1, nil
		}
	}
	if !active {
		return 0, RejectedNoKey
	}
	return 0, RejectedSignature
}

// matches compares every signature of the key's version in constant time, or verifies
// the first few.
func (k *Key) matches(list, head, body []byte) bool {
	version, size := "v1", sha256.Size
	var want [sha256.Size]byte
	if k.Public != nil {
		version, size = "v1a", ed25519.SignatureSize
	} else {
		mac := hmac.New(sha256.New, k.Secret)
		mac.Write(head)
		mac.Write(body)
		mac.Sum(want[:0])
	}
	found, tried := false, 0
	var message []byte
	var raw [ed25519.SignatureSize + 3]byte
	for len(list) > 0 {
		var item []byte
		item, list, _ = bytes.Cut(list, []byte(" "))
		kind, encoded, ok := bytes.Cut(item, []byte(","))
		if !ok || string(kind) != version || len(encoded) != base64.StdEncoding.EncodedLen(size) {
			continue
		}
		n, err := base64.StdEncoding.Strict().Decode(raw[:], encoded)
		if err != nil || n != size {
			continue
		}
		if k.Public == nil {
			found = hmac.Equal(raw[:n], want[:]) || found
			continue
		}
		if tried++; tried == 1 {
			message = append(bytes.Clone(head), body...)
		}
		if ed25519.Verify(k.Public, message, raw[:n]) {
			return true
		}
		if tried == mostPublic {
			return false
		}
	}
	return found
}

// validID reports whether a webhook-id can be an id: printable ASCII without
// spaces, and no dot, which separates it from what follows where it is signed.
func validID(id []byte) bool {
	if len(id) == 0 || len(id) > maxDeliveryID {
		return false
	}
	for _, c := range id {
		if c <= ' ' || c > '~' || c == '.' {
			return false
		}
	}
	return true
}

// parseSeconds reads Unix seconds: digits only, the one way to write the number,
// so that what is signed is what was sent.
func parseSeconds(text []byte) (int64, bool) {
	if len(text) == 0 || len(text) > maxTimestamp || text[0] == '0' {
		return 0, false
	}
	n := int64(0)
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// within refuses a time that is too far from now.
func within(signed, now time.Time, tolerance time.Duration) error {
	switch age := now.Sub(signed); {
	case age > tolerance:
		return RejectedExpired
	case age < -tolerance:
		return RejectedFuture
	}
	return nil
}
