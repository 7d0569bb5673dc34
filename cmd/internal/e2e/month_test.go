package e2e_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/schema"
)

// instantOf writes an instant as --as-of takes it. Whole seconds: the caller has to
// let a second pass after what it wants to see.
func instantOf(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// nextSecond waits until the clock's second changed, and returns the new one.
func nextSecond(t *testing.T) time.Time {
	t.Helper()
	now := time.Now()
	next := now.Truncate(time.Second).Add(time.Second)
	pause(t.Context(), next.Sub(now))
	return next
}

func TestCleanMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cleanMonth(1), rig.Config{})
	server := w.serve(t)
	w.open(t)
	before := nextSecond(t)
	w.send(t, w.history.Events)
	w.settle(t, time.Minute)
	w.requireBooksEqualSource(t)
	after := nextSecond(t)

	r := w.reconcile(t, "--company", rig.Company, "--period", "2026-08")
	require.True(t, r.Tied, "%+v", r)
	require.Equal(t, rig.Company, r.Company)
	require.Equal(t, "2026-08", r.Period)
	require.NotContains(t, w.run(t, 0, "reconcile", "--period", "2026-08"), "NOT TIED")

	shape(t, w.run(t, 0, "reconcile", "--period", "2026-08", "--format", "json"))
	w.requireFile(t)
	w.requirePast(t, before, after)

	// Stopped and started again, it has everything, and nothing to do.
	require.NoError(t, server.Stop(stopWithin), w.log)
	require.Nil(t, w.status(t).Server, "no server is running")
	bills := w.bills(t)
	again := w.serve(t)
	w.settle(t, time.Minute)
	require.Equal(t, r.Run.Hash, w.reconcile(t, "--period", "2026-08", "--as-of", instantOf(after)).Run.Hash)
	require.Equal(t, bills, w.bills(t))
	require.NoError(t, again.Stop(stopWithin))
}

// shape compares a report with what others rely on: every key, every amount as a
// decimal string, and nothing of another kind.
func shape(t *testing.T, text string) {
	t.Helper()
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &r))
	keys := func(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
	require.Equal(t, []string{"as_of", "company", "equation", "intake", "items", "period", "run", "states", "tied"}, keys(r))
	require.IsType(t, true, r["tied"])

	decimal := func(v any) { require.Regexp(t, `^-?\d+(\.\d+)?$`, v) }
	equations, ok := r["equation"].([]any)
	require.True(t, ok)
	require.NotEmpty(t, equations)
	for _, one := range equations {
		equation, ok := one.(map[string]any)
		require.True(t, ok)
		require.Equal(t, []string{
			"cancelled", "currency", "declined", "held", "posted_unverified", "received", "residual", "skipped", "uncertain",
			"verified", "waiting",
		}, keys(equation))
		require.Regexp(t, `^[A-Z]{3}$`, equation["currency"])
		delete(equation, "currency")
		for _, amount := range equation {
			decimal(amount)
		}
	}
	states, ok := r["states"].(map[string]any)
	require.True(t, ok)
	for name, one := range states {
		require.Contains(t, schema.States(), schema.State(name))
		totals, ok := one.(map[string]any)
		require.True(t, ok)
		require.Equal(t, []string{"amounts", "count"}, keys(totals))
		require.IsType(t, 1.0, totals["count"])
		amounts, ok := totals["amounts"].(map[string]any)
		require.True(t, ok)
		for _, amount := range amounts {
			decimal(amount)
		}
	}
	items, ok := r["items"].([]any)
	require.True(t, ok)
	require.NotEmpty(t, items)
	for _, one := range items {
		line, ok := one.(map[string]any)
		require.True(t, ok)
		require.Equal(t, []string{
			"age_days", "amount", "cause", "corrections", "currency", "difference", "holds", "invoice_id", "invoice_number", "next_action", "owner",
			"quickbooks_amount", "quickbooks_id", "rules", "state", "worker",
		}, keys(line))
		decimal(line["amount"])
		decimal(line["quickbooks_amount"])
		decimal(line["difference"])
		require.NotEmpty(t, line["rules"], "each line names the rules that coded it")
	}
}

// requirePast checks that a report as of an instant says what was known then, and
// goes on saying it.
func (w *world) requirePast(t *testing.T, before, after time.Time) {
	t.Helper()
	nothing := w.reconcile(t, "--period", "2026-08", "--as-of", instantOf(before))
	require.Empty(t, nothing.Items)
	require.Zero(t, nothing.Intake.Received)
	then := w.reconcile(t, "--period", "2026-08", "--as-of", instantOf(after))
	require.Len(t, then.Items, len(w.history.Expected.Invoices))

	// Another history, which says other things of the same invoices, changes nothing
	// of what was known before.
	late, err := ontopsim.Generate(ontopsim.Config{ClientID: clientID, Seed: 77, Workers: 2, Months: 1, Troubles: []ontopsim.Trouble{}})
	require.NoError(t, err)
	w.send(t, late.Events)
	w.settle(t, time.Minute)
	require.Equal(t, then.Run.Hash, w.reconcile(t, "--period", "2026-08", "--as-of", instantOf(after)).Run.Hash)
}

// requireFile checks that --out writes the same, as a whole file and no other.
func (w *world) requireFile(t *testing.T) {
	t.Helper()
	folder := filepath.Join(w.dir, "out")
	require.NoError(t, os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, "report.json")
	require.Empty(t, w.run(t, 0, "reconcile", "--period", "2026-08", "--format", "json", "--out", path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, json.Valid(text))
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestOpenHold(t *testing.T) {
	t.Parallel()
	story := cleanMonth(2)
	story.Troubles, story.Each = []ontopsim.Trouble{ontopsim.UnmappedConcept}, 2
	w := newWorld(t, story, rig.Config{})
	server := w.serve(t)
	w.open(t)
	w.send(t, w.history.Events)
	w.settle(t, time.Minute)
	held := w.history.Expected.With(ontopsim.UnmappedConcept)
	require.Len(t, held, 2)
	first, second := string(held[0].ID), string(held[1].ID)

	// A hold keeps the period open.
	r := w.reconcile(t, "--period", "2026-08")
	require.False(t, r.Tied)
	require.Equal(t, schema.State(schema.HoldUnmappedConcept), r.of(t, held[0].ID).State)
	require.Contains(t, w.run(t, 3, "reconcile", "--period", "2026-08"), "NOT TIED")
	listed := w.run(t, 0, "holds")
	require.Contains(t, listed, "RELOCATION_ALLOWANCE")
	require.Contains(t, listed, "next: map it to an account")

	// A person skips one: it counts as skipped, and nothing as held.
	w.run(t, 0, "holds", "skip", first, "--reason", "booked by hand")
	w.run(t, 0, "sync")
	require.Equal(t, schema.StateSkipped, w.reconcile(t, "--period", "2026-08").of(t, held[0].ID).State)
	require.NotContains(t, w.run(t, 0, "holds"), first+" ")

	// And changes their mind; then finance maps the concept, and both are posted.
	w.run(t, 0, "holds", "release", first, "--reason", "it was not")
	w.run(t, 0, "rules", "import", w.file(t, "more.yaml", rulesYAML+
		"  - {id: moving, concept: RELOCATION_ALLOWANCE, account: Travel}\n"))
	w.run(t, 0, "sync")
	w.settle(t, time.Minute)
	r = w.reconcile(t, "--period", "2026-08")
	require.True(t, r.Tied, "%+v", r.Items)
	require.Equal(t, schema.StateMatched, r.of(t, held[0].ID).State)
	require.Equal(t, "nothing is held\n", w.run(t, 0, "holds"))

	// What is posted is not decided any more.
	require.Contains(t, w.fails(t, 1, "holds", "skip", second, "--reason", "too late"), "in QuickBooks already")
	require.Contains(t, w.fails(t, 1, "holds", "hold", "987654321", "--reason", "typo"), "no such invoice arrived")
	require.NoError(t, server.Stop(stopWithin))
}

func TestSecondProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cleanMonth(3), rig.Config{Policy: "{create_vendors: review}", Schedule: `{transform: "@every 1h", load: "@every 1h"}`})
	server := w.serve(t)
	require.Contains(t, w.run(t, 0, "status"), "not connected; run `tieout connect --company acme`")
	w.open(t)

	// Deliveries from a file, beside the server; a second time they are nothing new.
	var bodies bytes.Buffer
	require.NoError(t, ontopsim.WriteBodies(&bodies, w.history.Events))
	file := w.file(t, "bodies.ndjson", bodies.String())
	require.Contains(t, w.run(t, 0, "import", file), " are in the store")
	require.Contains(t, w.run(t, 0, "import", file), " are in the store")
	distinct := map[string]bool{}
	for _, event := range w.history.Events {
		distinct[string(event.Body)] = true
	}
	require.Equal(t, strconv.Itoa(len(distinct)), w.query(t, "SELECT uniqExact(id) FROM deliveries")[0])
	broken := w.file(t, "broken.ndjson", "{\"event_type\":\n")
	require.Contains(t, w.fails(t, 1, "import", broken), "broken.ndjson line 1")
	require.Contains(t, w.fails(t, 1, "import", filepath.Join(w.dir, "absent.ndjson")), "absent.ndjson")

	// Vendors are proposed, and wait for a person.
	w.run(t, 0, "sync")
	require.Empty(t, w.bills(t))
	listed := w.run(t, 0, "vendors")
	require.Contains(t, listed, "proposed")
	require.Contains(t, w.run(t, 0, "vendors", "approve", "--all"), "approved")
	require.Contains(t, w.fails(t, 1, "vendors", "approve", "worker:1:USD"), "no such payee")
	counts := w.run(t, 0, "sync", "--json")
	var did map[string]any
	require.NoError(t, json.Unmarshal([]byte(counts), &did))
	for _, key := range []string{"received", "drafted", "held", "posted", "adopted", "verified", "declined", "uncertain"} {
		require.Contains(t, did, key)
	}
	require.EqualValues(t, len(w.history.Expected.Invoices), did["posted"])
	w.settle(t, time.Minute)
	require.True(t, w.reconcile(t, "--period", "2026-08").Tied)
	w.requireBooksEqualSource(t)

	shown := w.run(t, 0, "status")
	require.Contains(t, shown, "the server is running; 0 deliveries in its journal")
	require.Contains(t, shown, "connected to Acme Inc (realm "+w.Realm+")")
	require.Equal(t, 14, strings.Count(w.run(t, 0, "rules", "export"), "concept:"))
	require.Contains(t, w.run(t, 0, "rules"), "platform-fees")
	require.Contains(t, w.run(t, 0, "engine", "check"), "version")
	require.Contains(t, w.run(t, 0, "migrate"), "up to date")
	require.NoError(t, server.Stop(stopWithin))
}
