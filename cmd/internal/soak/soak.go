package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

const (
	client      = "999"
	connections = 128
	stopIn      = time.Minute
	drainWithin = 5 * time.Minute
)

// soak prints the record of a run and judges it.
func soak(ctx context.Context, o options, stdout, stderr io.Writer) error {
	rec, err := measure(ctx, o, stderr)
	if len(rec.lines) == 0 {
		return err
	}
	_, writing := io.WriteString(stdout, rec.String())
	return errors.Join(err, writing, judge(rec))
}

// measure builds and runs the program, and sends.
func measure(ctx context.Context, o options, stderr io.Writer) (rec record, err error) {
	dir, err := os.MkdirTemp("", "tieout-soak-*")
	if err != nil {
		return rec, err
	}
	defer os.RemoveAll(dir)
	logs := io.Discard
	if o.logs != "" {
		file, err := os.Create(o.logs)
		if err != nil {
			return rec, err
		}
		defer file.Close()
		logs = file
	}
	program, err := rig.Build(ctx, dir)
	if err != nil {
		return rec, err
	}
	work := filepath.Join(dir, "rig")
	if err := os.Mkdir(work, 0o700); err != nil {
		return rec, err
	}
	r, err := rig.New(ctx, rig.Config{
		Program: program, Dir: work, ClientID: client, Log: logs, Books: quickbookstest.Config{Now: time.Now, Seed: 1},
	})
	if err != nil {
		return rec, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	process, err := r.Serve(ctx)
	if err != nil {
		return rec, err
	}
	defer func() { err = errors.Join(err, process.Stop(stopIn)) }()
	if err := r.Connect(ctx); err != nil {
		return rec, err
	}
	return load(ctx, o, r, process, stderr)
}

// load sends until the time is over, minute by minute, with noise beside it, and
// then counts what the program has.
func load(ctx context.Context, o options, r *rig.Rig, process *rig.Process, stderr io.Writer) (rec record, err error) {
	rec.rate = o.rate
	books, err := open(ctx, r)
	if err != nil {
		return rec, err
	}
	defer func() { err = errors.Join(err, books.close()) }()
	generator, err := webhookload.New(webhookload.Config{
		URL: r.Public + "/webhooks/ontop/" + rig.Company, Secret: r.Secret, Connections: connections,
	}, time.Now)
	if err != nil {
		return rec, err
	}
	watching, stop := context.WithCancel(ctx)
	watch := newWatch(r, process, books, o.sample)
	noise := newNoise(r)
	done := make(chan error, 2)
	sending, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	go func() {
		err := watch.run(watching)
		if err != nil {
			abort(err) // half an hour that nobody watches proves nothing
		}
		done <- err
	}()
	go func() { done <- noise.run(watching) }()
	defer stop()

	var sent []webhookload.Result
	for left := o.length; left > 0 && err == nil; left -= o.minute {
		var result webhookload.Result
		result, err = generator.Open(sending, o.rate, min(left, o.minute))
		sent = append(sent, result)
		rec.lines = append(rec.lines, lineOf(result, watch.take()))
		fmt.Fprintf(stderr, "%s\n", rec.lines[len(rec.lines)-1])
	}
	stop()
	err = errors.Join(err, <-done, <-done)
	rec.samples = watch.all
	ctx = context.WithoutCancel(ctx) // an interrupt ends the sending, and not the count
	if waiting := drained(ctx, r); waiting != nil {
		return rec, errors.Join(err, waiting)
	}
	rec.kept, rec.noise = books.counted(ctx, sent), noise.counted(ctx, books)
	return rec, err
}

// drained waits until the program's journal is empty.
func drained(ctx context.Context, r *rig.Rig) error {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	for {
		got, err := scrape(ctx, r.Private+"/metrics")
		if err != nil {
			return err
		}
		if got.journal == 0 {
			return nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("%d deliveries still wait in the journal: %w", got.journal, err)
		}
	}
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
