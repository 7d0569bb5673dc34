package ingest_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// What a fuzzer writes for a signature that only the owner of a key can make, so
// that it gets behind the question whether there is any.
const (
	rightV1  = "{v1}"
	rightV1a = "{v1a}"
	rightHex = "{hex}"
)

// A list of signatures verifies exactly when one of its items, between single
// spaces, is word for word a signature by a key that is active now; of those by a
// public key, one of the first four.
func FuzzSignatureList(f *testing.F) {
	a, b := key(f, secretA), key(f, secretB)
	gone := ingest.Key{Secret: []byte("a secret of thirty-two bytes ...."), NotAfter: noon.Add(-time.Second)}
	private := ed25519.NewKeyFromSeed([]byte("a seed that has thirty-two bytes"))
	v := verifier(f, ingest.SignatureConfig{}, a, gone, b, ingest.Key{Public: private.Public().(ed25519.PublicKey)})
	wrongV1a := "v1a," + base64.StdEncoding.EncodeToString(make([]byte, ed25519.SignatureSize))
	const id = "msg_1"
	ts := strconv.FormatInt(noon.Unix(), 10)
	for _, list := range []string{
		rightV1, rightV1a, "v1, " + rightV1, rightV1 + " " + rightV1a, rightV1 + "," + rightV1, "v1," + rightV1a, "v2,x " + rightV1,
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", " " + rightV1 + " ", rightV1 + "\u00a0", rightV1 + "\n", "V1" + rightV1[2:], "",
		strings.Repeat(wrongV1a+" ", 3) + rightV1a, strings.Repeat(wrongV1a+" ", 4) + rightV1a, strings.Repeat(wrongV1a+" ", 4) + rightV1,
	} {
		f.Add(list, []byte(`{}`))
	}
	f.Fuzz(func(t *testing.T, list string, body []byte) {
		// Signatures by the first key, by the second, and by one that has expired.
		made := []string{sign(a.Secret, id, ts, string(body)), sign(b.Secret, id, ts, string(body)), sign(gone.Secret, id, ts, string(body))}
		made1a := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(id+"."+ts+"."+string(body))))
		list = strings.ReplaceAll(strings.ReplaceAll(list, rightV1, made[len(body)%3]), rightV1a, made1a)
		want, public := false, 0
		for item := range strings.SplitSeq(list, " ") {
			if encoded, is := strings.CutPrefix(item, "v1a,"); is && isSignature(encoded) {
				public++
			}
			want = want || item == made[0] || item == made[1] || item == made1a && public <= 4
		}
		got, err := v.Verify(header{"Webhook-Id": {id}, "Webhook-Timestamp": {ts}, "Webhook-Signature": {list}}, body, noon)
		switch {
		case list == "":
			require.Equal(t, ingest.RejectedMissing, err)
		case len(list) > 4096:
			require.Equal(t, ingest.RejectedMalformed, err)
		case want:
			require.NoError(t, err)
			require.Equal(t, schema.DeliveryID(id), got.ID)
		default:
			require.Equal(t, ingest.RejectedSignature, err)
			require.Zero(t, got)
		}
	})
}

// isSignature reports whether text is what ed25519 may have made, in base64.
func isSignature(text string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && len(raw) == ed25519.SignatureSize && !strings.ContainsAny(text, "\r\n")
}

// Whatever stands in the headers of id and time, and is signed as it stands there:
// it is taken exactly when each header is there once, both can be read in one way only
// and the time is near.
func FuzzSignedHeaders(f *testing.F) {
	k := key(f, secretA)
	v := verifier(f, ingest.SignatureConfig{}, k)
	goodID, goodTime := regexp.MustCompile(`\A[!-\-/-~]{1,256}\z`), regexp.MustCompile(`\A[1-9][0-9]{0,10}\z`)
	now := strconv.FormatInt(noon.Unix(), 10)
	for _, pair := range [][2]string{
		{"msg_1", now},
		{"a.b", now},
		{"", now},
		{"msg_1", ""},
		{"msg_1", "0" + now},
		{"msg_1", "+" + now},
		{"msg_1", now + " "},
		{"msg 1", now},
		{"msg_1", strconv.FormatInt(noon.Add(-5*time.Minute).Unix(), 10)},
		{"msg_1", strconv.FormatInt(noon.Add(301*time.Second).Unix(), 10)},
		{"msg_1", "Infinity"},
		{"msg_1", "1e9"},
		{"msg_1", "99999999999999999999"},
		{"msg\u00a0", now},
		{strings.Repeat("i", 257), now},
	} {
		f.Add(pair[0], pair[1], byte(0))
	}
	for which := range byte(8) {
		f.Add("msg_1", now, which)
	}
	f.Fuzz(func(t *testing.T, id, ts string, which byte) {
		h := header{"Webhook-Id": {id}, "Webhook-Timestamp": {ts}, "Webhook-Signature": {sign(k.Secret, id, ts, "{}")}}
		twice := func(place int) bool { return which>>place&1 == 1 }
		for place, name := range []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"} {
			if twice(place) {
				h[name] = append(h[name], h[name][0])
			}
		}
		got, err := v.Verify(h, []byte("{}"), noon)
		var age time.Duration
		if goodTime.MatchString(ts) {
			seconds, parsed := strconv.ParseInt(ts, 10, 64)
			require.NoError(t, parsed)
			age = noon.Sub(time.Unix(seconds, 0))
		}
		want := ingest.Rejection("")
		switch {
		case twice(0):
			want = ingest.RejectedRepeated
		case id == "":
			want = ingest.RejectedMissing
		case !goodID.MatchString(id):
			want = ingest.RejectedMalformed
		case twice(1):
			want = ingest.RejectedRepeated
		case ts == "":
			want = ingest.RejectedMissing
		case !goodTime.MatchString(ts):
			want = ingest.RejectedMalformed
		case twice(2):
			want = ingest.RejectedRepeated
		case age > 5*time.Minute:
			want = ingest.RejectedExpired
		case age < -5*time.Minute:
			want = ingest.RejectedFuture
		}
		if want != "" {
			require.Equal(t, want, err)
			require.Zero(t, got)
			return
		}
		require.NoError(t, err)
		require.Equal(t, schema.DeliveryID(id), got.ID)
	})
}

// A hexadecimal signature verifies exactly when it stands behind its prefix, alone,
// is of the body as it came between prefix and suffix, and its time is near.
func FuzzHexSignature(f *testing.F) {
	secret := []byte("a secret of twenty-four b.")
	v := verifier(f, ingest.SignatureConfig{
		Scheme: ingest.HMACHex, SignaturePrefix: "sha256=", Prefix: "v0:{timestamp}:", Suffix: ":{timestamp}", TimestampHeader: "X-Time",
	}, ingest.Key{Secret: secret})
	seconds, millis := strconv.FormatInt(noon.Unix(), 10), strconv.FormatInt(noon.UnixMilli(), 10)
	for _, pair := range [][2]string{
		{"sha256=" + rightHex, seconds},
		{"sha256=" + rightHex, millis},
		{rightHex, seconds},
		{"SHA256=" + rightHex, seconds},
		{"sha256=" + rightHex + " ", seconds},
		{"sha256=" + rightHex, "{timestamp}"},
		{"sha256=" + rightHex, "00" + seconds},
		{"sha256=", seconds},
		{"sha256=" + strings.Repeat("g", 64), seconds},
		{"", seconds},
		{"sha256=" + rightHex, ""},
		{"sha256=" + rightHex, "-" + seconds},
	} {
		f.Add(pair[0], pair[1], []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, signature, ts string, body []byte) {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte("v0:" + ts + ":" + string(body) + ":" + ts))
		right := hex.EncodeToString(mac.Sum(nil))
		if len(body)%2 == 1 {
			right = strings.ToUpper(right)
		}
		signature = strings.ReplaceAll(signature, rightHex, right)
		got, err := v.Verify(header{"X-Signature": {signature}, "X-Time": {ts}}, body, noon)

		number, parsed := strconv.ParseUint(ts, 10, 63)
		near := parsed == nil && len(ts) <= 13 && ts[0] != '+'
		if number < 100_000_000_000 {
			number *= 1000
		}
		off := int64(number) - noon.UnixMilli()
		near = near && off <= 300_000 && off >= -300_000
		if near && strings.HasPrefix(signature, "sha256=") && strings.EqualFold(signature[7:], right) {
			require.NoError(t, err)
			require.Equal(t, schema.BodyID(body), got.ID)
			return
		}
		require.Error(t, err)
		require.Zero(t, got)
	})
}

// A token verifies exactly when it is the whole of what follows the scheme and one
// space.
func FuzzBearer(f *testing.F) {
	const token = "a token of some length"
	v := verifier(f, ingest.SignatureConfig{Scheme: ingest.Bearer}, ingest.Key{Secret: []byte(token)})
	for _, value := range []string{
		"Bearer " + token, "bearer " + token, "Bearer  " + token, "Bearer " + token + " ", "Bearer", "Bearer ", token, "Basic " + token, "Bearer\t" + token,
		"Bearer " + token + "," + token, "Bearer a token", "",
	} {
		f.Add(value, "msg_1")
	}
	f.Fuzz(func(t *testing.T, value, id string) {
		got, err := v.Verify(header{"Authorization": {value}, "Webhook-Id": {id}}, []byte("{}"), noon)
		if len(value) < 7 || !strings.EqualFold(value[:7], "bearer ") || value[7:] != token {
			require.Error(t, err)
			require.Zero(t, got)
			return
		}
		require.NoError(t, err)
		if regexp.MustCompile(`\A[!-\-/-~]{1,256}\z`).MatchString(id) {
			require.Equal(t, schema.DeliveryID(id), got.ID)
		} else {
			require.Equal(t, schema.BodyID([]byte("{}")), got.ID)
		}
	})
}
