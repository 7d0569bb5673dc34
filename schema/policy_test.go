package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func TestPolicy_BillDateOf(t *testing.T) {
	t.Parallel()
	issue, end := schema.NewDate(2026, 8, 31), schema.NewDate(2026, 8, 15)
	// Late in the evening west of Greenwich is the next day in UTC.
	paid := time.Date(2026, 9, 4, 22, 0, 0, 0, time.FixedZone("", -5*60*60))
	whole := schema.Invoice{IssueDate: issue, PeriodEnd: end, PaidAt: paid}
	for rule, want := range map[schema.BillDateRule]schema.Date{
		"": issue, schema.BillOnIssueDate: issue, schema.BillOnPeriodEnd: end, schema.BillOnPaidAt: schema.NewDate(2026, 9, 5),
	} {
		policy := schema.Policy{BillDate: rule}
		require.Equal(t, want, policy.BillDateOf(whole), rule)
		require.Equal(t, issue, policy.BillDateOf(schema.Invoice{IssueDate: issue}), "%s, not known yet", rule)
		require.True(t, policy.BillDateOf(schema.Invoice{}).IsZero())
	}
}

func TestPostOn_Reached(t *testing.T) {
	t.Parallel()
	order := []schema.InvoiceStatus{"", schema.StatusCreated, schema.StatusConfirmed, schema.StatusPaid, schema.StatusCancelled}
	for postOn, from := range map[schema.PostOn]int{schema.PostOnCreated: 1, schema.PostOnConfirmed: 2, schema.PostOnPaid: 3, "": 2} {
		for i, status := range order {
			require.Equal(t, i >= from, postOn.Reached(status), "%q with %q", postOn, status)
		}
	}
}

func TestInvoiceStatus_Rank(t *testing.T) {
	t.Parallel()
	for i, status := range []schema.InvoiceStatus{"APPROVED", schema.StatusCreated, schema.StatusConfirmed, schema.StatusPaid, schema.StatusCancelled} {
		require.Equal(t, i, status.Rank())
	}
}

func TestPayeeKey(t *testing.T) {
	t.Parallel()
	for want, key := range map[schema.PayeeKey]schema.PayeeKey{
		"worker:77:USD":   schema.NewPayeeKey(schema.PayeeWorker, "77", "12", "USD"),
		"contract:12:EUR": schema.NewPayeeKey(schema.PayeeWorker, "", "12", "EUR"),
		"platform:USD":    schema.NewPayeeKey(schema.PayeePlatform, "77", "12", "USD"),
		"worker:a:b:USD":  schema.NewPayeeKey(schema.PayeeWorker, "a:b", "", "USD"),
	} {
		require.Equal(t, want, key)
		require.Equal(t, want[len(want)-3:], schema.PayeeKey(key.Currency()))
	}
}

func TestPostingState(t *testing.T) {
	t.Parallel()
	for state, want := range map[schema.PostingState]struct{ live, settled bool }{
		"":                      {false, false},
		schema.PostingNamed:     {true, false},
		schema.PostingPosted:    {true, true},
		schema.PostingAdopted:   {true, true},
		schema.PostingDeclined:  {false, true},
		schema.PostingUncertain: {true, false},
	} {
		require.Equal(t, want.live, state.Live(), state)
		require.Equal(t, want.settled, state.Settled(), state)
	}
}

func TestProblem_String(t *testing.T) {
	t.Parallel()
	require.Equal(t, `due_date is "x": no day`, schema.Problem{Field: "due_date", Value: `"x"`, Detail: "no day"}.String())
	require.Equal(t, "due_date: is missing", schema.Problem{Field: "due_date", Detail: "is missing"}.String())
}

// The sets are closed: reports, metrics and other programs rely on them.
func TestClosedSets(t *testing.T) {
	t.Parallel()
	states := schema.States()
	require.Len(t, states, 34)
	seen := map[schema.State]bool{}
	var settled []schema.State
	for _, state := range states {
		require.False(t, seen[state], state)
		require.Regexp(t, `^[a-z_]+$`, string(state))
		seen[state] = true
		if state.Settled() {
			settled = append(settled, state)
		}
	}
	require.Equal(t, []schema.State{"matched", "adopted", "cancelled", "skipped_on_purpose"}, settled)

	reasons := schema.HoldReasons()
	require.Len(t, reasons, 7)
	unique := map[schema.HoldReason]bool{}
	for _, reason := range reasons {
		require.True(t, seen[schema.State(reason)], "%s is a state of the report", reason)
		unique[reason] = true
	}
	require.Len(t, unique, 7)

	kinds := map[schema.OutcomeKind]bool{}
	needs := 0
	for _, kind := range schema.OutcomeKinds() {
		kinds[kind] = true
		if kind.NeedsPerson() {
			needs++
		}
	}
	require.Len(t, kinds, 8)
	require.Equal(t, 3, needs)
	require.True(t, schema.Books{}.IsZero())
}
