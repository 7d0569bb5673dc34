package transform_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

func TestTransformer_RunOnce(t *testing.T) {
	t.Parallel()

	t.Run("MakesAReadyDraft", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		require.Equal(t, transform.Result{
			Deliveries: 2, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeApplied: 2}, Contracts: 1, Invoices: 1, Payees: 1, Drafted: 1,
			States: map[schema.DraftState]int{schema.DraftReady: 1}, Held: map[schema.HoldReason]int{},
		}, w.run(t))

		due, err := w.store.DueBills(t.Context(), "acme", start, 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		requireWhole(t, due[0])
		require.Equal(t, schema.VendorID("56"), due[0].Vendor)
		require.Equal(t, "INV-1", due[0].DocNumber)
		require.NotContains(t, w.logs.String(), "Jane", "logs name nobody")
		require.Contains(t, w.logs.String(), "deliveries=2")
	})

	t.Run("RecordsNothingWhenNothingIsNew", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		recorded, logs := len(w.store.recorded), w.logs.String()
		for range 3 {
			result := w.run(t)
			require.False(t, result.Changed())
			require.Equal(t, 1, result.States[schema.DraftReady])
		}
		require.Len(t, w.store.recorded, recorded)
		require.Equal(t, logs, w.logs.String())
	})

	t.Run("RecordsAPayeeOnce", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *transform.Config) { c.Chunk = 1 })
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()),
			deliver("j", 3, "INVOICE_CONFIRMED", invoice().with(object{"invoice_id": 556, "invoice_number": "INV-2"})))
		result := w.run(t)
		require.Equal(t, 1, result.Payees)
		require.Equal(t, 2, result.States[schema.DraftReady])
	})

	t.Run("WaitsForTheContract", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("i", 1, "INVOICE_CONFIRMED", invoice()))
		require.Equal(t, 1, w.run(t).States[schema.DraftAwaitsContract])
		w.stage(t, deliver("c", 2, "CONTRACT_CREATED", contract()))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
	})

	t.Run("FindsTheContractByWorker", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("i", 1, "INVOICE_CONFIRMED", invoice().with(object{"agreement_id": nil})))
		require.Equal(t, 1, w.run(t).States[schema.DraftAwaitsContract])
		w.stage(t, deliver("c", 2, "CONTRACT_CREATED", contract()))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
	})

	t.Run("WaitsForTheStatusAndThenForNothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CREATED", invoice().with(object{"status": "CREATED"})))
		require.Equal(t, 1, w.run(t).States[schema.DraftAwaitsStatus])
		w.stage(t, deliver("j", 3, "INVOICE_PAID", invoice().with(object{"updated_at": "2026-02-02T00:00:00Z"})))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
		w.stage(t, deliver("k", 4, "INVOICE_CANCELLED", invoice()))
		require.Equal(t, 1, w.run(t).States[schema.DraftInvoiceCancelled])
		require.Empty(t, w.run(t).States, "what is cancelled is looked at once")
	})

	t.Run("RemembersThatAFeeIsAFee", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bill := invoice().with(object{"agreement_id": nil, "worker_id": nil, "items": []object{{"concept": "PLATFORM_FEE", "amount": 1100}}})
		w.stage(t, deliver("f", 1, "PLATFORM_FEE_INVOICED", bill), deliver("p", 2, "INVOICE_PAID", bill.with(object{"updated_at": "2026-02-03T00:00:00Z"})))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
		require.Equal(t, schema.PayeeKey("platform:USD"), w.drafts(t)["555"].Payee)
	})

	t.Run("RedraftsWhenRulesChange", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		require.NoError(t, w.store.RecordRules(t.Context(), schema.RuleSet{Company: "acme", Version: 3, RecordedAt: start}))
		require.Equal(t, 1, w.run(t).Held[schema.HoldUnmappedConcept])
		set := ruleSet()
		set.RecordedAt = start.Add(time.Hour)
		require.NoError(t, w.store.RecordRules(t.Context(), set))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
	})

	t.Run("NeverRedraftsWhatMayBePosted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		due, err := w.store.DueBills(t.Context(), "acme", start, 1)
		require.NoError(t, err)
		require.NoError(t, w.store.RecordPostings(t.Context(), []schema.Posting{{
			Company: "acme", Kind: schema.PostBill, Subject: "555", Draft: due[0].ID, State: schema.PostingNamed, RecordedAt: start,
		}}))
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(object{"total_amount": 1, "updated_at": "2026-03-01T00:00:00Z"})))
		result := w.run(t)
		require.Equal(t, 1, result.Invoices)
		require.Zero(t, result.Drafted)
	})

	t.Run("LeavesWhatIsSkippedAsItIs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		require.NoError(t, w.store.RecordDecisions(t.Context(), []schema.Decision{{Company: "acme", Invoice: "555", Kind: schema.DecideSkip, RecordedAt: start}}))
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(object{"total_amount": 1, "updated_at": "2026-03-01T00:00:00Z"})))
		require.Zero(t, w.run(t).Drafted)
	})

	t.Run("HoldsWhatAPersonHolds", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		require.NoError(t, w.store.RecordDecisions(t.Context(), []schema.Decision{
			{Company: "acme", Invoice: "555", Kind: schema.DecideHold, By: "ana", Reason: "ask", RecordedAt: start},
		}))
		require.Equal(t, 1, w.run(t).Held[schema.HoldByPerson])
		require.NoError(t, w.store.RecordDecisions(t.Context(), []schema.Decision{
			{Company: "acme", Invoice: "555", Kind: schema.DecideRelease, By: "ana", RecordedAt: start.Add(time.Second)},
		}))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
	})

	t.Run("HoldsEverythingBeforeTheBooksAreRead", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.store.Memory = storetest.NewMemory()
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		result := w.run(t)
		require.Zero(t, result.Payees)
		holds := w.drafts(t)["555"].Holds
		require.Equal(t, "QuickBooks has not been read yet, so no vendor is known", holds[len(holds)-1].Detail)
		require.Equal(t, schema.OwnerOps, holds[len(holds)-1].Owner)
	})

	t.Run("MovesInvoicesToThePeriodThatAChangedPolicySays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()),
			deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"period_end": "2026-02-28"})))
		w.run(t)
		later := transform.New(w.store, []transform.Config{config(func(c *transform.Config) { c.Policy.BillDate = schema.BillOnPeriodEnd })},
			slog.New(slog.DiscardHandler), nil, clock())
		result, err := later.RunOnce(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, 1, result.Invoices)
		found, err := w.store.Invoices(t.Context(), "acme", []schema.InvoiceID{"555"})
		require.NoError(t, err)
		require.Equal(t, schema.NewDate(2026, 2, 28), found["555"].BillDate)
		require.Len(t, found["555"].Lines, 2)
		require.Equal(t, schema.NewDate(2026, 2, 28), w.drafts(t)["555"].TxnDate)
	})

	t.Run("GoesOnWhenTheClockWasSetBack", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		earlier := func() time.Time { return start.Add(-time.Hour) }
		again := transform.New(w.store, []transform.Config{config()}, slog.New(slog.DiscardHandler), nil, earlier)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", invoice().with(object{"invoice_number": "INV-2", "updated_at": "2026-03-01T00:00:00Z"})),
			deliver("d", 4, "CONTRACT_UPDATED", contract().with(object{"first_name": "Joan", "updated_at": "2026-03-01T00:00:00Z"})))
		_, err := again.RunOnce(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, "INV-2", w.drafts(t)["555"].DocNumber)
		result, err := again.RunOnce(t.Context(), "acme")
		require.NoError(t, err)
		require.False(t, result.Changed())
	})

	t.Run("RefusesACompanyThatItDoesNotKnow", func(t *testing.T) {
		t.Parallel()
		_, err := newWorld(t).transformer.RunOnce(t.Context(), "nobody")
		require.ErrorIs(t, err, transform.ErrUnknownCompany)
	})

	t.Run("StopsWhenToldTo", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newWorld(t).transformer.RunOnce(ctx, "acme")
		require.ErrorIs(t, err, context.Canceled)
	})

	t.Run("GivesUpOnAStoreThatForgets", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "KYC", object{}))
		forgetful := transform.New(forgetful{w.store}, []transform.Config{config(func(c *transform.Config) { c.Chunk = 1 })},
			slog.New(slog.DiscardHandler), nil, clock())
		_, err := forgetful.RunOnce(t.Context(), "acme")
		require.ErrorIs(t, err, transform.ErrNotRecorded)
	})
}

// forgetful is a store that accepts outcomes and keeps none.
type forgetful struct{ *archive }

func (forgetful) RecordOutcomes(context.Context, []schema.Outcome) error { return nil }

func TestTransformer_RunOnce_Outcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stage(t,
		deliver("applied", 1, "INVOICE_CONFIRMED", invoice()),
		deliver("repeated", 2, "INVOICE_CONFIRMED", invoice()),
		deliver("older", 3, "INVOICE_UPDATED", invoice().with(object{"total_amount": 7, "updated_at": "2025-01-01T00:00:00Z"})),
		deliver("noted", 4, "KYC", object{"client_id": 999, "worker_id": 77}),
		deliver("unknown", 5, "WORKER_PROMOTED", object{"client_id": 999}),
		deliver("foreign", 6, "INVOICE_CONFIRMED", invoice().with(object{"client_id": 998, "invoice_id": 556})),
		raw("unreadable", 7, `{"event_type": "INVOICE_PAID"`),
		deliver("partly", 8, "CONTRACT_CREATED", []object{contract(), {"client_id": 999}}),
		deliver("applied", 9, "INVOICE_CONFIRMED", invoice().with(object{"total_amount": 8})),
		deliver("foreign and unknown", 10, "WORKER_PROMOTED", object{"client_id": 998}),
	)
	result := w.run(t)
	want := map[schema.OutcomeKind]int{
		schema.OutcomeApplied: 1, schema.OutcomeUnchanged: 2, schema.OutcomeNoted: 1, schema.OutcomeUnknown: 1, schema.OutcomeForeign: 2,
		schema.OutcomeUnreadable: 2, schema.OutcomeConflict: 1,
	}
	require.Equal(t, want, result.Outcomes)
	require.Equal(t, 10, result.Deliveries)

	intake := w.intake(t)
	require.Equal(t, want, intake.Outcomes)
	require.Zero(t, intake.Pending)
	details := map[string]string{}
	for _, trouble := range intake.Troubles {
		details[string(trouble.Delivery)+" "+string(trouble.Kind)] = trouble.Detail
	}
	require.Contains(t, details["foreign foreign"], "client_id 998 is not one of the company's (999)")
	require.Contains(t, details["unreadable unreadable"], "is not well-formed JSON")
	require.Contains(t, details["partly unreadable"], "data[1].agreement_id")
	require.Contains(t, details["applied conflict"], "was used before for another body")

	require.Equal(t, schema.DraftReady, w.drafts(t)["555"].State, "the contract that could be read was applied")
	require.NotContains(t, w.drafts(t), schema.InvoiceID("556"))

	count := func(outcome schema.OutcomeKind) float64 {
		return metric(t, w.registry, "tieout_transform_deliveries_total", "outcome", string(outcome))
	}
	for kind, n := range want {
		require.InDelta(t, n, count(kind), 0, kind)
	}
}

func TestTransformer_RunOnce_Details(t *testing.T) {
	t.Parallel()

	t.Run("WithoutAListEveryClientIsTheCompanys", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *transform.Config) { c.ClientIDs = nil })
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(object{"client_id": 5})), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		require.Equal(t, 2, w.run(t).Outcomes[schema.OutcomeApplied])
	})

	t.Run("NamesWhatCouldNotBeReadWithinBounds", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		var objects []object
		for range 500 {
			objects = append(objects, object{"agreement_id": nil, "signing": []int{1}})
		}
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", append(objects, contract())))
		result := w.run(t)
		require.Equal(t, 1, result.Outcomes[schema.OutcomeUnreadable])
		require.Equal(t, 1, result.Contracts, "the rest was applied")
		detail := w.intake(t).Troubles[0].Detail
		require.Less(t, len(detail), 2500)
		require.Regexp(t, `^data\[0\]\.agreement_id.*; and [0-9]+ more$`, detail)
	})

	t.Run("AnEnvelopesOwnFieldsNeedNobody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		body, err := json.Marshal(object{"event_type": "CONTRACT_CREATED", "event_id": []int{1}, "data": contract()})
		require.NoError(t, err)
		w.stage(t, raw("c", 1, string(body)))
		require.Equal(t, 1, w.run(t).Outcomes[schema.OutcomeApplied])
	})

	t.Run("SaysWhichPartOfAMemoIsKnown", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(object{"worker_id": nil})),
			deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"worker_id": nil, "period_start": "2026-01-01", "invoice_number": nil})))
		w.run(t)
		require.Contains(t, w.drafts(t)["555"].Memo, "Ontop invoice without number (id 555); worker Jane Doe; contract 12; period from 2026-01-01; ")
		require.Equal(t, "555", w.drafts(t)["555"].DocNumber)
	})

	t.Run("ReportsAnArchiveThatIsAway", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"agreement_id": nil})))
		for want, store := range map[string]transform.Store{
			"transform acme: read contracts of 1 workers: away":     &awayArchive{archive: w.store, workers: true},
			"transform acme: read who has 1 document numbers: away": &awayArchive{archive: w.store},
		} {
			_, err := transform.New(store, []transform.Config{config()}, slog.New(slog.DiscardHandler), nil, clock()).RunOnce(t.Context(), "acme")
			require.EqualError(t, err, want)
		}
	})
}

// awayArchive cannot answer one of an archive's questions.
type awayArchive struct {
	*archive
	workers bool
}

func (a *awayArchive) WorkerContracts(
	ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
) (map[schema.WorkerID][]schema.Contract, error) {
	if a.workers {
		return nil, errors.New("away")
	}
	return a.archive.WorkerContracts(ctx, company, workers)
}

func (a *awayArchive) DocNumbers(context.Context, schema.CompanyID, []string) (map[schema.PayeeKey]map[string]schema.InvoiceID, error) {
	return nil, errors.New("away")
}

// metric returns the value of the series of company acme with the label.
func metric(t *testing.T, registry *prometheus.Registry, name, label, value string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, series := range family.GetMetric() {
			for _, pair := range series.GetLabel() {
				if family.GetName() == name && pair.GetName() == label && pair.GetValue() == value {
					return series.GetCounter().GetValue() + series.GetGauge().GetValue()
				}
			}
		}
	}
	require.Fail(t, "no series", "%s{%s=%q}", name, label, value)
	return 0
}

func TestTransformer_Metrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, reason := range schema.HoldReasons() {
		require.Zero(t, metric(t, w.registry, "tieout_transform_held_invoices", "reason", string(reason)))
	}

	w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"total_amount": 1})))
	w.run(t)
	require.InDelta(t, 1, metric(t, w.registry, "tieout_transform_held_invoices", "reason", string(schema.HoldTotalMismatch)), 0)
	require.InDelta(t, 1, metric(t, w.registry, "tieout_transform_open_invoices", "state", string(schema.DraftHeld)), 0)
	require.InDelta(t, 1, metric(t, w.registry, "tieout_transform_drafts_total", "company", "acme"), 0)
	require.InDelta(t, start.Unix(), metric(t, w.registry, "tieout_transform_last_success_timestamp_seconds", "company", "acme"), 60)

	w.store.Inject(func(string) storetest.Fault { return storetest.Fault{Err: errors.New("away")} })
	_, err := w.transformer.RunOnce(t.Context(), "acme")
	require.EqualError(t, err, "transform acme: read pending deliveries: away")
	require.InDelta(t, 1, metric(t, w.registry, "tieout_transform_failed_rounds_total", "company", "acme"), 0)
	require.InDelta(t, 1, metric(t, w.registry, "tieout_transform_open_invoices", "state", string(schema.DraftHeld)), 0, "a failed round knows nothing")
}

func TestTransformer_DocNumbers(t *testing.T) {
	t.Parallel()
	other := func(id int) object { return invoice().with(object{"invoice_id": id}) }

	t.Run("TellInvoicesOfOnePayeeApart", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("1", 2, "INVOICE_CONFIRMED", other(600)), deliver("2", 3, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		drafts := w.drafts(t)
		require.Equal(t, "INV-1", drafts["555"].DocNumber)
		require.Equal(t, transform.DistinctDocNumber(schema.Invoice{Company: "acme", ID: "600", Number: "INV-1"}), drafts["600"].DocNumber)
	})

	t.Run("StayWithWhoHadThemFirst", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("1", 2, "INVOICE_CONFIRMED", other(600)))
		w.run(t)
		w.stage(t, deliver("2", 3, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		drafts := w.drafts(t)
		require.Equal(t, "INV-1", drafts["600"].DocNumber)
		require.NotEqual(t, "INV-1", drafts["555"].DocNumber)
		require.False(t, w.run(t).Changed())
	})

	t.Run("StayTakenOnceTheyArePosted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("1", 2, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		require.NoError(t, w.store.RecordPostings(t.Context(), []schema.Posting{{
			Company: "acme", Kind: schema.PostBill, Subject: "555", Draft: w.drafts(t)["555"].ID, State: schema.PostingPosted, RecordedAt: start,
		}}))
		w.stage(t, deliver("2", 3, "INVOICE_CONFIRMED", other(600)))
		w.run(t)
		require.NotEqual(t, "INV-1", w.drafts(t)["600"].DocNumber)
	})

	t.Run("AreOnesOwnForEachPayee", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", []object{contract(), contract().with(object{"agreement_id": 13, "worker_id": 78})}),
			deliver("1", 2, "INVOICE_CONFIRMED", invoice()),
			deliver("2", 3, "INVOICE_CONFIRMED", other(600).with(object{"agreement_id": 13, "worker_id": 78})))
		w.run(t)
		require.Equal(t, "INV-1", w.drafts(t)["555"].DocNumber)
		require.Equal(t, "INV-1", w.drafts(t)["600"].DocNumber)
	})
}
