package app

import (
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

// senders returns the receiver's side of every company.
func (a *App) senders() ([]ingest.Company, error) {
	var all []ingest.Company
	var errs []error
	for _, c := range a.companies {
		verifier, err := newVerifier(c.cfg.Ontop)
		if err != nil {
			errs = append(errs, fmt.Errorf("companies[%s].ontop: %w", c.id, err))
			continue
		}
		all = append(all, ingest.Company{ID: c.id, Verifier: verifier, RatePerSecond: c.cfg.Ontop.RatePerSecond})
	}
	return all, errors.Join(errs...)
}

func newVerifier(o config.Ontop) (ingest.Verifier, error) {
	scheme := ingest.Scheme(o.Signature)
	var keys []ingest.Key
	for i, secret := range o.Secrets {
		key, err := ingest.ParseKey(scheme, secret.Reveal())
		if err != nil {
			return nil, fmt.Errorf("secrets[%d]: %w", i, err)
		}
		keys = append(keys, key)
	}
	signature := ingest.SignatureConfig{
		Scheme: scheme, Tolerance: o.Tolerance, UnsafeAcceptUnsigned: o.UnsafeAcceptUnsigned,
	}
	if scheme == ingest.HMACHex {
		signature.Header, signature.Prefix, signature.Suffix = o.Header, o.Prefix, o.Suffix
	}
	return ingest.NewVerifier(signature, keys)
}
