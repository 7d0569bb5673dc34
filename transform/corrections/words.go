package corrections

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/tieout/tieout/schema"
)

// What QuickBooks takes, in UTF-16 units, which is the strictest way to count.
const (
	maxNumber = 21
	maxText   = 4000
)

// most is how many changes of lines a sentence names: nobody reads more.
const most = 8

// proposal says what changed, and what a person can do about the n-th document.
func (c Case) proposal(s *standing, d difference, documents []schema.Draft, n int) schema.Hold {
	hold := schema.Hold{Detail: c.sentence(s.books, d), Owner: schema.OwnerFinance}
	document := documents[n]
	if document.Kind == "" {
		hold.NextStep = "no document can say that: correct it in QuickBooks by hand and accept the books then, or accept them as they are " + command
		if len(document.Lines) > 0 {
			hold.Detail += "; to be booked elsewhere: " + amounts(document.Lines)
		}
	} else {
		hold.NextStep = fmt.Sprintf("approve it, which posts %s %s of %s; or accept the books as they are %s",
			document.Kind.Name(), document.DocNumber, document.Total, command)
	}
	if len(documents) > 1 {
		hold.Detail += fmt.Sprintf(" (document %d of %d: %s)", n+1, len(documents), role(d, n))
	}
	if warning := c.warning(s); warning != "" {
		hold.Detail += "; beware: " + warning
	}
	hold.Detail = clip(hold.Detail, maxText)
	return hold
}

func role(d difference, n int) string {
	if len(d.parts) > n && d.parts[n].reversal {
		return "takes back what is booked to " + nameOf(d.parts[n].of)
	}
	return "books what the invoice says now"
}

func nameOf(d schema.Draft) string {
	return cmp.Or(d.PayeeName, "vendor "+string(d.Vendor))
}

// warning says what makes the books differ from what the proposal goes by.
func (c Case) warning(s *standing) string {
	document := c.Position.Draft.Kind.Name() + " " + string(c.Position.Posting.Document)
	switch c.Position.Verification.Result {
	case schema.VerifiedMissing:
		return document + " is no longer in QuickBooks"
	case schema.VerifiedDivergent:
		return document + " was changed in QuickBooks, which is not counted here"
	case schema.VerifiedExact:
	}
	if last, by := s.accepted(); by != "" {
		return fmt.Sprintf("%s accepted the books as they were (%s); what was changed there by hand is not counted here", by, last.parts[0].Task.Subject)
	}
	return ""
}

// sentence says for finance what changed.
func (c Case) sentence(books []schema.Draft, d difference) string {
	before, _ := totals(books)
	if cancelled(c.Position) {
		return fmt.Sprintf("the invoice was cancelled at Ontop, and the books hold %s of it", before)
	}
	now, _ := totals([]schema.Draft{c.Now})
	var changes []string
	for _, p := range d.parts {
		if p.reversal {
			changes = append(changes, fmt.Sprintf("vendor and currency were %s in %s, are now %s in %s",
				nameOf(p.of), p.currency, nameOf(c.Now), c.Now.Currency))
			break
		}
	}
	if len(changes) == 0 {
		changes = append(changes, moves(c.Now, slices.DeleteFunc(slices.Clone(books), func(b schema.Draft) bool {
			return headerOf(b).party != headerOf(c.Now).party
		}))...)
	}
	if len(changes) > most {
		changes = append(changes[:most], fmt.Sprintf("and %d lines more", len(changes)-most))
	}
	changes = append(changes, d.said...)
	head := fmt.Sprintf("total was %s, is now %s", before, now)
	if before == now {
		head = fmt.Sprintf("total is %s as before", now)
	}
	if len(changes) == 0 {
		return head
	}
	return head + ": " + strings.Join(changes, ", ")
}

// totals adds documents up by currency, and by concept.
func totals(documents []schema.Draft) (text string, byConcept map[string]schema.Money) {
	byConcept = map[string]schema.Money{}
	sums := map[schema.Currency]schema.Money{}
	var order []schema.Currency
	for _, d := range documents {
		for _, line := range d.Lines {
			amount, err := d.Kind.Signed(line.Amount)
			if err != nil {
				continue // the difference says so
			}
			if _, known := sums[d.Currency]; !known {
				sums[d.Currency] = schema.NewMoney(0, d.Currency)
				order = append(order, d.Currency)
			}
			sums[d.Currency], _ = sums[d.Currency].Add(amount)
			if sum, known := byConcept[line.Concept]; known {
				amount, _ = sum.Add(amount) // documents of two currencies are never compared by concept
			}
			byConcept[line.Concept] = amount
		}
	}
	texts := make([]string, 0, len(order))
	for _, currency := range order {
		if !sums[currency].IsZero() || len(order) == 1 {
			texts = append(texts, sums[currency].String())
		}
	}
	return cmp.Or(strings.Join(texts, " and "), "nothing"), byConcept
}

// moves says which concepts changed, in the order of the invoice's lines.
func moves(now schema.Draft, books []schema.Draft) []string {
	_, held := totals(books)
	_, says := totals([]schema.Draft{now})
	var order []string
	for _, d := range append([]schema.Draft{now}, books...) {
		for _, line := range d.Lines {
			if !slices.Contains(order, line.Concept) {
				order = append(order, line.Concept)
			}
		}
	}
	var changes []string
	for _, concept := range order {
		before, was := held[concept]
		after, is := says[concept]
		name := clip(concept, 200)
		switch {
		case (!was || before.IsZero()) && is && !after.IsZero():
			changes = append(changes, fmt.Sprintf("line %s added %s", name, after.Decimal()))
		case was && !before.IsZero() && (!is || after.IsZero()):
			changes = append(changes, fmt.Sprintf("line %s of %s is gone", name, before.Decimal()))
		case was && is && before != after:
			changes = append(changes, fmt.Sprintf("line %s was %s, is now %s", name, before.Decimal(), after.Decimal()))
		case was && is && elsewhere(concept, now, books):
			changes = append(changes, fmt.Sprintf("line %s is booked to another account or class by the rules now", name))
		}
	}
	return changes
}

// elsewhere reports whether a concept is booked to a place where it was not.
func elsewhere(concept string, now schema.Draft, books []schema.Draft) bool {
	for _, line := range now.Lines {
		at := placeOf(line)
		known := slices.ContainsFunc(books, func(d schema.Draft) bool {
			return slices.ContainsFunc(d.Lines, func(l schema.DraftLine) bool { return placeOf(l) == at })
		})
		if line.Concept == concept && !known {
			return true
		}
	}
	return false
}

// amounts lists what lines add to accounts.
func amounts(lines []schema.DraftLine) string {
	texts := make([]string, 0, most)
	for n, line := range lines {
		if n == most {
			texts = append(texts, fmt.Sprintf("and %d more", len(lines)-most))
			break
		}
		text := fmt.Sprintf("%s of %s to account %s", line.Amount, clip(line.Concept, 200), line.Account)
		if line.Class != "" {
			text += " and class " + string(line.Class)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// unbooked says what changed that no document says.
func (c Case) unbooked() string {
	if cancelled(c.Position) {
		return "the invoice was cancelled at Ontop, and the books hold nothing of it"
	}
	changed := "something that no document says"
	if len(c.Changed) > 0 {
		changed = strings.Join(c.Changed, ", ")
	}
	return changed + " changed, and nothing that is booked did"
}

func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// clip cuts text to at most n UTF-16 units, between characters, without control
// characters: QuickBooks refuses some of them, and shows none.
func clip(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	for i, r := range text {
		if n -= utf16.RuneLen(r); n < 0 {
			return text[:i]
		}
	}
	return text
}
