package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// measureSingle sends one request at a time, in turns with a program that only writes
// the same bytes to a file and syncs it.
func measureSingle(ctx context.Context, l *lab, s sizes) (rows []row, err error) {
	g, err := l.gate(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	durable, err := g.generator(g.durable, 1, int(5000*s.turn.Seconds()))
	if err != nil {
		return nil, err
	}
	bare, err := g.generator(g.bare, 1, int(15_000*s.turn.Seconds()))
	if err != nil {
		return nil, err
	}
	var shares []float64
	var requests, answers, syncs []time.Duration // medians of the turns
	for turn := range 2*s.rounds + 1 {
		with, err := g.send(ctx, durable, s.turn/2)
		if err = errors.Join(err, with.Clean()); err != nil {
			return nil, err
		}
		stats := g.journal.Stats()
		synced, err := syncAlone(filepath.Join(l.dir, "sync"), int(stats.Bytes/max(stats.Deliveries, 1)), s.syncs)
		if err != nil {
			return nil, err
		}
		without, err := bare.Closed(ctx, s.turn/4)
		if err = errors.Join(err, without.Clean()); err != nil {
			return nil, err
		}
		if turn == 0 {
			continue // the first one warms up
		}
		request := with.Acked.Percentile(50)
		shares = append(shares, float64(request)/float64(synced))
		requests, syncs, answers = append(requests, request), append(syncs, synced), append(answers, without.Acked.Percentile(50))
	}
	l.say("one at a time: %s, sync %s, without a journal %s", figures.Short(median(requests)), figures.Short(median(syncs)), figures.Short(median(answers)))
	return []row{{
		What:   "one request at a time, p50, against a bare fsync of the same bytes",
		Target: "≤ 1.5 ×",
		Measured: fmt.Sprintf("%s against %s; the handler that discards takes %s of it", figures.Short(median(requests)), figures.Short(median(syncs)),
			figures.Short(median(answers))),
		Ratio: ratio(median(shares), 1),
	}}, g.balance(ctx)
}

// syncAlone returns the median time of writing that many bytes to the end of a file
// and syncing it.
func syncAlone(path string, bytes, times int) (time.Duration, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var took webhookload.Latencies
	content := make([]byte, bytes)
	for i := range content {
		content[i] = byte(i * 7)
	}
	for range times {
		began := time.Now()
		if _, err := file.Write(content); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		took.Record(time.Since(began))
	}
	return took.Percentile(50), nil
}
