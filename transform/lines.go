package transform

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tieout/tieout/schema"
)

// amountField ends the names of all fields that hold amounts.
const amountField = "amount"

// totals checks that there is something to book, and that the lines are it.
func (d *Drafter) totals(c Case) []schema.Hold {
	i := c.Invoice
	if slices.ContainsFunc(i.Problems, spoils) {
		return nil // the amounts are not what was sent, and that is a hold already
	}
	var holds []schema.Hold
	switch {
	case !c.On.IsZero():
		// The difference is booked, of which a person approves every document.
	case i.Total.IsZero():
		holds = append(holds, hold(schema.HoldNegativeTotal, schema.OwnerFinance,
			"skip it if there is nothing to book (tieout holds); or correct it at Ontop",
			"total_amount is %s, and a bill must be above zero", i.Total))
	case i.Total.Sign() < 0 && d.policy.NegativeTotal != schema.NegativeCredit:
		holds = append(holds, hold(schema.HoldNegativeTotal, schema.OwnerFinance,
			"set policy.negative_total to credit, which makes it a vendor credit; or book it by hand and skip it (tieout holds); "+
				"or correct it at Ontop",
			"total_amount is %s, and a bill must be above zero", i.Total))
	}
	if len(i.Lines) == 0 {
		return append(holds, mismatch("items is empty, and total_amount is %s", i.Total))
	}
	sum := schema.NewMoney(0, i.Total.Currency())
	for n, line := range i.Lines {
		next, err := sum.Add(line.Amount)
		if err != nil {
			return append(holds, mismatch("items[%d].amount is %s, which cannot be added to the items before it: %s", n, line.Amount, sum))
		}
		sum = next
	}
	if sum == i.Total {
		return holds
	}
	if difference, err := i.Total.Sub(sum); err == nil {
		return append(holds, mismatch("total_amount is %s, and the amounts of its %d items add up to %s: a difference of %s",
			i.Total, len(i.Lines), sum, difference))
	}
	return append(holds, mismatch("total_amount is %s, and the amounts of its %d items add up to %s", i.Total, len(i.Lines), sum))
}

func mismatch(format string, args ...any) schema.Hold {
	return hold(schema.HoldTotalMismatch, schema.OwnerSource, "correct the invoice at Ontop; what it sends then replaces this", format, args...)
}

// spoils reports whether a problem keeps amounts from being known.
func spoils(p schema.Problem) bool {
	usd := strings.HasSuffix(p.Field, "usd_amount") || p.Field == "usd_total_amount"
	return strings.HasSuffix(p.Field, amountField) && !usd || p.Field == "items" || p.Field == "currency"
}

// misread turns what could not be read into holds, one of each kind that says
// what cannot be known because of it. Fields that a bill does not carry hold
// nothing.
func (d *Drafter) misread(i schema.Invoice) []schema.Hold {
	// An unknown currency makes every amount unreadable; nobody reads more
	// than a few of those.
	const most = 5
	var holds []schema.Hold
	for _, reason := range schema.HoldReasons() {
		var texts []string
		for _, problem := range i.Problems {
			if d.costs(i, problem.Field) == reason {
				texts = append(texts, problem.String())
			}
		}
		if len(texts) == 0 {
			continue
		}
		detail := strings.Join(texts[:min(most, len(texts))], "; ")
		if len(texts) > most {
			detail += fmt.Sprintf("; and %d more", len(texts)-most)
		}
		holds = append(holds, hold(reason, schema.OwnerSource, "correct it at Ontop; what it sends then replaces this", "%s", detail))
	}
	return holds
}

// costs returns what an unreadable field keeps us from knowing; nothing when we
// can do without.
func (d *Drafter) costs(i schema.Invoice, field string) schema.HoldReason {
	if strings.HasPrefix(field, "usd_") || strings.HasSuffix(field, "].usd_amount") {
		return "" // no bill carries it
	}
	if i.Currency == "" && strings.HasSuffix(field, amountField) {
		return "" // unreadable only for want of a currency, which is a hold of its own
	}
	if item, found := strings.CutPrefix(field, "items["); found {
		_, field, _ = strings.Cut(item, "].")
		switch field {
		case "concept":
			return schema.HoldUnmappedConcept
		case "item_id", "description", "quantity", "attachment_url":
			return ""
		}
		return schema.HoldTotalMismatch
	}
	switch field {
	case "currency":
		return schema.HoldCurrency
	case "exchange_rate":
		if i.Currency != d.books.HomeCurrency {
			return schema.HoldCurrency
		}
		return ""
	case "issue_date", "due_date":
		return schema.HoldClosedPeriod
	case "period_end":
		return reasonIf(d.policy.BillDate == schema.BillOnPeriodEnd, schema.HoldClosedPeriod)
	case "paid_at":
		return reasonIf(d.policy.BillDate == schema.BillOnPaidAt, schema.HoldClosedPeriod)
	case "agreement_id", "worker_id", "worker_email":
		return reasonIf(!i.PlatformFee && (i.Contract != "" || i.Worker != ""), schema.HoldUnresolvedVendor)
	case "period_start", "external_id", "payment_group", "pdf_url", "updated_at", "client_id":
		return ""
	}
	return schema.HoldTotalMismatch
}

func reasonIf(condition bool, reason schema.HoldReason) schema.HoldReason {
	if condition {
		return reason
	}
	return ""
}

// credit makes a vendor credit of a draft below zero, where the policy says so:
// every amount with the other sign, so that what was deducted is credited, and
// what was earned beside it is taken from that. A credit has no due date.
func (d *Drafter) credit(draft *schema.Draft) []schema.Hold {
	if draft.Total.Sign() >= 0 || d.policy.NegativeTotal != schema.NegativeCredit {
		return nil
	}
	turned := *draft
	turned.Kind, turned.DueDate, turned.Lines = schema.DocumentVendorCredit, schema.Date{}, slices.Clone(draft.Lines)
	total, err := draft.Total.Neg()
	for n, line := range turned.Lines {
		if err == nil {
			turned.Lines[n].Amount, err = line.Amount.Neg()
		}
	}
	if err != nil {
		return []schema.Hold{mismatch("an amount is too large for a vendor credit: %s", err)}
	}
	turned.Total = total
	*draft = turned
	return nil
}

// code books every line to the account and class that its rule names, and the
// whole to its location.
func (d *Drafter) code(draft *schema.Draft, i schema.Invoice) []schema.Hold {
	unmapped := map[string][]int{}
	used := map[schema.RuleID]schema.Rule{}
	draft.Lines = make([]schema.DraftLine, len(i.Lines))
	for n, line := range i.Lines {
		coded := schema.DraftLine{ItemID: line.ItemID, Concept: line.Concept, Description: description(line), Amount: line.Amount}
		rule, ok := d.rules.Match(line.Concept)
		switch {
		case !ok || line.Concept == "":
			unmapped[line.Concept] = append(unmapped[line.Concept], n)
		default:
			coded.Account, coded.Class, coded.Rule, coded.RuleVersion = rule.Account, rule.Class, rule.ID, rule.Version
			used[rule.ID] = rule
		}
		draft.Lines[n] = coded
	}
	holds := withoutRule(unmapped)
	if !d.books.IsZero() {
		holds = append(holds, d.withoutReference(used)...)
	}
	return append(holds, locate(draft, used)...)
}

func withoutRule(unmapped map[string][]int) []schema.Hold {
	holds := make([]schema.Hold, 0, len(unmapped))
	for concept, places := range unmapped {
		if concept == "" {
			holds = append(holds, hold(schema.HoldUnmappedConcept, schema.OwnerSource, "have Ontop send the items with their concepts",
				"concept is missing in %s", items(places)))
			continue
		}
		holds = append(holds, hold(schema.HoldUnmappedConcept, schema.OwnerFinance, "map it to an account (tieout rules import)",
			"concept %q in %s is mapped to no account", clip(concept, 200), items(places)))
	}
	slices.SortFunc(holds, func(a, b schema.Hold) int { return cmp.Compare(a.Detail, b.Detail) })
	return holds
}

// items names places in an invoice as its sender does, at most a few of them.
func items(places []int) string {
	const most = 5
	var b strings.Builder
	for n, place := range places {
		if n == most {
			fmt.Fprintf(&b, " and %d more", len(places)-n)
			break
		}
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString("items[" + strconv.Itoa(place) + "]")
	}
	return b.String()
}
