package app_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
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
			Signature: "standard-webhooks", Secrets: []config.SigningSecret{{Secret: one}, {Secret: two}}, Tolerance: 5 * time.Minute,
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
			proof, err := verifier.Verify(sign(secret, now), body, now)
			require.NoError(t, err)
			require.EqualValues(t, "msg_1", proof.ID)
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
			Signature: "hmac-hex", Secrets: []config.SigningSecret{{Secret: "a-secret-of-some-length"}, {Secret: "another-of-some-length"}}, Header: "X-Ontop-Signature",
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
			Signature: "bearer", Secrets: []config.SigningSecret{{Secret: "a-token-of-some-length"}}, Tolerance: 5 * time.Minute,
		})
		require.NoError(t, err)
		_, err = verifier.Verify(header{"Authorization": "Bearer a-token-of-some-length"}, body, now)
		require.NoError(t, err)
		_, err = verifier.Verify(header{"Authorization": "Bearer a-token-of-some-lengt"}, body, now)
		require.ErrorIs(t, err, ingest.RejectedSignature)
	})

	t.Run("NamesTheSecretThatIsWrong", func(t *testing.T) {
		t.Parallel()
		_, err := app.NewVerifier(config.Ontop{Signature: "standard-webhooks", Secrets: []config.SigningSecret{{Secret: one}, {Secret: "whsec_!"}}, Tolerance: time.Minute})
		require.ErrorContains(t, err, "secrets[1]")
		require.NotContains(t, err.Error(), "whsec_!")
	})
}

// The styles that other senders document, in the words of the reference page.
func TestNewVerifier_Styles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	const secret, body = "a-secret-of-some-length", `{"event_type":"INVOICE_PAID"}`
	standard := newSecret().Reveal()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(standard, "whsec_"))
	require.NoError(t, err)
	mac := func(key []byte, parts ...string) []byte {
		m := hmac.New(sha256.New, key)
		for _, part := range parts {
			m.Write([]byte(part))
		}
		return m.Sum(nil)
	}
	sum := func(parts ...string) string { return hex.EncodeToString(mac([]byte(secret), parts...)) }
	seconds, millis := strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.UnixMilli(), 10)

	for name, c := range map[string]struct {
		settings string
		secret   string
		signed   header
		tampered header
	}{
		"Deel": {
			settings: "signature: hmac-hex, header: X-Deel-Signature, prefix: POST", secret: secret,
			signed: header{"X-Deel-Signature": sum("POST", body)}, tampered: header{"X-Deel-Signature": sum(body)},
		},
		"Remote": {
			settings: `signature: hmac-hex, header: X-Remote-Signature, suffix: ":{timestamp}", timestamp_header: X-Remote-Timestamp`, secret: secret,
			signed:   header{"X-Remote-Signature": sum(body, ":", millis), "X-Remote-Timestamp": millis},
			tampered: header{"X-Remote-Signature": sum(body, ":", millis), "X-Remote-Timestamp": seconds},
		},
		"Gusto": {
			settings: "signature: hmac-hex, header: X_Gusto_Signature", secret: secret,
			signed: header{"X_Gusto_Signature": sum(body)}, tampered: header{"X_Gusto_Signature": sum("POST", body)},
		},
		"Plane": {
			settings: "signature: standard-webhooks, header_prefix: svix-", secret: standard,
			signed: header{
				"svix-id": "msg_1", "svix-timestamp": seconds,
				"svix-signature": "v1," + base64.StdEncoding.EncodeToString(mac(raw, "msg_1.", seconds, ".", body)),
			},
			tampered: header{
				"svix-id": "msg_2", "svix-timestamp": seconds,
				"svix-signature": "v1," + base64.StdEncoding.EncodeToString(mac(raw, "msg_1.", seconds, ".", body)),
			},
		},
		"GitHub": {
			settings: "signature: hmac-hex, header: X-Hub-Signature-256, signature_prefix: sha256=", secret: secret,
			signed: header{"X-Hub-Signature-256": "sha256=" + sum(body)}, tampered: header{"X-Hub-Signature-256": "sha1=" + sum(body)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Parse([]byte("key_file: /k\ncompanies:\n- id: acme\n  ontop: {"+c.settings+", secrets: ["+c.secret+"]}\n"+
				"  quickbooks: {client_id: app, client_secret: hush}\n"), config.Source{})
			require.NoError(t, err)
			verifier, err := app.NewVerifier(cfg.Companies[0].Ontop)
			require.NoError(t, err)
			_, err = verifier.Verify(c.signed, []byte(body), now)
			require.NoError(t, err)
			_, err = verifier.Verify(c.signed, []byte(body+" "), now)
			require.Error(t, err)
			_, err = verifier.Verify(c.tampered, []byte(body), now)
			require.Error(t, err)
		})
	}
}

// A rotation as an operator writes it: both secrets for an hour, then only the new
// one, and an ed25519 key beside them.
func TestNewVerifier_Rotation(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	old, next := newSecret(), newSecret()
	cfg, err := config.Parse([]byte(`
key_file: /k
companies:
  - id: acme
    ontop:
      secrets:
        - {secret: `+old.Reveal()+`, not_after: 2026-09-01T12:00:00Z}
        - {secret_file: /run/next, not_before: 2026-09-01T11:00:00Z}
        - whpk_`+base64.StdEncoding.EncodeToString(public)+`
    quickbooks: {client_id: app, client_secret: hush}
`), config.Source{ReadFile: func(string) ([]byte, error) { return []byte(next.Reveal() + "\n"), nil }})
	require.NoError(t, err)
	verifier, err := app.NewVerifier(cfg.Companies[0].Ontop)
	require.NoError(t, err)
	body := []byte("{}")
	verify := func(secret config.Secret, at time.Time) error {
		webhook, err := standardwebhooks.NewWebhook(secret.Reveal())
		require.NoError(t, err)
		signature, err := webhook.Sign("msg_1", at, body)
		require.NoError(t, err)
		_, err = verifier.Verify(header{
			"webhook-id": "msg_1", "webhook-timestamp": strconv.FormatInt(at.Unix(), 10), "webhook-signature": signature,
		}, body, at)
		return err
	}
	noon := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	require.NoError(t, verify(old, noon.Add(-2*time.Hour)))
	require.ErrorIs(t, verify(next, noon.Add(-2*time.Hour)), ingest.RejectedSignature)
	require.NoError(t, verify(old, noon.Add(-time.Minute)))
	require.NoError(t, verify(next, noon.Add(-time.Minute)))
	require.ErrorIs(t, verify(old, noon.Add(time.Minute)), ingest.RejectedSignature)
	require.NoError(t, verify(next, noon.Add(time.Minute)))

	stamp := strconv.FormatInt(noon.Unix(), 10)
	signature := ed25519.Sign(private, []byte("msg_1."+stamp+".{}"))
	_, err = verifier.Verify(header{
		"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": "v1a," + base64.StdEncoding.EncodeToString(signature),
	}, body, noon)
	require.NoError(t, err)
}
