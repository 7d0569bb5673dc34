package fetch_test

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tieout/tieout/load/fetch"
)

// Every test runs beside a proxy that nothing can come through.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		os.Setenv(name, "http://127.0.0.1:1")
	}
	goleak.VerifyTestMain(m)
}

const (
	// host is what the certificate of a test server is for, and elsewhere another
	// such host.
	host      = "example.com"
	elsewhere = "files.example.com"

	publicIP = "93.184.215.14"
)

// aPDF is a whole PDF, as far as anybody looks.
const aPDF = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"

// internet is a resolver and a dialer: every address, public as it may be, is the
// test's server.
type internet struct {
	listener net.Addr
	dial     func(ctx context.Context) (net.Conn, error)

	mu       sync.Mutex
	names    map[string][]string // what hosts resolve to, one after the other
	dialled  []string
	resolved []string
}

// LookupNetIP resolves every known host to a public address, unless it was set
// otherwise. Of several answers each is given once, and the last for ever.
func (n *internet) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.resolved = append(n.resolved, name)
	answers, ok := n.names[name]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	if len(answers) > 1 {
		n.names[name] = answers[1:]
	}
	if answers[0] == "" {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	return []netip.Addr{netip.MustParseAddr(answers[0])}, nil
}

func (n *internet) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialled = append(n.dialled, address)
	n.mu.Unlock()
	if n.dial != nil {
		return n.dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, n.listener.String())
}

func (n *internet) is(name string, answers ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[name] = answers
}

func (n *internet) connections() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dialled
}

// bench is a fetcher and the only server that it finds.
type bench struct {
	t   *testing.T
	net *internet
	cfg fetch.Config
}

// setup starts a server that answers https for host and for elsewhere.
func setup(t *testing.T, handler http.HandlerFunc) *bench {
	t.Helper()
	return newBench(t, serve(t, handler))
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func newBench(t *testing.T, server *httptest.Server) *bench {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	n := &internet{listener: server.Listener.Addr(), names: map[string][]string{host: {publicIP}, elsewhere: {publicIP}}}
	return &bench{t: t, net: n, cfg: fetch.Config{Resolver: n, Dialer: n, Roots: roots, Now: time.Now}}
}

func (b *bench) hosts(list ...string) {
	b.t.Helper()
	var err error
	b.cfg.Hosts, err = fetch.ParseHosts(list)
	require.NoError(b.t, err)
}

func (b *bench) fetch(address string) (fetch.File, error) {
	b.t.Helper()
	return fetch.New(b.cfg).Fetch(b.t.Context(), address, "fallback")
}

// problem fetches what cannot be fetched.
func (b *bench) problem(address string) *fetch.Problem {
	b.t.Helper()
	_, err := b.fetch(address)
	var p *fetch.Problem
	require.ErrorAs(b.t, err, &p)
	require.NotEmpty(b.t, p.Meaning)
	require.NotEmpty(b.t, p.Next)
	require.NotEmpty(b.t, p.Mender)
	return p
}

// answers answers every request with a body.
func answers(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

// always resolves every name to one address.
type always struct{ to netip.Addr }

func (a always) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{a.to}, nil
}

// refusing notes where a connection would have gone.
type refusing struct{ dialled *[]string }

func (r refusing) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	*r.dialled = append(*r.dialled, address)
	return nil, errors.New("refused")
}
