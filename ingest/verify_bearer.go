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

func (b *bearer) Verify(header Header, body []byte, now time.Time) (schema.DeliveryID, error) {
	value, err := one(header, "Authorization")
	if err != nil {
		return "", err
	}
	scheme, token, ok := bytes.Cut(value, []byte(" "))
	if !ok || !bytes.EqualFold(scheme, []byte("Bearer")) || len(token) == 0 {
		return "", RejectedMalformed
	}
	got := sha256.Sum256(token)
	active, found := false, 0
	for i, key := range b.keys {
		if key.active(now) {
			active = true
			found |= subtle.ConstantTimeCompare(got[:], b.sums[i][:])
		}
	}
	switch {
	case !active:
		return "", RejectedNoKey
	case found == 0:
		return "", RejectedSignature
	}
	return namedOrBody(header, body), nil
}

// namedOrBody returns the sender's webhook-id if there is a good one. Where
// nothing is signed, it is worth as much as the body.
func namedOrBody(header Header, body []byte) schema.DeliveryID {
	if id, err := one(header, headerID); err == nil && validID(id) {
		return schema.DeliveryID(id)
	}
	return schema.BodyID(body)
}
