package rules_test

import (
	"fmt"
	"os"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/rules"
)

// What an import does with the file that finance wrote.
func Example() {
	old := schema.RuleSet{Company: "acme", Version: 4, Rules: []schema.Rule{
		{ID: "base-pay", Version: 2, Concept: "FIXED_PAYMENT", Account: "77", Name: "Contractors:Base pay"},
	}}
	written, err := rules.Parse([]byte(`
rules:
  - {id: base-pay, concept: FIXED_PAYMENT, account: "Contractors:Bonuses"}
  - {id: bonus, concept: BONUS, account: "78"}
`))
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return
	}
	resolved, err := rules.Resolve(written, books(), nil)
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return
	}
	set, changed := rules.Revise(old, resolved)
	fmt.Fprintln(os.Stdout, "version", set.Version, changed)
	for _, rule := range set.Rules {
		fmt.Fprintf(os.Stdout, "%s v%d: %s to account %s, %s\n", rule.ID, rule.Version, rule.Concept, rule.Account, rule.Name)
	}
	// Output:
	// version 5 true
	// base-pay v3: FIXED_PAYMENT to account 78, Contractors:Bonuses
	// bonus v5: BONUS to account 78, Contractors:Bonuses
}

// A file with mistakes says all of them, each with the way out.
func ExampleParse_mistakes() {
	_, err := rules.Parse([]byte(`rules:
  - id: base-pay
    concept: FIXED_PAYMENT
    acount: 77
`))
	fmt.Fprintln(os.Stdout, err)
	// Output:
	// line 2: rule "base-pay": account: is missing; add it; it is an account's full name, such as "Contractors:Base pay", or its QuickBooks id
	// line 4: rule "base-pay": acount: is not a key of a rule; use id, concept, account, class, location
}

func ExampleIndex_Match() {
	index := rules.NewIndex(schema.RuleSet{Rules: []schema.Rule{{ID: "bonus", Version: 1, Concept: "BONUS", Account: "78"}}})
	rule, ok := index.Match("BONUS")
	fmt.Fprintln(os.Stdout, rule.ID, ok)
	_, ok = index.Match("COMMISSION")
	fmt.Fprintln(os.Stdout, ok)
	// Output:
	// bonus true
	// false
}
