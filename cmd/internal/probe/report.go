package probe

import (
	"cmp"
	"slices"
	"time"
)

// Verdict is how an experiment ended.
type Verdict string

// The verdicts.
const (
	AsReliedOn Verdict = "as_relied_on"
	Different  Verdict = "different"
	NotTried   Verdict = "not_tried"
)

// Finding is what came of an experiment.
type Finding struct {
	Experiment
	Verdict Verdict `json:"verdict"`

	// Found is the answer, and empty when the experiment could not be tried.
	Found   string `json:"found,omitempty"`
	Meaning string `json:"meaning,omitempty"`
	Effect  Effect `json:"effect,omitempty"`

	// Reason says why it could not be tried, and what would make it possible.
	Reason   string     `json:"reason,omitempty"`
	Evidence []Evidence `json:"evidence"`
}

// Evidence is one request of an experiment and what came back.
type Evidence struct {
	Step   string `json:"step"`
	Status int    `json:"status,omitempty"` // of HTTP
	Code   string `json:"code,omitempty"`   // of the fault
	Words  string `json:"words,omitempty"`  // of the fault, cut to 200 characters
	TID    string `json:"intuit_tid,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Report is the outcome of a whole run.
type Report struct {
	Realm         string    `json:"realm"`
	Country       string    `json:"country"`
	HomeCurrency  string    `json:"home_currency"`
	MultiCurrency bool      `json:"multicurrency"`
	StartedAt     time.Time `json:"started_at"`
	Run           string    `json:"run"` // part of the name of each record

	// Findings are sorted: what tieout cannot live with, what is different, what
	// could not be tried, and the rest.
	Findings []Finding `json:"findings"`

	// Again is a request id that was used once. Giving it back as Config.Again
	// after hours or days finds out whether QuickBooks still knows it.
	Again string `json:"again,omitempty"`

	// Removed counts what was deleted or made inactive, by kind of record.
	Removed map[string]int `json:"removed"`
	// Left lists what remains in the company, in words.
	Left []string `json:"left"`
	// Beyond is what no sandbox can answer.
	Beyond []string `json:"beyond"`
}

// Alarming returns the findings that have to be settled before production: the
// harmful and the unforeseen ones.
func (r Report) Alarming() []Finding {
	return r.only(func(f Finding) bool { return f.Effect == Harmful || f.Effect == Unforeseen })
}

// Of returns the findings with a verdict, in the order of the report.
func (r Report) Of(v Verdict) []Finding {
	return r.only(func(f Finding) bool { return f.Verdict == v })
}

func (r Report) only(keep func(Finding) bool) []Finding {
	var kept []Finding
	for _, f := range r.Findings {
		if keep(f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Finding returns that of the experiment with the name.
func (r Report) Finding(name string) (Finding, bool) {
	for _, f := range r.Findings {
		if f.Name == name {
			return f, true
		}
	}
	return Finding{}, false
}

func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(a.rank(), b.rank()) })
}

func (f Finding) rank() int {
	switch {
	case f.Effect == Harmful:
		return 0
	case f.Effect == Unforeseen:
		return 1
	case f.Verdict == Different:
		return 2
	case f.Verdict == NotTried:
		return 3
	default:
		return 4
	}
}
