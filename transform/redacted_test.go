package transform_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
	"github.com/tieout/tieout/transform"
)

// redacted returns all deliveries as they are once personal data was taken out of them.
func (w *world) redacted(t *testing.T, fields ...string) []schema.Receipt {
	t.Helper()
	var paths []ontop.RedactPath
	for _, field := range fields {
		path, err := ontop.ParseRedactPath(field)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	all := w.receipts(t)
	for i, r := range all {
		body, changed, err := ontop.Redact(r.Body, paths)
		if err == nil && changed {
			all[i].Body, all[i].RedactedAt = body, r.ReceivedAt.AddDate(2, 0, 0)
		}
	}
	return all
}

func (w *world) replayAll(t *testing.T, all []schema.Receipt) transform.ReplayResult {
	t.Helper()
	result, err := w.transformer.Replay(t.Context(), "acme", all, transform.Replay{Reason: "asked", By: "eva"})
	require.NoError(t, err)
	return result
}

func people() []string {
	return []string{
		"data.worker_email", "data.first_name", "data.last_name", "data.legal_name", "data.country_iso", "data.department", "data.email",
		"data.items.description", "data.pdf_url",
	}
}

func TestTransformer_ReplayOfRedactedDeliveries(t *testing.T) {
	t.Parallel()

	t.Run("ChangesNothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, attaching, banking)
		require.NoError(t, w.store.RecordBooks(t.Context(), bankChart()))
		at := object{"updated_at": "2026-02-02T00:00:00Z"}
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CREATED", invoice().with(object{"status": "CREATED"})),
			deliver("j", 3, "INVOICE_CONFIRMED", invoice().with(at)),
			deliver("old", 4, "INVOICE_UPDATED", invoice().with(object{"updated_at": "2026-01-02T00:00:00Z", "total_amount": 1})),
			// Which of two revisions of one instant holds is told by what they say.
			deliver("tie", 5, "INVOICE_CONFIRMED", invoice().with(at).with(object{"worker_email": "another@example.com", "total_amount": 7})),
			deliver("two", 6, "INVOICE_CONFIRMED", []object{
				invoice().with(object{"invoice_id": 556}), invoice().with(object{"invoice_id": 556, "worker_email": "z", "total_amount": 9}),
			}),
			deliver("bad", 7, "CONTRACT_UPDATED", contract().with(object{"agreement_id": 9, "worker_email": object{}})),
			deliver("p", 8, "PAYMENT", object{
				"client_id": 999, "payment_id": 1, "email": "ana@example.com", "transaction_status": "SUCCESS", "transaction_amount": 100,
				"transaction_date_time": 1780000000,
			}))
		w.run(t)
		plain := w.replay(t, transform.Replay{})
		before, recorded := w.stands(t), len(w.store.recorded)
		require.Equal(t, schema.OutcomeUnreadable, before["bad"])
		all := w.redacted(t, people()...)
		require.Equal(t, plain.Deliveries, w.replayAll(t, all).Deliveries)
		require.Equal(t, transform.ReplayResult{Deliveries: plain.Deliveries}, w.replayAll(t, all))
		require.Equal(t, before, w.stands(t))
		require.Len(t, w.store.recorded, recorded)
		require.False(t, w.run(t).Changed())
	})

	t.Run("AppliesWhatWasNeverApplied", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(object{"client_id": 7})),
			deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"client_id": 7})))
		w.run(t)
		w.restart(t, func(c *transform.Config) { c.ClientIDs = []string{"999", "7"} })
		result := w.replayAll(t, w.redacted(t, "data.worker_email"))
		require.Equal(t, 1, result.Contracts)
		require.Equal(t, 1, result.Invoices)
		require.Len(t, result.Reviews, 2)
	})

	t.Run("RefusesABodyThatIsMissing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()))
		w.run(t)
		all := w.receipts(t)
		all[0].Body = nil
		_, err := w.transformer.Replay(t.Context(), "acme", all, transform.Replay{})
		require.ErrorContains(t, err, "it came without its body")
	})
}

// However revisions came in, and whatever was taken out: every invoice says what it
// said, to the hash.
func TestTransformer_RedactionNeverChangesAnInvoice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()))
		for i := range rapid.IntRange(1, 8).Draw(rt, "deliveries") {
			kind := rapid.SampledFrom([]string{"INVOICE_CREATED", "INVOICE_CONFIRMED", "INVOICE_PAID", "INVOICE_UPDATED"}).Draw(rt, "type")
			w.stage(t, deliver(fmt.Sprint("i-", i), i+2, kind, invoice().with(object{
				"invoice_id":   rapid.IntRange(555, 556).Draw(rt, "invoice"),
				"updated_at":   fmt.Sprintf("2026-02-0%dT00:00:00Z", rapid.IntRange(1, 3).Draw(rt, "day")),
				"total_amount": rapid.IntRange(1, 3).Draw(rt, "amount"),
				"worker_email": rapid.SampledFrom([]string{"a@example.com", "b@example.com", ""}).Draw(rt, "email"),
			})))
		}
		w.run(t)
		ids := []schema.InvoiceID{"555", "556"}
		before, err := w.store.Invoices(t.Context(), "acme", ids)
		require.NoError(rt, err)
		fields := rapid.SliceOfNDistinct(rapid.SampledFrom(people()), 1, 9, rapid.ID).Draw(rt, "fields")
		result := w.replayAll(t, w.redacted(t, fields...))
		after, err := w.store.Invoices(t.Context(), "acme", ids)
		require.NoError(rt, err)
		for id := range before {
			require.Equal(rt, before[id].ContentSum(), after[id].ContentSum())
			require.Equal(rt, before[id].Sum(), after[id].Sum())
		}
		require.Zero(rt, result.Invoices)
		require.Empty(rt, result.Reviews)
	})
}
