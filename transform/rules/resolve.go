package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/adrg/strutil/metrics"

	"github.com/tieout/tieout/schema"
)

// AccountTypes returns the types of account, as QuickBooks names them, that a
// bill line may be booked to unless a company says otherwise.
func AccountTypes() []string { return []string{"Expense", "Other Expense", "Cost of Goods Sold"} }

// Resolve returns rules with Account and Name as the books have them. An account
// may be given by its id or by its full name, in any case. It must be active and
// of one of types, which defaults to [AccountTypes] when empty. No two rules may
// have one id or one concept. The error is [Mistakes].
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
			continue
		}
		resolved[i].Account, resolved[i].Name = account.ID, account.Name
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

// deletedSuffix stands behind the name of an account that was made inactive; the
// person who writes a rule knows it by the name that it had.
const deletedSuffix = " (deleted)"

// find returns the account that text names, or what is wrong and the way out.
func find(accounts []schema.Account, text string, types []string) (account schema.Account, detail, next string) {
	var found []schema.Account
	for _, account := range accounts {
		if string(account.ID) == text || strings.EqualFold(account.Name, text) ||
			!account.Active && strings.EqualFold(account.Name, text+deletedSuffix) {
			found = append(found, account)
		}
	}
	if active := slices.DeleteFunc(slices.Clone(found), func(a schema.Account) bool { return !a.Active }); len(active) > 0 {
		found = active
	}
	switch {
	case len(found) == 0:
		return account, "is no account in QuickBooks", suggestion(accounts, text, types)
	case len(found) > 1:
		return account, "could be account " + naming(found), "write the id of the one that is meant"
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

func naming(accounts []schema.Account) string {
	names := make([]string, len(accounts))
	for i, account := range accounts {
		names[i] = fmt.Sprintf("%s (%s)", account.ID, account.Name)
	}
	return strings.Join(names, " or ")
}

// suggestion names the accounts whose names are nearest to text.
func suggestion(accounts []schema.Account, text string, types []string) string {
	const (
		most = 3
		// likeness from which Jaro–Winkler stops pairing unrelated words.
		enough = 0.8
	)
	type candidate struct {
		name  string
		score float64
	}
	var near []candidate
	metric := metrics.NewJaroWinkler()
	metric.CaseSensitive = false
	for _, account := range accounts {
		if !account.Active || !slices.Contains(types, account.Type) {
			continue
		}
		leaf := account.Name[strings.LastIndexByte(account.Name, ':')+1:]
		if score := max(metric.Compare(text, account.Name), metric.Compare(text, leaf)); score >= enough {
			near = append(near, candidate{name: account.Name, score: score})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name))
	})
	names := make([]string, 0, most)
	for _, c := range near[:min(most, len(near))] {
		names = append(names, fmt.Sprintf("%q", c.name))
	}
	if len(names) == 0 {
		return "create it in QuickBooks, or use an account's full name or id"
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}
