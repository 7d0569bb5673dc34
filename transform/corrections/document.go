package corrections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// documents writes the parts of a difference down. Where it has none, or the lines
// of one cancel out, the answer is a document without a kind: it is not posted, and
// tells a person what would have to be changed by hand.
func (c Case) documents(s *standing, d difference) []schema.Draft {
	if len(d.parts) == 0 {
		return []schema.Draft{c.byHand(part{header: headerOf(c.Now), of: c.Now, total: schema.NewMoney(0, c.Now.Currency)})}
	}
	documents := make([]schema.Draft, len(d.parts))
	for n, p := range d.parts {
		if p.total.IsZero() {
			documents[n] = c.byHand(p)
			continue
		}
		documents[n] = c.document(s, p, n, c.sentence(s.books, d))
	}
	return documents
}

// byHand is what a person would have to change in QuickBooks.
func (c Case) byHand(p part) schema.Draft {
	d := p.draft(c)
	d.Lines, d.Total, d.TxnDate, d.DueDate = p.lines, p.total, c.BillDate, c.Position.Invoice.DueDate
	if len(c.DocNumbers) > 0 {
		d.DocNumber = c.DocNumbers[0]
	}
	return d.Seal()
}

// draft is a document with the header of p, and nothing else.
func (p part) draft(c Case) schema.Draft {
	return schema.Draft{
		Company: c.Position.Invoice.Company, Invoice: c.Position.Invoice.ID, Content: c.Position.Content,
		Payee: p.of.Payee, PayeeName: p.of.PayeeName, Vendor: p.vendor, Currency: p.currency, Rate: p.rate,
		Payable: p.payable, Location: p.location,
	}
}

func (c Case) document(s *standing, p part, n int, what string) schema.Draft {
	d := p.draft(c)
	d.State, d.Kind = schema.DraftReady, schema.DocumentBill
	if p.total.Sign() < 0 {
		d.Kind = schema.DocumentVendorCredit
	}
	d.DocNumber = number(c.Position, s.number, s.place(n), c.NumberTaken)
	d.TxnDate = c.Now.TxnDate
	if d.Kind == schema.DocumentBill {
		if d.DueDate = c.Position.Invoice.DueDate; !d.DueDate.IsZero() && d.DueDate.Compare(d.TxnDate) < 0 {
			d.DueDate = d.TxnDate // a debt is not due before it is booked
		}
	}
	// No amount is the least one there is: the parts were negated before, or are
	// the difference of amounts that a document holds already.
	d.Total, _ = d.Kind.Signed(p.total)
	d.Lines = slices.Clone(p.lines)
	for n, line := range d.Lines {
		d.Lines[n].Description = clip(explain(line, p.reversal), maxText)
		d.Lines[n].Amount, _ = d.Kind.Signed(line.Amount)
	}
	d.Memo = clip(c.memo(s, what, d), maxText)
	return d.Seal()
}

// explain says on a line what it is.
func explain(line schema.DraftLine, reversal bool) string {
	text := strings.TrimSpace(line.Description)
	if text == "" {
		text = line.Concept
	}
	switch {
	case strings.HasPrefix(text, "Correction: "), strings.HasPrefix(text, "Reversal: "):
		_, text, _ = strings.Cut(text, ": ")
	}
	if reversal {
		return "Reversal: " + text
	}
	return "Correction: " + text
}

func (c Case) memo(s *standing, what string, d schema.Draft) string {
	i := c.Position.Invoice
	name := strings.TrimSpace(i.Number)
	if name == "" {
		name = "without number"
	}
	parts := []string{
		fmt.Sprintf("Correction %d of Ontop invoice %s (id %s)", s.number, name, i.ID), clip(what, maxText-1000),
		fmt.Sprintf("corrects %s %s", c.Position.Draft.Kind.Name(), c.Position.Draft.DocNumber),
	}
	if c.On != d.TxnDate {
		parts = append(parts, Moved(c.On))
	}
	parts = append(parts, "content "+d.Content.Short(12))
	var used []string
	for _, line := range d.Lines {
		if text := fmt.Sprintf("%s v%d", line.Rule, line.RuleVersion); line.Rule != "" && !slices.Contains(used, text) {
			used = append(used, text)
		}
	}
	if slices.Sort(used); len(used) > 0 {
		parts = append(parts, "rules "+strings.Join(used, ", "))
	}
	return strings.Join(parts, "; ")
}

// number returns the number of a document: that of the invoice's own with the round,
// and the part of it after the first. One that is too long, or that another invoice
// has, is cut and gets a suffix more that the invoice's id determines.
func number(p schema.Position, round, part int, taken bool) string {
	base, suffix := p.Draft.DocNumber, fmt.Sprintf("-C%d", round)
	if part > 1 {
		suffix += fmt.Sprintf(".%d", part)
	}
	if whole := base + suffix; !taken && units(whole) <= maxNumber {
		return whole
	}
	own := "-" + schema.SumOf(string(p.Invoice.Company), string(p.Invoice.ID)).Short(7)
	base = strings.TrimSuffix(base, own)
	return strings.TrimSpace(clip(base, maxNumber-len(own)-len(suffix))) + own + suffix
}
