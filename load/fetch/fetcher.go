package fetch

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// maxRedirects is how often an address may send on to another. Storage services
// do it once or twice.
const maxRedirects = 5

// Config tunes a [Fetcher]. The zero Config is ready to use, with Now.
type Config struct {
	// Hosts are the hosts that files may be fetched from. The zero value is every
	// host with a public address.
	Hosts Hosts

	// Limit is the most bytes that a file may have. A fetch holds up to three times
	// as much in memory for a moment.
	//
	// Defaults to 20 MiB: an invoice has a tenth of one, and photographs of a
	// receipt some 12. QuickBooks takes 100 MB in one upload.
	Limit int64

	// Connect bounds resolving the host, connecting to it and agreeing on keys.
	//
	// Defaults to 10 seconds.
	Connect time.Duration

	// Begin bounds the wait for an answer to begin. Some files are made when they
	// are asked for.
	//
	// Defaults to 30 seconds.
	Begin time.Duration

	// Whole bounds everything together, redirects included.
	//
	// Defaults to 2 minutes, in which Limit comes at 175 KB a second.
	Whole time.Duration

	// Slowest is how many bytes a second have to come, on average over a quarter of
	// Begin but at least a second. It ends what only pretends to go on.
	//
	// Defaults to 1 KiB.
	Slowest int64

	// Resolver finds the addresses of a host.
	//
	// Defaults to the system's.
	Resolver Resolver

	// Dialer connects to an address that was checked. It is for tests: what
	// connects by default checks the address once more, as the system sees it.
	Dialer Dialer

	// Roots are the authorities whose certificates are believed.
	//
	// Defaults to the system's.
	Roots *x509.CertPool

	// Now is the clock by which a host's "not before" is understood. Without it,
	// only "not for that many seconds" is.
	Now func() time.Time
}

// Resolver finds the addresses of a host; [*net.Resolver] is one.
type Resolver interface {
	// LookupNetIP returns the addresses of host, of network "ip".
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func (c Config) withDefaults() Config {
	c.Limit = cmp.Or(c.Limit, 20<<20)
	c.Connect = cmp.Or(c.Connect, 10*time.Second)
	c.Begin = cmp.Or(c.Begin, 30*time.Second)
	c.Whole = cmp.Or(c.Whole, 2*time.Minute)
	c.Slowest = cmp.Or(c.Slowest, 1<<10)
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	return c
}

// File is a file as it was fetched.
type File struct {
	Content []byte
	Type    string // such as application/pdf, by what the bytes are
	Name    string // safe, with the ending of its type; see [Clean]
	Sum     string // SHA-256 of the content, in hexadecimal
}

// Fetcher fetches files. It is safe for concurrent use, and keeps no connection.
type Fetcher struct {
	cfg       Config
	transport *http.Transport
}

// New returns a fetcher.
func New(cfg Config) *Fetcher {
	f := &Fetcher{cfg: cfg.withDefaults()}
	f.transport = f.newTransport()
	return f
}

// Fetch gets the file at an address. It is called as the last element of the path
// says, or else the host, or else fallback. The error is a [*Problem], or the
// context's own where that ended.
func (f *Fetcher) Fetch(ctx context.Context, address, fallback string) (File, error) {
	t, err := f.cfg.Hosts.target(address)
	if err != nil {
		return File{}, err
	}
	bounded, cancel := context.WithTimeoutCause(ctx, f.cfg.Whole, errWhole)
	defer cancel()
	for range maxRedirects + 1 {
		resp, err := f.ask(bounded, t)
		if err != nil {
			return File{}, f.unanswered(ctx, bounded, t, err)
		}
		if !redirects(resp.StatusCode) {
			defer resp.Body.Close()
			file, err := f.take(bounded, t, resp, fallback)
			if ctx.Err() != nil {
				return File{}, ctx.Err()
			}
			return file, err
		}
		resp.Body.Close()
		if t, err = t.next(f.cfg.Hosts, resp.Header.Get("Location")); err != nil {
			return File{}, err
		}
	}
	return File{}, t.problem(NotAllowed, nil).says("was not fetched, because its address sends on more than %d times", maxRedirects).mended(Source, askAgain)
}

// Errors of time.
var (
	errWhole = errors.New("it took too long altogether")
	errSlow  = errors.New("hardly anything came")
)

// ask sends one request. There is no client in between that would follow
// redirects, keep cookies, or tell the next host where we came from.
func (f *Fetcher) ask(ctx context.Context, t target) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url.String(), http.NoBody)
	if err != nil {
		return nil, errAddress // what http says repeats the address
	}
	req.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "User-Agent": {"tieout"}}
	resp, err := f.transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", t.host(), err)
	}
	return resp, nil
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
