package ingest_test

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

//go:embed testdata/vectors.json
var vectorFile []byte

// sender is how one company's deliveries are signed, in the words of the
// configuration.
type sender struct {
	Signature       ingest.Scheme `json:"signature"`
	HeaderPrefix    string        `json:"header_prefix"`
	Header          string        `json:"header"`
	SignaturePrefix string        `json:"signature_prefix"`
	Prefix          string        `json:"prefix"`
	Suffix          string        `json:"suffix"`
	TimestampHeader string        `json:"timestamp_header"`
	Secrets         []struct {
		Secret    string    `json:"secret"`
		NotBefore time.Time `json:"not_before"`
		NotAfter  time.Time `json:"not_after"`
	} `json:"secrets"`
}

func (s sender) verifier(t *testing.T) ingest.Verifier {
	t.Helper()
	var keys []ingest.Key
	for _, secret := range s.Secrets {
		k, err := ingest.ParseKey(s.Signature, secret.Secret)
		require.NoError(t, err)
		k.NotBefore, k.NotAfter = secret.NotBefore, secret.NotAfter
		keys = append(keys, k)
	}
	return verifier(t, ingest.SignatureConfig{
		Scheme: s.Signature, HeaderPrefix: s.HeaderPrefix, Header: s.Header, SignaturePrefix: s.SignaturePrefix,
		Prefix: s.Prefix, Suffix: s.Suffix, TimestampHeader: s.TimestampHeader,
	}, keys...)
}

// vector is one request and what becomes of it. The file says what the fields mean.
type vector struct {
	Name    string      `json:"name"`
	Sender  string      `json:"sender"`
	Source  string      `json:"source"`
	At      int64       `json:"at"`
	Headers [][2]string `json:"headers"`
	Text    string      `json:"body"`
	Bytes   []byte      `json:"body_base64"`
	Want    string      `json:"want"`
	Trimmed string      `json:"trimmed"`
	ID      string      `json:"id"`
	Status  int         `json:"status"`
}

func (v vector) body() []byte {
	if v.Bytes != nil {
		return v.Bytes
	}
	return []byte(v.Text)
}

func (v vector) now() time.Time { return time.Unix(v.At, 0).UTC() }

// status is what the receiver answers.
func (v vector) status() int {
	switch {
	case v.Status != 0:
		return v.Status
	case v.Want == "ok":
		return 202
	}
	return 401
}

// id is under which the delivery is stored.
func (v vector) id() schema.DeliveryID {
	if v.ID != "" {
		return schema.DeliveryID(v.ID)
	}
	return schema.BodyID(v.body())
}

// wire is the request as bytes.
func (v vector) wire() string {
	var s strings.Builder
	s.WriteString("POST /webhooks/ontop/acme HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n")
	for _, header := range v.Headers {
		s.WriteString(header[0] + ": " + header[1] + "\r\n")
	}
	fmt.Fprintf(&s, "Content-Length: %d\r\n\r\n%s", len(v.body()), v.body())
	return s.String()
}

func vectors(t *testing.T) (map[string]sender, []vector) {
	t.Helper()
	var file struct {
		About   string            `json:"about"`
		Senders map[string]sender `json:"senders"`
		Vectors []vector          `json:"vectors"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(vectorFile)))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&file))
	return file.Senders, file.Vectors
}

// named lets the verifier read headers in which a name may be written in any way.
type named [][2]string

func (n named) Values(name string) [][]byte {
	var out [][]byte
	for _, header := range n {
		if strings.EqualFold(header[0], name) {
			out = append(out, []byte(header[1]))
		}
	}
	return out
}

func TestVectors_AreManyAndDistinct(t *testing.T) {
	t.Parallel()
	senders, all := vectors(t)
	hostile, published := map[string]bool{}, map[string]bool{}
	requests, used := map[string]string{}, map[string]bool{}
	for _, v := range all {
		require.Regexp(t, `^[A-Z][A-Za-z0-9]+$`, v.Name)
		require.False(t, hostile[v.Name] || published[v.Name], "%s is there twice", v.Name)
		request := fmt.Sprint(v.Sender, v.At, v.wire())
		require.Empty(t, requests[request], "%s is the same request as another", v.Name)
		requests[request], used[v.Sender] = v.Name, true
		switch {
		case v.status() != 202:
			hostile[v.Name] = true
		case v.Source != "":
			published[v.Name] = true
		}
	}
	require.GreaterOrEqual(t, len(hostile), 180)
	require.GreaterOrEqual(t, len(published), 7)
	require.Len(t, used, len(senders), "every sender has vectors")
}

func TestVectors_AtTheVerifier(t *testing.T) {
	t.Parallel()
	senders, all := vectors(t)
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			proof, err := senders[v.Sender].verifier(t).Verify(named(v.Headers), v.body(), v.now())
			if v.Want != "ok" {
				require.Equal(t, error(ingest.Rejection(v.Want)), err)
				require.Contains(t, ingest.Rejections(), err)
				require.Zero(t, proof)
				return
			}
			require.NoError(t, err)
			require.Equal(t, v.id(), proof.ID)
		})
	}
}

// The same requests over TCP, to the whole receiver: what is taken is stored byte
// for byte, what is refused leaves nothing behind and learns nothing.
func TestVectors_AtTheSocket(t *testing.T) {
	t.Parallel()
	senders, all := vectors(t)
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			journal, reg := &memory{}, prometheus.NewRegistry()
			r, err := ingest.NewReceiver([]ingest.Company{{ID: "acme", Verifier: senders[v.Sender].verifier(t)}}, journal,
				ingest.ReceiverConfig{}, ingest.Env{Now: v.now, Metrics: ingest.NewMetrics(reg)})
			require.NoError(t, err)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- r.Serve(ctx, ln) }()
			got := conversation(t, ln.Addr().String(), v.wire())
			cancel()
			require.NoError(t, <-done)

			require.Equal(t, []int{v.status()}, codes(got))
			b := &bench{reg: reg}
			require.Equal(t, 1, b.requests(t, fmt.Sprint(v.status())))
			if v.status() == 202 {
				require.Equal(t, []schema.Delivery{{
					Company: "acme", ID: v.id(), ReceivedAt: v.now(), Channel: schema.ChannelWebhook, Body: append([]byte{}, v.body()...),
				}}, journal.deliveries())
				return
			}
			require.Empty(t, journal.deliveries())
			if v.status() == 401 {
				require.Equal(t, 1, b.counter(t, "tieout_ingest_verification_failures_total", cmp.Or(v.Trimmed, v.Want)))
				require.JSONEq(t, `{"error":"unauthorized","help":"sign the exact bytes of the body with the secret of this company"}`, got[0].text,
					"one answer for every reason")
			}
		})
	}
}
