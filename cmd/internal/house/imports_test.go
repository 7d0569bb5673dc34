package house_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/tieout/tieout"

// allowed is the import table: what each package may import of this project. A
// package that it does not name fails the test.
var allowed = map[string][]string{
	"schema":                         {},
	"schema/ontop":                   {"schema"},
	"schema/store":                   {"schema", "schema/store/migrations"},
	"schema/store/migrations":        {},
	"schema/store/storetest":         {"schema"},
	"schema/engine":                  {},
	"schema/engine/fetch":            {"schema/engine"},
	"ingest":                         {"schema", "schema/ontop"},
	"transform":                      {"schema", "schema/ontop", "transform/corrections", "transform/payments", "transform/rules", "transform/vendors"},
	"transform/corrections":          {"schema"},
	"transform/payments":             {"schema"},
	"transform/rules":                {"schema"},
	"transform/vendors":              {"schema"},
	"load":                           {"schema", "load/quickbooks", "load/fetch"},
	"load/fetch":                     {},
	"load/quickbooks":                {},
	"load/quickbooks/quickbookstest": {},
	"load/reconcile":                 {"schema", "load/quickbooks"},
	"dashboards/reports":             {"schema"},
}

// homes names, for each library that one package owns, the packages that may
// import it outside tests.
var homes = map[string][]string{
	"github.com/gofiber/fiber/v2":          {"ingest"},
	"github.com/valyala/fasthttp":          {"ingest"},
	"github.com/ClickHouse/clickhouse-go/": {"schema/store", "schema/engine"},
	"github.com/pressly/goose/":            {"schema/store"},
	"github.com/ebitengine/purego":         {"schema/engine"},
	"github.com/cockroachdb/pebble/":       {"ingest"},
	"golang.org/x/oauth2":                  {"load/quickbooks"},
	"github.com/gabriel-vasile/mimetype":   {"load/fetch"},
	"golang.org/x/time":                    {"load", "ingest"},
	"github.com/tink-crypto/":              {"cmd/internal/seal"},
	"go.opentelemetry.io/":                 {"cmd/internal/app"},
	"github.com/robfig/cron/":              {"cmd/internal/app", "cmd/internal/config"},
	"github.com/spf13/cobra":               {"cmd/tieout", "cmd/sim"},
	"github.com/stretchr/testify":          {"schema/store/storetest"},
	"pgregory.net/rapid":                   {"schema/store/storetest"},
}

type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...").Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p listed
		require.NoError(t, decoder.Decode(&p))
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module+"/")
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}

func TestImports_FollowTheTable(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if strings.HasPrefix(p.ImportPath, "cmd/") {
			continue // cmd ties everything together
		}
		may, named := allowed[p.ImportPath]
		require.True(t, named, "%s is not in the import table; say there what it may import", p.ImportPath)
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
				require.Contains(t, may, ours, "%s must not import %s", p.ImportPath, ours)
			}
		}
	}
}

func TestImports_NobodyImportsThePrograms(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			ours := strings.TrimPrefix(imported, module+"/")
			if strings.HasPrefix(ours, "cmd/") {
				require.True(t, strings.HasPrefix(p.ImportPath, "cmd/"), "%s must not import %s", p.ImportPath, ours)
			}
		}
	}
}

func TestImports_StagesNeverMeetNotEvenInTests(t *testing.T) {
	t.Parallel()
	stage := func(path string) string {
		name, _, _ := strings.Cut(path, "/")
		if slices.Contains([]string{"ingest", "transform", "load"}, name) {
			return name
		}
		return ""
	}
	for _, p := range packages(t) {
		from := stage(p.ImportPath)
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			to := stage(strings.TrimPrefix(imported, module+"/"))
			require.False(t, from != "" && to != "" && from != to, "%s must not import %s", p.ImportPath, imported)
		}
	}
}

func TestImports_OneLibraryOneHome(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for library, home := range homes {
				if strings.HasPrefix(imported, library) {
					require.Contains(t, home, p.ImportPath, "%s lives in %v", library, home)
				}
			}
		}
	}
}

// Test helpers must not end up in a user's program.
func TestImports_NoTestLibraryIsShipped(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"/cmd/tieout").Output()
	require.NoError(t, err)
	for dependency := range strings.Lines(string(out)) {
		dependency = strings.TrimSpace(dependency)
		require.NotContains(t, []string{
			"github.com/stretchr/testify/require", "pgregory.net/rapid", module + "/load/quickbooks/quickbookstest",
			module + "/schema/store/storetest",
		}, dependency)
	}
}
