package rules

import "github.com/tieout/tieout/schema"

// Index finds the rule of a line. It never changes after NewIndex, and may be
// used by several goroutines. The zero Index has no rules.
type Index struct{ byConcept map[string]schema.Rule }

// NewIndex returns the index of set. Of two rules for one concept, which
// [Resolve] refuses, neither is used: there is no telling which was meant.
func NewIndex(set schema.RuleSet) Index {
	x := Index{byConcept: make(map[string]schema.Rule, len(set.Rules))}
	ambiguous := map[string]bool{}
	for _, rule := range set.Rules {
		if _, taken := x.byConcept[rule.Concept]; taken {
			ambiguous[rule.Concept] = true
		}
		x.byConcept[rule.Concept] = rule
	}
	for concept := range ambiguous {
		delete(x.byConcept, concept)
	}
	return x
}

// Match returns the rule for concept, and whether there is one.
func (x Index) Match(concept string) (schema.Rule, bool) {
	rule, ok := x.byConcept[concept]
	return rule, ok
}
