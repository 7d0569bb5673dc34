package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func meteredChecks() []check {
	return []check{
		{"SumsTheLargestCountsOfEachProcess", sumsMetered},
		{"TellsMonthsAndCompaniesApart", tellsMeteredApart},
		{"CountsManyProcesses", countsManyProcesses},
		{"KnowsWhetherAnythingWasSent", knowsWhetherSent},
	}
}

// calls returns what a process had called by n minutes after start.
func calls(holder string, n int, core, corePlus int64) schema.MeteredCalls {
	return schema.MeteredCalls{
		Company: company, Month: schema.MeteredMonth(start()), Holder: holder,
		Metered: schema.Metered{Core: core, CorePlus: corePlus}, RecordedAt: later(n),
	}
}

func requireMetered(t *testing.T, store Store, of schema.CompanyID, month string, core, corePlus int64) {
	t.Helper()
	period, err := schema.ParsePeriod(month)
	require.NoError(t, err)
	got, err := store.Metered(t.Context(), of, period)
	require.NoError(t, err)
	require.Equal(t, schema.Metered{Core: core, CorePlus: corePlus}, got)
}

func sumsMetered(on trial) {
	t, store := on.T, on.store
	requireMetered(t, store, company, "2026-11", 0, 0)
	require.NoError(t, store.RecordMetered(t.Context(), calls("serve", 1, 3, 10)))
	require.NoError(t, store.RecordMetered(t.Context(), calls("serve", 2, 4, 25)))
	require.NoError(t, store.RecordMetered(t.Context(), calls("serve", 2, 4, 25)), "a fact again changes nothing")
	require.NoError(t, store.RecordMetered(t.Context(), calls("sync", 2, 0, 7)))
	requireMetered(t, store, company, "2026-11", 4, 32)

	require.NoError(t, store.RecordMetered(t.Context(), calls("serve", 3, 2, 11)), "one that was late")
	requireMetered(t, store, company, "2026-11", 4, 32)
	require.NoError(t, store.RecordMetered(t.Context(), calls("serve", 4, 4, 26)))
	requireMetered(t, store, company, "2026-11", 4, 33)
}

func tellsMeteredApart(on trial) {
	t, store := on.T, on.store
	ours, next, other := calls("serve", 1, 1, 1), calls("serve", 1, 20, 20), calls("serve", 1, 300, 300)
	next.Month = next.Month.Next()
	other.Company = "globex"
	for _, c := range []schema.MeteredCalls{ours, next, other} {
		require.NoError(t, store.RecordMetered(t.Context(), c))
	}
	requireMetered(t, store, company, "2026-11", 1, 1)
	requireMetered(t, store, company, "2026-12", 20, 20)
	requireMetered(t, store, "globex", "2026-11", 300, 300)
	requireMetered(t, store, "globex", "2026-12", 0, 0)
}

func countsManyProcesses(on trial) {
	t, store := on.T, on.store
	for n := range 40 {
		require.NoError(t, store.RecordMetered(t.Context(), calls(fmt.Sprintf("command-%d", n), n, 1, 2)))
	}
	requireMetered(t, store, company, "2026-11", 40, 80)
}

func knowsWhetherSent(on trial) {
	t, store := on.T, on.store
	sent := func() bool {
		got, err := store.Sent(t.Context(), company)
		require.NoError(t, err)
		return got
	}
	require.False(t, sent())
	refused := posting(draft(invoice("i-1", start()), start()), schema.PostingDeclined, later(1))
	require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{refused}))
	require.False(t, sent(), "what was put before a person at once never left")
	elsewhere := posting(draft(invoice("i-1", start()), start()), schema.PostingNamed, later(1))
	elsewhere.Company = "globex"
	require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{elsewhere}))
	require.False(t, sent(), "another company's")

	named := posting(draft(invoice("i-2", start()), start()), schema.PostingNamed, later(2))
	require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{named}))
	require.True(t, sent())
	named.State, named.RecordedAt = schema.PostingDeclined, later(3)
	require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{named}))
	require.True(t, sent(), "what was refused later was sent all the same")
}
