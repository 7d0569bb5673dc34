package ingest_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// header lets tests use the standard library's header.
type header http.Header

func (h header) Values(name string) [][]byte {
	var out [][]byte
	for _, v := range http.Header(h).Values(name) {
		out = append(out, []byte(v))
	}
	return out
}

const (
	secretA = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secretB = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func key(tb testing.TB, text string) ingest.Key {
	tb.Helper()
	k, err := ingest.ParseKey(ingest.StandardWebhooks, text)
	require.NoError(tb, err)
	return k
}

func verifier(tb testing.TB, cfg ingest.SignatureConfig, keys ...ingest.Key) ingest.Verifier {
	tb.Helper()
	v, err := ingest.NewVerifier(cfg, keys)
	require.NoError(tb, err)
	return v
}

// sign returns a v1 signature.
func sign(secret []byte, id, timestamp, body string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signed returns the header of a request that verifies at noon.
func signed(secret []byte, id, body string) http.Header {
	timestamp := strconv.FormatInt(noon.Unix(), 10)
	return http.Header{
		"Webhook-Id":        {id},
		"Webhook-Timestamp": {timestamp},
		"Webhook-Signature": {sign(secret, id, timestamp, body)},
	}
}

func TestVerifier_StandardWebhooks(t *testing.T) {
	t.Parallel()
	const id, body = "msg_1", `{}`
	a, b := key(t, secretA), key(t, secretB)
	now := strconv.FormatInt(noon.Unix(), 10)

	t.Run("TakesOneGoodSignatureOfMany", func(t *testing.T) {
		t.Parallel()
		h := signed(a.Secret, id, body)
		h["Webhook-Signature"] = []string{"v9,xyz  v1,AAAA " + sign(b.Secret, id, now, body) + " " + sign(a.Secret, id, now, body)}
		_, err := verifier(t, ingest.SignatureConfig{}, a).Verify(header(h), []byte(body), noon)
		require.NoError(t, err)
	})

	t.Run("TakesTheEdgesOfTheTolerance", func(t *testing.T) {
		t.Parallel()
		v := verifier(t, ingest.SignatureConfig{}, a)
		for _, at := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
			_, err := v.Verify(header(signed(a.Secret, id, body)), []byte(body), noon.Add(at))
			require.NoError(t, err)
		}
	})

	t.Run("RotatesWithOverlapAndExpiry", func(t *testing.T) {
		t.Parallel()
		old, next := a, b
		old.NotAfter, next.NotBefore = noon.Add(time.Hour), noon.Add(-time.Hour)
		v := verifier(t, ingest.SignatureConfig{}, old, next)
		verify := func(k ingest.Key, at time.Time) error {
			ts := strconv.FormatInt(at.Unix(), 10)
			_, err := v.Verify(header{
				"Webhook-Id": {id}, "Webhook-Timestamp": {ts}, "Webhook-Signature": {sign(k.Secret, id, ts, body)},
			}, []byte(body), at)
			return err
		}
		require.NoError(t, verify(old, noon.Add(-2*time.Hour)))
		require.ErrorIs(t, verify(next, noon.Add(-2*time.Hour)), ingest.RejectedSignature, "not yet")
		require.NoError(t, verify(old, noon))
		require.NoError(t, verify(next, noon))
		require.ErrorIs(t, verify(old, noon.Add(2*time.Hour)), ingest.RejectedSignature, "no longer")
		require.NoError(t, verify(next, noon.Add(2*time.Hour)))
	})

	t.Run("SaysWhichKeyItWasAndWhatTimeWasSigned", func(t *testing.T) {
		t.Parallel()
		v := verifier(t, ingest.SignatureConfig{}, a, b)
		for i, k := range []ingest.Key{a, b} {
			proof, err := v.Verify(header(signed(k.Secret, id, body)), []byte(body), noon.Add(time.Minute))
			require.NoError(t, err)
			require.True(t, noon.Equal(proof.SignedAt), proof.SignedAt)
			proof.SignedAt = time.Time{}
			require.Equal(t, ingest.Proof{ID: id, Scheme: ingest.StandardWebhooks, Key: i + 1}, proof)
		}
	})

	t.Run("SaysThatNoKeyIsActive", func(t *testing.T) {
		t.Parallel()
		gone := a
		gone.NotAfter = noon.Add(-time.Second)
		_, err := verifier(t, ingest.SignatureConfig{}, gone).Verify(header(signed(a.Secret, id, body)), []byte(body), noon)
		require.ErrorIs(t, err, ingest.RejectedNoKey)
	})

	t.Run("TakesEd25519", func(t *testing.T) {
		t.Parallel()
		public, private, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		k, err := ingest.ParseKey(ingest.StandardWebhooks, "whpk_"+base64.StdEncoding.EncodeToString(public))
		require.NoError(t, err)
		v := verifier(t, ingest.SignatureConfig{}, k)
		h := signed(a.Secret, id, body)
		sig := ed25519.Sign(private, []byte(id+"."+now+"."+body))
		h["Webhook-Signature"] = []string{h["Webhook-Signature"][0] + " v1a," + base64.StdEncoding.EncodeToString(sig)}
		_, err = v.Verify(header(h), []byte(body), noon)
		require.NoError(t, err)
		_, err = v.Verify(header(h), []byte(body+" "), noon)
		require.ErrorIs(t, err, ingest.RejectedSignature)
	})

	// Each costs the hash of a whole body, and a stranger can send forty of them.
	t.Run("TriesAPublicKeyOnFewSignatures", func(t *testing.T) {
		t.Parallel()
		private := ed25519.NewKeyFromSeed([]byte("a seed that has thirty-two bytes"))
		v := verifier(t, ingest.SignatureConfig{}, ingest.Key{Public: private.Public().(ed25519.PublicKey)}, a)
		h := signed(a.Secret, id, body)
		made := h.Get("Webhook-Signature")
		good := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(id+"."+now+"."+body)))
		wrong := "v1a," + base64.StdEncoding.EncodeToString(make([]byte, ed25519.SignatureSize)) + " "
		for list, want := range map[string]error{
			strings.Repeat(wrong, 3) + good:                                  nil,
			strings.Repeat(wrong, 3) + "v2,x v1a,x " + made[:9] + " " + good: nil,
			strings.Repeat(wrong, 4) + good:                                  ingest.RejectedSignature,
			strings.Repeat(wrong, 4) + made:                                  nil,
		} {
			h.Set("Webhook-Signature", list)
			_, err := v.Verify(header(h), []byte(body), noon)
			require.Equal(t, want, err, list)
		}
	})
}

func TestVerifier_HMACHex(t *testing.T) {
	t.Parallel()
	secret := ingest.Key{Secret: []byte("0123456789abcdef")}
	sum := func(parts ...string) string {
		m := hmac.New(sha256.New, secret.Secret)
		m.Write([]byte(strings.Join(parts, "")))
		return hex.EncodeToString(m.Sum(nil))
	}
	const body = `{"a":1}`
	millis := strconv.FormatInt(noon.UnixMilli(), 10)
	cases := []struct {
		name string
		cfg  ingest.SignatureConfig
		h    header
		want error
	}{
		{"Plain", ingest.SignatureConfig{}, header{"X-Signature": {sum(body)}}, nil},
		{"MethodBeforeBody", ingest.SignatureConfig{Header: "X-Deel-Signature", Prefix: "POST"}, header{"X-Deel-Signature": {sum("POST", body)}}, nil},
		{
			"MillisecondsAfterBody",
			ingest.SignatureConfig{Header: "X-Remote-Signature", Suffix: ":{timestamp}", TimestampHeader: "X-Remote-Timestamp"},
			header{"X-Remote-Signature": {sum(body, ":", millis)}, "X-Remote-Timestamp": {millis}},
			nil,
		},
		{"NamedAlgorithm", ingest.SignatureConfig{SignaturePrefix: "sha256="}, header{"X-Signature": {"sha256=" + sum(body)}}, nil},
		{"UpperCase", ingest.SignatureConfig{}, header{"X-Signature": {strings.ToUpper(sum(body))}}, nil},
		{"Missing", ingest.SignatureConfig{}, header{}, ingest.RejectedMissing},
		{"Twice", ingest.SignatureConfig{}, header{"X-Signature": {sum(body), sum(body)}}, ingest.RejectedRepeated},
		{"Truncated", ingest.SignatureConfig{}, header{"X-Signature": {sum(body)[:62]}}, ingest.RejectedMalformed},
		{"NotHex", ingest.SignatureConfig{}, header{"X-Signature": {strings.Repeat("zz", 32)}}, ingest.RejectedMalformed},
		{"OtherAlgorithm", ingest.SignatureConfig{SignaturePrefix: "sha256="}, header{"X-Signature": {"sha1=" + sum(body)}}, ingest.RejectedMalformed},
		{"OtherBody", ingest.SignatureConfig{}, header{"X-Signature": {sum(body, " ")}}, ingest.RejectedSignature},
		{"StaleTimestamp", ingest.SignatureConfig{Suffix: "{timestamp}", TimestampHeader: "T"}, header{"X-Signature": {sum(body, "1614265330")}, "T": {"1614265330"}}, ingest.RejectedExpired},
		{"TimestampNotSigned", ingest.SignatureConfig{Suffix: "{timestamp}", TimestampHeader: "T"}, header{"X-Signature": {sum(body)}, "T": {millis}}, ingest.RejectedSignature},
		{"TimestampNoNumber", ingest.SignatureConfig{Suffix: "{timestamp}", TimestampHeader: "T"}, header{"X-Signature": {sum(body)}, "T": {"soon"}}, ingest.RejectedMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.cfg.Scheme = ingest.HMACHex
			proof, err := verifier(t, c.cfg, secret).Verify(c.h, []byte(body), noon)
			require.Equal(t, c.want, err)
			if err == nil {
				require.Equal(t, schema.BodyID([]byte(body)), proof.ID)
			}
		})
	}
}

func TestVerifier_Bearer(t *testing.T) {
	t.Parallel()
	k := ingest.Key{Secret: []byte("a-long-enough-token")}
	v := verifier(t, ingest.SignatureConfig{Scheme: ingest.Bearer}, k)
	for auth, want := range map[string]error{
		"Bearer a-long-enough-token":   nil,
		"bearer a-long-enough-token":   nil,
		"Bearer a-long-enough-token ":  ingest.RejectedSignature,
		"Bearer  a-long-enough-token":  ingest.RejectedSignature,
		"Bearer a-long-enough-toke":    ingest.RejectedSignature,
		"Bearer ":                      ingest.RejectedMalformed,
		"Basic a-long-enough-token":    ingest.RejectedMalformed,
		"a-long-enough-token":          ingest.RejectedMalformed,
		"":                             ingest.RejectedMissing,
		"Bearer\ta-long-enough-token":  ingest.RejectedMalformed,
		"Bearer\u00a0a-long-enough-to": ingest.RejectedMalformed,
	} {
		_, err := v.Verify(header{"Authorization": {auth}}, nil, noon)
		require.Equal(t, want, err, "%q", auth)
	}
	proof, err := v.Verify(header{"Authorization": {"Bearer a-long-enough-token"}, "Webhook-Id": {"m1"}}, nil, noon)
	require.NoError(t, err)
	require.Equal(t, ingest.Proof{ID: "m1", Scheme: ingest.Bearer, Key: 1}, proof)
}

func TestNewVerifier(t *testing.T) {
	t.Parallel()

	t.Run("FailsClosed", func(t *testing.T) {
		t.Parallel()
		for _, cfg := range []ingest.SignatureConfig{{}, {Scheme: ingest.HMACHex}, {Scheme: ingest.Bearer}} {
			_, err := ingest.NewVerifier(cfg, nil)
			require.ErrorContains(t, err, "secrets: at least one")
			_, err = ingest.NewVerifier(cfg, []ingest.Key{{}})
			require.ErrorContains(t, err, "too short")
		}
		_, err := ingest.NewVerifier(ingest.SignatureConfig{Scheme: "none"}, []ingest.Key{key(t, secretA)})
		require.ErrorContains(t, err, "signature: must be")
	})

	t.Run("TakesUnsignedOnlyWhenTold", func(t *testing.T) {
		t.Parallel()
		proof, err := verifier(t, ingest.SignatureConfig{UnsafeAcceptUnsigned: true}).Verify(header{}, []byte("{}"), noon)
		require.NoError(t, err)
		require.Equal(t, ingest.Proof{ID: schema.BodyID([]byte("{}")), Scheme: ingest.Unsigned}, proof)
	})

	t.Run("ReportsEveryBadSettingByItsKey", func(t *testing.T) {
		t.Parallel()
		err := ingest.SignatureConfig{Scheme: "x", Tolerance: -1, Suffix: "{timestamp}"}.Validate()
		for _, k := range []string{"signature:", "tolerance:", "timestamp_header:"} {
			require.ErrorContains(t, err, k)
		}
		require.ErrorContains(t, ingest.SignatureConfig{TimestampHeader: "T"}.Validate(), "timestamp_header:")
	})
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "letmein", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "whpk_c2hvcnQ=", "WHSEC_" + secretA[6:],
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65)),
	} {
		_, err := ingest.ParseKey(ingest.StandardWebhooks, bad)
		require.Error(t, err, "%q", bad)
		if len(bad) > 12 {
			require.NotContains(t, err.Error(), bad[6:], "the secret is not repeated")
		}
	}
	_, err := ingest.ParseKey(ingest.Bearer, "short")
	require.Error(t, err)
}
