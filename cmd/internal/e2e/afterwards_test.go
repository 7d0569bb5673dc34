package e2e_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// settleTasks bounds how long the killed program takes to know where it stands.
const settleTasks = 4 * time.Minute

// What is made besides bills is made once, whatever kills the program meanwhile:
// every bill that is paid has one payment, every top-up one transfer, and what was
// approved, and nothing else, is corrected. Files are left out: an upload that was
// cut off is looked for only when it cannot be on its way any more, which takes
// minutes; package load cuts uploads off in fake time.
// TIEOUT_KILL_SEED makes a run draw the same again.
func TestTasks_KilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	seed := number(t, "TIEOUT_KILL_SEED", rand.Uint64()>>16)
	rounds := int(number(t, "TIEOUT_KILL_TASK_ROUNDS", 8))
	t.Logf("replay with TIEOUT_KILL_SEED=%d TIEOUT_KILL_TASK_ROUNDS=%d, which draws the same and interleaves anew", seed, rounds)
	random := rand.New(rand.NewPCG(seed, 2))
	story := cleanMonth(seed)
	story.Workers, story.Afterwards, story.Money = 8, 1, true
	w := newWorld(t, story, rig.Config{
		Books: quickbookstest.Config{Limits: quickbookstest.Limits{Off: true}}, Schedule: `{transform: "@every 2s", load: "@every 3s"}`,
		Money: true,
	})
	w.openOnce(t)

	p := newPoster(t, w)
	w.loseAnswers(seed)
	p.release(len(p.events))
	for round := range rounds {
		w.killOnce(t, random, round)
	}
	w.calm()
	server := w.serve(t)
	p.wait(t)
	w.settle(t, settleTasks)
	w.requireTasks(t, nil)

	w.send(t, w.history.Afterwards)
	w.awaitProposals(t, len(ontopsim.Changes())-1)
	approved := w.decide(t)
	require.NoError(t, server.Kill())
	w.loseAnswers(seed + 1)
	for round := range rounds {
		w.killOnce(t, random, round)
	}
	w.calm()
	server = w.serve(t)
	w.run(t, 0, "sync")
	w.settle(t, settleTasks)
	w.requireTasks(t, approved)
	r := w.reconcile(t, "--period", "2026-08")
	require.True(t, r.Tied, "%+v", r.Items)
	require.NoError(t, server.Stop(stopWithin))
}

// awaitProposals waits until as many corrections wait for a person.
func (w *world) awaitProposals(t *testing.T, want int) {
	t.Helper()
	ends := time.Now().Add(2 * time.Minute)
	for {
		var proposals []struct{ Invoice schema.InvoiceID }
		require.NoError(t, json.Unmarshal([]byte(w.run(t, 0, "corrections", "--json")), &proposals))
		if len(proposals) == want {
			return
		}
		require.True(t, time.Now().Before(ends), "%d corrections are proposed, and not %d", len(proposals), want)
		pause(t.Context(), 100*time.Millisecond)
	}
}

// decide approves every correction that has a document, accepts the other one, and
// returns the invoices that are corrected by it.
func (w *world) decide(t *testing.T) map[schema.InvoiceID]bool {
	t.Helper()
	approved := map[schema.InvoiceID]bool{}
	for _, change := range []ontopsim.Trouble{ontopsim.Raised, ontopsim.Lowered, ontopsim.Withdrawn} {
		id := w.history.Expected.With(change)[0].ID
		require.Contains(t, w.run(t, 0, "corrections", "approve", string(id)), "the next load posts")
		approved[id] = true
	}
	recoded := string(w.history.Expected.With(ontopsim.Recoded)[0].ID)
	require.Contains(t, w.fails(t, 1, "corrections", "approve", recoded), "there is no document to post")
	w.run(t, 0, "corrections", "accept", recoded, "--reason", "reclassified by hand")
	require.Contains(t, w.fails(t, 1, "corrections", "accept", recoded, "--reason", "again"), "is accepted by")
	return approved
}

// link is what a payment pays.
type link struct {
	TotalAmt json.Number
	Line     []struct {
		LinkedTxn []struct{ TxnID string }
	}
}

func (w *world) links(t *testing.T, entity string) []link {
	t.Helper()
	books, err := w.Books.Books(w.Realm)
	require.NoError(t, err)
	all := make([]link, len(books.Entities[entity]))
	for i, text := range books.Entities[entity] {
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(string(text), `"TxnId"`, `"TxnID"`)), &all[i]))
	}
	return all
}

// requireTasks compares what QuickBooks holds besides the documents of invoices with
// what Ontop sent, and with what was approved.
func (w *world) requireTasks(t *testing.T, approved map[schema.InvoiceID]bool) {
	t.Helper()
	r := w.reconcile(t, "--period", "2026-08")
	amounts := map[string]schema.Money{}
	for _, b := range w.bills(t) {
		amount, err := schema.ParseMoney(b.TotalAmt.String(), schema.Currency(b.CurrencyRef.Value))
		require.NoError(t, err)
		amounts[b.ID] = amount
	}
	documents := map[schema.InvoiceID]string{}
	known := 0
	for _, invoice := range w.history.Expected.Invoices {
		line := r.of(t, invoice.ID)
		require.NotEmpty(t, line.QuickBooksID, "%+v", line)
		documents[invoice.ID] = line.QuickBooksID
		require.Equal(t, invoice.Before, amounts[line.QuickBooksID], "what was posted first is never touched")
		sum := amounts[line.QuickBooksID]
		known++
		for _, c := range line.Corrections {
			if c.QuickBooksID == "" {
				continue
			}
			known++
			var err error
			sum, err = sum.Add(amounts[c.QuickBooksID])
			require.NoError(t, err)
			require.Equal(t, schema.CorrectionVerified, c.State)
		}
		switch {
		case !approved[invoice.ID]:
			require.Equal(t, invoice.Before, sum, invoice.Trouble)
		case invoice.Trouble == ontopsim.Withdrawn:
			require.True(t, sum.IsZero(), "%s", sum)
		default:
			require.Equal(t, invoice.Total, sum, invoice.Trouble)
		}
	}
	require.Len(t, amounts, known, "no document is there twice, or for nothing")
	w.requireMoney(t, documents, amounts)
}

func (w *world) requireMoney(t *testing.T, documents map[schema.InvoiceID]string, amounts map[string]schema.Money) {
	t.Helper()
	want, got := map[string]string{}, map[string]string{}
	for _, invoice := range w.history.Expected.Invoices {
		if invoice.Status == schema.StatusPaid {
			want[documents[invoice.ID]] = invoice.Total.Decimal()
		}
	}
	for _, one := range w.links(t, "BillPayment") {
		require.Len(t, one.Line, 1)
		require.Len(t, one.Line[0].LinkedTxn, 1)
		id := one.Line[0].LinkedTxn[0].TxnID
		require.Empty(t, got[id], "bill %s is paid once", id)
		paid, err := schema.ParseMoney(one.TotalAmt.String(), amounts[id].Currency())
		require.NoError(t, err)
		got[id] = paid.Decimal()
	}
	require.Equal(t, want, got)
	require.Len(t, w.links(t, "Transfer"), len(w.history.Expected.TopUps))
}
