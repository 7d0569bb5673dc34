package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// AccountTypes returns the types of account, as QuickBooks names them, that a
// bill line may be booked to unless a company says otherwise.
func AccountTypes() []string { return []string{"Expense", "Other Expense", "Cost of Goods Sold"} }

// Resolve returns rules with Account and Name as the books have them, and so
// Class and Location where there are any. Each may be given by its id or by its
// full name, in any case. It must be active, an account also of one of types,
// which defaults to [AccountTypes] when empty, and a class or location of a
// company that tracks them. No two rules may have one id or one concept. The error
// is [Mistakes].
func Resolve(rules []schema.Rule, books schema.Books, types []string) ([]schema.Rule, error) {
	if len(types) == 0 {
		types = AccountTypes()
	}
	mistakes := duplicates(rules, nil)
	if books.IsZero() {
		mistakes = append(mistakes, Mistake{Detail: "QuickBooks has not been read yet, so no account is known", Next: "connect it, and try again"})
		return nil, mistakes.err()
	}
	resolved := slices.Clone(rules)
	for i, rule := range rules {
		account, detail, next := find(books.Accounts, string(rule.Account), types)
		if detail != "" {
			mistakes = append(mistakes, Mistake{Rule: rule.ID, Field: "account", Value: clip(string(rule.Account)), Detail: detail, Next: next})
		}
		resolved[i].Account, resolved[i].Name = account.ID, account.Name
		mistakes = append(mistakes, resolveSegments(&resolved[i], books)...)
	}
	if err := mistakes.err(); err != nil {
		return nil, err
	}
	return resolved, nil
}

// duplicates finds rules that claim one id or one concept. Lines are where the
// rules stand in their file, or nil.
func duplicates(rules []schema.Rule, lines []int) Mistakes {
	var mistakes Mistakes
	ids, concepts := map[schema.RuleID]int{}, map[string]int{}
	place := func(i int) string {
		if lines == nil {
			return fmt.Sprintf("rule %q", rules[i].ID)
		}
		return fmt.Sprintf("the rule on line %d", lines[i])
	}
	for i, rule := range rules {
		line := 0
		if lines != nil {
			line = lines[i]
		}
		if first, taken := ids[rule.ID]; taken && rule.ID != "" {
			mistakes = append(mistakes, Mistake{
				Line: line, Rule: rule.ID, Field: "id", Value: clip(string(rule.ID)),
				Detail: "is the id of " + place(first) + " too", Next: "give each rule its own id",
			})
		} else {
			ids[rule.ID] = i
		}
		if first, taken := concepts[rule.Concept]; taken && rule.Concept != "" {
			mistakes = append(mistakes, Mistake{
				Line: line, Rule: rule.ID, Field: "concept", Value: clip(rule.Concept),
				Detail: "is mapped by " + place(first) + " too", Next: "keep one of them",
			})
		} else {
			concepts[rule.Concept] = i
		}
	}
	return mistakes
}

// find returns the account that text names, or what is wrong and the way out.
func find(accounts []schema.Account, text string, types []string) (account schema.Account, detail, next string) {
	found := matching(accounts, named, text)
	switch {
	case len(found) == 0:
		return account, "is no account in QuickBooks", suggestion(accounts, text, types)
	case len(found) > 1:
		return account, "could be account " + naming(found, named), "write the id of the one that is meant"
	}
	account = found[0]
	switch {
	case !account.Active:
		return account, "is inactive in QuickBooks", "make it active again there, or use another account"
	case !slices.Contains(types, account.Type):
		return account, fmt.Sprintf("is of type %s, which bills may not be booked to", account.Type),
			"use an account of type " + strings.Join(types, ", ")
	}
	return account, "", ""
}

func named(a schema.Account) name { return name{string(a.ID), a.Name, a.Active} }

// suggestion names the accounts whose names are nearest to text.
func suggestion(accounts []schema.Account, text string, types []string) string {
	usable := slices.DeleteFunc(slices.Clone(accounts), func(a schema.Account) bool { return !slices.Contains(types, a.Type) })
	if near := nearest(usable, named, text); near != "" {
		return near
	}
	return "create it in QuickBooks, or use an account's full name or id"
}
