package quickbooks

import (
	"slices"
	"strconv"
	"strings"
)

// Entry is one row of the fault catalogue: what a code means and what becomes of
// the work that met it.
type Entry struct {
	// Code is QuickBooks' number without leading zeros, OAuth's word, or
	// "http NNN" for an answer that carries only a status.
	Code string `json:"code"`

	// When narrows the row to faults whose text has these words, in lower case.
	// It exists only where one code covers different things; rows without it
	// decide the rest, and every other language.
	When string `json:"when,omitempty"`

	// Name is short and ours, fit for a log line.
	Name string `json:"name"`

	// Meaning says when QuickBooks answers it.
	Meaning string `json:"meaning"`

	// Decision is what the program does.
	Decision Decision `json:"decision"`

	// Scope is how much it stops.
	Scope FaultScope `json:"scope"`

	// Sentence is shown to finance.
	Sentence string `json:"sentence"`

	// NextStep is what a person does about it, or what the program is doing.
	NextStep string `json:"next_step"`

	// Known is false for the one row that stands for every unknown code.
	Known bool `json:"-"`
}

// Catalogue returns every fault that is known, ordered by code, for people to
// read. The caller may change the slice.
func Catalogue() []Entry {
	all := slices.Concat(
		accessEntries(), grantEntries(), serviceEntries(), failureEntries(),
		objectEntries(), requestEntries(), dataEntries(), choiceEntries(), rangeEntries(), queryEntries(),
		billEntries(), taxEntries(), nameEntries(), periodEntries(), otherEntries(), statusEntries(),
	)
	for i := range all {
		all[i].Known = true
		if all[i].Scope == "" {
			all[i].Scope = OneRecord
		}
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		if byCode := compareCodes(a.Code, b.Code); byCode != 0 {
			return byCode
		}
		return strings.Compare(a.When, b.When)
	})
	return all
}

// compareCodes puts numbers first, by size, and words after them.
func compareCodes(a, b string) int {
	m, errA := strconv.Atoi(a)
	n, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return m - n
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

// lookUpEntry finds the row for a fault: first by code and text, then by code,
// then by status, else the row for the unknown.
func lookUpEntry(code, text string, status int) Entry {
	text = strings.ToLower(text)
	if code == "" {
		code = "http " + strconv.Itoa(status)
	}
	found := unknownEntry()
	for _, entry := range Catalogue() {
		if entry.Code != code {
			continue
		}
		if entry.When == "" {
			found = entry
			continue
		}
		if strings.Contains(text, entry.When) {
			return entry
		}
	}
	return found
}

func unknownEntry() Entry {
	return Entry{
		Name:     "unknown fault",
		Meaning:  "QuickBooks declined for a reason that is not in the catalogue.",
		Decision: Person,
		Scope:    OneRecord,
		Sentence: "QuickBooks declined this for a reason that tieout does not know.",
		NextStep: "Read QuickBooks' own words below; if they do not help, ask Intuit's support and quote their reference.",
	}
}
