package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// Import stages the bodies in r, one a line, in the same way as webhooks.
func (a *App) Import(ctx context.Context, id schema.CompanyID, r io.Reader) (ingest.ImportResult, error) {
	c, err := a.company(id)
	if err != nil {
		return ingest.ImportResult{}, err
	}
	result, err := ingest.Import(ctx, r, id, a.store, ingest.ImportConfig{}, a.ingestEnv(nil))
	c.transforms.Now()
	return result, err
}

func (a *App) ingestEnv(metrics *ingest.Metrics) ingest.Env {
	return ingest.Env{Now: a.options.Now, Log: a.log, Metrics: metrics}
}

// receiverConfig is how the receiver serves, but for TLS.
func receiverConfig(p config.Public) (ingest.ReceiverConfig, error) {
	proxies, err := config.Networks(p.Proxies)
	if err != nil {
		return ingest.ReceiverConfig{}, fmt.Errorf("public.proxies: %w", err)
	}
	cfg := ingest.ReceiverConfig{
		Proxies: proxies, Connections: p.Connections, ConnectionsPerAddress: p.ConnectionsPerAddress, InFlight: p.InFlight, BufferLimit: p.BufferMiB << 20,
		ReadTimeout: p.ReadTimeout, AccessLog: p.AccessLog,
	}
	if p.ReplayWindow != nil {
		// To the receiver, no window is the default, and a negative one is none.
		cfg.ReplayWindow = cmp.Or(*p.ReplayWindow, -1)
	}
	return cfg, nil
}

// sendersOf returns the receiver's side of every company.
func sendersOf(companies []config.Company) ([]ingest.Company, error) {
	var all []ingest.Company
	var errs []error
	for _, c := range companies {
		verifier, err := newVerifier(c.Ontop)
		origins, wrong := config.Networks(c.Ontop.Origins)
		if err = errors.Join(err, wrong); err != nil {
			errs = append(errs, fmt.Errorf("companies[%s].ontop: %w", c.ID, err))
			continue
		}
		all = append(all, ingest.Company{
			ID: schema.CompanyID(c.ID), Verifier: verifier, RatePerSecond: c.Ontop.RatePerSecond, Origins: origins,
		})
	}
	return all, errors.Join(errs...)
}

func newVerifier(o config.Ontop) (ingest.Verifier, error) {
	keys, err := keysOf(o)
	if err != nil {
		return nil, err
	}
	return ingest.NewVerifier(signatureConfig(o), keys)
}

// keysOf returns the secrets of a company in the words of package ingest.
func keysOf(o config.Ontop) ([]ingest.Key, error) {
	var keys []ingest.Key
	for i, secret := range o.Secrets {
		key, err := ingest.ParseKey(ingest.Scheme(o.Signature), secret.Reveal())
		if err != nil {
			return nil, fmt.Errorf("secrets[%d]: %w", i, err)
		}
		key.NotBefore, key.NotAfter = secret.NotBefore, secret.NotAfter
		keys = append(keys, key)
	}
	return keys, nil
}

func signatureConfig(o config.Ontop) ingest.SignatureConfig {
	return ingest.SignatureConfig{
		Scheme: ingest.Scheme(o.Signature), HeaderPrefix: o.HeaderPrefix, Header: o.Header, SignaturePrefix: o.SignaturePrefix,
		Prefix: o.Prefix, Suffix: o.Suffix, TimestampHeader: o.TimestampHeader,
		Tolerance: o.Tolerance, UnsafeAcceptUnsigned: o.UnsafeAcceptUnsigned,
	}
}
