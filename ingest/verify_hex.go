package ingest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// timestampMark stands for the timestamp in a prefix or suffix.
const timestampMark = "{timestamp}"

// Times at or above this are milliseconds: as seconds they lie in the year 5138.
const firstMillis = 100_000_000_000

// hexSigned verifies a hexadecimal HMAC-SHA256 of prefix, body and suffix.
type hexSigned struct {
	cfg  SignatureConfig
	keys []Key
}

func (h *hexSigned) Verify(header Header, body []byte, now time.Time) (Proof, error) {
	value, err := one(header, h.cfg.Header)
	if err != nil {
		return Proof{}, err
	}
	value, ok := bytes.CutPrefix(value, []byte(h.cfg.SignaturePrefix))
	var got [sha256.Size]byte
	if !ok || len(value) != hex.EncodedLen(len(got)) {
		return Proof{}, RejectedMalformed
	}
	if _, err := hex.Decode(got[:], value); err != nil {
		return Proof{}, RejectedMalformed
	}
	proof := Proof{Scheme: HMACHex}
	prefix, suffix := h.cfg.Prefix, h.cfg.Suffix
	if h.cfg.TimestampHeader != "" {
		stamp, signed, err := h.timestamp(header, now)
		if err != nil {
			return Proof{}, err
		}
		prefix = strings.ReplaceAll(prefix, timestampMark, stamp)
		suffix = strings.ReplaceAll(suffix, timestampMark, stamp)
		proof.SignedAt = signed
	}
	active := false
	for i, key := range h.keys {
		if !key.active(now) {
			continue
		}
		active = true
		mac := hmac.New(sha256.New, key.Secret)
		mac.Write([]byte(prefix))
		mac.Write(body)
		mac.Write([]byte(suffix))
		if hmac.Equal(got[:], mac.Sum(nil)) {
			// No id is signed here, so that the body alone can name itself.
			proof.ID, proof.Key = schema.BodyID(body), i+1
			return proof, nil
		}
	}
	if !active {
		return Proof{}, RejectedNoKey
	}
	return Proof{}, RejectedSignature
}

// timestamp returns the signed time, as sent and as understood, if it is near enough.
func (h *hexSigned) timestamp(header Header, now time.Time) (string, time.Time, error) {
	value, err := one(header, h.cfg.TimestampHeader)
	if err != nil {
		return "", time.Time{}, err
	}
	if len(value) > 13 {
		return "", time.Time{}, RejectedMalformed
	}
	n := int64(0)
	for _, c := range value {
		if c < '0' || c > '9' {
			return "", time.Time{}, RejectedMalformed
		}
		n = n*10 + int64(c-'0')
	}
	signed := time.Unix(n, 0)
	if n >= firstMillis {
		signed = time.UnixMilli(n)
	}
	return string(value), signed, within(signed, now, h.cfg.Tolerance)
}
