package ingest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	pair := a.issue(t, "authority", true)
	a.cert, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.cert)
	return a
}

// issue makes a certificate, for itself when there is no authority yet.
func (a *authority) issue(t *testing.T, name string, authority bool) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: authority, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}
}

// client sends requests over TLS, on a connection each.
func (a *authority) client(t *testing.T, change ...func(*tls.Config)) *http.Client {
	t.Helper()
	cfg := &tls.Config{RootCAs: a.pool}
	for _, c := range change {
		c(cfg)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}, Timeout: 20 * time.Second}
}

// postTLS returns the answer's code and what the handshake agreed on.
func (b *bench) postTLS(client *http.Client) (int, *tls.ConnectionState, error) {
	req, err := http.NewRequest(http.MethodPost, "https://"+b.addr+"/webhooks/ontop/acme", strings.NewReader("{}"))
	if err != nil {
		return 0, nil, err
	}
	req.Header = signed(b.key.Secret, "m", "{}")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.TLS, err
}

func TestReceiver_TLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	setup := func(t *testing.T, cfg *tls.Config, change ...func(*ingest.ReceiverConfig)) *bench {
		t.Helper()
		return serve(t, &memory{}, append(change, func(c *ingest.ReceiverConfig) { c.TLS = cfg })...)
	}
	plain := func(t *testing.T) *tls.Config {
		t.Helper()
		return &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server", false)}, MinVersion: tls.VersionTLS12}
	}

	t.Run("AnswersOverBothVersions", func(t *testing.T) {
		t.Parallel()
		b := setup(t, plain(t))
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			code, state, err := b.postTLS(a.client(t, func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }))
			require.NoError(t, err)
			require.Equal(t, 202, code)
			require.Equal(t, version, state.Version)
		}
	})

	t.Run("RefusesOlderVersions", func(t *testing.T) {
		t.Parallel()
		b := setup(t, plain(t))
		_, _, err := b.postTLS(a.client(t, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }))
		require.ErrorContains(t, err, "protocol version")
	})

	t.Run("AsksForACertificateOfTheSender", func(t *testing.T) {
		t.Parallel()
		cfg := plain(t)
		cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, a.pool
		b := setup(t, cfg)
		_, _, err := b.postTLS(a.client(t))
		require.Error(t, err)
		stranger := newAuthority(t)
		_, _, err = b.postTLS(a.client(t, func(c *tls.Config) { c.Certificates = []tls.Certificate{stranger.issue(t, "client", false)} }))
		require.Error(t, err)
		code, _, err := b.postTLS(a.client(t, func(c *tls.Config) { c.Certificates = []tls.Certificate{a.issue(t, "client", false)} }))
		require.NoError(t, err)
		require.Equal(t, 202, code)
	})

	t.Run("TakesANewCertificateBetweenRequests", func(t *testing.T) {
		t.Parallel()
		var current atomic.Pointer[tls.Config]
		current.Store(plain(t))
		b := setup(t, &tls.Config{
			MinVersion:         tls.VersionTLS12,
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return current.Load(), nil },
		})
		serial := func() string {
			code, state, err := b.postTLS(a.client(t))
			require.NoError(t, err)
			require.Equal(t, 202, code)
			return state.PeerCertificates[0].SerialNumber.String()
		}
		before := serial()
		require.Equal(t, before, serial())
		current.Store(plain(t))
		require.NotEqual(t, before, serial())
	})

	// The gentle close works below TLS: whoever sends all of a body that is too
	// large sees the 413.
	t.Run("TooLargeAndSentWhole", func(t *testing.T) {
		t.Parallel()
		b := setup(t, plain(t))
		for range 10 {
			conn, err := tls.Dial("tcp", b.addr, &tls.Config{RootCAs: a.pool})
			require.NoError(t, err)
			require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			large := strings.Repeat("a", 3<<20)
			_, err = io.WriteString(conn, wire(b, "HTTP/1.1", "m", "", length(large))+"\r\n"+large)
			require.NoError(t, err)
			text, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Contains(t, string(text), "413 Request Entity Too Large")
			conn.Close()
		}
	})

	t.Run("CutsOffAHandshakeThatDoesNotEnd", func(t *testing.T) {
		t.Parallel()
		b := setup(t, plain(t), func(c *ingest.ReceiverConfig) { c.ReadTimeout = 200 * time.Millisecond })
		conn, err := net.Dial("tcp", b.addr)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = io.WriteString(conn, "\x16\x03\x01")
		require.NoError(t, err)
		_, err = io.ReadAll(conn)
		require.NotErrorIs(t, err, errTimeout(err))
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 0 }, 10*time.Second, 5*time.Millisecond)
	})

	t.Run("TakesNothingWithoutTLS", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.TLS = plain(t) })
		_, err := b.send("/webhooks/ontop/acme", signed(b.key.Secret, "m", "{}"), strings.NewReader("{}"))
		require.Error(t, err)
		require.Empty(t, journal.deliveries())
	})

	t.Run("OnlyClosesWhatItDoesNotServe", func(t *testing.T) {
		t.Parallel()
		b := setup(t, plain(t), func(c *ingest.ReceiverConfig) { c.Connections = 1 })
		first, err := tls.Dial("tcp", b.addr, &tls.Config{RootCAs: a.pool})
		require.NoError(t, err)
		defer first.Close()
		_, _, err = b.postTLS(a.client(t))
		require.Error(t, err)
		require.Positive(t, b.counter(t, "tieout_ingest_shed_total", "connections"))
	})
}
