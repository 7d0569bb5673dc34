package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

const (
	noiseEvery = 100 * time.Millisecond
	// As long as no receiver remembers a delivery that came, by its defaults.
	forgottenAfter = 11 * time.Minute

	noisePrefix = "noise_"
	// Signs as somebody does who does not know the company's secret.
	forged = "whsec_Zm9yZ2VkIGZvcmdlZCBmb3JnZWQgZm9yZ2VkIGZvcmc="
)

// noise sends what receivers meet besides: every delivery twice at once, and once
// more when the program has forgotten it; and deliveries that somebody else signed.
type noise struct {
	address, secret string

	events    []ontopsim.Event // all that were acknowledged
	sentAt    []time.Time
	repeated  int // of them, from the first, when they were forgotten
	again     int // duplicates that were acknowledged
	spoiled   int // refused for their signature
	shed      int // answered 503, which any may be at any time; they may be kept or not
	otherwise int // answered as they should not be
	first     string
}

func newNoise(r *rig.Rig) *noise {
	return &noise{address: r.Public + "/webhooks/ontop/" + rig.Company, secret: r.Secret}
}

func (n *noise) run(ctx context.Context) error {
	own, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: n.address, Secret: n.secret, Concurrency: 1, Attempts: 1}, time.Now)
	if err != nil {
		return err
	}
	other, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: n.address, Secret: forged, Concurrency: 1, Attempts: 1}, time.Now)
	if err != nil {
		return err
	}
	for count := 0; pause(ctx, noiseEvery) == nil; count++ {
		// A round that was begun is ended, so that it is known what came of it.
		n.round(context.WithoutCancel(ctx), count, own, other, time.Now())
	}
	return nil
}

// round sends one of each kind.
func (n *noise) round(ctx context.Context, count int, own, other *ontopsim.Sender, now time.Time) {
	event := ontopsim.Event{
		ID:   fmt.Sprintf("%s%08d", noisePrefix, count),
		Body: fmt.Appendf(nil, `{"event_type":"TIMESHEET_SUBMITTED","event_id":"evt_noise%08d","data":{"client_id":%s}}`, count, client),
	}
	if n.expect(ctx, own, event, 202) {
		n.events, n.sentAt = append(n.events, event), append(n.sentAt, now)
		if n.expect(ctx, own, event, 202) {
			n.again++
		}
	}
	event.ID = "forged_" + event.ID
	if n.expect(ctx, other, event, 401) {
		n.spoiled++
	}
	if n.repeated < len(n.events) && now.Sub(n.sentAt[n.repeated]) > forgottenAfter {
		if n.expect(ctx, own, n.events[n.repeated], 202) {
			n.again++
		}
		n.repeated++
	}
}

// expect sends one event and reports whether it was answered as it should be. A
// receiver that is busy may say so.
func (n *noise) expect(ctx context.Context, sender *ontopsim.Sender, event ontopsim.Event, code int) bool {
	summary, err := sender.Send(ctx, []ontopsim.Event{event})
	if err == nil && summary.Answers[code] == 1 {
		return true
	}
	if err == nil && summary.Answers[503] == 1 {
		n.shed++
		return false
	}
	if n.otherwise++; n.first == "" {
		n.first = fmt.Sprintf("%s: %v %v", event.ID, summary.Answers, errors.Join(err))
	}
	return false
}

// heard is what the store has of the noise.
type heard struct {
	sent, again, forged int64
	shed, otherwise     int64
	first               string // of what was answered otherwise
	found               int64  // different deliveries
	strange             int64  // forged ones, of which there must be none
	err                 error
}

func (n *noise) counted(ctx context.Context, b *books) heard {
	h := heard{sent: int64(len(n.events)), again: int64(n.again), forged: int64(n.spoiled), shed: int64(n.shed), otherwise: int64(n.otherwise), first: n.first}
	const where = "SELECT count(), uniqExact(id) FROM deliveries WHERE startsWith(id, '%s')"
	_, found, err := b.two(ctx, fmt.Sprintf(where, noisePrefix))
	_, strange, err2 := b.two(ctx, fmt.Sprintf(where, "forged_"))
	h.found, h.strange, h.err = found, strange, errors.Join(err, err2)
	return h
}

// check returns an error unless the store has the noise as it should.
func (h heard) check() error {
	switch {
	case h.err != nil:
		return h.err
	case h.otherwise > 0:
		return fmt.Errorf("%w: %d events of the noise were answered otherwise than they should, the first %s", webhookload.ErrVoid, h.otherwise, h.first)
	case h.found < h.sent || h.found > h.sent+h.shed || h.strange != 0:
		return fmt.Errorf("%w: of the noise %d were acknowledged and %d found; %d forged ones were found", webhookload.ErrVoid, h.sent, h.found, h.strange)
	}
	return nil
}
