package load_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// wish is what is asked for about one invoice or top-up.
type wish string

// The wishes, and whether anything is to come of them.
const (
	wishBill      wish = "a bill more"
	wishBoth      wish = "a bill and a credit more"
	wishPaid      wish = "a payment"
	wishTopUp     wish = "a top-up"
	wishProposed  wish = "a correction that nobody approved"
	wishHeld      wish = "a payment that is held"
	wishWithdrawn wish = "a top-up that was withdrawn"
	wishTooMuch   wish = "a payment of too much"
	wishNoBank    wish = "a payment from no bank"
	wishNowhere   wish = "a top-up from nowhere"
)

func wishes() *rapid.Generator[wish] {
	return rapid.SampledFrom([]wish{
		wishBill, wishBoth, wishPaid, wishTopUp, wishProposed, wishHeld, wishWithdrawn, wishTooMuch, wishNoBank, wishNowhere,
	})
}

// afternoon is a company with some wishes, what happens meanwhile, and the
// QuickBooks that plays along.
type afternoon struct {
	wishes    []wish
	incidents []incident
	batch     int
	patience  time.Duration
	replay    quickbookstest.Replay
}

func afternoons() *rapid.Generator[afternoon] {
	kinds := []string{"ask", "ask", "trouble", "trouble", "store", "crash", "crash", "pair", "wait", "restart", "look", "sweep", "bookkeeper", "bookkeeper"}
	happenings := rapid.Custom(func(t *rapid.T) incident {
		return incident{
			kind:    rapid.SampledFrom(kinds).Draw(t, "kind"),
			n:       rapid.IntRange(0, 40).Draw(t, "n"),
			bits:    rapid.Uint8().Draw(t, "bits"),
			trouble: troubles().Draw(t, "trouble"),
			wait:    time.Duration(rapid.IntRange(1, 1200).Draw(t, "seconds")) * time.Second,
			what: rapid.SampledFrom([]string{
				"DueTasks", "OpenPostings", "LatestPostings", "RecordPostings", "UnverifiedTasks", "RecordVerifications", "InvoiceTasks",
				"InvoicePositions", "BookBills", "RecordBookBills",
			}).Draw(t, "method"),
		}
	})
	return rapid.Custom(func(t *rapid.T) afternoon {
		a := afternoon{
			wishes:    rapid.SliceOfN(wishes(), 1, 8).Draw(t, "wishes"),
			incidents: rapid.SliceOfN(happenings, 1, 10).Draw(t, "incidents"),
			batch:     rapid.SampledFrom([]int{1, 3, 30}).Draw(t, "batch size"),
		}
		a.replay.Faults = rapid.Bool().Draw(t, "replays faults")
		a.replay.Answers6000 = rapid.Bool().Draw(t, "answers replays with 6000")
		switch rapid.IntRange(0, 2).Draw(t, "request ids") {
		case 0: // they do nothing at all, which a lone loader makes up for
			a.replay.Off, a.patience = true, 8*time.Minute
		case 1: // they work for whole batches only
			a.replay.WholeBatch, a.patience = true, 8*time.Minute
		case 2:
			a.replay.ForgetAfter = 10 * time.Minute
		}
		return a
	})
}

// TestLoader_TaskSequences draws what is asked for besides bills, and what happens
// meanwhile: every kind of trouble at QuickBooks and in the store, processes that
// die between any two steps, two loaders at once, and a bookkeeper who changes, voids
// and deletes. When it is over, and a person has approved again what was declined,
// QuickBooks holds exactly one record of each task that was due, each field as it
// should be, and none of what waits for a person or was refused. What the bookkeeper
// did to a record is known, and nothing is made in its place.
func TestLoader_TaskSequences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := afternoons().Draw(rt, "afternoon")
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = a.play(t) })
		if failure != nil {
			rt.Fatalf("%v", failure)
		}
	})
}

// till keeps what was asked for.
type till struct {
	*bench
	due   []schema.Task // to come true
	never []schema.Task
	asked int // of both, how many are stored

	changed map[string]bool // the records that a bookkeeper changed, by kind and id
	deleted bool            // a bookkeeper deleted one
	lone    bool            // there is never a second loader

	invoices int
}

func (a afternoon) play(t *testing.T) error {
	t.Helper()
	b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = a.replay }),
		withConfig(func(c *load.Config) { c.BatchSize, c.Patience, c.MeteredBudget = a.batch, a.patience, -1 }))
	s := &till{bench: b, changed: map[string]bool{}, lone: a.replay.Off || a.replay.WholeBatch}
	for n, w := range a.wishes {
		s.wish(n+1, w)
	}
	b.cycle()
	b.mirror()
	b.pass(10 * time.Minute)
	for _, i := range a.incidents {
		s.suffer(i)
		b.pass(time.Minute)
	}
	return s.recover()
}

// wish notes what is asked for, and stores the invoice that it is about.
func (s *till) wish(n int, w wish) {
	d := s.draft(n, today)
	topUp := s.topUp(func(m *schema.Transfer) {
		m.TopUp = fmt.Sprint("tx-", n)
		m.Amount = schema.NewMoney(int64(100_000+n), "USD")
	})
	topUp.Subject = schema.TopUpSubject(topUp.Transfer.TopUp)
	state := func(t schema.Task, state schema.TaskState) schema.Task { t.State = state; return t }
	switch w {
	case wishTopUp:
		s.due = append(s.due, topUp.Seal())
		return
	case wishWithdrawn:
		s.never = append(s.never, state(topUp.Seal(), schema.TaskWithdrawn))
		return
	case wishNowhere:
		topUp.Transfer.From = "999"
		s.never = append(s.never, topUp.Seal())
		return
	case wishBill:
		s.due = append(s.due, s.correction(d, 1))
	case wishBoth:
		s.due = append(s.due, s.correction(d, 1), s.correction(d, 2, asCredit, less))
	case wishPaid:
		s.due = append(s.due, s.payment(d))
	case wishProposed:
		s.never = append(s.never, state(s.correction(d, 1), schema.TaskProposed))
	case wishHeld:
		s.never = append(s.never, state(s.payment(d), schema.TaskHeld))
	case wishTooMuch:
		s.never = append(s.never, s.payment(d, func(p *schema.Payment) { p.Amount = schema.NewMoney(p.Amount.Minor()+1, "USD") }))
	case wishNoBank:
		s.never = append(s.never, s.payment(d, func(p *schema.Payment) { p.Account = travel }))
	}
	s.record(d)
	s.invoices++
}

func less(d *schema.Draft) {
	d.Total = schema.NewMoney(7_000, "USD")
	d.Lines[0].Amount = d.Total
}

// askNext stores some more of what was wished for.
func (s *till) askNext(n int) {
	all := append(slices.Clip(s.due), s.never...)
	for ; n > 0 && s.asked < len(all); n-- {
		s.ask(all[s.asked])
		s.asked++
	}
}

func (s *till) suffer(i incident) {
	s.askNext(1)
	switch i.kind {
	case "ask":
		s.askNext(i.n % 5)
	case "trouble":
		s.sim.Next(i.trouble)
	case "store":
		s.failOnce(i.what, i.bits&1 == 1)
	case "crash":
		seam := &seam{}
		seam.dieAfter(i.n, i.bits&1 == 1)
		s.store.Inject(seam.fault)
	case "pair":
		s.sim.Next(i.trouble)
		if s.lone {
			break // two at once rely on request ids
		}
		s.pair(i)
	case "wait":
		s.pass(i.wait)
	case "bookkeeper":
		s.meddle(i)
	case "look":
		s.loader.Mirror(s.t.Context()) // whatever it says: what counts is the end
	case "sweep":
		s.loader.Sweep(s.t.Context())
	}
	s.loader.RunOnce(s.t.Context())
	s.store.Inject(nil)
	if i.kind == "crash" || i.kind == "restart" {
		s.restart()
	}
}

// meddle lets a bookkeeper change or delete a record that a task asked for.
func (s *till) meddle(i incident) {
	task := s.due[i.n%max(1, len(s.due)):]
	if len(task) == 0 {
		return
	}
	for _, r := range s.made(task[0]) {
		switch {
		case i.bits&1 == 1:
			require.NoError(s.t, s.sim.Delete("", r.entity, r.id))
			s.deleted = true
		case r.entity == "BillPayment":
			s.void(r.id) // or trouble keeps the bookkeeper from it, too: the books say which
		case r.entity == "Transfer":
			require.NoError(s.t, s.sim.Edit("", r.entity, r.id, map[string]any{"Amount": "3.00"}))
			s.changed[r.entity+r.id] = true
		default:
			require.NoError(s.t, s.sim.Edit("", r.entity, r.id, map[string]any{"DocNumber": "mine"}))
			s.changed[r.entity+r.id] = true
		}
	}
}

// pair lets two loaders work at once, as when a lease fails, in an order that is
// drawn too.
func (s *till) pair(i incident) {
	gate := newTurnstile(uint64(i.n)<<8 | uint64(i.bits))
	var both []func()
	for _, name := range []string{"a", "b"} {
		l := s.open(process{name: name, seam: &seam{}, gate: gate, sent: func() {}})
		both = append(both, func() { l.RunOnce(s.t.Context()) })
	}
	gate.run(both...)
}

// open is another loader, with a store and a wire of its own.
func (s *till) open(p process) *load.Loader {
	cfg := s.cfg
	cfg.Company, cfg.Now = acme, time.Now
	log := slog.New(slog.DiscardHandler)
	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		APIURL: "https://api.qbo.test", AuthorizeURL: "https://qbo.test/connect/oauth2",
		TokenURL: "https://qbo.test/oauth2/v1/tokens/bearer", RevokeURL: "https://qbo.test/v2/oauth2/tokens/revoke",
		ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}, &http.Client{Transport: wire{s.sim.Client().Transport, p}}, time.Now, quickbooks.NewMetrics(nil))
	require.NoError(s.t, err)
	grant := s.sim.Grant("", "")
	tokens := &drawer{turn: make(chan struct{}, 1), token: quickbooks.Token{
		RealmID: grant.Realm, AccessToken: quickbooks.Secret(grant.AccessToken), RefreshToken: quickbooks.Secret(grant.RefreshToken),
		AccessExpires: grant.AccessUntil, RefreshExpires: grant.RefreshUntil,
	}}
	client := quickbooks.NewClient(quickbooks.NewSession(oauth, tokens, tokens, grant.Realm, log), log, nil)
	return load.New(shelf{s.store, p}, client, cfg, log, nil)
}

// pass lets time go by. The simulator carries late requests out when it is next
// asked anything, so it is asked while that may happen.
func (b *bench) pass(d time.Duration) {
	for busy := min(d, 2*time.Minute); busy > 0; busy -= 30 * time.Second {
		time.Sleep(min(busy, 30*time.Second))
		_, err := b.sim.Books("")
		require.NoError(b.t, err)
	}
	time.Sleep(max(0, d-2*time.Minute))
}

// recover runs calm cycles in which a person approves again what was declined, and
// then compares the books with what was asked for.
func (s *till) recover() error {
	s.restart()
	s.askNext(len(s.due) + len(s.never))
	for range 60 {
		s.loader.RunOnce(s.t.Context())
		open := 0
		for i, task := range s.due {
			p := s.task(task)
			if p.State == schema.PostingDeclined && (p.RetryAt.IsZero() || p.Attempt > 3) {
				s.again(task)
				s.due[i] = task
			}
			if p.State != schema.PostingPosted && p.State != schema.PostingAdopted || s.proofOf(task).Result == "" {
				open++
			}
		}
		if open == 0 {
			if _, err := s.loader.Mirror(s.t.Context()); err == nil {
				return s.agree()
			}
		}
		s.pass(11 * time.Minute)
	}
	return errors.New("not settled: " + s.state())
}

func (s *till) proofOf(t schema.Task) schema.Verification {
	found, err := s.store.InvoiceTasks(s.t.Context(), acme, t.Kind, []schema.InvoiceID{t.Invoice})
	require.NoError(s.t, err)
	for _, p := range found[t.Invoice] {
		if p.Task.Subject == t.Subject {
			return p.Verification
		}
	}
	return schema.Verification{}
}

// trace is a record in QuickBooks.
type trace struct{ entity, id string }

// made returns the records that carry a task's mark.
func (s *till) made(t schema.Task) []trace {
	draft := t.ID
	if t.Kind == schema.PostCorrection {
		draft = t.Correction.Document.ID
	}
	var found []trace
	note := func(entity, id, text string) {
		if strings.Contains(text, "[tieout "+string(draft)+" ") {
			found = append(found, trace{entity, id})
		}
	}
	for _, one := range s.bills() {
		note("Bill", one.ID, one.PrivateNote)
	}
	for _, one := range s.credits() {
		note("VendorCredit", one.ID, one.PrivateNote)
	}
	for _, one := range s.payments() {
		note("BillPayment", one.ID, one.PrivateNote)
	}
	for _, one := range s.transfers() {
		note("Transfer", one.ID, one.PrivateNote)
	}
	return found
}

// voided reports whether a payment is there with nothing left of it.
func (s *till) voided(t trace) bool {
	return slices.ContainsFunc(s.payments(), func(p quickbooks.BillPayment) bool {
		return t.entity == "BillPayment" && p.ID == t.id && p.TotalAmt.String() == "0"
	})
}

// agree compares the books, what is known of them, and what was asked for.
func (s *till) agree() error {
	total := 0
	for _, task := range s.due {
		found, p, v := s.made(task), s.task(task), s.proofOf(task)
		total += len(found)
		want := schema.VerifiedMissing
		if len(found) == 1 && found[0].id == string(p.Document) {
			want = schema.VerifiedExact
			if s.changed[found[0].entity+found[0].id] || s.voided(found[0]) {
				want = schema.VerifiedDivergent
			}
		}
		switch {
		case len(found) > 1, len(found) == 1 && want == schema.VerifiedMissing:
			return fmt.Errorf("%v are records of %s, known as %s: %s", found, task.Subject, p.Document, s.state())
		case len(found) == 0 && !s.deleted:
			return fmt.Errorf("there is no record of %s: %s", task.Subject, s.state())
		case v.Result != want || v.Document != p.Document:
			return fmt.Errorf("%s is %s, and read back as %+v: %s", task.Subject, want, v, s.state())
		}
	}
	for _, task := range s.never {
		if found := s.made(task); len(found) > 0 {
			return fmt.Errorf("%s was never to be posted, and is %v", task.Subject, found)
		}
	}
	if all := len(s.bills()) + len(s.credits()) + len(s.payments()) + len(s.transfers()); all != s.invoices+total {
		return fmt.Errorf("%d records for %d invoices and %d tasks: %s", all, s.invoices, total, s.state())
	}
	return nil
}

func (s *till) state() string {
	var text strings.Builder
	for _, task := range append(slices.Clip(s.due), s.never...) {
		p := s.task(task)
		fmt.Fprintf(&text, "\n%s: %s attempt %d as %s %s, %s %s, retry at %s",
			task.Subject, p.State, p.Attempt, p.Item, p.Document, p.Fault.Code, p.Fault.Detail, p.RetryAt)
	}
	return text.String()
}
