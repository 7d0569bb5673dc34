package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
)

// hangup is a served App whose configuration a test changes.
type hangup struct {
	w       *world
	signals chan os.Signal
	next    atomic.Pointer[func() (config.Config, error)]
}

func newHangup(t *testing.T, w *world) *hangup {
	t.Helper()
	h := &hangup{w: w, signals: make(chan os.Signal, 1)}
	a := w.open(t)
	a.ReloadOn(h.signals, func() (config.Config, error) { return (*h.next.Load())() })
	w.serve(t, a)
	return h
}

// copied is the configuration with companies of its own, to be changed.
func (h *hangup) copied() config.Config {
	cfg := h.w.cfg
	cfg.Companies = append([]config.Company(nil), cfg.Companies...)
	return cfg
}

// reload has the App read cfg, or meet err, and waits until it said so.
func (h *hangup) reload(t *testing.T, cfg config.Config, err error) {
	t.Helper()
	said := "configuration reloaded"
	if err != nil {
		said = refused
	}
	h.reloadUntil(t, cfg, err, said)
}

const refused = "configuration not reloaded"

func (h *hangup) reloadUntil(t *testing.T, cfg config.Config, err error, said string) {
	t.Helper()
	before := strings.Count(h.w.log.String(), said)
	read := func() (config.Config, error) { return cfg, err }
	h.next.Store(&read)
	h.signals <- syscall.SIGHUP
	require.Eventually(t, func() bool { return strings.Count(h.w.log.String(), said) > before }, 10*time.Second, time.Millisecond)
}

// post sends one signed delivery and returns the status, or 0.
func (h *hangup) post(client *http.Client, scheme string, secret config.Secret, id string) (int, error) {
	webhook, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		return 0, err
	}
	body, now := []byte(`{"event_type":"KYC","data":{}}`), time.Now()
	signature, err := webhook.Sign(id, now, body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequest(http.MethodPost, scheme+"://"+h.w.cfg.Public.Listen+"/webhooks/ontop/acme", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Webhook-Id": id, "Webhook-Timestamp": strconv.FormatInt(now.Unix(), 10), "Webhook-Signature": signature,
	} {
		request.Header.Set(name, value)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

func (h *hangup) gauge(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(get(t, http.DefaultClient, h.w.cfg.Private.URL+"/metrics").text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err)
			return number
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func secrets(all ...config.Secret) []config.SigningSecret {
	var list []config.SigningSecret
	for _, secret := range all {
		list = append(list, config.SigningSecret{Secret: secret})
	}
	return list
}

// A secret is rotated while deliveries come in under both, and not one is refused
// before the old one is taken away.
func TestServe_ReloadsSecretsWithoutARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, next := w.cfg.Companies[0].Ontop.Secrets[0].Secret, newSecret()
	h := newHangup(t, w)
	cfg := h.copied()
	cfg.Companies[0].Ontop.Secrets = secrets(old, next)
	h.reload(t, cfg, nil)

	stop := make(chan struct{})
	var senders sync.WaitGroup
	var sent atomic.Int64
	for s := range 3 {
		senders.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				status, err := h.post(http.DefaultClient, "http", []config.Secret{old, next}[n%2], fmt.Sprintf("m%d-%d", s, n))
				if err != nil || status != http.StatusAccepted {
					t.Errorf("%d, %v", status, err)
					return
				}
				sent.Add(1)
			}
		})
	}
	for n := range 30 {
		changed := h.copied()
		changed.Companies[0].Ontop.Secrets = secrets(next, old)
		changed.Companies[0].Ontop.RatePerSecond = 50_000 + n
		h.reload(t, changed, nil)
		h.reload(t, config.Config{}, errors.New("a comma too many"))
	}
	require.Eventually(t, func() bool { return sent.Load() > 100 || t.Failed() }, 20*time.Second, 5*time.Millisecond)
	close(stop)
	senders.Wait()

	cfg.Companies[0].Ontop.Secrets = secrets(next)
	h.reload(t, cfg, nil)
	status, err := h.post(http.DefaultClient, "http", old, "late")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	status, err = h.post(http.DefaultClient, "http", next, "late")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
}

func TestServe_ReloadThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.cfg.Companies[0].Ontop.Secrets[0].Secret
	h := newHangup(t, w)
	works := func(id string) {
		status, err := h.post(http.DefaultClient, "http", secret, id)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, status)
	}
	require.InDelta(t, 1, h.gauge(t, "tieout_config_last_reload_successful"), 0)

	h.reload(t, config.Config{}, errors.New("companies[acme].ontop.secrets[0]: must be whsec_ and base64"))
	works("m1")
	require.Contains(t, w.log.String(), "companies[acme].ontop.secrets[0]: must be whsec_ and base64")
	require.InDelta(t, 0, h.gauge(t, "tieout_config_last_reload_successful"), 0)

	cfg := h.copied()
	cfg.Store.JournalLimitMiB++
	cfg.Public.Listen, cfg.Public.AccessLog = "127.0.0.1:1", true
	cfg.Schedule.Load = "@daily"
	cfg.Companies[0].Policy.PostOn = "paid"
	cfg.Companies[0].Ontop.ClientIDs = nil
	cfg.Companies = append(cfg.Companies, config.Company{ID: "globex"})
	h.reload(t, cfg, nil)
	works("m2")
	require.Contains(t, w.log.String(), `keys="[store public.listen public schedule companies[acme].ontop.client_ids companies[acme].policy companies[globex]]"`)
	require.InDelta(t, 1, h.gauge(t, "tieout_config_last_reload_successful"), 0)
	require.InDelta(t, float64(time.Now().Unix()), h.gauge(t, "tieout_config_last_reload_success_timestamp_seconds"), 30)

	cfg = h.copied()
	cfg.Companies = nil
	h.reload(t, cfg, nil)
	works("m3")
	require.Contains(t, w.log.String(), `keys=[companies[acme]]`, "who is taken out of the file is served until a restart")

	cfg = h.copied()
	cfg.Companies[0].Ontop.Secrets = []config.SigningSecret{{Secret: secret, NotAfter: time.Now().Add(-time.Hour)}}
	h.reload(t, cfg, nil)
	require.Contains(t, w.log.String(), "No secret of acme is believed now")
	status, err := h.post(http.DefaultClient, "http", secret, "m4")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
}

// pair writes a certificate that signs itself, and returns it.
func pair(t *testing.T, dir string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "tieout"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	leaf, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return leaf
}

// trusting is a client that believes the certificates.
func trusting(all ...*x509.Certificate) *http.Client {
	pool := x509.NewCertPool()
	for _, one := range all {
		pool.AddCert(one)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
}

func TestServe_ReloadsCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	first := pair(t, dir)
	w.cfg.Public.TLS = config.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), MinVersion: "1.2"}
	secret := w.cfg.Companies[0].Ontop.Secrets[0].Secret
	h := newHangup(t, w)
	status, err := h.post(trusting(first), "https", secret, "m1")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	require.InDelta(t, float64(first.NotAfter.Unix()), h.gauge(t, "tieout_ingest_certificate_expiry_timestamp_seconds"), 0)

	second := pair(t, dir)
	status, err = h.post(trusting(first), "https", secret, "m2")
	require.NoError(t, err, "files alone change nothing")
	require.Equal(t, http.StatusAccepted, status)
	h.reload(t, h.copied(), nil)
	_, err = h.post(trusting(first), "https", secret, "m3")
	require.ErrorContains(t, err, "unknown authority")
	status, err = h.post(trusting(second), "https", secret, "m3")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("not a certificate"), 0o600))
	h.reloadUntil(t, h.copied(), nil, refused)
	require.Contains(t, w.log.String(), "public.tls: ")
	status, err = h.post(trusting(second), "https", secret, "m4")
	require.NoError(t, err, "what was shown is shown")
	require.Equal(t, http.StatusAccepted, status)

	pair(t, dir)
	cfg := h.copied()
	cfg.Public.TLS.ClientCAFile = filepath.Join(dir, "cert.pem")
	h.reload(t, cfg, nil)
	_, err = h.post(trusting(second), "https", secret, "m5")
	require.Error(t, err, "from now on, senders show a certificate too")
}

func TestServe_SaysWhatIsWrongWithTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair(t, dir)
	good := config.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), MinVersion: "1.3"}
	for want, change := range map[string]func(*config.TLS){
		"public.tls: open ":                func(c *config.TLS) { c.CertFile = filepath.Join(dir, "nobody.pem") },
		"public.tls.client_ca_file: open ": func(c *config.TLS) { c.ClientCAFile = filepath.Join(dir, "nobody.pem") },
		"holds no certificate in PEM":      func(c *config.TLS) { c.ClientCAFile = filepath.Join(dir, "key.pem") },
	} {
		bad := good
		change(&bad)
		_, err := app.ReadTLS(bad)
		require.ErrorContains(t, err, want)
	}
	cfg, err := app.ReadTLS(good)
	require.NoError(t, err)
	require.EqualValues(t, tls.VersionTLS13, cfg.MinVersion)
	require.Equal(t, tls.NoClientCert, cfg.ClientAuth)
}
