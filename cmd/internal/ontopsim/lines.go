package ontopsim

import (
	"fmt"
	"strconv"

	"github.com/tieout/tieout/schema"
)

// line makes up one position of an invoice.
func (g *generator) line(p place, concept, description string, minor int64) schema.Line {
	return schema.Line{Concept: concept, Description: description, Quantity: "1", Amount: schema.NewMoney(minor, p.currency)}
}

// units makes up a position of several units at one price.
func (g *generator) units(p place, concept, description string, quantity, price int64) schema.Line {
	line := g.line(p, concept, description, quantity*price)
	line.Quantity = strconv.FormatInt(quantity, 10)
	return line
}

// lines makes up what a worker bills for the n-th of the months: what the
// contract is about, and one of the extras in turn.
func (g *generator) lines(w worker, month schema.Period, n int) []schema.Line {
	p, about := w.place, " "+month.String()
	var lines []schema.Line
	switch w.contract.Type {
	case "FIXED":
		lines = append(lines, g.basePay(w, month))
	case "PAY_AS_YOU_GO":
		lines = append(lines, g.units(p, "HOURLY_PAYMENT", "Hours in"+about, 60+g.random.Int64N(100), p.hourly))
		if g.random.IntN(2) == 0 {
			lines = append(lines, g.units(p, "TASK_PAYMENT", "Tasks in"+about, 1+g.random.Int64N(5), p.hourly*3))
		}
	case "MILESTONE":
		lines = append(lines, g.line(p, "MILESTONE_PAYMENT", fmt.Sprintf("Milestone %d", n+1), w.pay))
	default:
		lines = append(lines, g.basePay(w, month),
			g.units(p, "OVERTIME", "Overtime in"+about, 1+g.random.Int64N(9), p.hourly*3/2),
			g.line(p, "TAX", "Tax withheld", -w.pay*8/100))
	}
	return append(lines, g.extras(w, n)...)
}

// basePay is a month's pay, or the share of it for the days since the start.
func (g *generator) basePay(w worker, month schema.Period) schema.Line {
	start := w.contract.StartDate
	if !month.Contains(start) || start == month.First() {
		return g.line(w.place, "FIXED_PAYMENT", "Base pay "+month.String(), w.pay)
	}
	days := int64(month.Last().Time().Day())
	worked := days - int64(start.Time().Day()) + 1
	return g.line(w.place, "PRORATED_PAYMENT", fmt.Sprintf("Base pay, %d of %d days", worked, days), divideRounded(w.pay*worked, days))
}

func (g *generator) extras(w worker, n int) []schema.Line {
	p := w.place
	// Half a percent of the pay, and something so that cents are not round.
	some := w.pay/200*(1+g.random.Int64N(12)) + g.random.Int64N(99) + 1
	worker, _ := strconv.Atoi(string(w.contract.ID))
	switch (worker + n) % 7 {
	case 0:
		return []schema.Line{g.line(p, "BONUS", "Performance bonus", some)}
	case 1:
		expense := g.line(p, "REIMBURSEMENT", "Travel", some)
		expense.AttachmentURL = fmt.Sprintf("%s/receipts/%s-%d.%s", g.cfg.FilesURL, w.contract.ID, n, pick(worker, "pdf", "png"))
		return []schema.Line{expense}
	case 2:
		return []schema.Line{g.line(p, "DEDUCTION", "Equipment loan", -some)}
	case 3:
		return []schema.Line{g.line(p, "COMMISSION", "Sales commission", some)}
	case 4:
		return []schema.Line{g.line(p, "ADJUSTMENT", "Rounding of last month", -1), g.line(p, "BONUS", "Referral", some)}
	case 5:
		return []schema.Line{g.line(p, "PAYMENT_METHOD_FEE", "Local transfer", some/10+1)}
	}
	return nil
}
