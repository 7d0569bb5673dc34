package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

const (
	// tryAddresses is how many addresses of a host are tried, one after the other.
	tryAddresses = 4

	// longestHeader is the most that an answer may say before it begins.
	longestHeader = 64 << 10
)

// errLocal means that a host has no address that may be connected to.
var errLocal = errors.New("the address is not public")

// Dialer connects to an address.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// newTransport makes connections of its own for each request, so that each address
// is checked when it is used, and speaks HTTP/1.1 only, which is less to trust.
func (f *Fetcher) newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // see the package comment
		DialContext:            f.dial,
		TLSClientConfig:        &tls.Config{RootCAs: f.cfg.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    f.cfg.Connect,
		ResponseHeaderTimeout:  f.cfg.Begin,
		MaxResponseHeaderBytes: longestHeader,
		DisableKeepAlives:      true,
		DisableCompression:     true,
	}
}

// dial resolves a host once, and connects to what it resolved to: what was checked
// is what is connected to.
func (f *Fetcher) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Connect)
	defer cancel()
	name, number, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	found, err := f.resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	gate := newGate(f.cfg.Hosts.vouches(name, uint16(port)))
	var usable []netip.AddrPort
	for _, addr := range found {
		if gate.check(addr) == nil {
			usable = append(usable, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
		}
	}
	if len(usable) == 0 {
		return nil, errLocal
	}
	return f.connect(ctx, gate, network, usable[:min(len(usable), tryAddresses)])
}

func (f *Fetcher) resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{addr}, nil
	}
	found, err := f.cfg.Resolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: name, IsNotFound: true}
	}
	return found, nil
}

// connect tries addresses one after the other, each for its share of what is left
// of the time.
func (f *Fetcher) connect(ctx context.Context, gate gate, network string, addresses []netip.AddrPort) (net.Conn, error) {
	dialer := f.cfg.Dialer
	if dialer == nil {
		dialer = &net.Dialer{Control: gate.control}
	}
	var errs []error
	for _, address := range addresses {
		share, cancel := context.WithTimeout(ctx, f.cfg.Connect/time.Duration(len(addresses)))
		conn, err := dialer.DialContext(share, network, address.String())
		cancel()
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// gate is what a connection must pass.
type gate struct {
	reach   reach
	vouched bool
}

func newGate(vouched bool) gate { return gate{newReach(), vouched} }

func (g gate) check(addr netip.Addr) error {
	if g.reach.public(addr) || g.vouched && g.reach.own(addr) {
		return nil
	}
	return errLocal
}

// control checks the address that the system is about to connect to, after
// everything that could still have changed it.
func (g gate) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errLocal
	}
	return g.check(to.Addr())
}
