package load_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// sequencesDrawn is how many sequences are played unless TIEOUT_SEQUENCES says
// another number.
const sequencesDrawn = 400

// TestLoader_Sequences draws what happens to a company: invoices above and below
// zero in several currencies, new workers, corrections before posting, every kind
// of trouble at QuickBooks and in the store, processes that die between any two
// steps or in the middle of one, two loaders at once, clocks that leap, and a
// bookkeeper who edits, deletes, merges, copies and types in. When it is over and a
// person has looked at whatever was put before them, QuickBooks holds exactly one
// document for each invoice, with each field as drafted but for what the bookkeeper
// changed, which is reported field by field: see [office.agree].
//
// TIEOUT_SEQUENCES says how many are drawn. A failure prints its seed, the least
// that still fails, and the command that plays it again.
func TestLoader_Sequences(t *testing.T) {
	t.Parallel()
	first, count := number(t, "TIEOUT_SEQUENCE", time.Now().UnixNano()), number(t, "TIEOUT_SEQUENCES", sequencesDrawn)
	if os.Getenv("TIEOUT_SEQUENCE") != "" {
		count = 1
	}
	t.Logf("sequences %d to %d", first, first+count-1)
	var next atomic.Int64
	var failed atomic.Bool
	began := time.Now()
	t.Cleanup(func() {
		t.Logf("%d sequences in %s", min(next.Load(), count), time.Since(began).Round(time.Millisecond))
	})
	for shard := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprintf("Shard%d", shard+1), func(t *testing.T) {
			t.Parallel()
			var playing int64
			defer func() {
				if t.Failed() {
					t.Logf("replay with: TIEOUT_SEQUENCE=%d go test ./load -count=1 -run '^TestLoader_Sequences$'", playing)
				}
			}()
			for n := next.Add(1) - 1; n < count && !failed.Load(); n = next.Add(1) - 1 {
				playing = first + n
				s := sequences().Example(int(playing))
				if why := s.play(t); why != nil {
					failed.Store(true)
					s, why = s.least(t, why)
					require.Fail(t, "a sequence fails", "%v\n\nthe least of it that fails: %s", why, s)
				}
			}
		})
	}
}

// number reads a whole number from the environment.
func number(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// least leaves out of a failing sequence what it fails without.
func (s sequence) least(t *testing.T, why error) (sequence, error) {
	t.Helper()
	for again := true; again; {
		again = false
		for n := range slices.Backward(s.incidents) {
			fewer := s
			fewer.incidents = append(s.incidents[:n:n], s.incidents[n+1:]...)
			if still := fewer.play(t); still != nil {
				s, why, again = fewer, still, true
			}
		}
	}
	return s, why
}

// play plays the sequence in a bubble of fake time and says what was wrong at the
// end.
func (s sequence) play(t *testing.T) error {
	t.Helper()
	return s.playWith(t, noMistake)
}

func (s sequence) playWith(t *testing.T, m mistake) error {
	t.Helper()
	var wrong error
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, s, m)
		o.invoice(o.workers[0], false)
		for _, i := range s.incidents {
			o.transform()
			o.suffer(i)
			o.pass(time.Minute)
		}
		if wrong = o.recover(); wrong != nil {
			wrong = fmt.Errorf("%w%s", wrong, o.state())
		}
	})
	return wrong
}

// suffer lets an incident happen, and then the loader have its cycle.
func (o *office) suffer(i incident) {
	switch i.kind {
	case "invoices":
		for n := range 1 + i.n%6 {
			o.invoice(o.workers[(i.n+n)%len(o.workers)], i.bits>>n&1 == 1)
		}
		o.transform()
	case "worker":
		o.hire([]schema.Currency{"USD", "EUR", "BRL"}[i.n%3])
		o.invoice(o.workers[len(o.workers)-1], i.bits&1 == 1)
	case "redraft":
		if len(o.invoices) > 0 && o.mayRedraft() {
			o.correct(o.invoices[i.n%len(o.invoices)], int(i.bits))
		}
	case "trouble":
		o.sim.Next(i.trouble)
	case "store":
		o.failOnce(i.what, i.bits&1 == 1)
	case "crash":
		o.crash(i)
		return
	case "pair":
		o.pair(i)
		return
	case "bookkeeper":
		o.deed(i.what, i.n)
	case "refuse":
		require.NoError(o.t, o.sim.Refuse("", i.what, i.bits&1 == 1))
	case "disconnect":
		o.sim.Disconnect(quickbookstest.DefaultRealm)
	case "wait":
		o.pass(i.wait)
	case "restart":
		o.restart()
	case "jump":
		o.ahead += i.wait
	}
	o.cycle(func(ctx context.Context) {
		switch i.kind {
		case "look":
			o.loader.Mirror(ctx) // whatever it says: what counts is the end
		case "sweep":
			o.loader.Sweep(ctx)
		}
		o.loader.RunOnce(ctx)
	})
	o.store.Inject(nil)
}

// crash lets the process die at one of its steps, and starts another.
func (o *office) crash(i incident) {
	s := &seam{}
	s.dieAfter(i.n, i.bits&1 == 1)
	o.loader = o.open(process{name: "a", seam: s})
	o.store.Inject(s.fault)
	o.loader.RunOnce(o.t.Context())
	o.loader.Mirror(o.t.Context())
	o.store.Inject(nil)
	o.restart()
}

// pair lets two loaders work at once, as when a lease fails, in an order that is
// drawn too. Trouble meets either; one of them may die.
func (o *office) pair(i incident) {
	gate := newTurnstile(uint64(i.n)<<8 | uint64(i.bits))
	o.sim.Next(i.trouble)
	var both []func()
	for _, name := range []string{"a", "b"} {
		s := &seam{}
		if name == "b" && i.bits&2 == 2 {
			s.dieAfter(i.n/2, i.bits&1 == 1)
		}
		l := o.open(process{name: name, seam: s, gate: gate})
		both = append(both, func() { l.RunOnce(o.t.Context()) })
	}
	gate.run(both...)
	o.restart()
}

// state says where everybody and every invoice stands, and what the books hold.
func (o *office) state() string {
	var s strings.Builder
	for _, w := range o.workers {
		p := o.payeeNow(w.key)
		fmt.Fprintf(&s, "\n%s: %s as vendor %s %s", w.key, p.State, p.Vendor, p.Detail)
	}
	for _, i := range o.invoices {
		p := o.postingOf(i)
		fmt.Fprintf(&s, "\n%s of %s: %s attempt %d as %s, %s %s, retry at %s",
			i.id(), i.worker.key, p.State, p.Attempt, p.Document, p.Fault.Code, p.Fault.Detail, p.RetryAt)
	}
	for _, d := range o.documents() {
		fmt.Fprintf(&s, "\n%s %s: %s of %s over %s for vendor %s, %q, typed in: %t",
			d.kind.Name(), d.id, d.DocNumber, d.TxnDate, d.TotalAmt, d.VendorRef.Value, d.PrivateNote, o.typed[d.entry])
	}
	return s.String()
}

// Sequences that find nothing prove nothing: they have to find these.
func TestLoader_SequencesFindMistakes(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes() {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			const most = 3000
			for seed := range most {
				if why := sequences().Example(seed+1).playWith(t, m); why != nil {
					first, _, _ := strings.Cut(why.Error(), "\n")
					t.Logf("found by sequence %d: %s", seed+1, first)
					return
				}
			}
			require.Fail(t, "not found")
		})
	}
}

// Sequences that once failed, by their seeds: each is a bug that was mended.
func TestLoader_SequencesThatFailed(t *testing.T) {
	t.Parallel()
	for name, seed := range map[string]int{
		// A bill whose answer was lost and whose note was rewritten, before a redraft
		// made it a vendor credit.
		"NoteRewrittenBeforeTheOtherKind": 1795453025283154672,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, sequences().Example(seed).play(t))
		})
	}
}
