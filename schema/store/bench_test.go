package store_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store"
)

// Measured on 2 cores that other work shared, so read them as bounds and compare
// within one line: staging 10,000 deliveries of 1.5 KB 0.24 s (41,000 a second,
// synced); a search for 100 new deliveries 60 to 90 ms, with 10,000 as with
// 1,000,000 behind it; open positions, due bills and the
// backlog, 100 of them open, 90, 80 and 140 ms, with 10,000 as with 100,000
// settled behind them; a report's positions 84,000 a second. A full search for
// work over 100,000 invoices, after a reset, takes 1 s. In processor time, with the
// watermark moved by every search: 100 due tasks 90 to 100 ms, the backlog with them
// 180 to 190 ms, one amended invoice 160 to 170 ms, with 100,000 settled invoices and
// tasks behind them as with 1,000. A search that finds nothing among 600,000 settled
// deliveries within the margin takes 0.1 s and the backlog 0.2 s of one processor, where
// comparing their texts took 1.9 s.

// begin is when the benchmarks' facts were recorded.
func begin() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }

// deliveries returns n deliveries of 1.5 KB, numbered from first.
func deliveries(first, n int) []schema.Delivery {
	filler := make([]byte, 1500)
	for i := range filler {
		filler[i] = byte('a' + (i*i)%26)
	}
	all := make([]schema.Delivery, n)
	for i := range all {
		all[i] = schema.Delivery{
			Company: "acme", ID: schema.DeliveryID(fmt.Sprintf("msg_%09d", first+i)), Channel: schema.ChannelWebhook,
			ReceivedAt: begin().Add(time.Duration(first+i) * 10 * time.Millisecond),
			Body:       fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, first+i, filler),
		}
	}
	return all
}

func stageAll(b *testing.B, s *store.Store, first, n int) []schema.Delivery {
	b.Helper()
	all := deliveries(first, n)
	require.NoError(b, s.Stage(b.Context(), schema.Block{ID: fmt.Sprint("block ", first), Deliveries: all}))
	return all
}

func BenchmarkStore_Stage(b *testing.B) {
	s := openStore(b, embedded(b))
	first := 0
	for b.Loop() {
		stageAll(b, s, first, 10_000)
		first += 10_000
	}
	b.ReportMetric(float64(first)/b.Elapsed().Seconds(), "rows/s")
}

// What a search for 100 new deliveries costs with more and more behind it.
func BenchmarkStore_Pending(b *testing.B) {
	for _, behind := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d behind", behind), func(b *testing.B) {
			options := embedded(b)
			options.Margin, options.Advance = time.Millisecond, time.Nanosecond
			s := openStore(b, options)
			for first := 0; first < behind; first += 10_000 {
				settleAll(b, s, stageAll(b, s, first, 10_000))
				_, err := s.Pending(b.Context(), "acme", 1)
				require.NoError(b, err)
			}
			stageAll(b, s, behind, 100)
			for b.Loop() {
				found, err := s.Pending(b.Context(), "acme", 1000)
				require.NoError(b, err)
				require.Len(b, found, 100)
			}
		})
	}
}

// What looking for work costs when there is none, while everything that came within the
// margin is settled: 600,000 deliveries are 2,000 a second for five minutes.
func BenchmarkStore_PendingWithinMargin(b *testing.B) {
	const settled = 600_000
	s := openStore(b, embedded(b))
	for first := 0; first < settled; first += 10_000 {
		settleAll(b, s, stageAll(b, s, first, 10_000))
	}
	require.Eventually(b, func() bool { return query(b, "SELECT count() FROM system.merges") == "0" }, time.Minute, time.Second)
	for name, read := range map[string]func() int{
		"Pending": func() int {
			found, err := s.Pending(b.Context(), "acme", 1000)
			require.NoError(b, err)
			return len(found)
		},
		"Backlog": func() int {
			backlog, err := s.Backlog(b.Context(), "acme")
			require.NoError(b, err)
			return backlog.Pending
		},
	} {
		b.Run(name, func(b *testing.B) {
			before := cpuTime(b)
			for b.Loop() {
				require.Zero(b, read())
			}
			b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// settleAll records an outcome of each delivery.
func settleAll(b *testing.B, s *store.Store, all []schema.Delivery) {
	b.Helper()
	outcomes := make([]schema.Outcome, len(all))
	for i, d := range all {
		outcomes[i] = schema.Outcome{
			Company: "acme", Delivery: d.ID, Body: d.Sum(), Kind: schema.OutcomeApplied, ReceivedAt: d.ReceivedAt, RecordedAt: time.Now(),
		}
	}
	require.NoError(b, s.RecordOutcomes(b.Context(), outcomes))
}

// settledInvoices records n invoices that were drafted, posted and verified.
func settledInvoices(b *testing.B, s *store.Store, n int) {
	b.Helper()
	var invoices []schema.Invoice
	var drafts []schema.Draft
	var postings []schema.Posting
	var verifications []schema.Verification
	for k := range n {
		i := benchInvoice(k)
		d := benchDraft(i)
		p := schema.Posting{
			Company: "acme", Kind: schema.PostBill, Subject: string(i.ID), Draft: d.ID, Request: "r", Item: "b", Batch: "batch",
			Body: []byte(`{"DocNumber":"1"}`), Attempt: 1, State: schema.PostingPosted, Document: schema.DocumentID(fmt.Sprint(k)), RecordedAt: begin(),
		}
		invoices, drafts, postings = append(invoices, i), append(drafts, d), append(postings, p)
		verifications = append(verifications, schema.Verification{
			Company: "acme", Kind: schema.PostBill, Subject: string(i.ID), Draft: d.ID, Document: p.Document, Result: schema.VerifiedExact, Total: i.Total, RecordedAt: begin(),
		})
	}
	require.NoError(b, s.RecordInvoices(b.Context(), invoices))
	require.NoError(b, s.RecordDrafts(b.Context(), drafts))
	require.NoError(b, s.RecordPostings(b.Context(), postings))
	require.NoError(b, s.RecordVerifications(b.Context(), verifications))
}

func benchInvoice(k int) schema.Invoice {
	return schema.Invoice{
		Company: "acme", ID: schema.InvoiceID(fmt.Sprintf("inv-%08d", k)), Number: fmt.Sprint(k), Status: schema.StatusConfirmed,
		Contract: "c-1", Worker: "w-1", WorkerEmail: "ana@example.com", IssueDate: schema.NewDate(2026, 11, 1), Currency: "USD",
		Total: schema.NewMoney(int64(k), "USD"), BillDate: schema.NewDate(2026, 11, 1), UpdatedAt: begin(), RecordedAt: begin(),
		Lines: []schema.Line{
			{ItemID: "1", Concept: "FIXED_PAYMENT", Amount: schema.NewMoney(int64(k), "USD")}, {ItemID: "2", Concept: "BONUS"},
		},
	}
}

func benchDraft(i schema.Invoice) schema.Draft {
	d := schema.Draft{
		Company: "acme", Invoice: i.ID, Content: i.ContentSum(), State: schema.DraftReady, Payee: "worker:w-1:USD", Vendor: "55",
		DocNumber: i.Number, TxnDate: i.BillDate, Currency: "USD", Payable: "33", Total: i.Total, RecordedAt: begin(),
	}
	for _, line := range i.Lines {
		d.Lines = append(d.Lines, schema.DraftLine{ItemID: line.ItemID, Concept: line.Concept, Amount: line.Amount, Account: "7", Rule: "r", RuleVersion: 1})
	}
	return d.Seal()
}

func BenchmarkStore_Positions(b *testing.B) {
	for _, n := range []int{100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := openStore(b, embedded(b))
			settledInvoices(b, s, n)
			for b.Loop() {
				count := 0
				for _, err := range s.Positions(b.Context(), "acme", begin2026(), time.Time{}) {
					require.NoError(b, err)
					count++
				}
				require.Equal(b, n, count)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.HeapSys>>20), "heap-MiB")
		})
	}
}

// settledTasks records n attachments of documents, numbered from first, that were made
// and read back.
func settledTasks(b *testing.B, s *store.Store, first, n int) {
	b.Helper()
	var tasks []schema.Task
	var postings []schema.Posting
	var verifications []schema.Verification
	for k := first; k < first+n; k++ {
		task := benchTask(k)
		p := schema.Posting{
			Company: "acme", Kind: task.Kind, Subject: task.Subject, Draft: task.ID, Request: "r", Item: "b", Batch: "batch", Attempt: 1,
			State: schema.PostingPosted, Document: schema.DocumentID(fmt.Sprint(k)), RecordedAt: begin(),
		}
		tasks, postings = append(tasks, task), append(postings, p)
		verifications = append(verifications, schema.Verification{
			Company: "acme", Kind: task.Kind, Subject: task.Subject, Draft: task.ID, Document: p.Document, Result: schema.VerifiedExact, RecordedAt: begin(),
		})
	}
	require.NoError(b, s.RecordTasks(b.Context(), tasks))
	require.NoError(b, s.RecordPostings(b.Context(), postings))
	require.NoError(b, s.RecordVerifications(b.Context(), verifications))
}

func benchTask(k int) schema.Task {
	id := benchInvoice(k).ID
	return schema.Task{
		Company: "acme", Kind: schema.PostAttachment, Subject: schema.FileSubject(id, ""), Invoice: id, State: schema.TaskReady,
		File: schema.File{URL: fmt.Sprint("https://example.com/", id)}, RecordedAt: begin(),
	}.Seal()
}

// cpuTime returns what this process has used of processors, the engine included. On a
// machine that does other work it tells more than a clock.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// What looking for 100 new tasks costs with more and more settled behind them, each
// about an invoice whose bill is there.
func BenchmarkStore_Tasks(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		options := embedded(b)
		options.Margin, options.Advance = time.Millisecond, time.Nanosecond
		s := openStore(b, options)
		settledInvoices(b, s, n)
		settledTasks(b, s, 0, n)
		for range s.Amended(b.Context(), "acme") {
			b.Fatal("none is amended")
		}
		_, err := s.Backlog(b.Context(), "acme") // moves the watermarks
		require.NoError(b, err)
		var due []schema.Task
		for k := range 100 {
			task := benchTask(k)
			task.Subject += "again"
			due = append(due, task.Seal())
		}
		require.NoError(b, s.RecordTasks(b.Context(), due))
		for name, read := range map[string]func() int{
			"DueTasks": func() int {
				found, err := s.DueTasks(b.Context(), "acme", schema.PostAttachment, begin(), 1000)
				require.NoError(b, err)
				return len(found)
			},
			"Backlog": func() int {
				backlog, err := s.Backlog(b.Context(), "acme")
				require.NoError(b, err)
				return backlog.TasksDue
			},
		} {
			b.Run(fmt.Sprintf("%s %d behind", name, n), func(b *testing.B) {
				before := cpuTime(b)
				for b.Loop() {
					require.Equal(b, 100, read())
				}
				b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
			})
		}
		changed := benchInvoice(1)
		changed.Number, changed.RecordedAt = "changed", begin().Add(time.Hour)
		require.NoError(b, s.RecordInvoices(b.Context(), []schema.Invoice{changed}))
		b.Run(fmt.Sprintf("Amended %d behind", n), func(b *testing.B) {
			before := cpuTime(b)
			for b.Loop() {
				count := 0
				for _, err := range s.Amended(b.Context(), "acme") {
					require.NoError(b, err)
					count++
				}
				require.Equal(b, 1, count)
			}
			b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

func begin2026() schema.Period { return schema.DateOf(begin()).Period() }

// What looking for work costs with all invoices settled but 100, on a watermark
// that has moved past them.
func BenchmarkStore_Unsettled(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		options := embedded(b)
		options.Margin, options.Advance = time.Millisecond, time.Nanosecond
		s := openStore(b, options)
		settledInvoices(b, s, n)
		var open []schema.Invoice
		var drafts []schema.Draft
		for k := range 100 {
			i := benchInvoice(n + k)
			open, drafts = append(open, i), append(drafts, benchDraft(i))
		}
		require.NoError(b, s.RecordInvoices(b.Context(), open))
		require.NoError(b, s.RecordDrafts(b.Context(), drafts))
		start := time.Now()
		_, err := s.Backlog(b.Context(), "acme") // moves the watermark
		require.NoError(b, err)
		full := time.Since(start)
		for name, read := range map[string]func() int{
			"OpenPositions": func() int {
				count := 0
				for _, err := range s.OpenPositions(b.Context(), "acme") {
					require.NoError(b, err)
					count++
				}
				return count
			},
			"DueBills": func() int {
				found, err := s.DueBills(b.Context(), "acme", begin(), 1000)
				require.NoError(b, err)
				return len(found)
			},
			"Backlog": func() int {
				backlog, err := s.Backlog(b.Context(), "acme")
				require.NoError(b, err)
				return backlog.Due
			},
		} {
			b.Run(fmt.Sprintf("%s %d behind", name, n), func(b *testing.B) {
				for b.Loop() {
					require.Equal(b, 100, read())
				}
				b.ReportMetric(full.Seconds()*1000, "full-search-ms")
			})
		}
	}
}
