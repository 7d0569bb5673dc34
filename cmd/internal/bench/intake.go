package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// company is the one company of every part.
const company = "acme"

// Lengths of the loops. They are short enough for the whole and long enough for the
// journal to change files several times.
const (
	turnLength      = 1200 * time.Millisecond
	sustainedLength = 5 * time.Second
	openLength      = 8 * time.Second
	openRate        = 2000
	openConnections = 128
)

// measureIntake compares the receiver with itself when what it verified is thrown
// away: while nothing else runs, and while the journal drains into the engine.
func measureIntake(ctx context.Context, l *lab) ([]row, error) {
	key := make([]byte, 32)
	rand.Read(key)
	in := &intake{lab: l, key: key, requests: requests(key)}
	var rows []row
	for _, targets := range []struct {
		connections        int
		resting, sustained string
	}{{64, "≥ 0.45", "≥ 0.30"}, {256, "≥ 0.60", "≥ 0.35"}} {
		resting, err := in.resting(ctx, targets.connections)
		if err != nil {
			return nil, fmt.Errorf("%d connections at rest: %w", targets.connections, err)
		}
		resting.Target = targets.resting
		sustained, err := in.sustained(ctx, targets.connections)
		if err != nil {
			return nil, fmt.Errorf("%d connections sustained: %w", targets.connections, err)
		}
		sustained.Target = targets.sustained
		rows = append(rows, resting, sustained)
	}
	paced, err := in.paced(ctx)
	if err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	return append(rows, paced...), nil
}

type intake struct {
	lab      *lab
	key      []byte
	requests [][]byte
	journals int
}

// discard takes every delivery and keeps none.
type discard struct{}

func (discard) Append(context.Context, schema.Delivery) error { return nil }

func (in *intake) env() ingest.Env { return ingest.Env{Now: time.Now, Log: in.lab.log} }

// listen serves appender behind a socket. The function that it returns ends that.
func (in *intake) listen(ctx context.Context, appender ingest.Appender) (string, func() error, error) {
	key, err := ingest.ParseKey(ingest.StandardWebhooks, "whsec_"+base64.StdEncoding.EncodeToString(in.key))
	if err != nil {
		return "", nil, err
	}
	verifier, err := ingest.NewVerifier(ingest.SignatureConfig{Scheme: ingest.StandardWebhooks, Tolerance: time.Hour}, []ingest.Key{key})
	if err != nil {
		return "", nil, err
	}
	senders := []ingest.Company{{ID: company, Verifier: verifier, RatePerSecond: 1 << 30}}
	receiver, err := ingest.NewReceiver(senders, appender, ingest.ReceiverConfig{ReplayWindow: -1}, in.env())
	if err != nil {
		return "", nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- receiver.Serve(ctx, listener) }()
	return listener.Addr().String(), func() error { cancel(); return <-done }, nil
}

// gate is a receiver with a journal, and the same receiver without.
type gate struct {
	in            *intake
	journal       *ingest.Journal
	durable, bare sender
	ledger        ledger // of the durable one
	closers       []func() error
}

func (in *intake) gate(ctx context.Context, connections int) (*gate, error) {
	in.journals++
	g := &gate{in: in}
	journal, err := ingest.OpenJournal(ingest.JournalConfig{
		Dir: filepath.Join(in.lab.dir, fmt.Sprintf("journal-%d", in.journals)), MaxBytes: 32 << 30,
	}, in.env())
	if err != nil {
		return nil, err
	}
	g.journal, g.closers = journal, append(g.closers, journal.Close)
	for _, side := range []struct {
		appender ingest.Appender
		sender   *sender
	}{{journal, &g.durable}, {discard{}, &g.bare}} {
		address, end, err := in.listen(ctx, side.appender)
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		*side.sender = sender{address: address, requests: in.requests, connections: connections}
		g.closers = append(g.closers, end)
	}
	return g, nil
}

func (g *gate) close() error {
	var errs []error
	for _, end := range slices.Backward(g.closers) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// send sends to the durable receiver and enters it in the ledger.
func (g *gate) send(ctx context.Context, d time.Duration) (loop, error) {
	done, err := g.durable.closed(ctx, d)
	if err != nil {
		return done, err
	}
	g.ledger = g.ledger.plus(done.ledger)
	return done, done.clean()
}

// throwAway sends to the receiver without a journal.
func (g *gate) throwAway(ctx context.Context, d time.Duration) (loop, error) {
	done, err := g.bare.closed(ctx, d)
	if err != nil {
		return done, err
	}
	return done, done.clean()
}

// balance compares the ledger with the journal.
func (g *gate) balance() error {
	return g.ledger.check("the journal", int64(g.journal.Stats().Durable))
}

// resting takes turns between the two receivers while nothing drains.
func (in *intake) resting(ctx context.Context, connections int) (row, error) {
	g, err := in.gate(ctx, connections)
	if err != nil {
		return row{}, err
	}
	rates, err := g.turns(ctx, 4)
	if err = errors.Join(err, g.close()); err != nil {
		return row{}, err
	}
	in.lab.say("%d connections at rest: %s", connections, ratio(rates.ratio, 1))
	return row{
		What:     fmt.Sprintf("durable intake, %d connections, drainer resting, against the same handler that throws away", connections),
		Measured: rates.String(),
		Ratio:    ratio(rates.ratio, 1),
	}, nil
}

// rates are the medians over some turns.
type rates struct {
	durable, bare, ratio float64
	tail                 tail
	effort, bareEffort   time.Duration // processor time for a request
}

func (r rates) String() string {
	return fmt.Sprintf("%s of %s a second, p99 %s; processor time %s of %s µs", number(int(r.durable)), number(int(r.bare)), short(r.tail.p99),
		number(r.effort.Microseconds()), number(r.bareEffort.Microseconds()))
}

func (g *gate) turns(ctx context.Context, n int) (rates, error) {
	var durable, bare, shares []float64
	var times, efforts, bareEfforts []time.Duration
	for turn := range n + 1 {
		without, err := g.throwAway(ctx, turnLength)
		if err != nil {
			return rates{}, err
		}
		with, err := g.send(ctx, turnLength)
		if err != nil {
			return rates{}, err
		}
		if turn == 0 {
			continue // the first one warms up
		}
		durable, bare = append(durable, with.rate()), append(bare, without.rate())
		shares, times = append(shares, with.rate()/without.rate()), append(times, with.times...)
		efforts, bareEfforts = append(efforts, with.effort()), append(bareEfforts, without.effort())
	}
	return rates{
		durable: median(durable), bare: median(bare), ratio: median(shares), tail: tailOf(times),
		effort: median(efforts), bareEffort: median(bareEfforts),
	}, g.balance()
}
