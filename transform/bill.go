package transform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/corrections"
)

// What QuickBooks takes, in UTF-16 units, which is the strictest way to count.
const (
	maxDocNumber   = 21
	maxDescription = 4000
	maxMemo        = 4000
)

// DocNumber returns the number that an invoice's bill carries: the invoice's, or
// its id where it has none. Numbers that are too long are cut and get a suffix
// that the invoice's id determines.
func DocNumber(i schema.Invoice) string {
	if number := ownNumber(i); units(number) <= maxDocNumber {
		return number
	}
	return DistinctDocNumber(i)
}

func ownNumber(i schema.Invoice) string {
	return cmp.Or(strings.TrimSpace(plain(i.Number)), strings.TrimSpace(plain(string(i.ID))))
}

// DistinctDocNumber returns a number for an invoice whose own number another
// invoice of the payee has: the same, with a suffix that the invoice's id
// determines.
func DistinctDocNumber(i schema.Invoice) string {
	// Seven characters carry 36 bits even where case does not count, so that
	// two of a payee's numbers never meet by chance.
	suffix := "-" + schema.SumOf(string(i.Company), string(i.ID)).Short(7)
	return strings.TrimSpace(clip(ownNumber(i), maxDocNumber-len(suffix))) + suffix
}

// description is what a bill's line says: what the invoice's says, or at least
// its concept.
func description(line schema.Line) string {
	return clip(plain(cmp.Or(strings.TrimSpace(line.Description), line.Concept)), maxDescription)
}

// memo says on the bill where it comes from, for whoever finds it in QuickBooks:
// the invoice, the worker, the rules that coded it, and a digest of the content
// that was drafted.
func (d *Drafter) memo(draft schema.Draft, c Case) string {
	i := c.Invoice
	parts := []string{fmt.Sprintf("Ontop invoice %s (id %s)", cmp.Or(strings.TrimSpace(i.Number), "without number"), i.ID)}
	if worker := workerOf(c); worker != "" {
		parts = append(parts, "worker "+worker)
	}
	if i.Contract != "" {
		parts = append(parts, "contract "+string(i.Contract))
	}
	if period := periodOf(i); period != "" {
		parts = append(parts, period)
	}
	if original := d.policy.BillDateOf(i); original != draft.TxnDate {
		parts = append(parts, corrections.Moved(original))
	}
	if draft.Kind == schema.DocumentVendorCredit {
		parts = append(parts, fmt.Sprintf("total %s, booked as a vendor credit", i.Total))
	}
	parts = append(parts, "content "+draft.Content.Short(12))
	if used := ruleVersions(draft.Lines); used != "" {
		parts = append(parts, "rules "+used)
	}
	return clip(plain(strings.Join(parts, "; ")), maxMemo)
}

func periodOf(i schema.Invoice) string {
	switch start, end := i.PeriodStart.String(), i.PeriodEnd.String(); {
	case start != "" && end != "":
		return "period " + start + " to " + end
	case start != "":
		return "period from " + start
	case end != "":
		return "period to " + end
	}
	return ""
}

func workerOf(c Case) string {
	name, id := "", c.Invoice.Worker
	if len(c.Contracts) > 0 {
		newest := c.Contracts[0]
		for _, contract := range c.Contracts[1:] {
			newest = newest.Fold(contract)
		}
		name, id = newest.WorkerName(), cmp.Or(id, newest.Worker)
	}
	if name == "" {
		return string(id)
	}
	if id == "" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// ruleVersions lists the rules that coded lines, each once.
func ruleVersions(lines []schema.DraftLine) string {
	used := make([]string, 0, len(lines))
	for _, line := range lines {
		if line.Rule == "" {
			continue
		}
		if text := fmt.Sprintf("%s v%d", line.Rule, line.RuleVersion); !slices.Contains(used, text) {
			used = append(used, text)
		}
	}
	slices.Sort(used)
	return strings.Join(used, ", ")
}

// plain replaces control characters by spaces: QuickBooks refuses some of them,
// and shows none.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// clip cuts text to at most n UTF-16 units, between characters.
func clip(text string, n int) string {
	for i, r := range text {
		if n -= utf16.RuneLen(r); n < 0 {
			return text[:i]
		}
	}
	return text
}
