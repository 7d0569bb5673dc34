package corrections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// difference is what the books lack of what the invoice says.
type difference struct {
	parts []part   // one document each
	said  []string // what else changed that a document says: dates, number, rate
}

func (d difference) empty() bool { return len(d.parts) == 0 && len(d.said) == 0 }

// part is what one document has to say. Its amounts have the invoice's sign.
type part struct {
	header
	of       schema.Draft // whose payee it has
	lines    []schema.DraftLine
	total    schema.Money
	reversal bool // it takes back what is in the books, and adds nothing
}

// difference compares the documents in the books with what the invoice says now.
func (c Case) difference(books []schema.Draft) (difference, error) {
	if cancelled(c.Position) {
		parts, err := reversals(books, party{})
		return difference{parts: parts}, err
	}
	d := difference{said: c.headings(books)}
	moved, err := sourceMoved(books, c.Now)
	if err != nil || !moved || len(c.Now.Holds) > 0 {
		if moved && err == nil {
			d.said = append(d.said, "amounts changed") // which ones is not said of what is held
		}
		return d, err
	}
	to := party{c.Now.Vendor, c.Now.Currency}
	if d.parts, err = reversals(books, to); err != nil {
		return d, err
	}
	now := newLedger(headerOf(c.Now), c.Now)
	if err := now.document(c.Now); err != nil {
		return d, err
	}
	for _, document := range books {
		if (party{document.Vendor, document.Currency}) != to {
			continue
		}
		before := newLedger(headerOf(document), document)
		if err := before.document(document); err != nil {
			return d, err
		}
		if err := now.less(before); err != nil {
			return d, err
		}
	}
	lines, total, err := now.rest()
	if len(lines) > 0 {
		d.parts = append(d.parts, part{header: now.header, of: c.Now, lines: lines, total: total})
	}
	return d, err
}

// reversals takes back all that documents book to other parties than the one given,
// one document for each of their headers.
func reversals(books []schema.Draft, but party) ([]part, error) {
	ledgers, err := byHeader(books)
	if err != nil {
		return nil, err
	}
	var all []part
	for _, l := range ledgers {
		if l.header.party == but || slices.ContainsFunc(all, func(p part) bool { return p.party == l.header.party }) {
			continue
		}
		same := slices.DeleteFunc(slices.Clone(ledgers), func(o *ledger) bool { return o.header.party != l.header.party })
		parts, err := reverse(same)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	return all, nil
}

// reverse takes back what ledgers of one party hold. Each keeps its own header,
// unless the lines of one cancel out: no document says that, so that one document
// takes all of them back.
func reverse(ledgers []*ledger) ([]part, error) {
	all := newLedger(ledgers[len(ledgers)-1].header, ledgers[len(ledgers)-1].of)
	var parts []part
	whole := true
	for _, l := range ledgers {
		turned := newLedger(l.header, l.of)
		if err := turned.less(l); err != nil {
			return nil, err
		}
		if err := all.less(l); err != nil {
			return nil, err
		}
		lines, total, err := turned.rest()
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			continue
		}
		whole = whole && !total.IsZero()
		parts = append(parts, part{header: l.header, of: l.of, lines: lines, total: total, reversal: true})
	}
	if whole {
		return parts, nil
	}
	lines, total, err := all.rest()
	if len(lines) == 0 {
		return nil, err
	}
	return []part{{header: all.header, of: all.of, lines: lines, total: total, reversal: true}}, err
}

// headings says what changed that a document says once and that no other document
// can put right.
func (c Case) headings(books []schema.Draft) []string {
	posted, now := c.Position.Draft, c.Now
	var said []string
	note := func(what, before, after string) {
		said = append(said, fmt.Sprintf("%s was %s, is now %s", what, orNone(before), orNone(after)))
	}
	if c.BillDate != posted.TxnDate && !movedFrom(posted, c.BillDate) {
		note("date", posted.TxnDate.String(), c.BillDate.String())
	}
	if due := c.Position.Invoice.DueDate; posted.Kind != schema.DocumentVendorCredit && due != posted.DueDate {
		note("due date", posted.DueDate.String(), due.String())
	}
	if len(c.DocNumbers) > 0 && !slices.Contains(c.DocNumbers, posted.DocNumber) {
		note("number", posted.DocNumber, c.DocNumbers[0])
	}
	in := func(d schema.Draft) bool { return d.Currency == now.Currency }
	at := func(d schema.Draft) bool { return in(d) && d.Rate == now.Rate }
	if len(now.Holds) == 0 && slices.ContainsFunc(books, in) && !slices.ContainsFunc(books, at) {
		note("rate", posted.Rate.String(), now.Rate.String())
	}
	return said
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// movedFrom reports whether a document was booked on another day than the invoice's
// because the books were closed on that one.
func movedFrom(posted schema.Draft, day schema.Date) bool {
	return strings.Contains(posted.Memo, Moved(day))
}

// Moved is how the memo of a document says that its date is not the invoice's.
func Moved(day schema.Date) string {
	return fmt.Sprintf("dated %s, booked on the first open day", day)
}
