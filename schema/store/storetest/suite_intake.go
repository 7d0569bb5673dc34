package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func stageChecks() []check {
	return []check{
		{"KeepsBodiesByteForByte", func(on trial) {
			t, store := on.T, on.store
			bodies := []string{"{}", "", "\x00\xff\xfe\n\t\\'\"", strings.Repeat("å\x80", 100_000)}
			var block schema.Block
			for i, id := range numbered("d", len(bodies)) {
				block.Deliveries = append(block.Deliveries, delivery(schema.DeliveryID(id), bodies[i], later(i)))
			}
			block.ID = "b-1"
			require.NoError(t, store.Stage(t.Context(), block))

			found, err := store.Pending(t.Context(), company, 10)
			require.NoError(t, err)
			require.Len(t, found, len(bodies))
			for i, staged := range found {
				require.Equal(t, bodies[i], string(staged.Body))
				require.Equal(t, block.Deliveries[i].ReceivedAt, staged.ReceivedAt)
				require.Equal(t, schema.ChannelWebhook, staged.Channel)
			}
		}},
		{"StoresABlockOnce", func(on trial) {
			t, store := on.T, on.store
			block := blockOf("b-1", delivery("d-1", "one", later(0)), delivery("d-2", "two", later(1)))
			for range 3 {
				require.NoError(t, store.Stage(t.Context(), block))
			}
			requirePending(t, store, "d-1", "d-2")
			requireIntake(t, store, november(t), 2)
		}},
		{"StoresABlockOverAMonthsEndOnce", func(on trial) {
			t, store := on.T, on.store
			end := time.Date(2026, 11, 30, 23, 59, 59, 999_999_000, time.UTC)
			block := blockOf("b-1",
				delivery("d-1", "one", end), delivery("d-2", "two", end.Add(time.Microsecond)), delivery("d-3", "three", end))
			require.NoError(t, store.Stage(t.Context(), block))
			require.NoError(t, store.Stage(t.Context(), block))
			requirePending(t, store, "d-1", "d-3", "d-2")
			requireIntake(t, store, november(t), 2)
			requireIntake(t, store, month(t, "2026-12"), 1)
		}},
		{"StoresNothingOfAnEmptyBlock", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1")))
			requirePending(t, store)
		}},
		{"StoresAMillisecondsDeliveriesOfSeveralCompanies", func(on trial) {
			t, store := on.T, on.store
			other := delivery("d-1", "one", later(0))
			other.Company = "other"
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", delivery("d-1", "one", later(0)), other)))
			requirePending(t, store, "d-1")
		}},
	}
}

func pendingChecks() []check {
	return []check{
		{"YieldsTheOldestFirstUpToTheLimit", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", delivery("d-2", "two", later(2)), delivery("d-3", "three", later(3)))))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-1", "one", later(1)))))

			found, err := store.Pending(t.Context(), company, 2)
			require.NoError(t, err)
			require.Len(t, found, 2)
			require.Equal(t, schema.DeliveryID("d-1"), found[0].ID)
			require.Equal(t, schema.DeliveryID("d-2"), found[1].ID)
		}},
		{"YieldsARepeatedDeliveryOnceAsFirstReceived", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", delivery("d-1", "one", later(5)))))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-1", "one", later(1)), delivery("d-1", "one", later(9)))))

			found, err := store.Pending(t.Context(), company, 10)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, later(1), found[0].ReceivedAt)
			require.False(t, found[0].Conflict)
		}},
		{"LeavesOutWhatHasAnOutcome", func(on trial) {
			t, store := on.T, on.store
			one, two := delivery("d-1", "one", later(0)), delivery("d-2", "two", later(1))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, two)))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeApplied, later(2))}))
			requirePending(t, store, "d-2")
		}},
		{"LeavesOutARepetitionOfWhatHasAnOutcome", func(on trial) {
			t, store := on.T, on.store
			one := delivery("d-1", "one", later(0))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one)))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeApplied, later(1))}))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-1", "one", later(2)))))
			requirePending(t, store)
		}},
		{"YieldsALateRowThatWasReceivedEarly", func(on trial) {
			t, store := on.T, on.store
			one := delivery("d-1", "one", later(100))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one)))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeApplied, later(101))}))
			requirePending(t, store)
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-0", "zero", start().AddDate(0, -2, 0)))))
			requirePending(t, store, "d-0")
		}},
	}
}

func conflictChecks() []check {
	return []check{
		{"CallsAnotherBodyUnderTheSameIDAConflict", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", delivery("d-1", "first", later(0)), delivery("d-1", "second", later(1)))))
			found, err := store.Pending(t.Context(), company, 10)
			require.NoError(t, err)
			require.Len(t, found, 2)
			require.False(t, found[0].Conflict)
			require.True(t, found[1].Conflict)
			require.Equal(t, "second", string(found[1].Body))
		}},
		{"CallsABodyAConflictWhenAnotherWasApplied", func(on trial) {
			t, store := on.T, on.store
			applied := delivery("d-1", "applied", later(5))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", applied)))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(applied, schema.OutcomeApplied, later(6))}))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-1", "earlier", later(1)))))
			found, err := store.Pending(t.Context(), company, 10)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.True(t, found[0].Conflict)
		}},
		{"KnowsOnlyTheCompanysOwn", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", delivery("d-1", "one", later(0)))))
			found, err := store.Pending(t.Context(), "other", 10)
			require.NoError(t, err)
			require.Empty(t, found)
		}},
		{"YieldsThousandsAtOnce", func(on trial) {
			t, store := on.T, on.store
			block := schema.Block{ID: "b-1"}
			ids := numbered("d", 2_500)
			for i, id := range ids {
				block.Deliveries = append(block.Deliveries, delivery(schema.DeliveryID(id), "body of "+id, start().Add(time.Duration(i)*time.Millisecond)))
			}
			require.NoError(t, store.Stage(t.Context(), block))
			found, err := store.Pending(t.Context(), company, 10_000)
			require.NoError(t, err)
			require.Len(t, found, len(ids))
			for i, staged := range found {
				require.Equal(t, block.Deliveries[i], staged.Delivery)
			}
		}},
	}
}

func intakeChecks() []check {
	return []check{
		{"CountsEachDeliveryOnceByItsFirstOutcome", func(on trial) {
			t, store := on.T, on.store
			one, two, three := delivery("d-1", "one", later(0)), delivery("d-2", "two", later(1)), delivery("d-3", "three", later(2))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, two, three)))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-1", "one", later(3)))))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{
				outcome(one, schema.OutcomeApplied, later(4)), outcome(two, schema.OutcomeUnreadable, later(4)),
			}))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeUnchanged, later(5))}))

			intake, err := store.Intake(t.Context(), company, november(t), time.Time{})
			require.NoError(t, err)
			require.Equal(t, schema.Intake{
				Received: 3, Pending: 1,
				Outcomes: map[schema.OutcomeKind]int{schema.OutcomeApplied: 1, schema.OutcomeUnreadable: 1},
				Troubles: []schema.Trouble{
					{Delivery: "d-2", Kind: schema.OutcomeUnreadable, Detail: "detail of unreadable", ReceivedAt: later(1)},
				},
			}, intake)
		}},
		{"CountsARepetitionInTheMonthOfItsFirstReceipt", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", delivery("d-1", "one", later(0)))))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-2", delivery("d-1", "one", start().AddDate(0, 1, 0)))))
			requireIntake(t, store, november(t), 1)
			requireIntake(t, store, month(t, "2026-12"), 0)
		}},
		{"SeesOnlyWhatWasThereAtTheInstant", func(on trial) {
			t, store := on.T, on.store
			one, two := delivery("d-1", "one", later(0)), delivery("d-2", "two", later(10))
			require.NoError(t, store.Stage(t.Context(), blockOf("b-1", one, two)))
			require.NoError(t, store.RecordOutcomes(t.Context(), []schema.Outcome{outcome(one, schema.OutcomeApplied, later(5))}))

			for at, want := range map[int]schema.Intake{
				-1: {Outcomes: map[schema.OutcomeKind]int{}},
				0:  {Received: 1, Pending: 1, Outcomes: map[schema.OutcomeKind]int{}},
				5:  {Received: 1, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeApplied: 1}},
				10: {Received: 2, Pending: 1, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeApplied: 1}},
			} {
				intake, err := store.Intake(t.Context(), company, november(t), later(at))
				require.NoError(t, err)
				require.Equal(t, want, intake)
			}
		}},
		{"DescribesAtMostAHundredTroubles", func(on trial) {
			t, store := on.T, on.store
			block := schema.Block{ID: "b-1"}
			var outcomes []schema.Outcome
			for i, id := range numbered("d", 130) {
				d := delivery(schema.DeliveryID(id), id, later(i))
				block.Deliveries = append(block.Deliveries, d)
				outcomes = append(outcomes, outcome(d, schema.OutcomeForeign, later(200)))
			}
			require.NoError(t, store.Stage(t.Context(), block))
			require.NoError(t, store.RecordOutcomes(t.Context(), outcomes))
			intake, err := store.Intake(t.Context(), company, november(t), time.Time{})
			require.NoError(t, err)
			require.Equal(t, 130, intake.Outcomes[schema.OutcomeForeign])
			require.Len(t, intake.Troubles, 100)
			require.Equal(t, schema.DeliveryID("d-00000"), intake.Troubles[0].Delivery)
			require.Equal(t, schema.DeliveryID("d-00099"), intake.Troubles[99].Delivery)
		}},
	}
}

func requirePending(t *testing.T, store Store, ids ...schema.DeliveryID) {
	t.Helper()
	found, err := store.Pending(t.Context(), company, 100)
	require.NoError(t, err)
	got := make([]schema.DeliveryID, len(found))
	for i, staged := range found {
		got[i] = staged.ID
	}
	require.Equal(t, append([]schema.DeliveryID{}, ids...), got)
}

func requireIntake(t *testing.T, store Store, period schema.Period, received int) {
	t.Helper()
	intake, err := store.Intake(t.Context(), company, period, time.Time{})
	require.NoError(t, err)
	require.Equal(t, received, intake.Received)
}
