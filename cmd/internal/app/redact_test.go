package app_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// personal are all the fields that may be taken out.
var personal = []string{
	"data.worker_email", "data.email", "data.first_name", "data.last_name", "data.legal_name", "data.country", "data.country_iso",
	"data.job_title", "data.department", "data.entity", "data.pdf_url", "data.items.description", "data.items.attachment_url",
}

// bodies returns everything that was received, by id and hash.
func bodies(t *testing.T, a *app.App) map[string]schema.Receipt {
	t.Helper()
	found := map[string]schema.Receipt{}
	for r, err := range a.Store().Deliveries(t.Context(), schema.DeliveryQuery{Company: acme, Bodies: true}) {
		require.NoError(t, err)
		found[string(r.ID)+" "+r.BodySum.String()] = r
	}
	return found
}

// Whatever is taken out: the books tie as before, to the hash, and reading history
// again changes nothing.
func TestApp_RedactLeavesTheBooksAsTheyAre(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cfg.Companies[0].Ontop.Redact = config.Redact{AfterMonths: 24, Fields: personal}
			w.cfg.Companies[0].Policy.RecordPayments = seed == 1
			a := w.ready(t)
			history, err := ontopsim.Generate(ontopsim.Config{
				ClientID: "999", Seed: seed, Workers: 6, Months: 2, Currencies: []schema.Currency{"USD", "EUR"}, Money: true,
			})
			require.NoError(t, err)
			receive(t.Context(), t, a, history)
			w.cycle(t, a)
			w.cycle(t, a)
			var periods []schema.Period
			for _, text := range []string{"2026-07", "2026-08", schema.DateOf(w.now().UTC()).Period().String()} {
				period, err := schema.ParsePeriod(text)
				require.NoError(t, err)
				periods = append(periods, period)
			}
			then := a.Now()
			w.ahead.Add(int64(25 * 31 * 24 * time.Hour))
			reports := func(asOf time.Time) (all []schema.Report) {
				for _, period := range periods {
					report, err := a.Report(t.Context(), acme, period, asOf)
					require.NoError(t, err)
					all = append(all, report)
				}
				return all
			}
			now := a.Now()
			past, present, before := reports(then), reports(now), bodies(t, a)
			again := func() app.ReplayCounts {
				counts, err := a.Replay(t.Context(), app.ReplayQuery{Company: acme, Replay: transform.Replay{Reason: "a test", By: "eva"}}, func(r app.Replayed) {
					require.Failf(t, "it stands differently", "%+v", r)
				})
				require.NoError(t, err)
				counts.Reached, counts.Drafted = time.Time{}, 0
				return counts
			}
			read := again()
			require.Equal(t, app.ReplayCounts{Deliveries: read.Deliveries}, read)

			dry, err := a.Redact(t.Context(), app.RedactQuery{Company: acme, DryRun: true, By: "eva"})
			require.NoError(t, err)
			require.Equal(t, before, bodies(t, a), "a dry run changes nothing")
			counts, err := a.Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
			require.NoError(t, err)
			dry.Before = counts.Before // the clock went on
			require.Equal(t, dry, counts)
			require.NotZero(t, counts.Redacted)

			after := bodies(t, a)
			require.Len(t, after, len(before))
			redacted := 0
			for name, r := range after {
				was := before[name]
				if r.RedactedAt.IsZero() {
					require.Equal(t, was.Body, r.Body)
					continue
				}
				redacted++
				require.NotEqual(t, was.Body, r.Body)
				require.Equal(t, was.BodySum, r.BodySum)
				require.NotContains(t, string(r.Body), "@example.com")
				require.Equal(t, was.Stands(), r.Stands())
			}
			require.GreaterOrEqual(t, counts.Redacted, redacted, "a repetition is counted each time that it is stored")

			require.Equal(t, read, again(), "reading redacted history again changes nothing")
			for i, report := range reports(then) {
				require.Equal(t, past[i].Sum(), report.Sum(), "a past report is reproduced to the hash")
			}
			for i, report := range reports(now) {
				require.Equal(t, present[i].Equation, report.Equation)
				require.Equal(t, present[i].Intake, report.Intake)
			}
			events, err := a.Store().Redactions(t.Context(), acme)
			require.NoError(t, err)
			require.Len(t, events, 1)
			require.True(t, events[0].Done)
			require.Equal(t, "eva", events[0].By)
			require.Equal(t, counts.Redacted, events[0].Redacted)
			counts, err = a.Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
			require.NoError(t, err)
			require.Zero(t, counts.Redacted)
		})
	}
}

func TestApp_Redact(t *testing.T) {
	t.Parallel()

	t.Run("LeavesWhatIsYoungOrWaits", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.cfg.Companies[0].Ontop.Redact = config.Redact{AfterMonths: 12, Fields: []string{"data.worker_email"}}
		a := w.ready(t)
		const kyc = `{"event_type":"KYC","data":{"client_id":"%s","worker_email":"ana@example.com"}}`
		old := w.now().UTC().AddDate(-2, 0, 0)
		stageAll(t, a, old, fmt.Sprintf(kyc, "999"), fmt.Sprintf(kyc, "111"), "no JSON", fmt.Sprintf(kyc, "999 "))
		w.cycle(t, a)
		block := schema.Block{ID: "young", Deliveries: []schema.Delivery{
			{Company: acme, ID: "young", ReceivedAt: w.now().UTC(), Channel: schema.ChannelWebhook, Body: fmt.Appendf(nil, kyc, "999")},
			{Company: acme, ID: "pending", ReceivedAt: old.Add(time.Hour), Channel: schema.ChannelWebhook, Body: fmt.Appendf(nil, kyc, "999")},
		}}
		require.NoError(t, a.Store().Stage(t.Context(), block))
		_, err := a.Dismiss(t.Context(), acme, "d-2", "Ontop tried", "eva")
		require.NoError(t, err)

		counts, err := a.Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
		require.NoError(t, err)
		require.Equal(t, 5, counts.Deliveries)
		require.Equal(t, 2, counts.Redacted)
		require.Equal(t, 2, counts.Left, "the foreign one and the one that nobody read")
		require.Equal(t, 1, counts.Unreadable)

		// What waited is taken when it waits no longer, though others came after it.
		w.cycle(t, a)
		_, err = a.Dismiss(t.Context(), acme, "d-1", "not ours", "eva")
		require.NoError(t, err)
		counts, err = a.Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
		require.NoError(t, err)
		require.Equal(t, 2, counts.Redacted)
		require.Zero(t, counts.Left)

		// What is stored late, and was received long ago, is taken too.
		late := schema.Block{ID: "late", Deliveries: []schema.Delivery{
			{Company: acme, ID: "late", ReceivedAt: old.AddDate(0, -1, 0), Channel: schema.ChannelImport, Body: fmt.Appendf(nil, kyc, "999")},
		}}
		require.NoError(t, a.Store().Stage(t.Context(), late))
		w.cycle(t, a)
		counts, err = a.Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
		require.NoError(t, err)
		require.Equal(t, 1, counts.Redacted)
		holding := 0
		for _, r := range bodies(t, a) {
			if bytes.Contains(r.Body, []byte("ana@example.com")) {
				holding++
				require.Equal(t, schema.DeliveryID("young"), r.ID)
			}
		}
		require.Equal(t, 1, holding)
	})

	t.Run("KnowsARepetitionOfWhatWasRedacted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.cfg.Companies[0].Ontop.Redact = config.Redact{AfterMonths: 12, Fields: []string{"data.worker_email"}}
		a := w.ready(t)
		body := []byte(`{"event_type":"KYC","data":{"client_id":"999","worker_email":"ana@example.com"}}`)
		send := func(block string, at time.Time, body []byte) {
			require.NoError(t, a.Store().Stage(t.Context(), schema.Block{ID: block, Deliveries: []schema.Delivery{
				{Company: acme, ID: "one", ReceivedAt: at, Channel: schema.ChannelWebhook, Body: body},
			}}))
			w.cycle(t, a)
		}
		send("first", w.now().UTC().AddDate(-2, 0, 0), body)
		_, err := a.Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
		require.NoError(t, err)
		send("again", w.now().UTC(), body)
		require.Len(t, bodies(t, a), 1, "the same bytes are the same delivery")
		send("other", w.now().UTC(), append(body, ' '))
		all := bodies(t, a)
		require.Len(t, all, 2)
		require.Equal(t, 1, kinds(t, a)[schema.OutcomeConflict], "other bytes under its id are a conflict")
	})

	t.Run("DoesNothingUnlessConfigured", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.open(t).Redact(t.Context(), app.RedactQuery{Company: acme, By: "eva"})
		require.ErrorIs(t, err, app.ErrNoRedaction)
	})
}

func TestServe_RedactsBySchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Companies[0].Ontop.Redact = config.Redact{AfterMonths: 12, Fields: []string{"data.worker_email"}}
	w.cfg.Schedule.Sweep = "@every 1s"
	a := w.ready(t)
	const kyc = `{"event_type":"KYC","data":{"client_id":"999","worker_email":"ana@example.com"}}`
	stageAll(t, a, w.now().UTC().AddDate(-2, 0, 0), kyc)
	w.cycle(t, a)
	stop := w.serve(t, a)
	defer stop()
	require.Eventually(t, func() bool {
		events, err := a.Store().Redactions(t.Context(), acme)
		require.NoError(t, err)
		return len(events) == 1 && events[0].Done && events[0].By == "tieout" && events[0].Redacted == 1
	}, 30*time.Second, 100*time.Millisecond)
}
