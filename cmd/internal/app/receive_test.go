package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
)

// header is the headers of a delivery.
type header map[string]string

func (h header) Values(name string) [][]byte {
	if value, ok := h[name]; ok {
		return [][]byte{[]byte(value)}
	}
	return nil
}

// Each of the schemes that a configuration can name verifies what its sender signs,
// under any of its secrets, and nothing else.
func TestNewVerifier(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	body := []byte(`{"event_type":"CONTRACT_CREATED"}`)
	one, two := newSecret(), newSecret()

	t.Run("StandardWebhooks", func(t *testing.T) {
		t.Parallel()
		verifier, err := app.NewVerifier(config.Ontop{
			Signature: "standard-webhooks", Secrets: []config.Secret{one, two}, Tolerance: 5 * time.Minute,
		})
		require.NoError(t, err)
		sign := func(secret config.Secret, at time.Time) header {
			webhook, err := standardwebhooks.NewWebhook(secret.Reveal())
			require.NoError(t, err)
			signature, err := webhook.Sign("msg_1", at, body)
			require.NoError(t, err)
			return header{"webhook-id": "msg_1", "webhook-timestamp": strconv.FormatInt(at.Unix(), 10), "webhook-signature": signature}
		}
		for _, secret := range []config.Secret{one, two} {
			id, err := verifier.Verify(sign(secret, now), body, now)
			require.NoError(t, err)
			require.EqualValues(t, "msg_1", id)
		}
		_, err = verifier.Verify(sign(newSecret(), now), body, now)
		require.ErrorIs(t, err, ingest.RejectedSignature)
		_, err = verifier.Verify(sign(one, now.Add(-6*time.Minute)), body, now)
		require.Error(t, err, "older than the tolerance")
		_, err = verifier.Verify(header{}, body, now)
		require.Error(t, err)
	})

	t.Run("HMACHex", func(t *testing.T) {
		t.Parallel()
		verifier, err := app.NewVerifier(config.Ontop{
			Signature: "hmac-hex", Secrets: []config.Secret{"a-secret-of-some-length", "another-of-some-length"}, Header: "X-Ontop-Signature",
			Prefix: "v0:", Suffix: ":end", Tolerance: 5 * time.Minute,
		})
		require.NoError(t, err)
		mac := hmac.New(sha256.New, []byte("another-of-some-length"))
		mac.Write([]byte("v0:" + string(body) + ":end"))
		signed := header{"X-Ontop-Signature": hex.EncodeToString(mac.Sum(nil))}
		_, err = verifier.Verify(signed, body, now)
		require.NoError(t, err)
		_, err = verifier.Verify(signed, []byte("{}"), now)
		require.ErrorIs(t, err, ingest.RejectedSignature)
	})

	t.Run("Bearer", func(t *testing.T) {
		t.Parallel()
		verifier, err := app.NewVerifier(config.Ontop{
			Signature: "bearer", Secrets: []config.Secret{"a-token-of-some-length"}, Header: "X-Signature", Tolerance: 5 * time.Minute,
		})
		require.NoError(t, err)
		_, err = verifier.Verify(header{"Authorization": "Bearer a-token-of-some-length"}, body, now)
		require.NoError(t, err)
		_, err = verifier.Verify(header{"Authorization": "Bearer a-token-of-some-lengt"}, body, now)
		require.ErrorIs(t, err, ingest.RejectedSignature)
	})

	t.Run("NamesTheSecretThatIsWrong", func(t *testing.T) {
		t.Parallel()
		_, err := app.NewVerifier(config.Ontop{Signature: "standard-webhooks", Secrets: []config.Secret{one, "whsec_!"}, Tolerance: time.Minute})
		require.ErrorContains(t, err, "secrets[1]")
		require.NotContains(t, err.Error(), "whsec_!")
	})
}
