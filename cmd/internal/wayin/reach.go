package wayin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// expiresSoon is when the end of a certificate is worth a word: what renews them does
// so 30 days ahead.
const expiresSoon = 14 * 24 * time.Hour

func (w *way) resolve(ctx context.Context, step *Step) {
	host := w.target.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		w.addresses = []net.IPAddr{{IP: net.IP(addr.AsSlice()), Zone: addr.Zone()}}
		if !w.cfg.Local && (addr.IsLoopback() || addr.IsPrivate()) {
			step.Detail, step.Warning = host, "is an address that only this machine or its network can reach, and not Ontop"
		}
		return
	}
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		step.Trouble = troubled("create the DNS record of "+host+", or correct public.url; a new record may take an hour to be seen",
			"%s has no address: %s", host, plain(err))
		return
	}
	w.addresses = found
	texts := make([]string, len(found))
	private := true
	for i, address := range found {
		texts[i] = address.String()
		private = private && (address.IP.IsLoopback() || address.IP.IsPrivate())
	}
	step.Detail = host + " is " + strings.Join(texts, ", ")
	if private && !w.cfg.Local {
		step.Warning = "here it leads to a private address; elsewhere it may lead somewhere else, or nowhere"
	}
}

// connect tries every address in turn, as a sender that knows one of them may try
// that one alone.
func (w *way) connect(ctx context.Context, step *Step) {
	port := w.target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[w.target.Scheme]
	}
	var failed []string
	var last error
	for _, address := range w.addresses {
		at := net.JoinHostPort(address.String(), port)
		conn, err := (&net.Dialer{Timeout: w.cfg.Bound / time.Duration(len(w.addresses))}).DialContext(ctx, "tcp", at)
		if err != nil {
			failed, last = append(failed, at+": "+plain(err)), err
			continue
		}
		w.conn, step.Detail = conn, at
		if len(failed) > 0 {
			step.Warning = "not reached: " + strings.Join(failed, "; ") + ": a sender that tries it first fails or is slow"
		}
		return
	}
	next := "open port " + port + " in every firewall on the way, and see that the proxy, or `tieout serve`, listens there"
	if errors.Is(last, syscall.ECONNREFUSED) {
		next = "nothing listens there: start `tieout serve`, or the proxy in front of it, and compare public.listen"
	}
	step.Trouble = troubled(next, "not reached: %s", strings.Join(failed, "; "))
}

func (w *way) handshake(ctx context.Context, step *Step) {
	if w.target.Scheme == "http" {
		if addr, ok := w.conn.RemoteAddr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() {
			step.Detail, step.Warning = "none", "everybody on the way can read what is sent; use https"
		}
		return
	}
	cfg := &tls.Config{ServerName: w.target.Hostname(), RootCAs: w.cfg.Roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if w.cfg.Certificate != nil {
		cfg.Certificates = []tls.Certificate{*w.cfg.Certificate}
	}
	conn := tls.Client(w.conn, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		step.Trouble = tlsTrouble(w.target.Hostname(), err)
		return
	}
	state := conn.ConnectionState()
	leaf := state.PeerCertificates[0]
	w.conn = conn
	step.Detail = fmt.Sprintf("%s, certificate valid until %s, by %s", tls.VersionName(state.Version), leaf.NotAfter.UTC().Format(time.DateOnly), leaf.Issuer.CommonName)
	if left := leaf.NotAfter.Sub(w.cfg.Now()); left < expiresSoon {
		step.Warning = fmt.Sprintf("the certificate ends in %d days; renew it", int(left.Hours()/24))
	}
}

// tlsTrouble says what is wrong with a certificate, as any sender would see it.
func tlsTrouble(host string, err error) *Trouble {
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return troubled("get a certificate for "+host+", or give the name that it was made for under public.url",
			"the certificate is for %s and not for %s", strings.Join(name.Certificate.DNSNames, ", "), host)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return troubled("have the server show the whole chain (its own certificate and those between it and the root), of an authority that Ontop believes too",
			"the certificate is of an authority that this machine does not know: %s", plain(err))
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return troubled("renew it; tieout reads the files of public.tls again on SIGHUP", "the certificate is not valid now: %s", plain(err))
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return troubled("use http:// for this address, or have the server end TLS there", "what answers there does not speak TLS")
	}
	return troubled("see the log of what ends TLS there", "%s", plain(err))
}

// plain says what went wrong without what is said beside it anyway.
func plain(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed): // closed when its time was over
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "no answer in time"
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	return err.Error()
}
