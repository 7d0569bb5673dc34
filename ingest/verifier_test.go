package ingest_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
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

// The vector that the Standard Webhooks project publishes with its libraries.
func TestVerifier_PublishedVector(t *testing.T) {
	t.Parallel()
	v := verifier(t, ingest.SignatureConfig{}, key(t, secretA))
	h := header{
		"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
		"Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	id, err := v.Verify(h, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0))
	require.NoError(t, err)
	require.Equal(t, schema.DeliveryID("msg_p5jXN8AQM9LWM0D4loKWxJek"), id)
}

func TestVerifier_Hostile(t *testing.T) {
	t.Parallel()
	const id, body = "msg_1", `{"event_type":"PAYMENT"}`
	k := key(t, secretA)
	v := verifier(t, ingest.SignatureConfig{}, k)
	now := strconv.FormatInt(noon.Unix(), 10)
	good := sign(k.Secret, id, now, body)
	raw, err := base64.StdEncoding.DecodeString(good[3:])
	require.NoError(t, err)
	at := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	stamped := func(ts string) func(http.Header) {
		return func(h http.Header) {
			h["Webhook-Timestamp"] = []string{ts}
			h["Webhook-Signature"] = []string{sign(k.Secret, id, ts, body)}
		}
	}
	named := func(id string) func(http.Header) {
		return func(h http.Header) {
			h["Webhook-Id"] = []string{id}
			h["Webhook-Signature"] = []string{sign(k.Secret, id, now, body)}
		}
	}
	signature := func(values ...string) func(http.Header) {
		return func(h http.Header) { h["Webhook-Signature"] = values }
	}
	drop := func(name string) func(http.Header) { return func(h http.Header) { h.Del(name) } }
	twice := func(name string) func(http.Header) {
		return func(h http.Header) { h[name] = append(h[name], h[name]...) }
	}
	mac := func(key []byte, parts ...string) string {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(strings.Join(parts, "")))
		return base64.StdEncoding.EncodeToString(m.Sum(nil))
	}

	cases := []struct {
		name   string
		change func(http.Header)
		body   string
		want   ingest.Rejection
	}{
		{"NoHeaders", func(h http.Header) { clear(h) }, body, ingest.RejectedMissing},
		{"NoID", drop("Webhook-Id"), body, ingest.RejectedMissing},
		{"NoTimestamp", drop("Webhook-Timestamp"), body, ingest.RejectedMissing},
		{"NoSignature", drop("Webhook-Signature"), body, ingest.RejectedMissing},
		{"EmptyID", named(""), body, ingest.RejectedMissing},
		{"EmptyTimestamp", stamped(""), body, ingest.RejectedMissing},
		{"EmptySignature", signature(""), body, ingest.RejectedMissing},
		{"IDTwice", twice("Webhook-Id"), body, ingest.RejectedRepeated},
		{"TimestampTwice", twice("Webhook-Timestamp"), body, ingest.RejectedRepeated},
		{"SignatureTwice", twice("Webhook-Signature"), body, ingest.RejectedRepeated},
		{"GoodSignatureInSecondHeader", signature("v1,AAAA", good), body, ingest.RejectedRepeated},
		{"BodyChanged", nil, `{"event_type":"PAYMENT" }`, ingest.RejectedSignature},
		{"BodyEmptied", nil, "", ingest.RejectedSignature},
		{"BodyExtended", nil, body + "\n", ingest.RejectedSignature},
		{"BodyShortened", nil, body[:len(body)-1], ingest.RejectedSignature},
		{"BodyWithBOM", nil, "\ufeff" + body, ingest.RejectedSignature},
		{"BodyInOtherCase", nil, strings.ToLower(body), ingest.RejectedSignature},
		{"IDChanged", func(h http.Header) { h["Webhook-Id"] = []string{"msg_2"} }, body, ingest.RejectedSignature},
		{"IDWithSpaceBefore", named(" msg_1"), body, ingest.RejectedMalformed},
		{"IDWithDot", named("msg.1"), body, ingest.RejectedMalformed},
		{"IDWithNewline", named("msg\n1"), body, ingest.RejectedMalformed},
		{"IDWithNUL", named("msg\x001"), body, ingest.RejectedMalformed},
		{"IDWithUmlaut", named("mség"), body, ingest.RejectedMalformed},
		{"IDWithNoBreakSpace", named("msg\u00a01"), body, ingest.RejectedMalformed},
		{"IDWithZeroWidthSpace", named("msg\u200b1"), body, ingest.RejectedMalformed},
		{"IDWithDelete", named("msg\x7f"), body, ingest.RejectedMalformed},
		{"IDTooLong", named(strings.Repeat("a", 257)), body, ingest.RejectedMalformed},
		{"TimestampChanged", func(h http.Header) { h["Webhook-Timestamp"] = []string{at(time.Second)} }, body, ingest.RejectedSignature},
		{"TimestampExpired", stamped(at(-301 * time.Second)), body, ingest.RejectedExpired},
		{"TimestampReplayedAfterADay", stamped(at(-24 * time.Hour)), body, ingest.RejectedExpired},
		{"TimestampFuture", stamped(at(301 * time.Second)), body, ingest.RejectedFuture},
		{"TimestampInMilliseconds", stamped(now + "000"), body, ingest.RejectedMalformed},
		{"TimestampInfinity", stamped("Infinity"), body, ingest.RejectedMalformed},
		{"TimestampMinusInfinity", stamped("-Infinity"), body, ingest.RejectedMalformed},
		{"TimestampNaN", stamped("NaN"), body, ingest.RejectedMalformed},
		{"TimestampNegative", stamped("-" + now), body, ingest.RejectedMalformed},
		{"TimestampWithPlus", stamped("+" + now), body, ingest.RejectedMalformed},
		{"TimestampWithFraction", stamped(now + ".0"), body, ingest.RejectedMalformed},
		{"TimestampWithExponent", stamped("1e9"), body, ingest.RejectedMalformed},
		{"TimestampHex", stamped("0x6a95"), body, ingest.RejectedMalformed},
		{"TimestampWithUnderscore", stamped("1_788_177_600"), body, ingest.RejectedMalformed},
		{"TimestampWithLeadingZero", stamped("0" + now), body, ingest.RejectedMalformed},
		{"TimestampZero", stamped("0"), body, ingest.RejectedMalformed},
		{"TimestampOverflow", stamped("99999999999999999999"), body, ingest.RejectedMalformed},
		{"TimestampArabicDigits", stamped("١٦١٤٢٦٥٣٣٠"), body, ingest.RejectedMalformed},
		{"TimestampRFC3339", stamped("2026-08-31T12:00:00Z"), body, ingest.RejectedMalformed},
		{"TimestampWithSpace", stamped(now + " "), body, ingest.RejectedMalformed},
		{"SignatureTruncated", signature(good[:len(good)-4]), body, ingest.RejectedSignature},
		{"SignatureWithoutPadding", signature(strings.TrimRight(good, "=")), body, ingest.RejectedSignature},
		{"SignatureExtended", signature(good + "AA=="), body, ingest.RejectedSignature},
		{"SignatureFirstByteFlipped", signature("v1," + base64.StdEncoding.EncodeToString(append([]byte{raw[0] ^ 1}, raw[1:]...))), body, ingest.RejectedSignature},
		{"SignatureNonCanonical", signature(good[:len(good)-2] + string(good[len(good)-2]+1) + "="), body, ingest.RejectedSignature},
		{"SignatureWithoutVersion", signature(good[3:]), body, ingest.RejectedSignature},
		{"SignatureVersionOnly", signature("v1,"), body, ingest.RejectedSignature},
		{"SignatureOfVersion0", signature("v0" + good[2:]), body, ingest.RejectedSignature},
		{"SignatureOfVersion2", signature("v2" + good[2:]), body, ingest.RejectedSignature},
		{"SignatureOfVersion1a", signature("v1a" + good[2:]), body, ingest.RejectedSignature},
		{"SignatureUpperVersion", signature("V1" + good[2:]), body, ingest.RejectedSignature},
		{"SignatureWithEquals", signature("v1=" + good[3:]), body, ingest.RejectedSignature},
		{"SignatureHex", signature("v1," + hex.EncodeToString(raw)), body, ingest.RejectedSignature},
		{"SignatureURLBase64", signature("v1," + strings.NewReplacer("+", "-", "/", "_").Replace(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32))))), body, ingest.RejectedSignature},
		{"SignatureBehindTab", signature("x\t" + good), body, ingest.RejectedSignature},
		{"SignatureBehindNoBreakSpace", signature("x\u00a0" + good), body, ingest.RejectedSignature},
		{"SignatureBehindEmSpace", signature("x\u2003" + good), body, ingest.RejectedSignature},
		{"SignatureBehindComma", signature("x," + good), body, ingest.RejectedSignature},
		{"SignatureBehindZeroWidthSpace", signature("\u200b" + good), body, ingest.RejectedSignature},
		{"SignatureAllZero", signature("v1," + base64.StdEncoding.EncodeToString(make([]byte, 32))), body, ingest.RejectedSignature},
		{"SignatureOfEmptyKey", signature("v1," + mac(nil, id, ".", now, ".", body)), body, ingest.RejectedSignature},
		{"SignatureOfSecretAsText", signature("v1," + mac([]byte(secretA), id, ".", now, ".", body)), body, ingest.RejectedSignature},
		{"SignatureOfOtherSecret", signature(sign(key(t, secretB).Secret, id, now, body)), body, ingest.RejectedSignature},
		{"SignatureOfBodyOnly", signature("v1," + mac(k.Secret, body)), body, ingest.RejectedSignature},
		{"SignatureOfOtherOrder", signature("v1," + mac(k.Secret, now, ".", id, ".", body)), body, ingest.RejectedSignature},
		{"SignatureListTooLong", signature(strings.Repeat("v1,AAAA ", 600) + good), body, ingest.RejectedMalformed},
		{"DotMovedFromTimestampIntoID", func(h http.Header) {
			h["Webhook-Id"], h["Webhook-Timestamp"] = []string{id + "." + now}, []string{now}
			h["Webhook-Signature"] = []string{sign(k.Secret, id+"."+now, now, body)}
		}, body, ingest.RejectedMalformed},
	}
	require.GreaterOrEqual(t, len(cases), 60)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := signed(k.Secret, id, body)
			if c.change != nil {
				c.change(h)
			}
			_, err := v.Verify(header(h), []byte(c.body), noon)
			require.Equal(t, error(c.want), err)
		})
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
			id, err := verifier(t, c.cfg, secret).Verify(c.h, []byte(body), noon)
			require.Equal(t, c.want, err)
			if err == nil {
				require.Equal(t, schema.BodyID([]byte(body)), id)
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
	id, err := v.Verify(header{"Authorization": {"Bearer a-long-enough-token"}, "Webhook-Id": {"m1"}}, nil, noon)
	require.NoError(t, err)
	require.Equal(t, schema.DeliveryID("m1"), id)
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
		id, err := verifier(t, ingest.SignatureConfig{UnsafeAcceptUnsigned: true}).Verify(header{}, []byte("{}"), noon)
		require.NoError(t, err)
		require.Equal(t, schema.BodyID([]byte("{}")), id)
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

// No header that a stranger can make up verifies, and none makes it panic.
func FuzzVerifier(f *testing.F) {
	k, err := ingest.ParseKey(ingest.StandardWebhooks, secretA)
	require.NoError(f, err)
	v, err := ingest.NewVerifier(ingest.SignatureConfig{}, []ingest.Key{k})
	require.NoError(f, err)
	ts := fmt.Sprint(noon.Unix())
	f.Add("msg_1", ts, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte("{}"))
	f.Add("msg_1", "Infinity", "v1a, v1,", []byte{})
	f.Fuzz(func(t *testing.T, id, ts, signature string, body []byte) {
		_, err := v.Verify(header{"Webhook-Id": {id}, "Webhook-Timestamp": {ts}, "Webhook-Signature": {signature}}, body, noon)
		want := strings.Contains(signature, sign(k.Secret, id, ts, string(body)))
		if !want {
			require.Error(t, err)
		}
	})
}
