package ingest

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// Header is how a [Verifier] reads a request's header.
type Header interface {
	// Values returns every value of the named header, as sent. The result is
	// valid until the next call.
	Values(name string) [][]byte
}

// Verifier decides whether a request comes from whom it says. It is safe for
// concurrent use and keeps nothing of what it is given.
type Verifier interface {
	// Verify returns what proves whose the request is. The error is a [Rejection].
	Verify(header Header, body []byte, now time.Time) (Proof, error)
}

// Proof is what a [Verifier] found.
type Proof struct {
	// ID is under which the sender counts the delivery, or what [schema.BodyID] says.
	ID     schema.DeliveryID
	Scheme Scheme
	// Key is which of the company's secrets it was, from 1 in their order; 0 for none.
	Key int
	// SignedAt is the time that was signed; zero where none is.
	SignedAt time.Time
}

// Rejection is the reason why a request could not be verified. It is for
// operators; senders are told none.
type Rejection string

// The rejections.
const (
	RejectedMissing   Rejection = "missing"   // a header that the scheme needs is not there
	RejectedRepeated  Rejection = "repeated"  // such a header is there twice
	RejectedMalformed Rejection = "malformed" // such a header cannot be read
	RejectedExpired   Rejection = "expired"   // signed too long ago
	RejectedFuture    Rejection = "future"    // signed too far ahead
	RejectedSignature Rejection = "signature" // no active key made this signature of this body
	RejectedNoKey     Rejection = "no_key"    // no key is active now
	RejectedOrigin    Rejection = "origin"    // comes from an address that the company does not list
)

// Rejections returns all of them.
func Rejections() []Rejection {
	return []Rejection{
		RejectedMissing, RejectedRepeated, RejectedMalformed, RejectedExpired,
		RejectedFuture, RejectedSignature, RejectedNoKey, RejectedOrigin,
	}
}

// Error returns the rejection's name.
func (r Rejection) Error() string { return "not verified: " + string(r) }

// Scheme is a way to sign deliveries.
type Scheme string

// The schemes.
const (
	// StandardWebhooks is Standard Webhooks 1.0.0, versions v1 and v1a.
	StandardWebhooks Scheme = "standard-webhooks"
	// HMACHex is a hexadecimal HMAC-SHA256 of the body in one header.
	HMACHex Scheme = "hmac-hex"
	// Bearer is a static token. It proves nothing about the body.
	Bearer Scheme = "bearer"
	// Unsigned is no way to sign: see UnsafeAcceptUnsigned of [SignatureConfig].
	Unsigned Scheme = "unsigned"
)

// Key is one secret of a company, usable between two times.
type Key struct {
	// Secret is the HMAC key or the bearer token. Empty for a public key.
	Secret []byte
	// Public verifies signatures of version v1a.
	Public ed25519.PublicKey
	// NotBefore and NotAfter bound its use; zero means no bound.
	NotBefore, NotAfter time.Time
}

// active reports whether the key may be used at now.
func (k Key) active(now time.Time) bool {
	return (k.NotBefore.IsZero() || !now.Before(k.NotBefore)) && (k.NotAfter.IsZero() || !now.After(k.NotAfter))
}

// Least and most bytes of a secret in Standard Webhooks 1.0.0, and the least
// that we take for the other schemes.
const (
	minStandardSecret = 24
	maxStandardSecret = 64
	minSecret         = 16
)

// ParseKey reads a key as an operator writes it: for [StandardWebhooks] "whsec_"
// or "whpk_" and base64, for the other schemes the text itself. Its error does
// not repeat the secret.
func ParseKey(scheme Scheme, text string) (Key, error) {
	if scheme != StandardWebhooks {
		if len(text) < minSecret {
			return Key{}, fmt.Errorf("must have at least %d characters, has %d", minSecret, len(text))
		}
		return Key{Secret: []byte(text)}, nil
	}
	if encoded, ok := strings.CutPrefix(text, "whpk_"); ok {
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return Key{}, errors.New("must be whpk_ and 32 bytes in base64")
		}
		return Key{Public: raw}, nil
	}
	encoded, ok := strings.CutPrefix(text, "whsec_")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return Key{}, errors.New("must be whsec_ and base64, as Standard Webhooks writes secrets")
	}
	if len(raw) < minStandardSecret || len(raw) > maxStandardSecret {
		return Key{}, fmt.Errorf("must hold %d to %d bytes, holds %d", minStandardSecret, maxStandardSecret, len(raw))
	}
	return Key{Secret: raw}, nil
}

// SignatureConfig says how a company's deliveries are signed.
type SignatureConfig struct {
	// Scheme is standard-webhooks, hmac-hex or bearer.
	//
	// Defaults to standard-webhooks.
	Scheme Scheme `yaml:"signature"`

	// HeaderPrefix begins the names of the three headers, id, timestamp and
	// signature; standard-webhooks only.
	//
	// Defaults to webhook-. Some senders write svix-.
	HeaderPrefix string `yaml:"header_prefix"`

	// Header carries the signature; hmac-hex only.
	//
	// Defaults to X-Signature.
	Header string `yaml:"header"`

	// SignaturePrefix stands before the signature in its header, such as
	// "sha256="; hmac-hex only.
	SignaturePrefix string `yaml:"signature_prefix"`

	// Prefix and Suffix are signed before and after the body; hmac-hex only.
	// "{timestamp}" in them stands for what TimestampHeader carries.
	Prefix string `yaml:"prefix"`
	Suffix string `yaml:"suffix"`

	// TimestampHeader carries the time of signing, in Unix seconds or
	// milliseconds; hmac-hex only. Without it a captured request can be sent
	// again at any time, and is then recognised by its body.
	TimestampHeader string `yaml:"timestamp_header"`

	// Tolerance is how far a signed time may be off, in either direction.
	//
	// Defaults to 5 minutes.
	Tolerance time.Duration `yaml:"tolerance"`

	// UnsafeAcceptUnsigned takes every request. Anybody who can reach the
	// public listener can then invent invoices.
	UnsafeAcceptUnsigned bool `yaml:"unsafe_accept_unsigned"`
}

func (c SignatureConfig) withDefaults() SignatureConfig {
	if c.Scheme == "" {
		c.Scheme = StandardWebhooks
	}
	if c.HeaderPrefix == "" {
		c.HeaderPrefix = "webhook-"
	}
	if c.Header == "" {
		c.Header = "X-Signature"
	}
	c.Tolerance = orDefault(c.Tolerance, 5*time.Minute)
	return c
}

// Validate reports every bad setting at once, each by its key.
func (c SignatureConfig) Validate() error {
	d := c.withDefaults()
	var errs []error
	switch d.Scheme {
	case StandardWebhooks, HMACHex, Bearer:
	default:
		errs = append(errs, fmt.Errorf("signature: must be standard-webhooks, hmac-hex or bearer, is %q", c.Scheme))
	}
	if c.Tolerance < 0 {
		errs = append(errs, fmt.Errorf("tolerance: must not be negative, is %s", c.Tolerance))
	}
	if strings.Contains(c.Prefix+c.Suffix, timestampMark) && c.TimestampHeader == "" {
		errs = append(errs, fmt.Errorf("timestamp_header: is missing, and prefix or suffix uses %s", timestampMark))
	}
	if c.TimestampHeader != "" && !strings.Contains(c.Prefix+c.Suffix, timestampMark) {
		errs = append(errs, fmt.Errorf("timestamp_header: is not signed unless prefix or suffix uses %s", timestampMark))
	}
	return errors.Join(errs...)
}

// NewVerifier returns the verifier that cfg describes. Without a single key it
// fails, unless cfg says that unsigned requests are taken.
func NewVerifier(cfg SignatureConfig, keys []Key) (Verifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cfg.UnsafeAcceptUnsigned {
		return unsigned{}, nil
	}
	if len(keys) == 0 {
		return nil, errors.New("secrets: at least one is needed")
	}
	for i, key := range keys {
		public := cfg.Scheme == StandardWebhooks && len(key.Public) == ed25519.PublicKeySize
		if len(key.Secret) < minSecret && !public {
			return nil, fmt.Errorf("secrets[%d]: is too short", i)
		}
	}
	switch cfg.Scheme {
	case HMACHex:
		return &hexSigned{cfg: cfg, keys: keys}, nil
	case Bearer:
		return newBearer(keys), nil
	default:
		return &standard{
			keys: keys, tolerance: cfg.Tolerance,
			id: cfg.HeaderPrefix + "id", timestamp: cfg.HeaderPrefix + "timestamp", signature: cfg.HeaderPrefix + "signature",
		}, nil
	}
}

// one returns the only value of a header.
func one(header Header, name string) ([]byte, error) {
	values := header.Values(name)
	switch {
	case len(values) == 0 || len(values) == 1 && len(values[0]) == 0:
		return nil, RejectedMissing
	case len(values) > 1:
		return nil, RejectedRepeated
	}
	return values[0], nil
}

// unsigned takes everything.
type unsigned struct{}

func (unsigned) Verify(header Header, body []byte, _ time.Time) (Proof, error) {
	return Proof{ID: namedOrBody(header, body), Scheme: Unsigned}, nil
}
