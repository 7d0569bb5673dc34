package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store"
)

// closeBehind keeps the watermark as near as it can be and moves it with every search.
func closeBehind(t *testing.T) (*store.Store, string) {
	t.Helper()
	options := embedded(t)
	options.Margin, options.Advance = time.Microsecond, time.Nanosecond
	return openStore(t, options), options.DSN.Database()
}

func TestStore_Watermark(t *testing.T) {
	t.Parallel()

	received := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	staged := func(t *testing.T, s *store.Store, id string, at time.Time) schema.Delivery {
		t.Helper()
		d := schema.Delivery{Company: "acme", ID: schema.DeliveryID(id), ReceivedAt: at, Body: []byte(id)}
		require.NoError(t, s.Stage(t.Context(), schema.Block{ID: "block of " + id, Deliveries: []schema.Delivery{d}}))
		return d
	}
	applied := func(t *testing.T, s *store.Store, d schema.Delivery) {
		t.Helper()
		require.NoError(t, s.RecordOutcomes(t.Context(), []schema.Outcome{
			{Company: "acme", Delivery: d.ID, Body: d.Sum(), Kind: schema.OutcomeApplied, RecordedAt: received},
		}))
	}
	pending := func(t *testing.T, s *store.Store) []schema.DeliveryID {
		t.Helper()
		found, err := s.Pending(t.Context(), "acme", 100)
		require.NoError(t, err)
		ids := []schema.DeliveryID{}
		for _, d := range found {
			ids = append(ids, d.ID)
		}
		return ids
	}
	open := func(t *testing.T, s *store.Store) []schema.InvoiceID {
		t.Helper()
		ids := []schema.InvoiceID{}
		for p, err := range s.OpenPositions(t.Context(), "acme") {
			require.NoError(t, err)
			ids = append(ids, p.Invoice.ID)
		}
		return ids
	}
	mark := func(t *testing.T, database, name string) string {
		t.Helper()
		return query(t, fmt.Sprintf("SELECT max(at) FROM %s.watermarks WHERE name = '%s' AND epoch = (SELECT max(epoch) FROM %s.watermarks)",
			database, name, database))
	}

	t.Run("MovesOnceEverythingBeforeItIsDone", func(t *testing.T) {
		t.Parallel()
		s, database := closeBehind(t)
		d := staged(t, s, "d-1", received)
		require.Len(t, pending(t, s), 1)
		before := mark(t, database, "pending")
		require.Equal(t, before, query(t, "SELECT staged_at FROM "+database+".deliveries"))
		applied(t, s, d)
		require.Empty(t, pending(t, s))
		require.Greater(t, mark(t, database, "pending"), before)
	})

	t.Run("FindsWhatWasReceivedLongBeforeItAndStoredAfter", func(t *testing.T) {
		t.Parallel()
		s, _ := closeBehind(t)
		applied(t, s, staged(t, s, "d-1", received))
		require.Empty(t, pending(t, s))
		staged(t, s, "d-0", received.AddDate(-1, 0, 0))
		require.Equal(t, []schema.DeliveryID{"d-0"}, pending(t, s))
		require.Equal(t, []schema.DeliveryID{"d-0"}, pending(t, s))
	})

	t.Run("TellsDeliveriesApartHoweverLatelyOthersGotTheirOutcome", func(t *testing.T) {
		t.Parallel()
		for name, recorded := range map[string]time.Time{"lately": time.Now(), "long ago": received.AddDate(-3, 0, 0), "in the future": received.AddDate(90, 0, 0)} {
			s, database := closeBehind(t)
			stage := func(block, id, body string) schema.Delivery {
				d := schema.Delivery{Company: "acme", ID: schema.DeliveryID(id), ReceivedAt: received, Body: []byte(body)}
				require.NoError(t, s.Stage(t.Context(), schema.Block{ID: block, Deliveries: []schema.Delivery{d}}))
				return d
			}
			settle := func(d schema.Delivery) {
				require.NoError(t, s.RecordOutcomes(t.Context(), []schema.Outcome{
					{Company: "acme", Delivery: d.ID, Body: d.Sum(), Kind: schema.OutcomeApplied, RecordedAt: recorded},
				}))
			}
			settle(stage("1", "d-1", "one"))
			require.Empty(t, pending(t, s), name)
			require.Equal(t, "1", query(t, "SELECT count() FROM "+database+".deliveries WHERE fingerprint IN (SELECT fingerprint FROM "+database+".outcomes)"))

			stage("2", "d-1", "one") // sent again, when the watermark has passed its first copy
			require.Empty(t, pending(t, s), name)
			again := stage("3", "d-2", "one")
			require.Equal(t, []schema.DeliveryID{"d-2"}, pending(t, s), name)
			other := stage("4", "d-1", "another")
			found, err := s.Pending(t.Context(), "acme", 9)
			require.NoError(t, err)
			require.Equal(t, []schema.Staged{{Delivery: other, Conflict: true}, {Delivery: again}}, found, name)
			settle(again)
			settle(other)
			require.Empty(t, pending(t, s), name)
		}
	})

	t.Run("KeepsItsMembers", func(t *testing.T) {
		t.Parallel()
		s, database := closeBehind(t)
		i := schema.Invoice{Company: "acme", ID: "i-1", RecordedAt: received}
		require.NoError(t, s.RecordInvoices(t.Context(), []schema.Invoice{i}))
		for range 3 {
			require.Equal(t, []schema.InvoiceID{"i-1"}, open(t, s))
		}
		require.Equal(t, "['i-1']", query(t, "SELECT members FROM "+database+".watermarks WHERE name = 'unsettled' ORDER BY at DESC LIMIT 1"))
		require.NoError(t, s.RecordDecisions(t.Context(), []schema.Decision{
			{Company: "acme", Invoice: "i-1", Kind: schema.DecideSkip, RecordedAt: received},
		}))
		require.Empty(t, open(t, s))
		require.Empty(t, open(t, s))
		require.Equal(t, "[]", query(t, "SELECT members FROM "+database+".watermarks WHERE name = 'unsettled' ORDER BY at DESC LIMIT 1"))
		require.NoError(t, s.RecordDecisions(t.Context(), []schema.Decision{
			{Company: "acme", Invoice: "i-1", Kind: schema.DecideRelease, RecordedAt: received.Add(time.Hour)},
		}))
		require.Equal(t, []schema.InvoiceID{"i-1"}, open(t, s))
	})

	t.Run("KeepsTasksThatAreLeft", func(t *testing.T) {
		t.Parallel()
		s, database := closeBehind(t)
		members := func() string {
			return query(t, "SELECT members FROM "+database+".watermarks WHERE name = 'postings/transfer' ORDER BY at DESC LIMIT 1")
		}
		due := func() []schema.Task {
			found, err := s.DueTasks(t.Context(), "acme", schema.PostTransfer, received, 9)
			require.NoError(t, err)
			return found
		}
		require.Empty(t, due())
		require.Empty(t, members(), "nothing is written while there is nothing to look at")
		task := schema.Task{Company: "acme", Kind: schema.PostTransfer, Subject: "t-1", State: schema.TaskReady, RecordedAt: received}.Seal()
		require.NoError(t, s.RecordTasks(t.Context(), []schema.Task{task}))
		for range 3 {
			require.Equal(t, []schema.Task{task}, due())
		}
		require.Equal(t, "['t-1']", members())
		posted := schema.Posting{
			Company: "acme", Kind: task.Kind, Subject: task.Subject, Draft: task.ID, State: schema.PostingPosted, Document: "1", RecordedAt: received,
		}
		require.NoError(t, s.RecordPostings(t.Context(), []schema.Posting{posted}))
		require.Empty(t, due())
		require.Equal(t, "['t-1']", members(), "it is to be read back")
		require.NoError(t, s.RecordVerifications(t.Context(), []schema.Verification{
			{Company: "acme", Kind: task.Kind, Subject: task.Subject, Document: "1", Result: schema.VerifiedExact, RecordedAt: received},
		}))
		require.Empty(t, due())
		require.Equal(t, "[]", members())
	})

	t.Run("FindsATaskWhoseDocumentIsReadBackLater", func(t *testing.T) {
		t.Parallel()
		s, _ := closeBehind(t)
		task := schema.Task{
			Company: "acme", Kind: schema.PostPayment, Subject: "i-1:payment", Invoice: "i-1", State: schema.TaskReady, RecordedAt: received,
		}.Seal()
		bill := schema.Posting{
			Company: "acme", Kind: schema.PostBill, Subject: "i-1", State: schema.PostingPosted, Document: "1", RecordedAt: received,
		}
		require.NoError(t, s.RecordTasks(t.Context(), []schema.Task{task}))
		for _, step := range []struct {
			record func() error
			want   int
		}{
			{func() error { return nil }, 0},
			{func() error { return s.RecordPostings(t.Context(), []schema.Posting{bill}) }, 0},
			{func() error {
				return s.RecordVerifications(t.Context(), []schema.Verification{
					{Company: "acme", Kind: schema.PostBill, Subject: "i-1", Document: "1", Result: schema.VerifiedExact, RecordedAt: received},
				})
			}, 1},
		} {
			require.NoError(t, step.record())
			for range 2 {
				found, err := s.DueTasks(t.Context(), "acme", schema.PostPayment, received, 9)
				require.NoError(t, err)
				require.Len(t, found, step.want)
			}
		}
	})

	t.Run("IsRepairedByAReset", func(t *testing.T) {
		t.Parallel()
		s, database := closeBehind(t)
		staged(t, s, "d-1", received)
		require.NoError(t, s.RecordInvoices(t.Context(), []schema.Invoice{{Company: "acme", ID: "i-1", RecordedAt: received}}))
		require.Len(t, pending(t, s), 1)
		require.Len(t, open(t, s), 1)
		// What a clock set back by years would do.
		for _, name := range []string{"pending", "unsettled"} {
			query(t, "INSERT INTO "+database+".watermarks (company, name, epoch, at) VALUES ('acme', '"+name+"', 0, '2090-01-01')")
		}
		require.Empty(t, pending(t, s))
		require.Empty(t, open(t, s))
		require.NoError(t, s.ResetWatermarks(t.Context()))
		require.Equal(t, []schema.DeliveryID{"d-1"}, pending(t, s))
		require.Equal(t, []schema.InvoiceID{"i-1"}, open(t, s))
	})

	t.Run("ResettingNothingDoesNothing", func(t *testing.T) {
		t.Parallel()
		s, _ := closeBehind(t)
		require.NoError(t, s.ResetWatermarks(t.Context()))
	})

	t.Run("StaysBehindTheClockByItsMargin", func(t *testing.T) {
		t.Parallel()
		options := embedded(t)
		options.Margin, options.Advance = time.Hour, time.Nanosecond
		s := openStore(t, options)
		applied(t, s, staged(t, s, "d-1", received))
		require.Empty(t, pending(t, s))
		behind := query(t, "SELECT dateDiff('second', max(at), now64(6)) BETWEEN 3600 AND 3700 FROM "+options.DSN.Database()+".watermarks")
		require.Equal(t, "1", behind)
	})
}

// The tables are large and the change is small: what a search reads must be what
// changed. The projection is what makes that true once parts are merged.
func TestStore_ReadsWhatChanged(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	s := openStore(t, options)
	var invoices []schema.Invoice
	for n := range 20_000 {
		invoices = append(invoices, schema.Invoice{Company: "acme", ID: schema.InvoiceID(fmt.Sprint("i-", n)), RecordedAt: time.Unix(1_790_000_000, 0)})
	}
	require.NoError(t, s.RecordInvoices(t.Context(), invoices))
	plan := query(t, "EXPLAIN indexes = 1, projections = 1 SELECT id FROM "+options.DSN.Database()+
		".invoices WHERE company = 'acme' AND stored_at >= now64(6) + INTERVAL 1 HOUR")
	require.Contains(t, plan, "since")

	var tasks []schema.Task
	for n := range 20_000 {
		id := schema.InvoiceID(fmt.Sprint("i-", n))
		tasks = append(tasks, schema.Task{
			Company: "acme", Kind: schema.PostAttachment, Subject: schema.FileSubject(id, ""), Invoice: id, RecordedAt: time.Unix(1_790_000_000, 0),
		})
	}
	require.NoError(t, s.RecordTasks(t.Context(), tasks))
	var outcomes []schema.Outcome
	for n := range 20_000 {
		outcomes = append(outcomes, schema.Outcome{Company: "acme", Delivery: schema.DeliveryID(fmt.Sprint("d-", n)), RecordedAt: time.Unix(1_790_000_000+int64(n), 0)})
	}
	require.NoError(t, s.RecordOutcomes(t.Context(), outcomes))
	for where, projection := range map[string]string{
		"outcomes WHERE company = 'acme' AND recorded_at >= toDateTime64(1790019000, 6, 'UTC')":           "fingerprint since",
		"invoices WHERE company = 'acme' AND worker IN ('w-1')":                                           "id workers",
		"tasks WHERE company = 'acme' AND kind = 'attachment' AND stored_at > now64(6) + INTERVAL 1 HOUR": "subject since",
		"tasks WHERE company = 'acme' AND kind = 'attachment' AND invoice IN ('i-7') AND recorded_at > 0": "subject invoices",
	} {
		column, name, _ := strings.Cut(projection, " ")
		plan := query(t, "EXPLAIN indexes = 1, projections = 1 SELECT "+column+" FROM "+options.DSN.Database()+"."+where)
		require.Contains(t, plan, "("+name+")", where)
	}

	// The columns are named and typed in the code as the server has them, so
	// that no insert has to ask.
	for _, table := range s.InsertColumns() {
		for _, column := range table.Columns {
			kind := query(t, fmt.Sprintf("SELECT type FROM system.columns WHERE database = '%s' AND table = '%s' AND name = '%s'",
				options.DSN.Database(), table.Name, column[0]))
			require.Equal(t, column[1], strings.ReplaceAll(kind, `\'`, "'"), "%s.%s", table.Name, column[0])
		}
	}
}
