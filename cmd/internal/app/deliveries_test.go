package app_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// stageAll stages bodies, each under an id of its own, from an instant on.
func stageAll(t *testing.T, a *app.App, at time.Time, bodies ...string) {
	t.Helper()
	block := schema.Block{ID: fmt.Sprint("test ", at, len(bodies))}
	for i, body := range bodies {
		block.Deliveries = append(block.Deliveries, schema.Delivery{
			Company: acme, ID: schema.DeliveryID(fmt.Sprintf("d-%d", i)), ReceivedAt: at.Add(time.Duration(i) * time.Second),
			Channel: schema.ChannelWebhook, Body: []byte(body),
		})
	}
	require.NoError(t, a.Store().Stage(t.Context(), block))
}

func kinds(t *testing.T, a *app.App) map[schema.OutcomeKind]int {
	t.Helper()
	found := map[schema.OutcomeKind]int{}
	for r, err := range a.Store().Deliveries(t.Context(), schema.DeliveryQuery{Company: acme}) {
		require.NoError(t, err)
		found[r.Stands().Kind]++
	}
	return found
}

func TestApp_Dismiss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ready(t)
	now := w.now().UTC()
	stageAll(t, a, now, "no JSON", `{"event_type":"KYC","data":{}}`)
	w.cycle(t, a)
	period := schema.DateOf(now).Period()
	report, err := a.Report(t.Context(), acme, period, a.Now())
	require.NoError(t, err)
	require.False(t, report.Tied)
	hash := report.Sum()

	_, err = a.Dismiss(t.Context(), acme, "d-9", "why", "eva")
	require.ErrorIs(t, err, app.ErrNoSuchDelivery)
	_, err = a.Dismiss(t.Context(), acme, "", "why", "eva")
	require.ErrorIs(t, err, app.ErrNoSuchDelivery)
	_, err = a.Dismiss(t.Context(), acme, "d-1", "why", "eva")
	require.ErrorIs(t, err, app.ErrNeedsNobody)
	require.ErrorContains(t, err, "delivery d-1: it needs nobody: it is noted")

	dismissed, err := a.Dismiss(t.Context(), acme, "d-0", "Ontop tried its webhook", "eva")
	require.NoError(t, err)
	require.Len(t, dismissed, 1)
	_, err = a.Dismiss(t.Context(), acme, "d-0", "again", "bob")
	require.ErrorContains(t, err, "eva dismissed it on "+schema.DateOf(a.Now()).String()+": Ontop tried its webhook")

	before := dismissed[0].RecordedAt.Add(-time.Microsecond)
	report, err = a.Report(t.Context(), acme, period, a.Now())
	require.NoError(t, err)
	require.True(t, report.Tied)
	require.Equal(t, 1, report.Intake.Outcomes[schema.OutcomeUnreadable], "the outcome stays")
	require.Equal(t, "eva", report.Intake.Dismissals[0].By)
	require.Equal(t, "Ontop tried its webhook", report.Intake.Dismissals[0].Reason)
	report, err = a.Report(t.Context(), acme, period, before)
	require.NoError(t, err)
	require.False(t, report.Tied, "as of then it was open")
	require.Equal(t, hash, report.Sum())
}

func TestApp_Replay(t *testing.T) {
	t.Parallel()

	t.Run("AppliesAMonthThatWasForeign", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.cfg.Companies[0].Ontop.ClientIDs = []string{"another"}
		a := w.ready(t)
		receive(t.Context(), t, a, month(t, 4))
		w.cycle(t, a)
		all := kinds(t, a)
		require.NotZero(t, all[schema.OutcomeForeign])

		w.cfg.Companies[0].Ontop.ClientIDs = []string{"999"}
		b := w.open(t)
		query := app.ReplayQuery{Company: acme, Replay: transform.Replay{Rehearse: true, Reason: "the client was missing", By: "eva"}}
		told := 0
		tell := func(r app.Replayed) {
			told++
			require.Equal(t, schema.OutcomeForeign, r.Before.Stands().Kind)
			require.Nil(t, r.Before.Body)
		}
		rehearsed, err := b.Replay(t.Context(), query, tell)
		require.NoError(t, err)
		require.Equal(t, all, kinds(t, b))
		require.Equal(t, all[schema.OutcomeForeign], rehearsed.Changed)
		require.Equal(t, told, rehearsed.Changed)

		query.Rehearse = false
		counts, err := b.Replay(t.Context(), query, tell)
		require.NoError(t, err)
		require.Equal(t, rehearsed.Changed, counts.Changed)
		require.NotZero(t, counts.Drafted)
		require.Zero(t, kinds(t, b)[schema.OutcomeForeign])
		posted := w.cycle(t, b)
		require.NotZero(t, posted.Posted)

		// What is posted now stays as it is, however often history is read again.
		counts, err = b.Replay(t.Context(), query, tell)
		require.NoError(t, err)
		require.Equal(t, app.ReplayCounts{Deliveries: rehearsed.Deliveries, Reached: counts.Reached}, counts)
		require.Zero(t, w.cycle(t, b).Posted)
	})

	t.Run("ReadsOnlyTheWindowAndTheType", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.ready(t)
		at := w.now().UTC().Truncate(time.Second)
		stageAll(t, a, at, `{"event_type":"KYC","data":{}}`, `{"event_type":"MOON","data":{}}`, `{"event_type":"KYC","data":{}}`, "{")
		w.cycle(t, a)
		for _, c := range []struct {
			from, to int
			kind     string
			want     int
		}{{0, 9, "", 4}, {1, 3, "", 2}, {0, 9, "KYC", 2}, {1, 9, "KYC", 1}, {5, 9, "", 0}} {
			counts, err := a.Replay(t.Context(), app.ReplayQuery{
				Company: acme, From: at.Add(time.Duration(c.from) * time.Second), To: at.Add(time.Duration(c.to) * time.Second), Type: c.kind,
			}, func(app.Replayed) { require.Fail(t, "nothing changed") })
			require.NoError(t, err)
			require.Equal(t, c.want, counts.Deliveries, c)
		}
	})

	t.Run("TakesTurnsWithCycles", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.ready(t)
		var bodies bytes.Buffer
		require.NoError(t, ontopsim.WriteBodies(&bodies, month(t, 6).Events))
		lines := strings.Split(strings.TrimSpace(bodies.String()), "\n")
		stageAll(t, a, w.now().UTC(), lines...)
		w.cycle(t, a)
		b := w.open(t)
		var group errgroup.Group
		for range 3 {
			group.Go(func() error {
				_, err := b.Replay(t.Context(), app.ReplayQuery{Company: acme}, func(app.Replayed) {})
				return err
			})
			group.Go(func() error {
				_, err := a.Cycle(t.Context(), acme, nil)
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, len(lines), sum(kinds(t, a)))
		require.Zero(t, w.cycle(t, a).Posted)
	})

	t.Run("StopsWhereItSays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.ready(t)
		stageAll(t, a, w.now().UTC(), "{}")
		w.cycle(t, a)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := a.Replay(ctx, app.ReplayQuery{Company: acme}, func(app.Replayed) {})
		require.ErrorIs(t, err, context.Canceled)
	})
}

func sum(counts map[schema.OutcomeKind]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
