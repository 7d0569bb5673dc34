package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/engine"
	"github.com/tieout/tieout/schema/store"
)

const (
	starts    = 5               // cold ones, of which the median counts
	idleFor   = 3 * time.Second // before memory is read
	posted    = 200             // invoices that go all the way
	perSecond = 10              // of them
	stopIn    = 30 * time.Second
	allWithin = 3 * time.Minute // for the last bill to be verified
)

// measureServe runs the real program as a child: its start on a folder in use, what
// it holds while nothing happens, and how long a webhook takes to a verified bill
// with default schedules, nudges, and QuickBooks' throttles on.
func measureServe(ctx context.Context, l *lab) ([]row, error) {
	program, err := rig.Build(ctx, l.dir)
	if err != nil {
		return nil, err
	}
	r, err := l.rig(ctx, program)
	if err != nil {
		return nil, err
	}
	rows, err := l.serve(ctx, r)
	return rows, errors.Join(err, r.Close())
}

func (l *lab) rig(ctx context.Context, program string) (*rig.Rig, error) {
	dir := filepath.Join(l.dir, "rig")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return rig.New(ctx, rig.Config{
		Program: program, Dir: dir, ClientID: client, Log: l.logs, Books: quickbookstest.Config{Now: time.Now, Seed: 1},
	})
}

func (l *lab) serve(ctx context.Context, r *rig.Rig) ([]row, error) {
	first, err := r.Serve(ctx) // makes the folder
	if err != nil {
		return nil, err
	}
	if err := first.Stop(stopIn); err != nil {
		return nil, err
	}
	var ready []time.Duration
	var process *rig.Process
	for n := range starts {
		began := time.Now()
		if process, err = r.Serve(ctx); err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(began))
		if n < starts-1 {
			if err := process.Stop(stopIn); err != nil {
				return nil, err
			}
		}
	}
	l.say("ready after %s", figures.Short(median(ready)))
	rows, err := l.alive(ctx, r, process)
	if err = errors.Join(err, process.Stop(stopIn)); err != nil {
		return nil, err
	}
	start := row{What: "`tieout serve`, cold start on an existing folder to /readyz", Target: "< 1.5 s", Measured: figures.Short(median(ready))}
	return append([]row{start}, rows...), nil
}

// alive measures the running program.
func (l *lab) alive(ctx context.Context, r *rig.Rig, process *rig.Process) ([]row, error) {
	if err := pause(ctx, idleFor); err != nil {
		return nil, err
	}
	idle, err := process.Memory()
	if err != nil {
		return nil, err
	}
	l.say("idle with %s", figures.Mebibytes(idle))
	took, err := l.webhooks(ctx, r)
	if err != nil {
		return nil, err
	}
	later, err := process.Memory()
	if err != nil {
		return nil, err
	}
	l.say("webhook to verified bill: %s", took)
	return []row{
		{What: "memory of `tieout serve`, idle after its start", Target: "< 400 MiB", Measured: figures.Mebibytes(idle)},
		{What: fmt.Sprintf("the same after %d bills", posted), Measured: figures.Mebibytes(later)},
		{
			What:   fmt.Sprintf("webhook to verified bill, %d invoices at %d a second, default schedules and nudges", posted, perSecond),
			Target: "p50 < 5 s, p99 < 90 s", Measured: fmt.Sprintf("p50 %s, p99 %s, worst %s", figures.Short(took.p50), figures.Short(took.p99), figures.Short(took.worst)),
		},
	}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

const rulesYAML = `rules:
  - {id: base-pay, concept: FIXED_PAYMENT, account: Contractors}
  - {id: expenses, concept: REIMBURSEMENT, account: Travel}
`

// prepare connects the program, imports rules, and has it know every worker, who are
// vendors already.
func (l *lab) prepare(ctx context.Context, r *rig.Rig) (history, error) {
	h, err := connectedHistory(r.Books)
	if err != nil {
		return h, err
	}
	if err := r.Connect(ctx); err != nil {
		return h, err
	}
	if _, _, err := r.Run(ctx, "sync"); err != nil {
		return h, err
	}
	file := filepath.Join(l.dir, "rules.yaml")
	if err := os.WriteFile(file, []byte(rulesYAML), 0o600); err != nil {
		return h, err
	}
	if _, _, err := r.Run(ctx, "rules", "import", file); err != nil {
		return h, err
	}
	var contracts []ontopsim.Event
	for worker := range h.vendors {
		event, err := h.contractEvent(worker)
		if err != nil {
			return h, err
		}
		contracts = append(contracts, event)
	}
	return h, send(ctx, r, contracts)
}

func send(ctx context.Context, r *rig.Rig, events []ontopsim.Event) error {
	summary, err := r.Send(ctx, ontopsim.SenderConfig{}, events)
	if err == nil && summary.Accepted != len(events) {
		err = fmt.Errorf("%w: %d sent, %d acknowledged: %v", webhookload.ErrVoid, len(events), summary.Accepted, summary.Failures)
	}
	return err
}

// webhooks sends invoices at a steady rate and reads from the program's own store
// when each of their bills had been read back.
func (l *lab) webhooks(ctx context.Context, r *rig.Rig) (tail, error) {
	h, err := l.prepare(ctx, r)
	if err != nil {
		return tail{}, err
	}
	sent := map[schema.InvoiceID]time.Time{}
	began := time.Now()
	for n := range posted {
		due := began.Add(time.Duration(n) * time.Second / perSecond)
		if err := pause(ctx, time.Until(due)); err != nil {
			return tail{}, err
		}
		delivery, err := h.delivery(n)
		if err != nil {
			return tail{}, err
		}
		sent[h.invoice(n).ID] = due
		if err := send(ctx, r, []ontopsim.Event{{ID: string(delivery.ID), Body: delivery.Body}}); err != nil {
			return tail{}, err
		}
	}
	l.say("sent %d invoices; %d bills in the books", posted, r.Books.Count(r.Realm, "Bill"))
	if err := settled(ctx, r); err != nil {
		return tail{}, err
	}
	return l.verified(ctx, r, h.period(), sent)
}

// settled waits until the program says that nothing is under way.
func settled(ctx context.Context, r *rig.Rig) error {
	ctx, cancel := context.WithTimeout(ctx, allWithin)
	defer cancel()
	for {
		out, _, err := r.Run(ctx, "status", "--json")
		if err != nil {
			return err
		}
		var status struct{ Settled bool } // of the whole, the journal included; each company has one too
		if err := json.Unmarshal(out, &status); err != nil {
			return fmt.Errorf("read status: %w", err)
		}
		if status.Settled {
			return nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("bills are still under way: %w", err)
		}
	}
}

// verified reads when each invoice's bill was verified, through the socket of the
// running program.
func (l *lab) verified(
	ctx context.Context, r *rig.Rig, period schema.Period, sent map[schema.InvoiceID]time.Time,
) (took tail, err error) {
	dir := filepath.Join(filepath.Dir(r.ConfigFile()), "data")
	dsn, err := store.ParseDSN("embedded://" + dir)
	if err != nil {
		return took, err
	}
	attached, err := engine.Attach(ctx, engine.Config{Dir: dir})
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, attached.Close()) }()
	s, err := store.Open(ctx, store.Options{DSN: dsn, Transport: attached, Now: time.Now})
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var times []time.Duration
	for position, err := range s.Positions(ctx, rig.Company, period, time.Time{}) {
		if err != nil {
			return took, err
		}
		if position.Verification.Result == schema.VerifiedExact {
			times = append(times, position.Verification.RecordedAt.Sub(sent[position.Invoice.ID]))
		}
	}
	if bills := r.Books.Count(r.Realm, "Bill"); len(times) != posted || bills != posted {
		return took, fmt.Errorf("%w: %d sent, %d verified, %d bills in the books", webhookload.ErrVoid, posted, len(times), bills)
	}
	return tailOf(times), nil
}
