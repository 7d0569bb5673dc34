package probe

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
)

// Config says how to run. The zero Config makes every experiment but the costly
// ones.
type Config struct {
	// Now is the clock. Required.
	Now func() time.Time

	// Throttle also provokes QuickBooks' throttle, which makes the company
	// unusable for a minute.
	Throttle bool

	// Again is the request id of an earlier report. When set, only what became of
	// that is tried.
	Again string

	// Progress is told the name of each experiment before it is made. It may be
	// nil.
	Progress func(name string)
}

// Run makes the experiments on the client's company, and removes what it made.
// The report is good also with an error, which says why the run ended early.
// Experiments that it did not come to are reported as not tried.
func Run(ctx context.Context, client *quickbooks.Client, cfg Config) (Report, error) {
	started := cfg.Now().UTC()
	l := &lab{client: client, now: cfg.Now, run: runName(started), stamp: started.Format(stampLayout), earlier: cfg.Again}
	report := Report{
		Realm: client.Realm(), StartedAt: started, Run: l.run, Removed: map[string]int{}, Left: []string{}, Beyond: Beyond(),
	}
	if cfg.Again != "" && !againPattern.MatchString(cfg.Again) {
		return report, fmt.Errorf("request id %q: it is not one that a probe printed", cfg.Again)
	}
	if err := l.look(ctx); err != nil {
		return report, fmt.Errorf("look at the company: %w", err)
	}
	report.Country, report.HomeCurrency, report.MultiCurrency = l.info.Country, l.home(), l.multi()
	var stopped error
	for _, e := range Catalogue() {
		if cfg.Again == "" || e.Name == nameLater {
			report.Findings = append(report.Findings, l.make(ctx, e, cfg, &stopped))
		}
	}
	report.Again = l.later
	sortFindings(report.Findings)

	// Whatever ended the run, the company is not left with our records in it.
	// Throttled, that takes a minute's pause, and twice that is room enough.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
	l.cleanUp(ctx, &report)
	return report, stopped
}

// make makes one experiment, unless the run has been stopped or nobody asked for
// it. What ends the whole run goes to stopped.
func (l *lab) make(ctx context.Context, e Experiment, cfg Config, stopped *error) Finding {
	f := Finding{Experiment: e, Verdict: NotTried, Evidence: []Evidence{}}
	switch {
	case *stopped != nil:
		f.Reason = "The run ended before it."
		return f
	case e.costly && !cfg.Throttle:
		f.Reason = "It makes the company unusable for a minute: run `tieout quickbooks probe --yes --throttle`."
		return f
	}
	if cfg.Progress != nil {
		cfg.Progress(e.Name)
	}
	l.evidence = nil
	key, err := e.run(ctx, l)
	f.Evidence = append(f.Evidence, l.evidence...)
	if err != nil {
		f.Reason = err.Error()
		if ends(ctx, err) {
			*stopped = fmt.Errorf("experiment %s: %w", e.Name, err)
		}
		return f
	}
	a := e.answer(key)
	f.Found, f.Meaning, f.Effect, f.Verdict = a.Key, a.Meaning, a.Effect, Different
	if a.Effect == Relied {
		f.Verdict = AsReliedOn
	}
	return f
}

// ends reports whether an error leaves nothing else to try. A right that the app
// lacks, or an address that there is not, may concern one kind of record only.
func ends(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, quickbooks.ErrReauthorise) || errors.Is(err, quickbooks.ErrQuota) {
		return true
	}
	fault, ok := errors.AsType[*quickbooks.Fault](err)
	return ok && fault.Scope() == quickbooks.WholeCompany && fault.Code != "" && fault.Code != codeNoRight
}

const codeNoRight = "5020"

const stampLayout = "20060102T150405Z"

var againPattern = regexp.MustCompile(`^probe-\d{8}T\d{6}Z-again$`)

// runName is short, because a document number holds it besides "tieout probe ".
// It repeats after 23 months.
func runName(at time.Time) string { return base36(at.Unix(), 5) }

// base36 is the last digits of n, padded to that many.
func base36(n int64, digits int) string {
	name := strings.Repeat("0", digits) + strconv.FormatInt(n, 36)
	return name[len(name)-digits:]
}
