package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema/ontop"
)

// headerName is a name that HTTP allows.
var headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`)

func (p Public) validate(m *mistakes) {
	p.TLS.validate(m)
	m.networks("public.proxies", p.Proxies)
	if *p.ReplayWindow < 0 || *p.ReplayWindow > 24*time.Hour {
		m.add("public.replay_window", "must be from 0s to 24h, is %s", *p.ReplayWindow)
	}
	m.between("public.connections", p.Connections, 1, 1_000_000)
	m.between("public.connections_per_address", p.ConnectionsPerAddress, 1, max(p.Connections, 1))
	m.between("public.in_flight", p.InFlight, 1, 1_000_000)
	m.between("public.buffer_mib", p.BufferMiB, 2, 65_536)
	if p.ReadTimeout < time.Second || p.ReadTimeout > 5*time.Minute {
		m.add("public.read_timeout", "must be from 1s to 5m, is %s", p.ReadTimeout)
	}
}

func (t TLS) validate(m *mistakes) {
	if (t.CertFile == "") != (t.KeyFile == "") {
		m.add("public.tls", "cert_file and key_file belong together; give both, or none")
	}
	if t.CertFile == "" {
		if t.ClientCAFile != "" || t.MinVersion != "" {
			m.add("public.tls.cert_file", "is missing; nothing else of public.tls does anything without it")
		}
		return
	}
	m.oneOf("public.tls.min_version", t.MinVersion, "1.2", "1.3")
}

// networks checks a list of addresses and networks.
func (m *mistakes) networks(key string, values []string) {
	if _, err := Networks(values); err != nil {
		m.add(key, "%w", err)
	}
}

// Networks reads addresses and networks. An address is a network of one.
func Networks(values []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, value := range values {
		if addr, err := netip.ParseAddr(value); err == nil && addr.Zone() == "" {
			addr = addr.Unmap()
			all = append(all, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(value)
		if err != nil {
			return nil, fmt.Errorf("must be an address or a network such as 203.0.113.0/24, is %q", value)
		}
		if network != network.Masked() {
			return nil, fmt.Errorf("the network of %q is %s; write that, or the address alone", value, network.Masked())
		}
		all = append(all, network)
	}
	return all, nil
}

func (o Ontop) validate(m *mistakes, key string) {
	m.oneOf(key+".signature", o.Signature, "standard-webhooks", "hmac-hex", "bearer")
	if len(o.Secrets) == 0 && !o.UnsafeAcceptUnsigned {
		m.add(key+".secrets", "is empty; without a secret no delivery can be believed")
	}
	for i, secret := range o.Secrets {
		secret.validate(m, fmt.Sprintf("%s.secrets[%d]", key, i), o.Signature)
	}
	o.validateHeaders(m, key)
	if o.Tolerance < time.Second || o.Tolerance > time.Hour {
		m.add(key+".tolerance", "must be from 1s to 1h, is %s", o.Tolerance)
	}
	m.between(key+".rate_per_second", o.RatePerSecond, 1, 1_000_000)
	m.networks(key+".origins", o.Origins)
	o.Redact.validate(m, key+".redact")
}

// validate refuses fields that must stay. Fields without a time, or a time without
// fields, would do nothing, which somebody who wrote them relies on.
func (r Redact) validate(m *mistakes, key string) {
	m.between(key+".after_months", r.AfterMonths, 0, 1200)
	switch {
	case r.AfterMonths > 0 && len(r.Fields) == 0:
		m.add(key+".fields", "is empty; name what is to be taken out after %d months", r.AfterMonths)
	case r.AfterMonths == 0 && len(r.Fields) > 0:
		m.add(key+".after_months", "is missing; without it nothing is ever taken out")
	}
	for i, field := range r.Fields {
		if _, err := ontop.ParseRedactPath(field); err != nil {
			m.add(fmt.Sprintf("%s.fields[%d]", key, i), "%w", err)
		}
	}
}

func (s SigningSecret) validate(m *mistakes, key, signature string) {
	if s.Secret == "" {
		m.add(key, "is empty; give a secret, or a mapping with secret or secret_file")
		return
	}
	if s.Secret != unresolved {
		if _, err := ingest.ParseKey(ingest.Scheme(signature), s.Reveal()); err != nil {
			m.add(key, "%w", err)
		}
	}
	if !s.NotAfter.IsZero() && !s.NotAfter.After(s.NotBefore) {
		m.add(key+".not_after", "must be after not_before, is %s", s.NotAfter.Format(time.RFC3339))
	}
}

// validateHeaders checks where a signature stands and what is signed. A setting
// that the scheme does not use is a mistake: somebody relies on it.
func (o Ontop) validateHeaders(m *mistakes, key string) {
	for _, setting := range []struct {
		key, value, scheme string
		header             bool
	}{
		{"header_prefix", o.HeaderPrefix, "standard-webhooks", true},
		{"header", o.Header, "hmac-hex", true},
		{"timestamp_header", o.TimestampHeader, "hmac-hex", true},
		{"signature_prefix", o.SignaturePrefix, "hmac-hex", false},
		{"prefix", o.Prefix, "hmac-hex", false},
		{"suffix", o.Suffix, "hmac-hex", false},
	} {
		switch {
		case setting.value == "":
		case setting.scheme != o.Signature:
			m.add(key+"."+setting.key, "is used by signature %s only, and that is %q", setting.scheme, o.Signature)
		case setting.header && !headerName.MatchString(setting.value):
			m.add(key+"."+setting.key, "must be the name of a header, is %q", setting.value)
		}
	}
	if o.Signature != "hmac-hex" {
		return
	}
	signed := ingest.SignatureConfig{Scheme: ingest.HMACHex, Prefix: o.Prefix, Suffix: o.Suffix, TimestampHeader: o.TimestampHeader}
	if err := signed.Validate(); err != nil {
		*m = append(*m, fmt.Errorf("%s.%w", key, err))
	}
}
