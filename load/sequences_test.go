package load_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// incident is one thing that happens before or during a cycle.
type incident struct {
	kind    string // new, trouble, store, crash, wait, restart
	n       int    // new: how many drafts; crash: after how many calls of the store
	credits uint8  // new: which of the drafts are vendor credits, by bit
	trouble quickbookstest.Trouble
	method  string
	after   bool
	wait    time.Duration
}

func incidents() *rapid.Generator[incident] {
	return rapid.Custom(func(t *rapid.T) incident {
		i := incident{kind: rapid.SampledFrom([]string{"new", "trouble", "trouble", "store", "crash", "wait", "restart"}).Draw(t, "kind")}
		switch i.kind {
		case "new":
			i.n = rapid.IntRange(1, 8).Draw(t, "drafts")
			i.credits = rapid.Uint8().Draw(t, "of which credits")
		case "trouble":
			i.trouble = quickbookstest.Trouble{
				Kind: rapid.SampledFrom([]quickbookstest.TroubleKind{
					quickbookstest.LoseBefore, quickbookstest.LoseAfter, quickbookstest.CommitLate, quickbookstest.Delay,
					quickbookstest.DelayAfter, quickbookstest.Truncate, quickbookstest.Throttle, quickbookstest.ServerError,
					quickbookstest.ErrorAfter, quickbookstest.Unauthorized, quickbookstest.ItemFault, quickbookstest.FaultOn200,
					quickbookstest.HTMLPage,
				}).Draw(t, "trouble"),
				On:    rapid.SampledFrom([]string{"batch", "batch", "query", "api"}).Draw(t, "on"),
				Times: rapid.IntRange(1, 3).Draw(t, "times"),
				Delay: time.Duration(rapid.IntRange(1, 119).Draw(t, "delay")) * time.Second,
				Code:  rapid.SampledFrom([]string{"10000", "600", "6000", "6210", "3001", "130", "5020", "2500", "630", "6140", "120"}).Draw(t, "code"),
			}
		case "store":
			i.method = rapid.SampledFrom([]string{
				"DueBills", "OpenPostings", "LatestPostings", "RecordPostings", "Unverified", "RecordVerifications", "Payees",
				"RecordPayees", "Books", "RecordBooks",
			}).Draw(t, "method")
			i.after = rapid.Bool().Draw(t, "after")
		case "crash":
			i.n = rapid.IntRange(0, 14).Draw(t, "calls")
		case "wait":
			i.wait = time.Duration(rapid.IntRange(1, 1200).Draw(t, "seconds")) * time.Second
		}
		return i
	})
}

// sequence is what happens to one company, and which QuickBooks plays along.
type sequence struct {
	incidents []incident
	batch     int
	patience  time.Duration
	replay    quickbookstest.Replay
	warn      bool
}

func sequences() *rapid.Generator[sequence] {
	return rapid.Custom(func(t *rapid.T) sequence {
		s := sequence{
			incidents: rapid.SliceOfN(incidents(), 1, 14).Draw(t, "incidents"),
			batch:     rapid.SampledFrom([]int{1, 3, 30}).Draw(t, "batch size"),
			warn:      rapid.Bool().Draw(t, "warns of duplicate numbers"),
		}
		s.replay.Faults = rapid.Bool().Draw(t, "replays faults")
		s.replay.Answers6000 = rapid.Bool().Draw(t, "answers replays with 6000")
		switch rapid.IntRange(0, 3).Draw(t, "request ids") {
		case 0: // they do nothing at all
			s.replay.Off, s.patience = true, 8*time.Minute
		case 1: // they work for whole batches only
			s.replay.WholeBatch, s.patience = true, 8*time.Minute
		case 2:
			s.replay.ForgetAfter = 10 * time.Minute
		}
		return s
	})
}

// TestLoader_Sequences draws what happens to a company: new drafts, every kind
// of trouble at QuickBooks and in the store, and crashes between any two calls
// of the store. When it is over, QuickBooks holds exactly one document for each
// invoice, a bill or a vendor credit, with each field as drafted. A failure prints its seed and replays with
// -rapid.seed; -rapid.checks sets how many sequences are drawn.
func TestLoader_Sequences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := sequences().Draw(rt, "sequence")
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = s.play(t) })
		if failure != nil {
			rt.Fatalf("%v", failure)
		}
	})
}

func (s sequence) play(t *testing.T) error {
	t.Helper()
	b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = s.replay }),
		withRealm(func(r *quickbookstest.Realm) {
			tracking(r)
			r.WarnDuplicateBillNumber = s.warn
		}),
		withConfig(func(c *load.Config) { c.BatchSize, c.Patience = s.batch, s.patience }))
	drafts := map[schema.InvoiceID]schema.Draft{}
	for _, i := range s.incidents {
		b.suffer(i, drafts)
		b.loader.RunOnce(t.Context()) // whatever it says: what counts is the end
		b.store.Inject(nil)
		if i.kind == "crash" {
			b.restart()
		}
		b.pass(time.Minute)
	}
	return b.recover(drafts)
}

func (b *bench) suffer(i incident, drafts map[schema.InvoiceID]schema.Draft) {
	switch i.kind {
	case "new":
		for n := range i.n {
			d := b.draft(len(drafts)+1, segments)
			if i.credits>>n&1 == 1 {
				d = b.draft(len(drafts)+1, segments, credit)
			}
			drafts[d.Invoice] = d
			b.record(d)
		}
	case "trouble":
		b.sim.Next(i.trouble)
	case "store":
		b.failOnce(i.method, i.after)
	case "crash":
		left := i.n
		b.store.Inject(func(string) storetest.Fault {
			if left--; left >= 0 {
				return storetest.Fault{}
			}
			return storetest.Fault{Err: errors.New("the process is gone")}
		})
	case "wait":
		b.pass(i.wait)
	case "restart":
		b.restart()
	}
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

// recover runs calm cycles in which a person corrects whatever was declined, and
// then compares the books with the drafts.
func (b *bench) recover(drafts map[schema.InvoiceID]schema.Draft) error {
	b.restart()
	revision := 0
	for range 60 {
		b.loader.RunOnce(b.t.Context())
		open := 0
		for invoice, d := range drafts {
			p := b.bill(d)
			if p.State == schema.PostingDeclined && (p.RetryAt.IsZero() || p.Attempt > 3) && p.Draft == d.ID {
				revision++
				drafts[invoice] = b.corrected(d, revision)
				b.record(drafts[invoice])
			}
			if p.State != schema.PostingPosted && p.State != schema.PostingAdopted {
				open++
			}
		}
		if open == 0 && b.quiet() {
			return b.agree(drafts)
		}
		b.pass(11 * time.Minute)
	}
	return fmt.Errorf("not settled: %s", b.state(drafts))
}

// corrected is a draft after a person corrected its invoice; every other time, so
// that it becomes a document of the other kind.
func (b *bench) corrected(d schema.Draft, revision int) schema.Draft {
	var n int
	_, err := fmt.Sscanf(string(d.Invoice), "inv-%d", &n)
	require.NoError(b.t, err)
	changes := []func(*schema.Draft){segments, func(d *schema.Draft) { d.Memo = fmt.Sprintf("corrected %d", revision) }}
	if (d.Kind == schema.DocumentVendorCredit) != (revision%2 == 0) {
		changes = append(changes, credit)
	}
	return b.draft(n, changes...)
}

func (b *bench) agree(drafts map[schema.InvoiceID]schema.Draft) error {
	type entry struct {
		kind     schema.DocumentKind
		id, note string
	}
	byNumber := map[string][]entry{}
	for _, bill := range b.bills() {
		byNumber[bill.DocNumber] = append(byNumber[bill.DocNumber], entry{"", bill.ID, bill.PrivateNote})
	}
	for _, c := range b.credits() {
		byNumber[c.DocNumber] = append(byNumber[c.DocNumber], entry{schema.DocumentVendorCredit, c.ID, c.PrivateNote})
	}
	for _, d := range drafts {
		got := byNumber[d.DocNumber]
		if len(got) != 1 {
			return fmt.Errorf("%d documents for %s: %s", len(got), d.DocNumber, b.state(drafts))
		}
		if got[0].kind != d.Kind {
			return fmt.Errorf("%s is a %s, drafted as a %s", d.DocNumber, got[0].kind.Name(), d.Kind.Name())
		}
		if v := b.verification(d); v.Result != schema.VerifiedExact || string(v.Document) != got[0].id || v.Total != d.Total {
			return fmt.Errorf("%s read back as %+v", d.DocNumber, v)
		}
		if !strings.Contains(got[0].note, string(b.bill(d).Draft)) {
			return fmt.Errorf("%s does not carry its draft", d.DocNumber)
		}
	}
	if len(byNumber) != len(drafts) {
		return fmt.Errorf("%d numbers in the books for %d invoices", len(byNumber), len(drafts))
	}
	return nil
}

func (b *bench) state(drafts map[schema.InvoiceID]schema.Draft) string {
	var s strings.Builder
	for _, d := range drafts {
		p := b.bill(d)
		fmt.Fprintf(&s, "\n%s: %s attempt %d, %s %s, retry at %s", d.Invoice, p.State, p.Attempt, p.Fault.Code, p.Fault.Detail, p.RetryAt)
	}
	return s.String()
}
