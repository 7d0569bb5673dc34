package storetest

import (
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// RunModel records random histories in store and in a Memory, and checks that
// every read of the one is that of the other. Each history is that of a company
// of its own, so that one store does for all of them.
func RunModel(t *testing.T, store Store) {
	t.Helper()
	var histories atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		m := model{
			store: store, memory: NewMemory(),
			company: schema.CompanyID(fmt.Sprintf("company-%d", histories.Add(1))),
			tasks:   rapid.Bool().Draw(t, "about tasks"),
		}
		if m.tasks {
			m.post(t)
		}
		for range rapid.IntRange(1, 12).Draw(t, "length") {
			m.step(t)
			if rapid.IntRange(0, 3).Draw(t, "compare") == 0 {
				reads := m.reads(t)
				m.compare(t, rapid.SliceOfN(rapid.SampledFrom(reads), 1, 4).Draw(t, "some"))
			}
		}
		m.compare(t, m.reads(t))
	})
}

// model is a store and the memory of what it should hold.
type model struct {
	store   Store
	memory  *Memory
	company schema.CompanyID
	blocks  []schema.Block
	tasks   bool // the history is one of tasks, and of the bills that they are about
}

// step records one fact in both, once or twice. Ids and times come from few values,
// so that facts meet, tie and repeat.
func (m *model) step(t *rapid.T) {
	record := m.fact
	if m.tasks {
		record = m.taskFact
	}
	m.record(t, rapid.IntRange(1, 2).Draw(t, "times"), record(t))
}

func (m *model) record(t *rapid.T, times int, record func(Store) error) {
	for range times {
		require.NoError(t, record(m.memory))
		require.NoError(t, record(m.store))
	}
}

// fact draws a fact and returns what records it.
func (m *model) fact(t *rapid.T) (record func(Store) error) {
	ctx := t.Context()
	i := m.invoice(t)
	d := m.draft(t, i)
	switch rapid.SampledFrom([]string{
		"stage", "outcome", "invoice", "invoice", "draft", "draft", "posting", "posting", "verification", "decision", "rules", "payee",
		"secret", "book bill", "book bill", "mirrored", "stage", "outcome", "review",
	}).Draw(t, "kind") {
	case "stage":
		block := m.block(t)
		record = func(s Store) error { return s.Stage(ctx, block) }
	case "outcome":
		o := outcome(m.delivery(t), rapid.SampledFrom(schema.OutcomeKinds()).Draw(t, "outcome"), m.instant(t))
		record = func(s Store) error { return s.RecordOutcomes(ctx, []schema.Outcome{o}) }
	case "review":
		r := review(m.delivery(t), rapid.SampledFrom(schema.OutcomeKinds()).Draw(t, "review"), m.instant(t))
		r.Dismissed = rapid.Bool().Draw(t, "dismissed")
		record = func(s Store) error { return s.RecordReviews(ctx, []schema.Review{r}) }
	case "invoice":
		record = func(s Store) error { return s.RecordInvoices(ctx, []schema.Invoice{i}) }
	case "draft":
		record = func(s Store) error { return s.RecordDrafts(ctx, []schema.Draft{d}) }
	case "posting":
		p := m.posting(t, d)
		record = func(s Store) error { return s.RecordPostings(ctx, []schema.Posting{p}) }
	case "verification":
		v := m.verification(t, posting(d, schema.PostingPosted, start()))
		record = func(s Store) error { return s.RecordVerifications(ctx, []schema.Verification{v}) }
	case "decision":
		kind := rapid.SampledFrom([]schema.DecisionKind{schema.DecideHold, schema.DecideRelease, schema.DecideSkip}).Draw(t, "decision")
		c := decision(i.ID, kind, m.instant(t))
		c.Company = m.company
		record = func(s Store) error { return s.RecordDecisions(ctx, []schema.Decision{c}) }
	case "rules":
		r := schema.RuleSet{Company: m.company, Version: rapid.IntRange(1, 3).Draw(t, "version"), RecordedAt: m.instant(t)}
		record = func(s Store) error { return s.RecordRules(ctx, r) }
	case "payee":
		p := schema.Payee{Company: m.company, Key: "worker:1:USD", Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"), RecordedAt: m.instant(t)}
		record = func(s Store) error { return s.RecordPayees(ctx, []schema.Payee{p}) }
	case "secret":
		sealed, at := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "sealed"), m.instant(t)
		record = func(s Store) error { return s.SaveSecret(ctx, m.company, "tokens", []byte(sealed), at) }
	case "book bill":
		b := m.bookBill(t)
		record = func(s Store) error { return s.RecordBookBills(ctx, []schema.BookBill{b}) }
	case "mirrored":
		r := schema.Mirrored{Company: m.company, Realm: m.realm(t), Until: m.instant(t), SweptAt: m.instant(t), RecordedAt: m.instant(t)}
		record = func(s Store) error { return s.RecordMirrored(ctx, r) }
	}
	return record
}

func (m *model) instant(t *rapid.T) time.Time {
	// A step of twelve days takes some histories over the end of a month.
	return start().AddDate(0, 0, 12*rapid.IntRange(0, 4).Draw(t, "at"))
}

func (m *model) delivery(t *rapid.T) schema.Delivery {
	d := delivery(schema.DeliveryID(rapid.SampledFrom([]string{"d-1", "d-2"}).Draw(t, "delivery")),
		rapid.SampledFrom([]string{"one", "two"}).Draw(t, "body"), m.instant(t))
	d.Company = m.company
	return d
}

// block returns a new block, or one that was staged before.
func (m *model) block(t *rapid.T) schema.Block {
	if len(m.blocks) > 0 && rapid.Bool().Draw(t, "again") {
		return rapid.SampledFrom(m.blocks).Draw(t, "block")
	}
	block := schema.Block{ID: fmt.Sprintf("%s/%d", m.company, len(m.blocks))}
	for range rapid.IntRange(1, 3).Draw(t, "deliveries") {
		block.Deliveries = append(block.Deliveries, m.delivery(t))
	}
	m.blocks = append(m.blocks, block)
	return block
}

func (m *model) invoice(t *rapid.T) schema.Invoice {
	i := invoice(schema.InvoiceID(rapid.SampledFrom([]string{"i-1", "i-2", "i-3"}).Draw(t, "invoice")), m.instant(t))
	i.Company = m.company
	i.Number = rapid.SampledFrom([]string{"n-1", "n-2"}).Draw(t, "number")
	i.Worker = rapid.SampledFrom([]schema.WorkerID{"w-1", "w-1", "w-1", "w-2"}).Draw(t, "worker")
	i.Status = rapid.SampledFrom([]schema.InvoiceStatus{
		schema.StatusConfirmed, schema.StatusConfirmed, schema.StatusConfirmed, schema.StatusCancelled,
	}).Draw(t, "status")
	i.BillDate = rapid.SampledFrom([]schema.Date{{}, schema.NewDate(2026, 11, 30), schema.NewDate(2026, 12, 1)}).Draw(t, "bill date")
	return i
}

func (m *model) draft(t *rapid.T, i schema.Invoice) schema.Draft {
	d := draft(i, m.instant(t))
	state := rapid.SampledFrom([]schema.DraftState{
		schema.DraftReady, schema.DraftReady, schema.DraftHeld, schema.DraftAwaitsContract, schema.DraftInvoiceCancelled,
	}).Draw(t, "draft state")
	if state == schema.DraftHeld {
		return held(d, rapid.SampledFrom(schema.HoldReasons()).Draw(t, "first"), rapid.SampledFrom(schema.HoldReasons()).Draw(t, "second"))
	}
	return inState(d, state)
}

func (m *model) posting(t *rapid.T, d schema.Draft) schema.Posting {
	p := posting(d, rapid.SampledFrom([]schema.PostingState{
		schema.PostingNamed, schema.PostingUncertain, schema.PostingPosted, schema.PostingAdopted, schema.PostingDeclined, schema.PostingDeclined,
	}).Draw(t, "posting state"), m.instant(t))
	if p.State == schema.PostingDeclined && rapid.Bool().Draw(t, "retry") {
		p.RetryAt = m.instant(t)
	}
	return p
}

func (m *model) verification(t *rapid.T, p schema.Posting) schema.Verification {
	v := verification(p, m.instant(t))
	v.Result = rapid.SampledFrom([]schema.VerificationResult{
		schema.VerifiedExact, schema.VerifiedExact, schema.VerifiedDivergent, schema.VerifiedMissing,
	}).Draw(t, "result")
	return v
}

func (m *model) realm(t *rapid.T) schema.RealmID {
	return rapid.SampledFrom([]schema.RealmID{"123", "456"}).Draw(t, "realm")
}

func (m *model) bookBill(t *rapid.T) schema.BookBill {
	return bookBill(schema.DocumentID(rapid.SampledFrom([]string{"7", "8"}).Draw(t, "document")), 0, func(b *schema.BookBill) {
		b.Company, b.Realm, b.SeenAt = m.company, m.realm(t), m.instant(t)
		b.Kind = rapid.SampledFrom([]schema.DocumentKind{schema.DocumentBill, schema.DocumentVendorCredit}).Draw(t, "document kind")
		b.Vendor = rapid.SampledFrom([]schema.VendorID{"55", "56"}).Draw(t, "vendor")
		b.TxnDate = schema.NewDate(2026, 11, rapid.IntRange(1, 3).Draw(t, "day"))
		b.Deleted = rapid.IntRange(0, 3).Draw(t, "deleted") == 0
	})
}

// bookQuery draws what to ask of the mirror.
func (m *model) bookQuery(t *rapid.T, asOf time.Time) schema.BookQuery {
	q := schema.BookQuery{Company: m.company, AsOf: asOf, Deleted: rapid.Bool().Draw(t, "with deleted")}
	if rapid.Bool().Draw(t, "of a realm") {
		q.Realm = m.realm(t)
	}
	if rapid.Bool().Draw(t, "dated") {
		q.First, q.Last = schema.NewDate(2026, 11, 2), schema.NewDate(2026, 11, rapid.IntRange(1, 3).Draw(t, "last"))
	}
	switch rapid.IntRange(0, 2).Draw(t, "by") {
	case 1:
		q.Documents = []schema.DocumentID{"8", "9"}
	case 2:
		q.Vendors = []schema.VendorID{"56", "57"}
	}
	return q
}

// compare reads from both.
func (m *model) compare(t *rapid.T, reads []read) {
	for _, read := range reads {
		want, err := read.from(m.memory)
		require.NoError(t, err, read.name)
		got, err := read.from(m.store)
		require.NoError(t, err, read.name)
		require.Equal(t, want, got, read.name)
	}
}

// read is a question that any store can be asked.
type read struct {
	name string
	from func(Store) (any, error)
}

// String names the question where a history is printed.
func (r read) String() string { return r.name }

// reads draws questions that the history may have changed the answers to, among them
// all that is asked of a moment.
func (m *model) reads(t *rapid.T) []read {
	ctx, c, asOf := t.Context(), m.company, time.Time{}
	if rapid.Bool().Draw(t, "in the past") {
		asOf = m.instant(t)
	}
	now, limit := m.instant(t), rapid.IntRange(1, 5).Draw(t, "limit")
	q, period := m.bookQuery(t, asOf), schema.NewDate(2026, time.Month(11+rapid.IntRange(0, 1).Draw(t, "month")), 1).Period()
	chosen := schema.DeliveryQuery{
		Company: c, Bodies: rapid.Bool().Draw(t, "bodies"),
		Outcome: rapid.SampledFrom(append(schema.OutcomeKinds(), "", "", schema.OutcomePending)).Draw(t, "stands"),
	}
	reads := []read{
		{"Positions", func(s Store) (any, error) { return all(s.Positions(ctx, c, period, asOf)) }},
		{"OpenPositions", func(s Store) (any, error) { return all(s.OpenPositions(ctx, c)) }},
		{"Unverified", func(s Store) (any, error) { return sized(s.Unverified(ctx, c, limit)) }},
		{"Backlog", func(s Store) (any, error) { return s.Backlog(ctx, c) }},
	}
	if m.tasks {
		return append(reads, m.taskReads(t, now, limit)...)
	}
	ids := []string{"i-1", "i-2", "i-3"}
	reads = append(reads, []read{
		{"Pending", func(s Store) (any, error) { return sized(s.Pending(ctx, c, limit)) }},
		{"Deliveries", func(s Store) (any, error) { return all(s.Deliveries(ctx, chosen)) }},
		{"Invoices", func(s Store) (any, error) { return s.Invoices(ctx, c, []schema.InvoiceID{"i-1", "i-2", "i-3"}) }},
		{"DueBills", func(s Store) (any, error) { return sized(s.DueBills(ctx, c, now, limit)) }},
		{"OpenPostings", func(s Store) (any, error) { return sized(s.OpenPostings(ctx, c, schema.PostBill)) }},
		{"LatestPostings", func(s Store) (any, error) { return s.LatestPostings(ctx, c, schema.PostBill, ids) }},
		{"Rules", func(s Store) (any, error) { return s.Rules(ctx, c, asOf) }},
		{"Payees", func(s Store) (any, error) { return s.Payees(ctx, c) }},
		{"Secret", func(s Store) (any, error) { return s.Secret(ctx, c, "tokens") }},
		{"BookBills", func(s Store) (any, error) { return sized(s.BookBills(ctx, q)) }},
		{"Mirrored", func(s Store) (any, error) { return s.Mirrored(ctx, c, "123", asOf) }},
		{"WorkerInvoices", func(s Store) (any, error) { return s.WorkerInvoices(ctx, c, []schema.WorkerID{"w-1", "w-2"}) }},
	}...)
	for n := range 3 {
		period := schema.NewDate(2026, time.Month(11+n), 1).Period()
		reads = append(reads, read{"Intake", func(s Store) (any, error) { return s.Intake(ctx, c, period, asOf) }})
	}
	return reads
}

// all reads a stream to its end.
func all[T any](stream iter.Seq2[T, error]) (any, error) {
	found := []T{}
	for p, err := range stream {
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

// sized makes an empty list that is nil equal to one that is not.
func sized[T any](list []T, err error) (any, error) {
	return append([]T{}, list...), err
}
