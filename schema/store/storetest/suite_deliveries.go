package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func deliveryChecks() []check {
	return []check{
		{"ListsEachOnceInTheOrderOfReceipt", listsDeliveries},
		{"SelectsByWhatStands", selectsDeliveries},
		{"KeepsEveryBodyOfAConflict", listsConflicts},
		{"BringsBodiesByteForByte", bringsBodies},
		{"CanBeAskedForMoreBetweenTwo", asksBetweenTwo},
	}
}

// receiptsOf reads a stream of deliveries to its end.
func receiptsOf(t *testing.T, store Store, q schema.DeliveryQuery) []schema.Receipt {
	t.Helper()
	q.Company = company
	found := []schema.Receipt{}
	for r, err := range store.Deliveries(t.Context(), q) {
		require.NoError(t, err)
		found = append(found, r)
	}
	return found
}

func deliveryIDs(receipts []schema.Receipt) []schema.DeliveryID {
	ids := []schema.DeliveryID{}
	for _, r := range receipts {
		ids = append(ids, r.ID)
	}
	return ids
}

func listsDeliveries(on trial) {
	t, store := on.T, on.store
	require.Empty(t, receiptsOf(t, store, schema.DeliveryQuery{}))
	one, two, three := delivery("d-1", "one", later(5)), delivery("d-2", "two", later(0)), delivery("d-3", "three", later(5))
	three.Channel = schema.ChannelImport
	elsewhere := delivery("d-9", "nine", later(0))
	elsewhere.Company = "globex"
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, two, three, elsewhere)))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-2", "two", later(9)))), "a copy")
	said := outcome(one, schema.OutcomeApplied, later(6))
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{said}))
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeUnchanged, later(7))}))

	bare := func(d schema.Delivery) schema.Delivery {
		d.Body = nil
		return d
	}
	require.Equal(t, []schema.Receipt{
		{Delivery: bare(two), BodySum: two.Sum()},
		{Delivery: bare(one), BodySum: one.Sum(), Outcome: said},
		{Delivery: bare(three), BodySum: three.Sum()},
	}, receiptsOf(t, store, schema.DeliveryQuery{}))

	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(two, schema.OutcomeApplied, later(10))}))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-3", delivery("d-2", "two", later(20)), delivery("d-2", "two", later(-20)))))
	require.Equal(t, []schema.DeliveryID{"d-2", "d-1", "d-3"}, deliveryIDs(receiptsOf(t, store, schema.DeliveryQuery{})), "copies that came late")
}

func selectsDeliveries(on trial) {
	t, store := on.T, on.store
	one, two, three := delivery("d-1", "one", later(1)), delivery("d-2", "two", later(2)), delivery("d-3", "three", later(3))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, two, three, delivery("d-4", "four", later(4)))))
	known := outcome(two, schema.OutcomeUnreadable, later(5))
	known.EventType = "INVOICE_PAID"
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{
		outcome(one, schema.OutcomeUnreadable, later(5)), known,
		outcome(three, schema.OutcomeApplied, later(5)),
	}))
	read := outcome(one, schema.OutcomeApplied, later(6))
	read.EventType = "KYC"
	require.NoError(t, store.RecordReviews(t.Context(), []schema.Review{{Outcome: read, Reason: "read again", By: "replay"}}))

	for name, c := range map[string]struct {
		q    schema.DeliveryQuery
		want []schema.DeliveryID
	}{
		"ByID":          {schema.DeliveryQuery{ID: "d-2"}, []schema.DeliveryID{"d-2"}},
		"ByPendingID":   {schema.DeliveryQuery{ID: "d-4"}, []schema.DeliveryID{"d-4"}},
		"ByUnknownID":   {schema.DeliveryQuery{ID: "d-5"}, []schema.DeliveryID{}},
		"From":          {schema.DeliveryQuery{From: later(3)}, []schema.DeliveryID{"d-3", "d-4"}},
		"FromJustAfter": {schema.DeliveryQuery{From: later(3).Add(1)}, []schema.DeliveryID{"d-4"}},
		"To":            {schema.DeliveryQuery{To: later(3)}, []schema.DeliveryID{"d-1", "d-2"}},
		"Between":       {schema.DeliveryQuery{From: later(2), To: later(2).Add(1)}, []schema.DeliveryID{"d-2"}},
		"Pending":       {schema.DeliveryQuery{Outcome: schema.OutcomePending}, []schema.DeliveryID{"d-4"}},
		"Unreadable":    {schema.DeliveryQuery{Outcome: schema.OutcomeUnreadable}, []schema.DeliveryID{"d-2"}},
		"Applied":       {schema.DeliveryQuery{Outcome: schema.OutcomeApplied}, []schema.DeliveryID{"d-1", "d-3"}},
		"ByType":        {schema.DeliveryQuery{Type: "INVOICE_PAID"}, []schema.DeliveryID{"d-2"}},
		"ByTypeOfAReview": {
			schema.DeliveryQuery{Type: "KYC", Outcome: schema.OutcomeApplied}, []schema.DeliveryID{"d-1"},
		},
		"ByTypeThatAReviewTookBack": {schema.DeliveryQuery{Type: "invoice.created"}, []schema.DeliveryID{"d-3"}},
	} {
		require.Equal(t, c.want, deliveryIDs(receiptsOf(t, store, c.q)), name)
	}

	four := review(delivery("d-4", "four", later(4)), schema.OutcomeNoted, later(7))
	four.EventType = "NOTED"
	require.NoError(t, store.RecordReviews(t.Context(), []schema.Review{four}))
	for name, q := range map[string]schema.DeliveryQuery{
		"ByTypeOfAReviewOfWhatIsPending":    {Type: "NOTED"},
		"ByOutcomeOfAReviewOfWhatIsPending": {Outcome: schema.OutcomeNoted},
	} {
		require.Equal(t, []schema.DeliveryID{"d-4"}, deliveryIDs(receiptsOf(t, store, q)), name)
	}
	require.Empty(t, receiptsOf(t, store, schema.DeliveryQuery{Outcome: schema.OutcomePending}), "a review says what it is")
}

func listsConflicts(on trial) {
	t, store := on.T, on.store
	one, other, third := delivery("d-1", "one", later(1)), delivery("d-1", "other", later(2)), delivery("d-1", "third", later(3))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, other)))
	kinds := func() (found []schema.OutcomeKind) {
		for _, r := range receiptsOf(t, store, schema.DeliveryQuery{Bodies: true}) {
			require.Equal(t, r.BodySum, r.Sum(), "each with its own body")
			found = append(found, r.Stands().Kind)
		}
		return found
	}
	require.Len(t, kinds(), 2)
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{
		outcome(one, schema.OutcomeApplied, later(4)), outcome(other, schema.OutcomeConflict, later(4)),
	}))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-2", third, delivery("d-2", "alone", later(5)))))
	require.Equal(t, []schema.OutcomeKind{schema.OutcomeApplied, schema.OutcomeConflict, "", ""}, kinds())

	flags := map[string]bool{}
	for _, r := range receiptsOf(t, store, schema.DeliveryQuery{Bodies: true}) {
		flags[string(r.Body)] = r.Conflict
	}
	require.Equal(t, map[string]bool{"one": true, "other": true, "third": true, "alone": false}, flags)
	require.Len(t, receiptsOf(t, store, schema.DeliveryQuery{ID: "d-1"}), 3)
	for _, some := range []schema.DeliveryQuery{{To: later(2)}, {From: later(3), To: later(4)}, {Outcome: schema.OutcomeApplied}} {
		found := receiptsOf(t, store, some)
		require.Len(t, found, 1)
		require.True(t, found[0].Conflict, "also where the others are not asked for: %+v", some)
	}
}

func bringsBodies(on trial) {
	t, store := on.T, on.store
	strange := delivery("d-'\\\n\x00é", "\x00\xff not \\ JSON '\n", later(1))
	strange.Arrival = []byte("192.0.2.1 bearer 1 0 0\nX-Odd: \x00\xff'\\\n")
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", strange, delivery("d-2", "{}", later(2)))))
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(strange, schema.OutcomeUnreadable, later(3))}))
	found := receiptsOf(t, store, schema.DeliveryQuery{Bodies: true})
	require.Len(t, found, 2)
	require.Equal(t, strange, found[0].Delivery)
	require.JSONEq(t, "{}", string(found[1].Body))
}

func asksBetweenTwo(on trial) {
	t, store := on.T, on.store
	block := schema.Block{ID: "b-1"}
	for i, id := range numbered("d", 1300) {
		block.Deliveries = append(block.Deliveries, delivery(schema.DeliveryID(id), id, later(i/2)))
	}
	require.NoError(t, store.Stage(t.Context(), block))
	seen := 0
	for r, err := range store.Deliveries(t.Context(), schema.DeliveryQuery{Company: company}) {
		require.NoError(t, err)
		require.Equal(t, block.Deliveries[seen].ID, r.ID)
		if seen%500 == 0 {
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(block.Deliveries[seen], schema.OutcomeNoted, later(9999))}))
		}
		seen++
	}
	require.Equal(t, 1300, seen)
	for _, err := range store.Deliveries(t.Context(), schema.DeliveryQuery{Company: company}) {
		require.NoError(t, err)
		break // it may be left at any time
	}
}

func reviewChecks() []check {
	return []check{
		{"HoldsOverTheOutcome", reviewHolds},
		{"DismissesWithoutForgetting", dismissalSettles},
		{"IsSeenFromItsInstantOn", reviewAsOf},
	}
}

// review returns a later word about a delivery.
func review(d schema.Delivery, kind schema.OutcomeKind, recorded time.Time) schema.Review {
	return schema.Review{Outcome: outcome(d, kind, recorded), Reason: "a field was read wrongly", By: "eva"}
}

func reviewHolds(on trial) {
	t, store := on.T, on.store
	one := delivery("d-1", "one", later(1))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one)))
	said := outcome(one, schema.OutcomeUnreadable, later(2))
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{said}))
	first, second := review(one, schema.OutcomeUnknown, later(3)), review(one, schema.OutcomeApplied, later(4))
	for range 2 {
		require.NoError(t, store.RecordReviews(t.Context(), []schema.Review{second, first}))
	}
	found := receiptsOf(t, store, schema.DeliveryQuery{})
	require.Len(t, found, 1)
	require.Equal(t, said, found[0].Outcome, "stays on record")
	require.Equal(t, second, found[0].Review)
	require.Equal(t, second.Outcome, found[0].Stands())
	require.False(t, found[0].NeedsPerson())

	pending, err := store.Pending(t.Context(), company, 10)
	require.NoError(t, err)
	require.Empty(t, pending, "a review asks for no second outcome")
	intake, err := store.Intake(t.Context(), company, november(t), time.Time{})
	require.NoError(t, err)
	require.Equal(t, schema.Intake{Received: 1, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeApplied: 1}}, intake)
}

func dismissalSettles(on trial) {
	t, store := on.T, on.store
	one, two := delivery("d-1", "one", later(1)), delivery("d-2", "two", later(2))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, two)))
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{
		outcome(one, schema.OutcomeUnreadable, later(3)), outcome(two, schema.OutcomeUnreadable, later(3)),
	}))
	dismissed := review(one, schema.OutcomeUnreadable, later(4))
	dismissed.Dismissed = true
	require.NoError(t, store.RecordReviews(t.Context(), []schema.Review{dismissed}))
	intake, err := store.Intake(t.Context(), company, november(t), time.Time{})
	require.NoError(t, err)
	trouble := func(d schema.Delivery) schema.Trouble {
		return schema.Trouble{Delivery: d.ID, Kind: schema.OutcomeUnreadable, Detail: "detail of unreadable", ReceivedAt: d.ReceivedAt}
	}
	require.Equal(t, schema.Intake{
		Received: 2, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeUnreadable: 2},
		Dismissed:  map[schema.OutcomeKind]int{schema.OutcomeUnreadable: 1},
		Troubles:   []schema.Trouble{trouble(two)},
		Dismissals: []schema.Dismissal{{Trouble: trouble(one), Reason: dismissed.Reason, By: "eva", At: later(4)}},
	}, intake)
	require.Equal(t, 1, intake.Needing())
	require.False(t, receiptsOf(t, store, schema.DeliveryQuery{ID: "d-1"})[0].NeedsPerson())

	require.NoError(t, store.RecordReviews(t.Context(), []schema.Review{review(one, schema.OutcomeForeign, later(5))}))
	require.True(t, receiptsOf(t, store, schema.DeliveryQuery{ID: "d-1"})[0].NeedsPerson(), "something else is wrong with it now")
}

func reviewAsOf(on trial) {
	t, store := on.T, on.store
	one := delivery("d-1", "one", later(1))
	require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one)))
	require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeForeign, later(2))}))
	require.NoError(t, store.RecordReviews(t.Context(), []schema.Review{review(one, schema.OutcomeApplied, later(10))}))
	for at, want := range map[int]schema.OutcomeKind{2: schema.OutcomeForeign, 9: schema.OutcomeForeign, 10: schema.OutcomeApplied} {
		intake, err := store.Intake(t.Context(), company, november(t), later(at))
		require.NoError(t, err)
		require.Equal(t, map[schema.OutcomeKind]int{want: 1}, intake.Outcomes, "at %d", at)
	}
}
