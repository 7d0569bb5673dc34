package probe

import (
	"context"
	"fmt"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
)

func readBackExperiments() []Experiment {
	answers := []Answer{
		relied("as_sent", "Every field that tieout compares comes back as it was sent."),
		bearable("texts_differ", "A memo or description is rewritten. tieout compares neither, and the mark in the memo survives."),
		harmful("mark_lost", "The mark in the memo is gone: tieout cannot recognise its own bills after a lost answer."),
		harmful("fields_differ", "A field that tieout compares comes back otherwise: each bill would be reported as divergent."),
		harmful(refused, "A bill as tieout sends it is refused."),
	}
	tried := "Post a bill of five lines with every field that tieout sends, query it by Id and compare."
	return []Experiment{
		{
			Name: "read-back", Question: "Does a bill come back as it was sent?",
			Documented: "Totals are computed; nothing is said about what else QuickBooks rewrites.",
			Tried:      tried, ReliesOn: "All fields but memo and descriptions come back literally, lines in their order.",
			Answers: answers, run: readBack,
		},
		{
			Name: "read-back-foreign", Question: "Does a bill in a foreign currency come back as it was sent, with its rate?",
			Documented: "ExchangeRate is home units per foreign unit; its decimals are not documented.",
			Tried:      tried + " The rate has six decimals.", ReliesOn: "As for read-back; the rate keeps six decimals.",
			Answers: answers, run: readBackForeign,
		},
		{
			Name: "long-texts", Question: "Are 4000 characters of memo and of description kept?",
			Documented: "Both have at most 4000 characters.",
			Tried:      "Post a bill with 4000 characters in each, the mark being the last, and query it.",
			ReliesOn:   "4000 characters of memo are kept to the last.",
			Answers:    answers, run: longTexts,
		},
	}
}

// mark is shaped like the one that tieout leaves in memos.
const mark = "[tieout d_0123456789abcdef01234567 0123456789ab]"

func readBack(ctx context.Context, l *lab) (string, error) {
	return l.compare(ctx, func(b *quickbooks.Bill) { l.fill(b) })
}

func readBackForeign(ctx context.Context, l *lab) (string, error) {
	f, err := l.abroad(ctx)
	if err != nil {
		return "", err
	}
	return l.compare(ctx, func(b *quickbooks.Bill) {
		l.fill(b)
		f.move(b)
		b.ExchangeRate = number("1.234567")
	})
}

func longTexts(ctx context.Context, l *lab) (string, error) {
	const limit = 4000
	return l.compare(ctx, func(b *quickbooks.Bill) {
		b.PrivateNote = pad(l.name("")+" ", limit-len(mark)) + mark
		b.Line[0].Description = pad(l.name("")+" ", limit)
	})
}

func pad(begin string, length int) string { return begin + strings.Repeat("x", length-len(begin)) }

// fill makes the bill one of those that tieout posts.
func (l *lab) fill(b *quickbooks.Bill) {
	b.DueDate = l.now().UTC().AddDate(0, 0, 17).Format("2006-01-02")
	b.PrivateNote = l.name("") + " Ontop invoice & more\n" + mark
	b.Line = nil
	for i, amount := range []string{"1234.56", "0.01", "99.9", "7", "100000.10"} {
		line := l.line(amount)
		line.Description = fmt.Sprintf("%s%s line %d: <work> & \"travel\"", prefix, l.run, i+1)
		b.Line = append(b.Line, line)
	}
}

// compare posts a bill and looks for whatever differs in it.
func (l *lab) compare(ctx context.Context, change func(*quickbooks.Bill)) (string, error) {
	r, sent, err := l.post(ctx, "post the bill", change)
	if err != nil || !r.ok() {
		return r.key(), err
	}
	bills, err := quickbooks.Collect(l.client.Bills(ctx, r.id))
	if err != nil {
		return "", err
	}
	if len(bills) != 1 {
		l.remark("the query by Id found %d bills", len(bills))
		return "fields_differ", nil
	}
	differences := differences(sent, bills[0])
	for _, d := range differences {
		l.remark("%s", d)
	}
	texts := textDifferences(sent, bills[0])
	for _, d := range texts {
		l.remark("%s", d)
	}
	switch {
	case len(differences) > 0:
		return "fields_differ", nil
	case strings.Contains(sent.PrivateNote, mark) && !strings.Contains(bills[0].PrivateNote, mark):
		return "mark_lost", nil
	case len(texts) > 0:
		return "texts_differ", nil
	}
	l.remark("compared vendor, number, dates, payable, currency, rate, total, %d lines with amount and account, memo, descriptions", len(sent.Line))
	return "as_sent", nil
}

// differences names the fields that differ, of those that tieout compares.
func differences(sent, got quickbooks.Bill) []string {
	var found []string
	differ := func(field, a, b string) {
		if a != b {
			found = append(found, fmt.Sprintf("%s was sent as %q and came back as %q", field, a, b))
		}
	}
	differ("VendorRef", sent.VendorRef.Value, got.VendorRef.Value)
	differ("DocNumber", sent.DocNumber, got.DocNumber)
	differ("TxnDate", sent.TxnDate, got.TxnDate)
	differ("DueDate", sent.DueDate, got.DueDate)
	differ("APAccountRef", sent.APAccountRef.Value, got.APAccountRef.Value)
	if sent.CurrencyRef.Value != "" {
		differ("CurrencyRef", sent.CurrencyRef.Value, got.CurrencyRef.Value)
	}
	if rate := got.ExchangeRate.String(); sent.ExchangeRate.String() != "" || rate != "1" {
		differ("ExchangeRate", sent.ExchangeRate.String(), rate)
	}
	differ("the number of lines", fmt.Sprint(len(sent.Line)), fmt.Sprint(len(got.Line)))
	for i := range min(len(sent.Line), len(got.Line)) {
		account := ""
		if got.Line[i].Account != nil {
			account = got.Line[i].Account.AccountRef.Value
		}
		differ(fmt.Sprintf("Line %d Amount", i+1), sent.Line[i].Amount.String(), got.Line[i].Amount.String())
		differ(fmt.Sprintf("Line %d AccountRef", i+1), sent.Line[i].Account.AccountRef.Value, account)
	}
	if total := sum(sent.Line); total != "" {
		differ("TotalAmt", total, got.TotalAmt.String())
	}
	return found
}

func textDifferences(sent, got quickbooks.Bill) []string {
	var found []string
	if sent.PrivateNote != got.PrivateNote {
		found = append(found, fmt.Sprintf("PrivateNote had %d bytes and came back with %d", len(sent.PrivateNote), len(got.PrivateNote)))
	}
	for i := range min(len(sent.Line), len(got.Line)) {
		if sent.Line[i].Description != got.Line[i].Description {
			found = append(found, fmt.Sprintf("Line %d Description had %d bytes and came back with %d",
				i+1, len(sent.Line[i].Description), len(got.Line[i].Description)))
		}
	}
	return found
}

// sum adds lines up, or returns nothing where they are no hundredths.
func sum(lines []quickbooks.BillLine) string {
	const decimals = 2
	var total int64
	for _, line := range lines {
		minor, err := line.Amount.Minor(decimals)
		if err != nil {
			return ""
		}
		total += minor
	}
	return quickbooks.FromMinor(total, decimals).String()
}
