package reports

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tieout/tieout/schema"
)

// mostExceptions bounds the list of open items in the text form. Whoever wants
// all of them asks for JSON.
const mostExceptions = 50

// Text writes the report for a terminal, at most 120 columns wide.
func Text(w io.Writer, report schema.Report) error {
	var page strings.Builder
	fmt.Fprintf(&page, "%s · %s · as of %s\n\n", title(report), report.Period, report.AsOf.Format("2006-01-02 15:04 MST"))
	page.WriteString(verdict(report))
	if len(report.Equation) > 0 {
		page.WriteString("\n" + equationTable(report) + "\n" + statesTable(report))
	}
	if open := openItems(report); len(open) > 0 {
		page.WriteString("\n" + exceptions(open))
	}
	page.WriteString(correctedItems(report))
	page.WriteString(troubles(report))
	page.WriteString("\n" + facts(report))
	if _, err := io.WriteString(w, page.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func title(report schema.Report) string {
	if report.Run.BooksName == "" {
		return string(report.Company)
	}
	return fmt.Sprintf("%s (%s)", clean(report.Run.BooksName), report.Company)
}

// verdict says whether the period ties, and what keeps it from doing so.
func verdict(report schema.Report) string {
	if report.Tied && len(report.Items) == 0 {
		return "TIED   no invoice is booked in this period.\n"
	}
	if report.Tied {
		return fmt.Sprintf("TIED   %s, and the books equal the source to the cent.\n", count(len(report.Items), "invoice"))
	}
	var reasons []string
	if open := len(openItems(report)); open > 0 {
		reasons = append(reasons, count(open, "invoice")+" open")
	}
	for _, e := range report.Equation {
		if !e.Residual.Money().IsZero() {
			reasons = append(reasons, "difference of "+amount(e.Residual)+" "+string(e.Currency))
		}
	}
	if report.Intake.Pending > 0 {
		reasons = append(reasons, count(report.Intake.Pending, "delivery")+" not looked at yet")
	}
	if needing := report.Intake.Needing(); needing > 0 {
		reasons = append(reasons, count(needing, "delivery")+" to be understood by a person")
	}
	text := "NOT TIED   " + strings.Join(reasons, ", ") + ".\n"
	if !slices.ContainsFunc(report.Equation, func(e schema.Equation) bool { return !e.Residual.Money().IsZero() }) {
		text += "           Every cent that was received is accounted for below.\n"
	}
	return text
}

func equationTable(report schema.Report) string {
	t := newTable()
	header := table.Row{""}
	for _, e := range report.Equation {
		header = append(header, e.Currency)
	}
	t.AppendHeader(header)
	row := func(name string, of func(schema.Equation) schema.Amount, always bool) {
		cells, any := table.Row{name}, always
		for _, e := range report.Equation {
			any = any || !of(e).Money().IsZero()
			cells = append(cells, amount(of(e)))
		}
		if any {
			t.AppendRow(cells)
		}
	}
	row("received", func(e schema.Equation) schema.Amount { return e.Received }, true)
	t.AppendSeparator()
	row("verified", func(e schema.Equation) schema.Amount { return e.Verified }, true)
	row("posted, not verified", func(e schema.Equation) schema.Amount { return e.PostedUnverified }, false)
	row("held", func(e schema.Equation) schema.Amount { return e.Held }, false)
	row("waiting", func(e schema.Equation) schema.Amount { return e.Waiting }, false)
	row("declined", func(e schema.Equation) schema.Amount { return e.Declined }, false)
	row("uncertain", func(e schema.Equation) schema.Amount { return e.Uncertain }, false)
	row("skipped", func(e schema.Equation) schema.Amount { return e.Skipped }, false)
	row("cancelled", func(e schema.Equation) schema.Amount { return e.Cancelled }, false)
	t.AppendSeparator()
	row("residual", func(e schema.Equation) schema.Amount { return e.Residual }, true)
	alignRight(t, 2, len(report.Equation)+1)
	return render(t)
}

func statesTable(report schema.Report) string {
	t := newTable()
	header := table.Row{"state", "invoices"}
	for _, e := range report.Equation {
		header = append(header, e.Currency)
	}
	t.AppendHeader(header)
	for _, state := range schema.States() {
		totals, ok := report.States[state]
		if !ok || totals.Count == 0 {
			continue
		}
		row := table.Row{state, totals.Count}
		for _, e := range report.Equation {
			cell := ""
			if sum, ok := totals.Amounts[e.Currency]; ok {
				cell = amount(sum)
			}
			row = append(row, cell)
		}
		t.AppendRow(row)
	}
	alignRight(t, 2, len(report.Equation)+2)
	return render(t)
}

// render drops the blanks that the table pads its lines with.
func render(t table.Writer) string {
	var page strings.Builder
	for line := range strings.Lines(t.Render()) {
		page.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return page.String()
}

func openItems(report schema.Report) []schema.Item {
	return slices.DeleteFunc(slices.Clone(report.Items), func(i schema.Item) bool { return i.State.Settled() })
}

// exceptions lists open items, two lines each: what it is, and what to do.
func exceptions(open []schema.Item) string {
	var page strings.Builder
	fmt.Fprintf(&page, "Open, oldest first\n")
	for i, item := range open {
		if i == mostExceptions {
			fmt.Fprintf(&page, "  … and %d more; --format json lists all\n", len(open)-i)
			break
		}
		fmt.Fprintf(&page, "\n  %s  %s  %s %s  %s  %s\n", clean(number(item)), clean(item.Worker), amount(item.Amount), item.Currency,
			item.State, age(item.AgeDays))
		page.WriteString(wrapped("why", item.Cause))
		next := item.NextAction
		if item.Owner != schema.OwnerNobody {
			next = string(item.Owner) + ": " + next
		}
		page.WriteString(wrapped("next", next))
		page.WriteString(corrections(item))
	}
	return page.String()
}

func number(item schema.Item) string {
	if item.InvoiceNumber != "" {
		return item.InvoiceNumber
	}
	return "invoice " + string(item.InvoiceID)
}

func age(days int) string {
	if days == 0 {
		return "today"
	}
	return count(days, "day")
}

func wrapped(label, words string) string {
	lines := strings.Split(text.WrapSoft(clean(words), 104), "\n")
	var page strings.Builder
	fmt.Fprintf(&page, "    %-5s %s\n", label, strings.TrimSpace(lines[0]))
	for _, line := range lines[1:] {
		page.WriteString("          " + strings.TrimSpace(line) + "\n")
	}
	return page.String()
}

func troubles(report schema.Report) string {
	var page strings.Builder
	for i, trouble := range report.Intake.Troubles {
		if i == 0 {
			page.WriteString("\nDeliveries that need a person\n")
		}
		page.WriteString(described(trouble))
	}
	for i, dismissal := range report.Intake.Dismissals {
		if i == 0 {
			page.WriteString("\nDeliveries that were dismissed\n")
		}
		page.WriteString(described(dismissal.Trouble))
		page.WriteString(wrapped("by", fmt.Sprintf("%s on %s: %s", dismissal.By, dismissal.At.Format("2006-01-02"), dismissal.Reason)))
	}
	return page.String()
}

func described(trouble schema.Trouble) string {
	head := fmt.Sprintf("\n  %s  %s  %s\n", clean(string(trouble.Delivery)), trouble.Kind, trouble.ReceivedAt.Format("2006-01-02 15:04 MST"))
	return head + wrapped("why", trouble.Detail)
}

func facts(report schema.Report) string {
	read := "never"
	if !report.Run.BooksReadAt.IsZero() {
		read = report.Run.BooksReadAt.Format("2006-01-02 15:04 MST")
	}
	return fmt.Sprintf("deliveries received in %s: %d; rules version %d; QuickBooks read %s\nsha256 %s\n",
		report.Period, report.Intake.Received, report.Run.RulesVersion, read, report.Run.Hash)
}

func newTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Box = table.StyleBoxLight
	style.Options = table.Options{SeparateHeader: true, SeparateRows: false, DrawBorder: false, SeparateColumns: false}
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	return t
}

func alignRight(t table.Writer, from, to int) {
	var columns []table.ColumnConfig
	for i := from; i <= to; i++ {
		columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
}

// amount groups thousands by commas, for people.
func amount(a schema.Amount) string {
	sign, digits := "", a.Money().Decimal()
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && noun != "day" {
		return strconv.Itoa(n) + " " + stem + "ies"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// clean keeps foreign text from steering the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || (!unicode.IsGraphic(r) && r != ' ') {
			return '·'
		}
		return r
	}, s)
}
