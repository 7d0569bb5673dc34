package rules

import (
	"slices"

	"github.com/tieout/tieout/schema"
)

// Revise returns the set that follows old when it becomes rules, which [Resolve]
// returned, and whether that is a change. When nothing changes, old is returned
// as it is; the order of the rules and the names of what they refer to are no
// change.
//
// A rule that says something new gets its old version plus one, one that says
// the same keeps it. A rule that old does not have starts at the set's version:
// it may have existed before and been removed, and a rule's version never
// exceeds that of its set, so the number was never used for it.
//
// The caller fills in By and RecordedAt.
func Revise(old schema.RuleSet, rules []schema.Rule) (next schema.RuleSet, changed bool) {
	known := make(map[schema.RuleID]schema.Rule, len(old.Rules))
	for _, rule := range old.Rules {
		known[rule.ID] = rule
	}
	next = schema.RuleSet{Company: old.Company, Version: old.Version + 1, Rules: slices.Clone(rules)}
	changed = len(rules) != len(old.Rules) || old.Version == 0
	for i, rule := range next.Rules {
		before, ok := known[rule.ID]
		switch {
		case !ok:
			next.Rules[i].Version, changed = next.Version, true
		case sameRule(before, rule):
			next.Rules[i].Version = before.Version
		default:
			next.Rules[i].Version, changed = before.Version+1, true
		}
	}
	if !changed {
		return old, false
	}
	return next, true
}

// sameRule reports whether two rules with one id say the same.
func sameRule(a, b schema.Rule) bool {
	return a.Concept == b.Concept && a.Account == b.Account && a.Class == b.Class && a.Location == b.Location
}
