package store_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store"
)

var redactedOn = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// stored returns all rows of the company.
func storedRows(t *testing.T, s *store.Store, q store.RedactionQuery) []store.StoredDelivery {
	t.Helper()
	q.Company = "acme"
	if q.Before.IsZero() {
		q.Before = redactedOn
	}
	var rows []store.StoredDelivery
	require.NoError(t, s.EachStored(t.Context(), q, func(d store.StoredDelivery) error {
		rows = append(rows, d)
		return nil
	}))
	return rows
}

// stageBodies stages bodies a minute apart, in one block.
func stageBodies(t *testing.T, s *store.Store, first time.Time, bodies ...string) schema.Block {
	t.Helper()
	block := schema.Block{ID: fmt.Sprint("block ", first, len(bodies))}
	for i, body := range bodies {
		block.Deliveries = append(block.Deliveries, schema.Delivery{
			Company: "acme", ID: schema.DeliveryID(fmt.Sprintf("d-%d", i)), ReceivedAt: first.Add(time.Duration(i) * time.Minute),
			Channel: schema.ChannelWebhook, Body: []byte(body),
		})
	}
	require.NoError(t, s.Stage(t.Context(), block))
	return block
}

func TestStore_Redact(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	s := openStore(t, options)
	query(t, "SYSTEM START MERGES "+options.DSN.Database()+".deliveries")
	first := time.Date(2024, 6, 30, 23, 0, 0, 0, time.UTC)
	bodies := make([]string, 500)
	for i := range bodies {
		bodies[i] = fmt.Sprintf(`{"email":"worker.%d@example.com"}`, i)
	}
	block := stageBodies(t, s, first, bodies...) // over the end of a month
	require.NoError(t, s.RecordOutcomes(t.Context(), []schema.Outcome{{
		Company: "acme", Delivery: "d-3", Body: block.Deliveries[3].Sum(), Kind: schema.OutcomeApplied, ReceivedAt: block.Deliveries[3].ReceivedAt,
		RecordedAt: first.Add(time.Hour),
	}}))
	rows := storedRows(t, s, store.RedactionQuery{})
	require.Len(t, rows, len(bodies), "pages do not repeat and leave out nothing")
	for i, d := range rows {
		require.Equal(t, bodies[i], string(d.Body))
		require.False(t, d.Doubled())
		require.True(t, d.RedactedAt.IsZero())
	}
	require.Equal(t, schema.OutcomeApplied, rows[3].Stands().Kind)
	require.Empty(t, rows[4].Stands().Kind)
	require.Len(t, storedRows(t, s, store.RedactionQuery{From: first.Add(2 * time.Minute), Before: first.Add(5 * time.Minute)}), 3)
	require.Empty(t, storedRows(t, s, store.RedactionQuery{StagedSince: time.Now().Add(time.Hour)}))

	var some []store.StoredDelivery
	for i, d := range rows {
		if i%2 == 0 {
			d.Body = []byte(`{"email":null}`)
			some = append(some, d)
		}
	}
	intake := func() (all []schema.Intake) {
		for _, month := range []string{"2024-06", "2024-07"} {
			period, err := schema.ParsePeriod(month)
			require.NoError(t, err)
			counted, err := s.Intake(t.Context(), "acme", period, time.Time{})
			require.NoError(t, err)
			all = append(all, counted)
		}
		return all
	}
	counted := intake()
	require.NoError(t, s.Redact(t.Context(), redactedOn, some))
	require.Equal(t, counted, intake())

	again := storedRows(t, s, store.RedactionQuery{})
	require.Len(t, again, len(rows))
	for i, d := range again {
		require.Equal(t, rows[i].BodySum, d.BodySum, "the hash of what arrived stays")
		require.Equal(t, rows[i].ID, d.ID)
		require.Equal(t, i%2 == 0, string(d.Body) == `{"email":null}`)
		require.Equal(t, i%2 == 0, d.RedactedAt.Equal(redactedOn))
		require.False(t, d.Doubled(), "the old rows are gone")
	}
	require.NoError(t, s.Stage(t.Context(), block), "a block that is offered again")
	require.Len(t, storedRows(t, s, store.RedactionQuery{}), len(rows))
	for r, err := range s.Deliveries(t.Context(), schema.DeliveryQuery{Company: "acme", ID: "d-2", Bodies: true}) {
		require.NoError(t, err)
		require.Equal(t, `{"email":null}`, string(r.Body))
		require.Equal(t, block.Deliveries[2].Sum(), r.BodySum)
		require.True(t, redactedOn.Equal(r.RedactedAt))
	}
	require.NoError(t, s.Redact(t.Context(), redactedOn, nil))
}

// A redaction that was interrupted between its two steps is seen and ends well.
func TestStore_RedactInterrupted(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	s := openStore(t, options) // where nothing is deleted, since merges are stopped
	options.Timeout = time.Second
	impatient, err := store.Open(t.Context(), options)
	require.NoError(t, err)
	defer impatient.Close()
	stageBodies(t, s, redactedOn.AddDate(-2, 0, 0), "secret", "other")
	rows := storedRows(t, s, store.RedactionQuery{})
	rows[0].Body = []byte("null")
	require.ErrorIs(t, impatient.Redact(t.Context(), redactedOn, rows[:1]), store.ErrUnknownOutcome)

	rows = storedRows(t, s, store.RedactionQuery{})
	require.Len(t, rows, 2)
	require.True(t, rows[0].Doubled())
	require.Equal(t, "null", string(rows[0].Body), "the redacted form is read")
	for r, err := range s.Deliveries(t.Context(), schema.DeliveryQuery{Company: "acme", Bodies: true}) {
		require.NoError(t, err)
		require.NotEqual(t, "secret", string(r.Body))
	}
	query(t, "SYSTEM START MERGES "+options.DSN.Database()+".deliveries")
	require.NoError(t, s.Redact(t.Context(), redactedOn.Add(time.Second), rows[:1]))
	rows = storedRows(t, s, store.RedactionQuery{})
	require.Len(t, rows, 2)
	require.False(t, rows[0].Doubled())
}

func TestStore_Redactions(t *testing.T) {
	t.Parallel()
	s := openStore(t, embedded(t))
	begun := schema.Redaction{
		Company: "acme", ID: "r-1", Fields: []string{"data.email", "data.phone"}, Before: redactedOn.AddDate(-2, 0, 0),
		Reached: redactedOn.AddDate(-3, 0, 0), Deliveries: 9, Redacted: 5, Left: 2, Unreadable: 1, By: "tieout", RecordedAt: redactedOn,
	}
	done := begun
	done.Done, done.RecordedAt = true, redactedOn.Add(time.Second)
	other := begun
	other.ID, other.RecordedAt, other.Reached = "r-2", redactedOn.Add(time.Minute), time.Time{}
	for _, r := range []schema.Redaction{begun, done, other, {Company: "globex", ID: "r-1", RecordedAt: redactedOn}} {
		require.NoError(t, s.RecordRedaction(t.Context(), r))
	}
	all, err := s.Redactions(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, []schema.Redaction{other, done}, all)
	all, err = s.Redactions(t.Context(), "nobody")
	require.NoError(t, err)
	require.Empty(t, all)
}

// What was taken out is nowhere on the disk any more, not even in the engine's own logs.
func TestStore_RedactedIsGoneFromDisk(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	s := openStore(t, options)
	table := options.DSN.Database() + ".deliveries"
	query(t, "SYSTEM START MERGES "+table)
	// So that the test can see it: compressed, a text is not found as it is. And so
	// that it need not wait for eight minutes.
	query(t, "ALTER TABLE "+table+" MODIFY COLUMN body String CODEC(NONE)")
	query(t, "ALTER TABLE "+table+" MODIFY SETTING old_parts_lifetime = 1, merge_tree_clear_old_parts_interval_seconds = 1, cleanup_delay_period = 1, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1")
	secret, kept := "ana."+rand.Text()+"@example.com", "kept "+rand.Text()
	stageBodies(t, s, redactedOn.AddDate(-2, 0, 0), secret+" "+kept, kept)
	require.NotEmpty(t, filesWith(t, secret), "it is on the disk at first")

	rows := storedRows(t, s, store.RedactionQuery{})
	rows[0].Body = []byte("null " + kept)
	require.NoError(t, s.Redact(t.Context(), redactedOn, rows[:1]))
	require.Eventually(t, func() bool { return len(filesWith(t, secret)) == 0 }, time.Minute, 200*time.Millisecond)
	require.NotEmpty(t, filesWith(t, kept), "the rest is still there")
}

// filesWith returns the files of the engine that hold a text.
func filesWith(t *testing.T, text string) []string {
	t.Helper()
	var found []string
	// Files come and go meanwhile.
	_ = filepath.WalkDir(dataDir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			data, _ := os.ReadFile(path)
			if bytes.Contains(data, []byte(text)) {
				found = append(found, path)
			}
		}
		return nil // a file that is gone by now holds nothing
	})
	return found
}
