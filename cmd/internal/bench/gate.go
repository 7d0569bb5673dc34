package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// company is the one company of every part.
const company = "acme"

// gate is a receiver with a journal, the same receiver without, and a store behind
// the journal. Both receivers are set as in service, the memory of what was received
// included, but for the company's rate, which is out of reach.
type gate struct {
	lab           *lab
	secret        string
	durable, bare string // addresses
	journal       *ingest.Journal
	place         *place
	line          *line
	ledger        webhookload.Ledger // of the durable one
	closers       []func() error
}

// discard takes every delivery and keeps none.
type discard struct{}

func (discard) Append(context.Context, schema.Delivery) error { return nil }

// line is the way to ClickHouse, which can be cut.
type line struct {
	http.RoundTripper
	cut atomic.Bool
}

var errCut = errors.New("connection refused: the line to ClickHouse is cut")

func (l *line) RoundTrip(request *http.Request) (*http.Response, error) {
	if l.cut.Load() {
		return nil, errCut
	}
	return l.RoundTripper.RoundTrip(request)
}

func (l *lab) env() ingest.Env { return ingest.Env{Now: time.Now, Log: l.log} }

// gate opens a gate of its own, which has to be closed. Nothing drains yet.
func (l *lab) gate(ctx context.Context) (g *gate, err error) {
	g = &gate{lab: l, line: &line{RoundTripper: l.engine}}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	key := make([]byte, 32)
	rand.Read(key)
	g.secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
	if g.place, err = l.placeVia(ctx, g.line, 0); err != nil {
		return g, err
	}
	g.closers = append(g.closers, g.place.Close)
	dir := filepath.Join(l.dir, "journal-"+g.place.database)
	if g.journal, err = ingest.OpenJournal(ingest.JournalConfig{Dir: dir, MaxBytes: 32 << 30}, l.env()); err != nil {
		return g, err
	}
	g.closers = append(g.closers, g.journal.Close)
	if g.durable, err = g.listen(ctx, g.journal); err == nil {
		g.bare, err = g.listen(ctx, discard{})
	}
	return g, err
}

// listen serves appender behind a socket and returns the company's address there.
func (g *gate) listen(ctx context.Context, appender ingest.Appender) (string, error) {
	key, err := ingest.ParseKey(ingest.StandardWebhooks, g.secret)
	if err != nil {
		return "", err
	}
	verifier, err := ingest.NewVerifier(ingest.SignatureConfig{}, []ingest.Key{key})
	if err != nil {
		return "", err
	}
	senders := []ingest.Company{{ID: company, Verifier: verifier, RatePerSecond: 1 << 30}}
	receiver, err := ingest.NewReceiver(senders, appender, ingest.ReceiverConfig{}, g.lab.env())
	if err != nil {
		return "", err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- receiver.Serve(ctx, listener) }()
	g.closers = append(g.closers, func() error { cancel(); return <-done })
	return "http://" + listener.Addr().String() + "/webhooks/ontop/" + company, nil
}

func (g *gate) close() error {
	var errs []error
	for _, end := range slices.Backward(g.closers) {
		errs = append(errs, end())
	}
	g.closers = nil
	return errors.Join(errs...)
}

// generator returns a sender to one of the two addresses that has signed that many
// requests before each of its runs, so that signing takes nothing of the processors
// that it shares with the receiver.
func (g *gate) generator(address string, connections, presign int) (*webhookload.Generator, error) {
	return webhookload.New(webhookload.Config{URL: address, Secret: g.secret, Connections: connections, Presign: presign, CPU: cpuTime}, time.Now)
}

// drain moves the journal into the store until the function that it returns is
// called.
func (g *gate) drain(ctx context.Context) (end func() error, err error) {
	drainer, err := ingest.NewDrainer(g.journal, g.place, nil, ingest.DrainConfig{}, g.lab.env())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- drainer.Run(ctx) }()
	return func() error { cancel(); return <-done }, nil
}

// drainWithin bounds how long the journal may take to empty afterwards.
const drainWithin = 5 * time.Minute

// drained waits until the store has confirmed everything, and until the engine has
// merged, which would take part in what is measured next.
func (g *gate) drained(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	for g.journal.Stats().Deliveries > 0 {
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("%d deliveries still wait for the store: %w", g.journal.Stats().Deliveries, err)
		}
	}
	for {
		merges, err := g.place.count(ctx, "SELECT count() FROM system.merges")
		if err != nil || merges == 0 {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the engine still merges: %w", err)
		}
	}
}

// balance compares the ledger with what the journal took and, when that is empty,
// with what the store has, each delivery once.
func (g *gate) balance(ctx context.Context) error {
	stats := g.journal.Stats()
	if err := g.ledger.Check("the journal", int64(stats.Durable)); err != nil || stats.Deliveries > 0 {
		return err
	}
	found, err := g.place.count(ctx, "SELECT count() FROM deliveries")
	if err != nil {
		return err
	}
	different, err := g.place.count(ctx, "SELECT uniqExact(id) FROM deliveries")
	if err != nil {
		return err
	}
	if found != different {
		return fmt.Errorf("%w: the store has %d deliveries %d times", webhookload.ErrVoid, different, found)
	}
	return g.ledger.Check("the store", found)
}

// count runs a query that answers one number.
func (p *place) count(ctx context.Context, sql string) (int64, error) {
	text, err := p.ask(ctx, sql)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
