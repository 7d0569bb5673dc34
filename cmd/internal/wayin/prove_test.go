package wayin_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/wayin"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

const path = "/webhooks/ontop/acme"

// memory is a journal and a store at once, and what the transform says.
type memory struct {
	mu       sync.Mutex
	receipts []schema.Receipt
	outcome  schema.OutcomeKind
	loses    bool // what it appends
	spoils   bool // the bodies that it appends
	waiting  int64
	refused  []map[string]int64 // answers, in turn
}

// Append keeps a delivery.
func (m *memory) Append(_ context.Context, d schema.Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.Body = append([]byte{}, d.Body...)
	if m.spoils {
		d.Body[0] = '['
	}
	if !m.loses {
		m.receipts = append(m.receipts, schema.Receipt{Delivery: d, BodySum: d.Sum(), Outcome: schema.Outcome{Kind: m.outcome}})
	}
	return nil
}

// Delivered returns what was appended.
func (m *memory) Delivered(_ context.Context, id schema.DeliveryID) ([]schema.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []schema.Receipt
	for _, r := range m.receipts {
		if r.ID == id {
			found = append(found, r)
		}
	}
	return found, nil
}

// Waiting returns what it was told.
func (m *memory) Waiting(context.Context) (int64, error) { return m.waiting, nil }

// Refused returns what it was told, once each.
func (m *memory) Refused(context.Context) (map[string]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.refused) == 0 {
		return nil, errors.New("no metrics")
	}
	counts := m.refused[0]
	m.refused = m.refused[1:]
	return counts, nil
}

func config(address string, m *memory) wayin.Config {
	return wayin.Config{
		URL: wayin.Address(address, "acme"), Company: "acme", Signing: wayin.Signing{Keys: []ingest.Key{key('k')}},
		Records: m, Now: time.Now, Follow: 5 * time.Second, Local: true,
	}
}

// prove goes the way, and checks what holds of every proof.
func prove(t *testing.T, cfg wayin.Config) wayin.Proof {
	t.Helper()
	var told []wayin.Step
	proof := wayin.Prove(t.Context(), cfg, func(s wayin.Step) { told = append(told, s) })
	require.Equal(t, told, proof.Steps)
	for i, step := range proof.Steps {
		require.Equal(t, i < len(proof.Steps)-1 || proof.Proven, step.Trouble == nil, step.Name)
		require.GreaterOrEqual(t, step.Took, time.Duration(0))
	}
	return proof
}

// last returns the step that the way ended at.
func last(t *testing.T, p wayin.Proof) wayin.Step {
	t.Helper()
	require.False(t, p.Proven)
	return p.Steps[len(p.Steps)-1]
}

// receive serves webhooks as tieout does, into m.
func receive(t *testing.T, m *memory) (address string) {
	t.Helper()
	verifier, err := ingest.NewVerifier(ingest.SignatureConfig{}, []ingest.Key{key('k')})
	require.NoError(t, err)
	receiver, err := ingest.NewReceiver([]ingest.Company{{ID: "acme", Verifier: verifier}}, m, ingest.ReceiverConfig{}, ingest.Env{Now: time.Now})
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- receiver.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	return "http://" + listener.Addr().String()
}

func TestProve_GoesAllTheWay(t *testing.T) {
	t.Parallel()
	m := &memory{outcome: schema.OutcomeTest}
	proof := prove(t, config(receive(t, m), m))
	require.True(t, proof.Proven)
	require.Len(t, m.receipts, 1)
	require.Equal(t, proof.ID, m.receipts[0].ID)
	var names []string
	for _, s := range proof.Steps {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"signed", "connected", "answered", "stored", "read"}, names, "there is nothing to resolve, and no TLS")
}

func TestProve_SaysWhereTheServerRefuses(t *testing.T) {
	t.Parallel()
	for cause, c := range map[string]struct{ says, next string }{
		"signature": {"no secret that it believes made this signature", "SIGHUP"},
		"no_key":    {"none of its secrets is believed now", "SIGHUP"},
		"origin":    {"this machine's address is not in ontop.origins", "ontop.origins"},
		"expired":   {"the clocks", "NTP"},
		"future":    {"the clocks", "NTP"},
		"missing":   {"a header of the signature did not come through", "headers"},
		"new_cause": {"the server counted new_cause", "SIGHUP"},
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			m := &memory{refused: []map[string]int64{{cause: 3, "repeated": 7}, {cause: 4, "repeated": 7}}}
			cfg := config(receive(t, m), m)
			cfg.Signing.Keys = []ingest.Key{key('x')}
			step := last(t, prove(t, cfg))
			require.Equal(t, "answered", step.Name)
			require.Contains(t, step.Trouble.Cause, c.says)
			require.Contains(t, step.Trouble.Next, c.next)
		})
	}

	t.Run("WithoutMetrics", func(t *testing.T) {
		t.Parallel()
		m := &memory{}
		cfg := config(receive(t, m), m)
		cfg.Signing.Keys = []ingest.Key{key('x')}
		step := last(t, prove(t, cfg))
		require.Contains(t, step.Trouble.Cause, "does not believe the signature, or the address")
	})
}

func TestProve_SaysWhatAnswersInstead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   int
		header [2]string
		says   string
	}{
		"UnknownPath":  {code: 404, says: "does not know " + path},
		"SmallProxy":   {code: 413, says: "takes no body of"},
		"Rate":         {code: 429, says: "more deliveries come in"},
		"Full":         {code: 503, header: [2]string{"Retry-After", "5"}, says: "tieout cannot store deliveries now"},
		"NoBackend":    {code: 502, says: "502: the proxy does not reach tieout"},
		"Unavailable":  {code: 503, says: "503: the proxy does not reach tieout"},
		"Redirect":     {code: 301, header: [2]string{"Location", "https://elsewhere.example"}, says: "301: redirected to https://elsewhere.example"},
		"SomethingOK":  {code: 200, says: "this is not tieout"},
		"SomethingBad": {code: 418, says: "418 I'm a teapot"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.header[0] != "" {
					w.Header().Set(c.header[0], c.header[1])
				}
				w.WriteHeader(c.code)
			}))
			t.Cleanup(server.Close)
			step := last(t, prove(t, config(server.URL, &memory{})))
			require.Equal(t, "answered", step.Name)
			require.Contains(t, step.Trouble.Cause, c.says)
			require.NotEmpty(t, step.Trouble.Next)
		})
	}
}

func TestProve_SaysWhyNothingIsReached(t *testing.T) {
	t.Parallel()

	t.Run("NoAddress", func(t *testing.T) {
		t.Parallel()
		for _, address := range []string{"", "ftp://hooks.example.com", "https://", "http://\x00"} {
			cfg := config("http://x", &memory{})
			cfg.URL = address
			require.Contains(t, last(t, prove(t, cfg)).Trouble.Cause, "is no http(s) address", address)
		}
	})

	t.Run("NoName", func(t *testing.T) {
		t.Parallel()
		step := last(t, prove(t, config("https://hooks.invalid", &memory{})))
		require.Equal(t, "resolved", step.Name)
		require.Contains(t, step.Trouble.Cause, "hooks.invalid has no address")
	})

	t.Run("NobodyListens", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		step := last(t, prove(t, config(server.URL, &memory{})))
		require.Equal(t, "connected", step.Name)
		require.Contains(t, step.Trouble.Cause, "connection refused")
		require.Contains(t, step.Trouble.Next, "tieout serve")
	})

	t.Run("NobodyAnswers", func(t *testing.T) {
		t.Parallel()
		gone := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gone }))
		t.Cleanup(server.Close)
		t.Cleanup(func() { close(gone) })
		cfg := config(server.URL, &memory{})
		cfg.Bound = 100 * time.Millisecond
		step := last(t, prove(t, cfg))
		require.Equal(t, "answered", step.Name)
		require.Equal(t, "no answer: no answer in time", step.Trouble.Cause)
	})

	t.Run("Stopped", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			cancel()
			<-ctx.Done()
		}))
		t.Cleanup(server.Close)
		proof := wayin.Prove(ctx, config(server.URL, &memory{}), func(wayin.Step) {})
		require.Equal(t, "was stopped", last(t, proof).Trouble.Cause)
	})
}

func TestProve_BelievesCertificatesAsSendersDo(t *testing.T) {
	t.Parallel()
	m := &memory{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	t.Run("Good", func(t *testing.T) {
		t.Parallel()
		cfg := config(server.URL, m)
		cfg.Roots = roots
		proof := prove(t, cfg)
		require.Equal(t, "tls", proof.Steps[2].Name)
		require.Regexp(t, `^TLS 1.3, certificate valid until \d{4}-\d\d-\d\d, by `, proof.Steps[2].Detail)
		require.Equal(t, "answered", last(t, proof).Name)
	})

	t.Run("UnknownAuthority", func(t *testing.T) {
		t.Parallel()
		step := last(t, prove(t, config(server.URL, m)))
		require.Equal(t, "tls", step.Name)
		require.Contains(t, step.Trouble.Cause, "of an authority that this machine does not know")
		require.Contains(t, step.Trouble.Next, "whole chain")
	})

	t.Run("AnotherName", func(t *testing.T) {
		t.Parallel()
		cfg := config(strings.Replace(server.URL, "127.0.0.1", "localhost", 1), m)
		cfg.Roots = roots
		step := last(t, prove(t, cfg))
		require.Contains(t, step.Trouble.Cause, "the certificate is for example.com")
		require.Contains(t, step.Trouble.Cause, "and not for localhost")
	})

	t.Run("NoTLS", func(t *testing.T) {
		t.Parallel()
		plain := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(plain.Close)
		step := last(t, prove(t, config(strings.Replace(plain.URL, "http:", "https:", 1), m)))
		require.Equal(t, "what answers there does not speak TLS", step.Trouble.Cause)
	})
}

func TestProve_ShowsACertificateWhereOneIsAskedFor(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := config(server.URL, &memory{})
	cfg.Roots = x509.NewCertPool()
	cfg.Roots.AddCert(server.Certificate())
	step := last(t, prove(t, cfg))
	require.Contains(t, step.Trouble.Cause, "takes only clients with a certificate")
	require.Contains(t, step.Trouble.Next, "--client-cert")

	cfg.Certificate = &server.TLS.Certificates[0]
	step = last(t, prove(t, cfg))
	require.Contains(t, step.Trouble.Cause, "teapot", "the way went on")
}

func TestProve_SaysWhereADeliveryIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m    *memory
		step string
		says string
	}{
		"AnotherTieout":   {&memory{loses: true}, "stored", "neither this store nor this journal has it"},
		"StoreAway":       {&memory{loses: true, waiting: 7}, "stored", "7 deliveries wait in the journal"},
		"AnotherBody":     {&memory{spoils: true, outcome: schema.OutcomeTest}, "stored", "neither this store nor this journal has it"},
		"NobodyReads":     {&memory{}, "read", "nobody has read it: not within 300ms"},
		"AnOldTransform":  {&memory{outcome: schema.OutcomeUnknown}, "read", `read as "unknown" and not as a test`},
		"AnotherOutcome2": {&memory{outcome: schema.OutcomeConflict}, "read", `read as "conflict" and not as a test`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(receive(t, c.m), c.m)
			cfg.Follow = 300 * time.Millisecond
			step := last(t, prove(t, cfg))
			require.Equal(t, c.step, step.Name)
			require.Contains(t, step.Trouble.Cause, c.says)
			require.NotEmpty(t, step.Trouble.Next)
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://hooks.example.com":                      "https://hooks.example.com/webhooks/ontop/acme",
		"https://hooks.example.com/":                     "https://hooks.example.com/webhooks/ontop/acme",
		"https://example.com/tieout":                     "https://example.com/tieout/webhooks/ontop/acme",
		"https://hooks.example.com/webhooks/ontop/acme":  "https://hooks.example.com/webhooks/ontop/acme",
		"https://hooks.example.com/webhooks/ontop/acme/": "https://hooks.example.com/webhooks/ontop/acme",
	} {
		require.Equal(t, want, wayin.Address(base, "acme"), base)
	}
}
