package wayin

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// Signing is how the deliveries of a company prove where they come from.
type Signing struct {
	ingest.SignatureConfig
	Keys []ingest.Key
}

// sample is one test event, signed.
type sample struct {
	id     schema.DeliveryID // under which tieout will know it
	body   []byte
	header http.Header
	how    string // it is signed, for a person
}

// newSample makes up a test event that nobody sent before, and signs it.
func (s Signing) newSample(now time.Time) (sample, *Trouble) {
	name := "tieout-test-" + strings.ToLower(rand.Text())
	body, err := json.Marshal(map[string]any{
		"event_type": schema.TestEvent, "event_id": name, "occurred_at": now.UTC().Format(time.RFC3339),
		"data": map[string]string{"note": "A test of the way in, sent by tieout itself. It is no invoice and is never booked."},
	})
	if err != nil {
		return sample{}, &Trouble{Cause: err.Error()}
	}
	m := sample{id: schema.DeliveryID(name), body: body, header: http.Header{"Content-Type": {"application/json"}}}
	if s.UnsafeAcceptUnsigned {
		m.header.Set(standardwebhooks.HeaderWebhookID, name)
		m.how = "not signed, since unsafe_accept_unsigned takes what anybody sends"
		return m, nil
	}
	key, place, trouble := s.newest(now)
	if trouble != nil {
		return sample{}, trouble
	}
	m.how = fmt.Sprintf("signed as %s with secret %d of %d", cmp.Or(s.Scheme, ingest.StandardWebhooks), place+1, len(s.Keys))
	switch s.Scheme {
	case ingest.HMACHex:
		s.signHex(&m, key, now)
	case ingest.Bearer:
		m.header.Set(standardwebhooks.HeaderWebhookID, name)
		m.header.Set("Authorization", "Bearer "+string(key.Secret))
	default:
		if err := s.signStandard(&m, key, now); err != nil {
			return sample{}, &Trouble{Cause: err.Error()}
		}
	}
	return m, nil
}

// newest returns the key that signs, and its place: of those that are believed now the
// one that began last and, of several that did, the one that is listed last.
func (s Signing) newest(now time.Time) (key ingest.Key, place int, trouble *Trouble) {
	place = -1
	believed, public := false, false
	var next time.Time
	for i, k := range s.Keys {
		if k.NotBefore.After(now) && (next.IsZero() || k.NotBefore.Before(next)) {
			next = k.NotBefore
		}
		if k.NotBefore.After(now) || !k.NotAfter.IsZero() && now.After(k.NotAfter) {
			continue
		}
		believed = true
		if k.Public != nil {
			public = true
			continue
		}
		if place < 0 || !k.NotBefore.Before(key.NotBefore) {
			key, place = k, i
		}
	}
	switch {
	case place >= 0:
		return key, place, nil
	case public:
		return key, place, &Trouble{
			Cause: "only public keys (whpk_) are believed now: they verify what Ontop signs with its private key, and nobody else can sign with them",
			Next: "add a secret of your own (whsec_ and 32 random bytes in base64, as `openssl rand -base64 32` prints them) to ontop.secrets, with " +
				"not_after soon, send SIGHUP, and run this again; or have Ontop send a test event, and look for it with `tieout deliveries list`",
		}
	case !believed && !next.IsZero():
		return key, place, &Trouble{
			Cause: "no secret is believed now; the next one begins at " + next.UTC().Format(time.RFC3339),
			Next:  "see not_before and not_after in ontop.secrets; until then every delivery is refused",
		}
	}
	return key, place, &Trouble{
		Cause: "no secret is believed now; all have ended",
		Next:  "add the new one to ontop.secrets and send SIGHUP: every delivery is refused until then",
	}
}

func (s Signing) signStandard(m *sample, key ingest.Key, now time.Time) error {
	webhook, err := standardwebhooks.NewWebhookRaw(key.Secret)
	if err != nil {
		return err
	}
	signature, err := webhook.Sign(string(m.id), now, m.body)
	if err != nil {
		return err
	}
	prefix := cmp.Or(s.HeaderPrefix, "webhook-")
	m.header.Set(prefix+"id", string(m.id))
	m.header.Set(prefix+"timestamp", strconv.FormatInt(now.Unix(), 10))
	m.header.Set(prefix+"signature", signature)
	return nil
}

// signHex signs the body between prefix and suffix. No id is signed, so that the
// delivery is known by its body.
func (s Signing) signHex(m *sample, key ingest.Key, now time.Time) {
	const mark = "{timestamp}"
	stamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, key.Secret)
	mac.Write([]byte(strings.ReplaceAll(s.Prefix, mark, stamp)))
	mac.Write(m.body)
	mac.Write([]byte(strings.ReplaceAll(s.Suffix, mark, stamp)))
	// Set, unlike a literal, writes the name as HTTP does, which reads it in any case.
	m.header.Set(cmp.Or(s.Header, "X-Signature"), s.SignaturePrefix+hex.EncodeToString(mac.Sum(nil)))
	if s.TimestampHeader != "" {
		m.header.Set(s.TimestampHeader, stamp)
	}
	m.id = schema.BodyID(m.body)
}
