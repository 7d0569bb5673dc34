package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// TestProbe runs the real program against a pretended company: one process
// serves, the other probes over the same connection. It asks one question only:
// all of them take as long as the throttle wants.
func TestProbe(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "tieout")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))
	r, err := rig.New(t.Context(), rig.Config{
		Program: program, Dir: t.TempDir(),
		// Two processes share a throttle without knowing of each other.
		Books:    quickbookstest.Config{Now: time.Now, Limits: quickbookstest.Limits{Off: true}},
		ClientID: "999", Log: t.Output(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })

	_, code, err := r.Run(t.Context(), "quickbooks", "probe", "--yes")
	require.ErrorContains(t, err, "tieout connect", "nobody has connected the company yet")
	require.Equal(t, exitError, code)

	serve, err := r.Serve(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.Connect(t.Context()))
	out, code, err := r.Run(t.Context(), "quickbooks", "probe", "--yes", "--json", "--again", "probe-20261102T170000Z-again")
	require.NoError(t, err)
	require.Equal(t, exitDone, code)
	require.NoError(t, serve.Kill())

	var report probe.Report
	require.NoError(t, json.Unmarshal(out, &report))
	require.Equal(t, r.Realm, report.Realm)
	require.Len(t, report.Findings, 1)
	require.Equal(t, "forgotten", report.Findings[0].Found)
	require.Equal(t, map[string]int{"Vendor": 1}, report.Removed)
	require.Empty(t, report.Left)
	require.NotContains(t, string(out), quickbookstest.DefaultClientSecret)
	require.Equal(t, 1, r.Books.Count("", "Vendor"))
}

func TestProbe_AsksFirst(t *testing.T) {
	t.Parallel()
	var errs strings.Builder
	code := execute(t.Context(), []string{"quickbooks", "probe"}, streams{in: strings.NewReader(""), out: io.Discard, err: &errs})
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs.String(), "--yes")
}

func TestMayProbe(t *testing.T) {
	t.Parallel()
	company := func(id, environment, api string) config.Company {
		c := config.Company{ID: id}
		c.QuickBooks.Environment, c.QuickBooks.APIURL = environment, api
		return c
	}
	production, sandbox := company("real", "production", ""), company("play", "sandbox", "")
	simulated := company("sim", "production", "http://127.0.0.1:8070")

	one := config.Config{Companies: []config.Company{production}}
	require.ErrorIs(t, mayProbe(one, ""), probe.ErrProduction)
	require.ErrorContains(t, mayProbe(one, "real"), "real: ")

	all := config.Config{Companies: []config.Company{production, sandbox, simulated}}
	require.ErrorIs(t, mayProbe(all, "real"), probe.ErrProduction)
	require.NoError(t, mayProbe(all, "play"))
	require.NoError(t, mayProbe(all, "sim"))
	require.NoError(t, mayProbe(config.Config{Companies: []config.Company{simulated}}, ""))
}

func TestWriteProbe(t *testing.T) {
	t.Parallel()
	finding := func(name string, v probe.Verdict, e probe.Effect, reason string) probe.Finding {
		return probe.Finding{
			Experiment: probe.Experiment{Name: name, Question: "Is it " + name + "?"}, Verdict: v, Found: "found_" + name, Meaning: "It is " + name + ".",
			Effect: e, Reason: reason,
			Evidence: []probe.Evidence{{Step: "ask", Status: 400, Code: "6140", Words: "no\x1b[2J", TID: "1-tid"}},
		}
	}
	var out strings.Builder
	require.NoError(t, writeProbe(&out, probe.Report{
		Realm: "42", Country: "US", HomeCurrency: "USD", StartedAt: time.Date(2026, 11, 2, 17, 0, 0, 0, time.UTC),
		Findings: []probe.Finding{
			finding("bad", probe.Different, probe.Harmful, ""), finding("odd", probe.Different, probe.Unforeseen, ""),
			finding("other", probe.Different, probe.Bearable, ""), finding("later", probe.NotTried, "", "Wait."),
			finding("never", probe.NotTried, "", "Wait."), finding("good", probe.AsReliedOn, probe.Relied, ""),
		},
		Removed: map[string]int{"Bill": 3}, Left: []string{"vendor 7 could not be removed"}, Beyond: probe.Beyond(),
	}))
	text := out.String()
	require.Contains(t, text, "QuickBooks company 42, US, USD only, 2026-11-02 17:00 UTC\n")
	require.Contains(t, text, "6 questions: 2 to settle before production, 1 answered otherwise, 2 not tried, 1 as relied on\n")
	require.Contains(t, text, "\n  bad: found_bad\n    question    Is it bad?\n")
	require.Contains(t, text, "ask, status 400, fault 6140, intuit_tid 1-tid: no·[2J\n")
	require.Contains(t, text, "\n  later, never\n    Wait.\n", "a reason is said once")
	require.Contains(t, text, "Removed: 3 bills deleted; 0 vendors, ")
	require.Contains(t, text, "  - vendor 7 could not be removed\n")
	order := []string{"bad: ", "odd: ", "other: ", "later, never", "good"}
	for i := range order[1:] {
		require.Less(t, strings.Index(text, "\n  "+order[i]), strings.Index(text, "\n  "+order[i+1]))
	}
}
