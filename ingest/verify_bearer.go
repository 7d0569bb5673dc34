package ingest

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/tieout/tieout/schema"
)

// bearer verifies a static token. Sums are compared, so that neither the token
// nor its length shows in the time that it takes.
type bearer struct {
	keys []Key
	sums [][sha256.Size]byte
}

func newBearer(keys []Key) *bearer {
	b := &bearer{keys: keys}
	for _, key := range keys {
		b.sums = append(b.sums, sha256.Sum256(key.Secret))
	}
	return b
}

func (b *bearer) Verify(header Header, body []byte, now time.Time) (Proof, error) {
	value, err := one(header, "Authorization")
	if err != nil {
		return Proof{}, err
	}
	scheme, token, ok := bytes.Cut(value, []byte(" "))
	if !ok || !bytes.EqualFold(scheme, []byte("Bearer")) || len(token) == 0 {
		return Proof{}, RejectedMalformed
	}
	got := sha256.Sum256(token)
	active, found := false, 0 // found is the key's place from 1: the last that fits
	for i, key := range b.keys {
		if key.active(now) {
			active = true
			found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(got[:], b.sums[i][:]), i+1, found)
		}
	}
	switch {
	case !active:
		return Proof{}, RejectedNoKey
	case found == 0:
		return Proof{}, RejectedSignature
	}
	return Proof{ID: namedOrBody(header, body), Scheme: Bearer, Key: found}, nil
}

// namedOrBody returns the sender's webhook-id if there is a good one. Where
// nothing is signed, it is worth as much as the body.
func namedOrBody(header Header, body []byte) schema.DeliveryID {
	if id, err := one(header, headerID); err == nil && validID(id) {
		return schema.DeliveryID(id)
	}
	return schema.BodyID(body)
}
