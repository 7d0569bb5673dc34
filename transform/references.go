package transform

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// withoutReference holds for what rules refer to and QuickBooks no longer offers:
// accounts, classes and locations. All are matters of the rules, which is why they
// have the reason of a concept that no rule maps.
func (d *Drafter) withoutReference(used map[schema.RuleID]schema.Rule) []schema.Hold {
	var holds []schema.Hold
	lost := func(rule schema.Rule, what, id, name, why, next string) {
		holds = append(holds, hold(schema.HoldUnmappedConcept, schema.OwnerFinance, next,
			"%s %s %q, to which rule %s maps concept %q, %s", what, id, name, rule.ID, clip(rule.Concept, 200), why))
	}
	for _, rule := range used {
		account, there := d.chart.accounts[rule.Account]
		if !account.Active {
			lost(rule, "account", string(rule.Account), rule.Name, gone(there),
				"make the account active again in QuickBooks, or map the concept to another one (tieout rules import)")
		}
		class, there := d.chart.classes[rule.Class]
		switch {
		case rule.Class == "":
		case !d.books.ClassPerLine:
			lost(rule, "class", string(rule.Class), rule.ClassName, "cannot be booked: QuickBooks no longer tracks classes by line",
				"turn class tracking on again in QuickBooks, or leave the class out of the rule (tieout rules import)")
		case !class.Active:
			lost(rule, "class", string(rule.Class), rule.ClassName, gone(there),
				"make the class active again in QuickBooks, or give the rule another one (tieout rules import)")
		}
		location, there := d.chart.locations[rule.Location]
		switch {
		case rule.Location == "":
		case !d.books.TracksLocations:
			lost(rule, "location", string(rule.Location), rule.LocationName, "cannot be booked: QuickBooks no longer tracks locations",
				"turn location tracking on again in QuickBooks, or leave the location out of the rule (tieout rules import)")
		case !location.Active:
			lost(rule, "location", string(rule.Location), rule.LocationName, gone(there),
				"make the location active again in QuickBooks, or give the rule another one (tieout rules import)")
		}
	}
	slices.SortFunc(holds, func(a, b schema.Hold) int { return cmp.Compare(a.Detail, b.Detail) })
	return holds
}

func gone(there bool) string {
	if there {
		return "is inactive in QuickBooks"
	}
	return "is no longer in QuickBooks"
}

// locate gives the document the location that its rules ask for. A document has
// one location. Rules that ask for none leave it to the others; where two ask for
// different ones, nothing says which of them is right, and only the rules can be
// changed so that they agree.
func locate(draft *schema.Draft, used map[schema.RuleID]schema.Rule) []schema.Hold {
	asked := map[schema.LocationID]bool{}
	var texts []string
	for _, id := range slices.Sorted(maps.Keys(used)) {
		if rule := used[id]; rule.Location != "" {
			asked[rule.Location] = true
			texts = append(texts, fmt.Sprintf("rule %s for %s %q", rule.ID, rule.Location, rule.LocationName))
		}
	}
	if len(asked) > 1 {
		return []schema.Hold{hold(schema.HoldUnmappedConcept, schema.OwnerFinance,
			"give the rules one location (tieout rules import), or split the invoice at Ontop",
			"its lines ask for different locations, and a document has one: %s", clip(strings.Join(texts, ", "), 1000))}
	}
	for location := range asked {
		draft.Location = location
	}
	return nil
}
