package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/wayin"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// WayIn says how the way in is to be proven.
type WayIn struct {
	// URL is where Ontop reaches the company, or the base of that address. Defaults to
	// public.url and, without it, to the listener itself.
	URL string
	// Certificate is shown to a listener that asks for one.
	Certificate *tls.Certificate
	// Follow bounds how long the event may take to get into the store, and to be read.
	// Defaults as [wayin.Config] says.
	Follow time.Duration
}

// WayInProof is what the proof came to.
type WayInProof struct {
	wayin.Proof
	URL string // that was tried
	// Direct says that no public address is known, so that the listener itself was
	// tried: that proves nothing of DNS, TLS and proxies.
	Direct bool
}

// ProveWayIn sends a test event to the company's webhooks as Ontop would, and follows
// it to its outcome. The error is that of a company that is not known.
func (a *App) ProveWayIn(ctx context.Context, id schema.CompanyID, how WayIn, tell func(wayin.Step)) (WayInProof, error) {
	c, err := a.company(id)
	if err != nil {
		return WayInProof{}, err
	}
	signing := wayin.Signing{SignatureConfig: signatureConfig(c.cfg.Ontop)}
	if signing.Keys, err = keysOf(c.cfg.Ontop); err != nil {
		return WayInProof{}, err
	}
	proof := WayInProof{URL: how.URL}
	if proof.URL == "" {
		proof.URL = a.cfg.Public.URL
	}
	if proof.URL == "" {
		proof.URL, proof.Direct = listenerURL(a.cfg.Public), true
	}
	proof.URL = wayin.Address(proof.URL, id)
	proof.Proof = wayin.Prove(ctx, wayin.Config{
		URL: proof.URL, Company: id, Signing: signing, Records: records{a, id}, Now: a.options.Now,
		Local: proof.Direct, Certificate: how.Certificate, Follow: how.Follow,
	}, tell)
	return proof, nil
}

// listenerURL is the listener's own address; one that listens everywhere is reached
// at this machine.
func listenerURL(p config.Public) string {
	scheme := "http://"
	if p.TLS.CertFile != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(p.Listen)
	if err != nil {
		return scheme + p.Listen // the configuration was checked
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// records is where a test event of a company shows.
type records struct {
	*App
	company schema.CompanyID
}

// Delivered returns what the store holds under an id.
func (r records) Delivered(ctx context.Context, id schema.DeliveryID) ([]schema.Receipt, error) {
	found, err := r.App.Delivered(ctx, r.company, id)
	if errors.Is(err, ErrNoSuchDelivery) {
		return nil, nil
	}
	return found, err
}

// Waiting returns how many deliveries the journal holds.
func (r records) Waiting(ctx context.Context) (int64, error) {
	found, err := ingest.InspectJournal(ctx, ingest.JournalConfig{Dir: r.cfg.Store.Journal})
	if err != nil {
		return 0, err
	}
	return found.Deliveries, nil
}

// Refused reads what the running server counted from its metrics.
func (r records) Refused(ctx context.Context) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.cfg.Private.Listen+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: status %d", answer.StatusCode)
	}
	return readRefused(io.LimitReader(answer.Body, 4<<20), r.company)
}

func readRefused(text io.Reader, company schema.CompanyID) (map[string]int64, error) {
	counts := map[string]int64{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		labelled, ok := strings.CutPrefix(lines.Text(), `tieout_ingest_verification_failures_total{cause="`)
		cause, value, found := strings.Cut(labelled, fmt.Sprintf(`",company=%q} `, company))
		if n, err := strconv.ParseFloat(value, 64); ok && found && err == nil {
			counts[cause] = int64(n)
		}
	}
	return counts, lines.Err()
}
