package quickbooks_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

var update = flag.Bool("update", false, "rewrite FAULTS.md")

// FAULTS.md is the catalogue for people, row by row. It says also how each row is
// proven, so it names no row that no test meets.
func TestCatalogue_Page(t *testing.T) {
	t.Parallel()
	page := faultsPage()
	if *update {
		require.NoError(t, os.WriteFile("FAULTS.md", []byte(page), 0o644)) //nolint:gosec // a page of documentation
	}
	written, err := os.ReadFile("FAULTS.md")
	require.NoError(t, err)
	require.Equal(t, page, string(written), "run: go test ./load/quickbooks -run TestCatalogue_Page -update")
}

const faultsHead = `# What QuickBooks may answer, and what tieout does about it

Every code that QuickBooks Online answers to what tieout asks, as printed by ` + "`tieout faults`" + `. tieout decides by the code;
words decide only where one code covers different things, and where they are in another language the row without words holds.
A code that is not here goes to a person, with QuickBooks' own words and Intuit's reference.

| Decision | What tieout does |
|---|---|
| ` + "`retry`" + ` | sends the same again later, under the same request id |
| ` + "`wait`" + ` | leaves the whole company alone for a while |
| ` + "`look_up`" + ` | finds out what the books hold before anything else is sent |
| ` + "`reauthorise`" + ` | stops until a person connects the company again |
| ` + "`fix`" + ` | sets it aside: the same request never succeeds |
| ` + "`person`" + ` | puts it before somebody, with the sentence and the next step below |

Stops says how much waits meanwhile: the one record, or every write to the company. Each row is met in a test through the real
client: *doing* means that the simulated company answers it by its own rules, *told* that the simulator is told to, because
nothing that tieout does brings it about.

| Code | Where the text says | Name | QuickBooks answers it when | Decision | Stops | Finance reads | Next step | Test |
|---|---|---|---|---|---|---|---|---|
`

func faultsPage() string {
	doing := provocations()
	var b strings.Builder
	b.WriteString(faultsHead)
	for _, row := range quickbooks.Catalogue() {
		how := "told"
		if _, ok := doing[rowKey(row)]; ok {
			how = "doing"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			row.Code, row.When, row.Name, row.Meaning, row.Decision, row.Scope, row.Sentence, row.NextStep, how)
	}
	fmt.Fprintf(&b, "| any other | | unknown fault | %s | %s | %s | %s | %s | told |\n", unknownRow()...)
	return b.String()
}

func unknownRow() []any {
	row := (&quickbooks.Fault{Code: "77777"}).Entry()
	return []any{row.Meaning, row.Decision, row.Scope, row.Sentence, row.NextStep}
}
