package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// Invoices below zero end as vendor credits, and every document carries the class
// and the location that the rules ask for.
func TestCreditsAndSegments(t *testing.T) {
	t.Parallel()
	story := cleanMonth(8)
	story.Troubles, story.Each = []ontopsim.Trouble{ontopsim.NetNegative}, 3
	companies := realms(true, story.CloseDate)
	companies[0].ClassPerLine, companies[0].Departments = true, true
	w := newWorld(t, story, rig.Config{Books: quickbookstest.Config{Realms: companies}})
	server := w.serve(t)
	w.open(t)
	require.Contains(t, w.fails(t, 1, "rules", "import", w.file(t, "wrong.yaml", segmented("Enginering"))), `did you mean "Engineering"?`)
	w.run(t, 0, "rules", "import", w.file(t, "segments.yaml", segmented("Engineering")))
	require.Equal(t, 14, strings.Count(w.run(t, 0, "rules", "export"), "# Engineering"))

	w.send(t, w.history.Events)
	w.settle(t, time.Minute)

	w.requireBooksEqualSource(t)
	r := w.reconcile(t, "--period", "2026-08")
	require.True(t, r.Tied, "%+v", r)
	for _, invoice := range w.history.Expected.With(ontopsim.NetNegative) {
		require.Equal(t, schema.StateMatched, r.of(t, invoice.ID).State)
	}
	books, err := w.Books.Books(w.Realm)
	require.NoError(t, err)
	require.Len(t, books.Entities["VendorCredit"], 3)
	for _, entity := range []string{"Bill", "VendorCredit"} {
		for _, text := range books.Entities[entity] {
			requireSegments(t, text)
		}
	}
	require.NoError(t, server.Stop(stopWithin), w.log)
}

// segmented are the rules, each with a class and a location.
func segmented(class string) string {
	return strings.ReplaceAll(rulesYAML, "}\n", ", class: "+class+", location: Remote}\n")
}

func requireSegments(t *testing.T, document []byte) {
	t.Helper()
	type ref struct {
		Name string `json:"name"`
	}
	var d struct {
		DepartmentRef ref
		Line          []struct {
			Detail struct{ ClassRef ref } `json:"AccountBasedExpenseLineDetail"`
		}
	}
	require.NoError(t, json.Unmarshal(document, &d))
	require.Equal(t, "Remote", d.DepartmentRef.Name)
	require.NotEmpty(t, d.Line)
	for _, line := range d.Line {
		require.Equal(t, "Engineering", line.Detail.ClassRef.Name)
	}
}
