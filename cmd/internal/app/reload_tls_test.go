package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/config"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	made := a.issue(t, time.Now().Add(time.Hour))
	a.cert, a.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// issue makes a certificate until a time, for itself when there is none yet.
func (a *authority) issue(t *testing.T, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "tieout"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until, IsCA: a.cert == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
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

// write leaves the authority's certificate in a file.
func (a *authority) write(t *testing.T, file string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600))
}

// serve leaves a new certificate for a server, and its key, in a folder.
func (a *authority) serve(t *testing.T, dir string) config.TLS {
	t.Helper()
	made := a.issue(t, time.Now().Add(time.Hour))
	private, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	require.NoError(t, err)
	files := config.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), MinVersion: "1.2"}
	require.NoError(t, os.WriteFile(files.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}), 0o600))
	require.NoError(t, os.WriteFile(files.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return files
}

// showing is a client that believes the server and shows a certificate, if it has
// one, whether or not the server would want that one.
func showing(server *x509.Certificate, own ...tls.Certificate) *http.Client {
	client := trusting(server)
	client.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if len(own) == 0 {
			return &tls.Certificate{}, nil
		}
		return &own[0], nil
	}
	return client
}

// Only whoever has a certificate of our authority is listened to, and a new
// authority is believed from the reload on, without a restart.
func TestServe_MutualTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	server := pair(t, dir)
	ours, theirs := newAuthority(t), newAuthority(t)
	file := filepath.Join(dir, "clients.pem")
	ours.write(t, file)
	w.cfg.Public.TLS = config.TLS{
		CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), ClientCAFile: file, MinVersion: "1.2",
	}
	secret := w.cfg.Companies[0].Ontop.Secrets[0].Secret
	h := newHangup(t, w)
	soon := time.Now().Add(time.Hour)
	right := ours.issue(t, soon)
	shown := map[string][]tls.Certificate{
		"none":       nil,
		"another's":  {theirs.issue(t, soon)},
		"expired":    {ours.issue(t, time.Now().Add(-time.Hour))},
		"one's own":  {newAuthority(t).issue(t, soon)},
		"an old one": {theirs.issue(t, time.Now().Add(-time.Hour))},
	}
	for name, own := range shown {
		status, err := h.post(showing(server, own...), "https", secret, "m")
		require.Error(t, err, "%s: %d", name, status)
		require.ErrorContains(t, err, "tls: ", name)
	}
	status, err := h.post(showing(server, right), "https", secret, "m1")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	status, err = h.post(showing(server, right), "https", newSecret(), "m2")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status, "the certificate is worth no signature")

	theirs.write(t, file)
	h.reload(t, h.copied(), nil)
	_, err = h.post(showing(server, right), "https", secret, "m3")
	require.Error(t, err)
	status, err = h.post(showing(server, shown["another's"]...), "https", secret, "m3")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
}

// Certificates are replaced again and again while deliveries come in, over
// connections that stay and over new ones, and not one is dropped or refused.
func TestServe_ReloadsCertificatesWithoutARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ours := newAuthority(t)
	files := func() config.TLS { return ours.serve(t, t.TempDir()) }
	w.cfg.Public.TLS = files()
	secret := w.cfg.Companies[0].Ontop.Secrets[0].Secret
	h := newHangup(t, w)

	stop := make(chan struct{})
	var senders sync.WaitGroup
	var sent atomic.Int64
	for s := range 4 {
		senders.Go(func() {
			client := trusting(ours.cert)
			client.Transport.(*http.Transport).DisableKeepAlives = s%2 == 0
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				status, err := h.post(client, "https", secret, fmt.Sprintf("m%d-%d", s, n))
				if err != nil || status != http.StatusAccepted {
					t.Errorf("%d, %v", status, err)
					return
				}
				sent.Add(1)
			}
		})
	}
	for n := range 20 {
		after := sent.Load()
		cfg := h.copied()
		cfg.Public.TLS = files()
		h.reload(t, cfg, nil)
		require.Eventually(t, func() bool { return sent.Load() > after+8 || t.Failed() }, 20*time.Second, time.Millisecond, "reload %d", n)
	}
	close(stop)
	senders.Wait()
	require.InDelta(t, 1, h.gauge(t, "tieout_config_last_reload_successful"), 0)
}
