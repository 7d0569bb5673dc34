package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/tieout/tieout/cmd/internal/config"
)

// certificates is what the webhook listener shows and asks for. It can be replaced
// between two handshakes. It is safe for concurrent use.
type certificates struct{ current atomic.Pointer[tls.Config] }

// newCertificates reads the files that t names.
func newCertificates(t config.TLS) (*certificates, error) {
	c := &certificates{}
	first, err := readTLS(t)
	if err != nil {
		return nil, err
	}
	c.current.Store(first)
	return c, nil
}

// serving is the configuration to listen with.
func (c *certificates) serving() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil },
	}
}

// expires is when the certificate that is shown ends.
func (c *certificates) expires() time.Time { return c.current.Load().Certificates[0].Leaf.NotAfter }

func readTLS(t config.TLS) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("public.tls: %w", err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if t.MinVersion == "1.3" {
		cfg.MinVersion = tls.VersionTLS13
	}
	if t.ClientCAFile == "" {
		return cfg, nil
	}
	authorities, err := os.ReadFile(t.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("public.tls.client_ca_file: %w", err)
	}
	cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !cfg.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("public.tls.client_ca_file: %s holds no certificate in PEM", t.ClientCAFile)
	}
	return cfg, nil
}
