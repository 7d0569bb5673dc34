package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// A task that cannot be read must not be taken for another one, or for none.
func TestStore_TaskThatCannotBeRead(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	s := openStore(t, options)
	for subject, body := range map[string]string{
		"no JSON":        `{`,
		"too exact":      `{"payment":{"amount":{"amount":"1.234","currency":"USD"}}}`,
		"no number":      `{"transfer":{"amount":{"amount":"x","currency":"USD"}}}`,
		"no date":        `{"transfer":{"on":"2026-02-30"}}`,
		"no sum":         `{"document":{"content":"zz"}}`,
		"no total":       `{"document":{"total":{"amount":"","currency":"USD"}}}`,
		"no line amount": `{"document":{"lines":[{"amount":{"amount":"1e","currency":"USD"}}]}}`,
		"no bytes":       `{"file":{"url":[7]}}`,
	} {
		query(t, fmt.Sprintf(`INSERT INTO %s.tasks (company, kind, subject, state, body, recorded_at)
			VALUES ('acme', 'payment', '%s', 'ready', '%s', '2026-11-02 09:00:00')`, options.DSN.Database(), subject, body))
		_, err := s.LatestTasks(t.Context(), "acme", schema.PostPayment, []string{subject})
		require.ErrorContains(t, err, "task payment "+subject)
	}
	_, err := s.DueTasks(t.Context(), "acme", schema.PostPayment, begin(), 1)
	require.ErrorContains(t, err, "task payment")
}

// What is stored is written for whoever reads it without us: amounts are decimals.
func TestStore_TaskIsLegible(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	s := openStore(t, options)
	task := schema.Task{
		Company: "acme", Kind: schema.PostPayment, Subject: schema.PaymentSubject("i-1"), Invoice: "i-1", State: schema.TaskReady,
		Payment: schema.Payment{
			Source: "p-1", On: schema.NewDate(2026, 11, 2), Amount: schema.NewMoney(123_450, "USD"), Account: "35", Worker: "w-1",
		},
		RecordedAt: begin(),
	}.Seal()
	require.NoError(t, s.RecordTasks(t.Context(), []schema.Task{task}))
	require.JSONEq(t,
		`{"payment":{"source":"p-1","on":"2026-11-02","amount":{"amount":"1234.50","currency":"USD"},"account":"35","worker":"w-1"}}`,
		query(t, "SELECT body FROM "+options.DSN.Database()+".tasks"))
}
