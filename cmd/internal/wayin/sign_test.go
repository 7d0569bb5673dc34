package wayin_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/wayin"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// header lets a verifier read a header.
type header http.Header

// Values returns every value of a header.
func (h header) Values(name string) [][]byte {
	var values [][]byte
	for _, value := range http.Header(h).Values(name) {
		values = append(values, []byte(value))
	}
	return values
}

func key(text byte) ingest.Key { return ingest.Key{Secret: bytes.Repeat([]byte{text}, 32)} }

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func TestSigning_IsBelievedInEveryStyle(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]ingest.SignatureConfig{
		"StandardWebhooks": {},
		"Plane":            {Scheme: ingest.StandardWebhooks, HeaderPrefix: "svix-"},
		"Bearer":           {Scheme: ingest.Bearer},
		"HMACHex":          {Scheme: ingest.HMACHex},
		"Deel":             {Scheme: ingest.HMACHex, Header: "X-Deel-Signature", Prefix: "POST"},
		"Remote":           {Scheme: ingest.HMACHex, Header: "X-Remote-Signature", Suffix: ":{timestamp}", TimestampHeader: "X-Remote-Timestamp"},
		"Gusto":            {Scheme: ingest.HMACHex, Header: "X_Gusto_Signature"},
		"GitHub":           {Scheme: ingest.HMACHex, Header: "X-Hub-Signature-256", SignaturePrefix: "sha256="},
		"Unsigned":         {UnsafeAcceptUnsigned: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := []ingest.Key{key('a'), key('b')}
			id, body, sent, how, trouble := wayin.Sample(wayin.Signing{SignatureConfig: cfg, Keys: keys}, noon)
			require.Nil(t, trouble)
			require.NotContains(t, how, string(keys[1].Secret))
			verifier, err := ingest.NewVerifier(cfg, keys)
			require.NoError(t, err)
			known, err := verifier.Verify(header(sent), body, noon)
			require.NoError(t, err)
			require.Equal(t, id, known.ID, "it is looked for under the id that the receiver gives it")
			require.Equal(t, "application/json", sent.Get("Content-Type"))
		})
	}
}

func TestSigning_SendsWhatIsNeverBooked(t *testing.T) {
	t.Parallel()
	_, body, _, _, trouble := wayin.Sample(wayin.Signing{Keys: []ingest.Key{key('a')}}, noon)
	require.Nil(t, trouble)
	require.True(t, json.Valid(body))
	m, err := ontop.Decode(schema.Delivery{Body: body})
	require.NoError(t, err)
	require.Equal(t, ontop.EventType(schema.TestEvent), m.Type)
	require.Equal(t, ontop.KindUnknown, m.Type.Kind())
	require.Empty(t, m.Invoices)
	require.Empty(t, m.Contracts)
	require.Empty(t, m.Troubles)

	_, another, _, _, _ := wayin.Sample(wayin.Signing{Keys: []ingest.Key{key('a')}}, noon)
	require.NotEqual(t, body, another, "a repetition would not be stored")
}

func TestSigning_UsesTheNewestSecretThatIsBelieved(t *testing.T) {
	t.Parallel()
	public := ingest.Key{Public: make(ed25519.PublicKey, ed25519.PublicKeySize)}
	since := func(k ingest.Key, days int) ingest.Key {
		k.NotBefore = noon.AddDate(0, 0, days)
		return k
	}
	until := func(k ingest.Key, days int) ingest.Key {
		k.NotAfter = noon.AddDate(0, 0, days)
		return k
	}
	for name, c := range map[string]struct {
		keys  []ingest.Key
		how   string
		cause string
	}{
		"TheOnlyOne":             {keys: []ingest.Key{key('a')}, how: "secret 1 of 1"},
		"TheLastListed":          {keys: []ingest.Key{key('a'), key('b')}, how: "secret 2 of 2"},
		"TheOneThatBeganLast":    {keys: []ingest.Key{since(key('a'), -1), since(key('b'), -9)}, how: "secret 1 of 2"},
		"NotOneOfTomorrow":       {keys: []ingest.Key{key('a'), since(key('b'), 1)}, how: "secret 1 of 2"},
		"NotOneOfYesterday":      {keys: []ingest.Key{key('a'), until(key('b'), -1)}, how: "secret 1 of 2"},
		"NotAPublicOne":          {keys: []ingest.Key{key('a'), public}, how: "secret 1 of 2"},
		"PublicOnesCannotSign":   {keys: []ingest.Key{public, until(key('a'), -1)}, cause: "only public keys"},
		"AllOfTomorrow":          {keys: []ingest.Key{since(key('a'), 2), since(key('b'), 1)}, cause: "the next one begins at 2026-09-02T12:00:00Z"},
		"AllOfYesterday":         {keys: []ingest.Key{until(key('a'), -1)}, cause: "all have ended"},
		"PublicOnesThatHaveNone": {keys: []ingest.Key{until(public, -1)}, cause: "all have ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, _, how, trouble := wayin.Sample(wayin.Signing{Keys: c.keys}, noon)
			if c.cause == "" {
				require.Nil(t, trouble)
				require.Contains(t, how, c.how)
				return
			}
			require.NotNil(t, trouble)
			require.Contains(t, trouble.Cause, c.cause)
			require.NotEmpty(t, trouble.Next)
		})
	}
}
