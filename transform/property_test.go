package transform_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

// history is what Ontop says, whatever the order in which it arrives.
type history struct {
	events []event
	chunk  int
	policy schema.NegativeTotal
}

type event struct {
	name string
	data any
}

// drawHistory draws contracts and invoices with several revisions each. Where
// plain, nothing in them depends on who came first: every payee has a name, and
// every invoice a number, of its own.
func drawHistory(t *rapid.T, plain bool) history {
	h := history{
		chunk:  rapid.IntRange(1, 9).Draw(t, "chunk"),
		policy: rapid.SampledFrom([]schema.NegativeTotal{schema.NegativeHold, schema.NegativeCredit}).Draw(t, "negative total"),
	}
	at := rapid.Custom(func(t *rapid.T) string {
		// Few instants, so that revisions of one instant are common, and some
		// closer together than the store can tell.
		return start.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "hours"))*time.Hour +
			time.Duration(rapid.IntRange(0, 3).Draw(t, "nanos"))*400*time.Nanosecond).Format(time.RFC3339Nano)
	})
	names := rapid.SampledFrom([]string{"Jane", "Bob", "Ana"})
	for c := range rapid.IntRange(0, 3).Draw(t, "contracts") {
		for range rapid.IntRange(1, 3).Draw(t, "revisions") {
			name := fmt.Sprint("Worker of ", c)
			if !plain {
				name = names.Draw(t, "name")
			}
			h.events = append(h.events, event{"CONTRACT_UPDATED", contract().with(object{
				"agreement_id": c, "worker_id": 70 + c, "first_name": name, "updated_at": at.Draw(t, "at"),
				"job_title": rapid.SampledFrom([]string{"Designer", "Engineer"}).Draw(t, "job"),
				"signing":   []string{"PAYMENT_AGENT", "EOR", "PAYMENT_AGENT"}[c],
			})})
		}
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "invoices") {
		c := rapid.IntRange(0, 3).Draw(t, "contract")
		for range rapid.IntRange(1, 4).Draw(t, "revisions") {
			h.events = append(h.events, drawInvoice(t, i, c, at.Draw(t, "at"), plain))
		}
	}
	if rapid.Bool().Draw(t, "noise") {
		h.events = append(h.events, event{"KYC", object{"client_id": 999}}, event{"NEW_THING", nil}, event{"INVOICE_PAID", "nonsense"},
			event{"INVOICE_PAID", invoice().with(object{"client_id": 1})})
	}
	return h
}

func drawInvoice(t *rapid.T, id, contract int, at string, plain bool) event {
	amount := rapid.IntRange(-1, 3).Draw(t, "amount")
	data := invoice().with(object{
		"invoice_id": id, "agreement_id": contract, "worker_id": 70 + contract, "updated_at": at, "status": nil,
		"total_amount": amount + rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "off"),
		"items": []object{
			{"concept": rapid.SampledFrom([]string{"FIXED_PAYMENT", "BONUS", "NEW"}).Draw(t, "concept"), "amount": amount},
		},
	})
	if plain {
		data["invoice_number"] = fmt.Sprint("INV-", id)
	} else if rapid.IntRange(0, 3).Draw(t, "by worker") == 0 {
		data["agreement_id"] = nil
	}
	name := rapid.SampledFrom([]string{
		"INVOICE_CREATED", "INVOICE_UPDATED", "INVOICE_CONFIRMED", "INVOICE_CONFIRMED", "INVOICE_PAID", "INVOICE_CANCELLED",
	}).Draw(t, "event")
	if name == "INVOICE_PAID" {
		data["paid_at"] = at
	}
	return event{name, data}
}

// deliveries are the events in the order of places, each under a new id.
func (h history) deliveries(places []int) []schema.Delivery {
	var out []schema.Delivery
	for n, place := range places {
		out = append(out, deliver(fmt.Sprintf("msg %d", n), n, h.events[place].name, h.events[place].data))
	}
	return out
}

func (h history) inOrder() []int {
	places := make([]int, len(h.events))
	for i := range places {
		places[i] = i
	}
	return places
}

// shuffled draws an order in which every event comes at least once.
func (h history) shuffled(t *rapid.T) []int {
	places := h.inOrder()
	for range rapid.IntRange(0, 4).Draw(t, "repeated") {
		places = append(places, rapid.IntRange(0, len(h.events)-1).Draw(t, "repeat"))
	}
	return rapid.Permutation(places).Draw(t, "order")
}

// standing is all that a round leaves behind, apart from when it did.
type standing struct {
	drafts map[schema.InvoiceID]schema.Draft
	payees map[schema.PayeeKey]schema.Payee
}

func (w *world) standing(t *testing.T) standing {
	t.Helper()
	payees, err := w.store.Payees(t.Context(), "acme")
	require.NoError(t, err)
	for key, payee := range payees {
		payee.RecordedAt = time.Time{}
		payees[key] = payee
	}
	drafts := w.drafts(t)
	for id, draft := range drafts {
		draft.RecordedAt = time.Time{}
		drafts[id] = draft
	}
	return standing{drafts: drafts, payees: payees}
}

func (h history) world(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(c *transform.Config) { c.Chunk, c.Policy.NegativeTotal = h.chunk, h.policy })
}

// requireSettled checks that every delivery has its outcome, that what is ready
// is whole, and that no two bills of a payee have one number.
func (w *world) requireSettled(t *testing.T, deliveries int) {
	t.Helper()
	intake, outcomes := w.intake(t), 0
	for _, n := range intake.Outcomes {
		outcomes += n
	}
	require.Zero(t, intake.Pending)
	require.Equal(t, deliveries, outcomes)
	numbers := map[schema.PayeeKey][]string{}
	for _, draft := range w.drafts(t) {
		if draft.State == schema.DraftReady {
			requireWhole(t, draft)
		}
		if draft.DocNumber != "" {
			require.NotContains(t, numbers[draft.Payee], draft.DocNumber)
			numbers[draft.Payee] = append(numbers[draft.Payee], draft.DocNumber)
		}
	}
}

// The order in which deliveries come, and how often, never matters.
func TestTransformer_OrderNeverMatters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt, false)
		one, other := h.world(t), h.world(t)
		one.stage(t, h.deliveries(h.inOrder())...)
		one.run(t)
		places := h.shuffled(rt)
		other.stage(t, h.deliveries(places)...)
		other.run(t)

		require.Equal(rt, one.standing(t), other.standing(t))
		one.requireSettled(t, len(h.events))
		other.requireSettled(t, len(places))
		require.False(t, other.run(t).Changed(), "a round that finds nothing new records nothing")
	})
}

// Nor does it matter how many rounds there are while they come.
func TestTransformer_RoundsInBetweenNeverMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt, true)
		one, other := h.world(t), h.world(t)
		one.stage(t, h.deliveries(h.inOrder())...)
		one.run(t)
		places := h.shuffled(rt)
		for _, delivery := range h.deliveries(places) {
			other.stage(t, delivery)
			if rapid.Bool().Draw(rt, "round") {
				other.run(t)
			}
		}
		other.run(t)

		// What was waiting in between may have proposed a payee that nobody
		// needs any more.
		got, want := other.standing(t), one.standing(t)
		require.Equal(rt, want.drafts, got.drafts)
		for key, payee := range want.payees {
			require.Equal(rt, payee, got.payees[key])
		}
		other.requireSettled(t, len(places))
		require.False(t, other.run(t).Changed())
	})
}

// A round that fails at any call, with or without effect, is made good by the
// next ones.
func TestTransformer_FailuresNeverMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt, false)
		one, other := h.world(t), h.world(t)
		deliveries := h.deliveries(h.inOrder())
		one.stage(t, deliveries...)
		one.run(t)

		away := errors.New("away")
		faults := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 60).Draw(rt, "faults")
		other.stage(t, deliveries...)
		other.store.Inject(func(string) storetest.Fault {
			if len(faults) == 0 {
				return storetest.Fault{}
			}
			fault := faults[0]
			faults = faults[1:]
			return []storetest.Fault{{}, {}, {Err: away}, {Err: away, After: true}}[fault]
		})
		for {
			_, err := other.transformer.RunOnce(t.Context(), "acme")
			if err == nil {
				break
			}
			require.ErrorIs(rt, err, away)
		}
		other.store.Inject(nil)
		require.Equal(rt, one.standing(t), other.standing(t))
		other.requireSettled(t, len(deliveries))
		require.False(t, other.run(t).Changed())
	})
}

// Every call of a round is made to fail in turn; each time, the next round
// arrives where one without failures does.
func TestTransformer_EveryCallMayFail(t *testing.T) {
	t.Parallel()
	deliveries := []schema.Delivery{
		deliver("c", 1, "CONTRACT_CREATED", []object{contract(), contract().with(object{"agreement_id": 13, "worker_id": 78, "first_name": "Joan"})}),
		deliver("i", 2, "INVOICE_CONFIRMED", invoice()),
		deliver("j", 3, "INVOICE_CONFIRMED", invoice().with(object{"invoice_id": 556, "agreement_id": nil, "worker_id": 78})),
		deliver("k", 4, "KYC", object{}),
	}
	reference := newWorld(t)
	reference.stage(t, deliveries...)
	var methods []string
	reference.store.Inject(func(method string) storetest.Fault {
		methods = append(methods, method)
		return storetest.Fault{}
	})
	reference.run(t)
	reference.store.Inject(nil)
	require.Subset(t, methods, []string{
		"Pending", "RecordContracts", "RecordInvoices", "RecordOutcomes", "Contracts", "Invoices", "OpenPositions", "Rules", "Books", "Payees",
		"RecordPayees", "RecordDrafts",
	})

	for n, method := range methods {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s%dAfter%t", method, n, after), func(t *testing.T) {
				t.Parallel()
				w, calls := newWorld(t), 0
				w.stage(t, deliveries...)
				away := errors.New("away")
				w.store.Inject(func(string) storetest.Fault {
					calls++
					if calls-1 == n {
						return storetest.Fault{Err: away, After: after}
					}
					return storetest.Fault{}
				})
				_, err := w.transformer.RunOnce(t.Context(), "acme")
				require.ErrorIs(t, err, away)
				w.store.Inject(nil)
				w.run(t)
				require.Equal(t, reference.standing(t), w.standing(t))
				require.Equal(t, reference.intake(t).Outcomes, w.intake(t).Outcomes, "a delivery that was folded by a failed round is still applied")
				w.requireSettled(t, len(deliveries))
			})
		}
	}
}

// Rounds of one company take turns, whoever asks for them.
func TestTransformer_RoundsTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
	results := make(chan int, 8)
	for range cap(results) {
		go func() {
			result, err := w.transformer.RunOnce(t.Context(), "acme")
			if err != nil {
				results <- -1
				return
			}
			results <- result.Deliveries
		}()
	}
	var counts []int
	for range cap(results) {
		counts = append(counts, <-results)
	}
	slices.Sort(counts)
	require.Equal(t, []int{0, 0, 0, 0, 0, 0, 0, 2}, counts, "one round did all the work")
}

// The whole of what is measured: a hundred thousand invoices of a thousand
// workers, from deliveries to ready drafts.
func BenchmarkTransformer_RunOnce(b *testing.B) {
	const workers, invoices = 1_000, 100_000
	var deliveries []schema.Delivery
	books := chart()
	for n := range workers {
		name := fmt.Sprintf("Given%d Family%d", n, n)
		books.Vendors = append(books.Vendors, schema.Vendor{ID: schema.VendorID(fmt.Sprint(1000 + n)), Name: name, Currency: "USD", Active: true})
		deliveries = append(deliveries, deliver(fmt.Sprint("c", n), n, "CONTRACT_CREATED", contract().with(object{
			"agreement_id": n, "worker_id": n, "first_name": fmt.Sprint("Given", n), "last_name": fmt.Sprint("Family", n),
		})))
	}
	for n := range invoices {
		deliveries = append(deliveries, deliver(fmt.Sprint("i", n), workers+n, "INVOICE_CONFIRMED", invoice().with(object{
			"invoice_id": n, "invoice_number": fmt.Sprint("INV-", n), "agreement_id": n % workers, "worker_id": n % workers,
		})))
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		store := &staged{Memory: storetest.NewMemory(), rest: deliveries}
		require.NoError(b, store.RecordRules(b.Context(), ruleSet()))
		require.NoError(b, store.RecordBooks(b.Context(), books))
		transformer := transform.New(store, []transform.Config{config()}, slog.New(slog.DiscardHandler), nil, clock())
		b.StartTimer()
		result, err := transformer.RunOnce(b.Context(), "acme")
		require.NoError(b, err)
		require.Equal(b, invoices, result.States[schema.DraftReady])
	}
	b.ReportMetric(float64(invoices)*float64(b.N)/b.Elapsed().Seconds(), "invoices/s")
}
