package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/rules"
)

func books() schema.Books {
	return schema.Books{
		ReadAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Accounts: []schema.Account{
			{ID: "77", Name: "Contractors:Base pay", Type: "Expense", Active: true},
			{ID: "78", Name: "Contractors:Bonuses", Type: "Other Expense", Active: true},
			{ID: "79", Name: "Old pay", Type: "Expense"},
			{ID: "80", Name: "Checking", Type: "Bank", Active: true},
			{ID: "81", Name: "Twin", Type: "Expense", Active: true},
			{ID: "82", Name: "Twin", Type: "Expense", Active: true},
			{ID: "83", Name: "Reborn", Type: "Expense"},
			{ID: "84", Name: "Reborn", Type: "Expense", Active: true},
		},
		ClassPerLine: true, TracksLocations: true,
		Classes: []schema.Class{
			{ID: "5000", Name: "Product:Design", Active: true},
			{ID: "5001", Name: "Old project (deleted)"},
			{ID: "5002", Name: "Twin", Active: true},
			{ID: "5003", Name: "Twin", Active: true},
		},
		Locations: []schema.Location{{ID: "2", Name: "Remote", Active: true}, {ID: "3", Name: "Closed office (deleted)"}},
	}
}

func TestResolve_ClassAndLocation(t *testing.T) {
	t.Parallel()
	rule := func(class schema.ClassID, location schema.LocationID) []schema.Rule {
		return []schema.Rule{{ID: "a", Concept: "A", Account: "77", Class: class, Location: location}}
	}

	t.Run("AreFoundByIDAndByName", func(t *testing.T) {
		t.Parallel()
		for _, given := range [][]schema.Rule{rule("5000", "2"), rule("product:design", "REMOTE")} {
			got, err := rules.Resolve(given, books(), nil)
			require.NoError(t, err)
			require.Equal(t, []schema.Rule{{
				ID: "a", Concept: "A", Account: "77", Name: "Contractors:Base pay", Class: "5000", ClassName: "Product:Design",
				Location: "2", LocationName: "Remote",
			}}, got)
		}
	})

	for name, test := range map[string]struct {
		rules  []schema.Rule
		change func(*schema.Books)
		want   string
	}{
		"UnknownClass":     {rule("Desing", ""), nil, `rule "a": class "Desing": is no class in QuickBooks; did you mean "Product:Design"?`},
		"UnlikeAnyClass":   {rule("Zebra", ""), nil, `class "Zebra": is no class in QuickBooks; create it in QuickBooks, or use a class's full name or id`},
		"InactiveClass":    {rule("old project", ""), nil, `class "old project": is inactive in QuickBooks; make it active again there, or use another class`},
		"AmbiguousClass":   {rule("Twin", ""), nil, `class "Twin": could be class 5002 (Twin) or 5003 (Twin); write the id of the one that is meant`},
		"UnknownLocation":  {rule("", "Remotely"), nil, `rule "a": location "Remotely": is no location in QuickBooks; did you mean "Remote"?`},
		"InactiveLocation": {rule("", "3"), nil, `location "3": is inactive in QuickBooks; make it active again there, or use another location`},
		"ClassesAreOff":    {rule("5000", ""), func(b *schema.Books) { b.ClassPerLine = false }, `class "5000": cannot be given, because QuickBooks does not track classes by line`},
		"LocationsAreOff":  {rule("", "2"), func(b *schema.Books) { b.TracksLocations = false }, `location "2": cannot be given, because QuickBooks does not track locations`},
		"EveryMistakeAtOnce": {
			[]schema.Rule{{ID: "a", Concept: "A", Account: "79", Class: "x", Location: "y"}},
			nil,
			"rule \"a\": account \"79\": is inactive in QuickBooks; make it active again there, or use another account\n" +
				"rule \"a\": class \"x\": is no class in QuickBooks; create it in QuickBooks, or use a class's full name or id\n" +
				"rule \"a\": location \"y\": is no location in QuickBooks; create it in QuickBooks, or use a location's full name or id",
		},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			b := books()
			if test.change != nil {
				test.change(&b)
			}
			_, err := rules.Resolve(test.rules, b, nil)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()

	t.Run("FindsAccountsByIDAndByName", func(t *testing.T) {
		t.Parallel()
		got, err := rules.Resolve([]schema.Rule{
			{ID: "a", Concept: "A", Account: "77"}, {ID: "b", Concept: "B", Account: "contractors:bonuses"}, {ID: "c", Concept: "C", Account: "Reborn"},
		}, books(), nil)
		require.NoError(t, err)
		require.Equal(t, []schema.Rule{
			{ID: "a", Concept: "A", Account: "77", Name: "Contractors:Base pay"},
			{ID: "b", Concept: "B", Account: "78", Name: "Contractors:Bonuses"},
			{ID: "c", Concept: "C", Account: "84", Name: "Reborn"},
		}, got)
	})

	t.Run("ReportsEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		_, err := rules.Resolve([]schema.Rule{
			{ID: "a", Concept: "A", Account: "Contractors:Bonus"},
			{ID: "b", Concept: "B", Account: "79"},
			{ID: "c", Concept: "C", Account: "Checking"},
			{ID: "d", Concept: "D", Account: "Twin"},
			{ID: "e", Concept: "E", Account: "Zebra"},
			{ID: "e", Concept: "A", Account: "77"},
		}, books(), nil)
		require.EqualError(t, err, `rule "e": id "e": is the id of rule "e" too; give each rule its own id
rule "e": concept "A": is mapped by rule "a" too; keep one of them
rule "a": account "Contractors:Bonus": is no account in QuickBooks; did you mean "Contractors:Bonuses" or "Contractors:Base pay"?
rule "b": account "79": is inactive in QuickBooks; make it active again there, or use another account
rule "c": account "Checking": is of type Bank, which bills may not be booked to; use an account of type Expense, Other Expense, Cost of Goods Sold
rule "d": account "Twin": could be account 81 (Twin) or 82 (Twin); write the id of the one that is meant
rule "e": account "Zebra": is no account in QuickBooks; create it in QuickBooks, or use an account's full name or id`)
	})

	// QuickBooks writes " (deleted)" behind the name of an account that is made
	// inactive, and goes on holding the name against new ones.
	t.Run("KnowsAnInactiveAccountByItsOldName", func(t *testing.T) {
		t.Parallel()
		gone := schema.Books{ReadAt: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), Accounts: []schema.Account{
			{ID: "90", Name: "Old costs (deleted)", Type: "Expense"},
		}}
		_, err := rules.Resolve([]schema.Rule{{ID: "a", Concept: "A", Account: "old costs"}}, gone, nil)
		require.ErrorContains(t, err, "is inactive in QuickBooks; make it active again there")
	})

	t.Run("TakesTheTypesThatACompanyAllows", func(t *testing.T) {
		t.Parallel()
		got, err := rules.Resolve([]schema.Rule{{ID: "a", Concept: "A", Account: "Checking"}}, books(), []string{"Bank"})
		require.NoError(t, err)
		require.Equal(t, schema.AccountID("80"), got[0].Account)
	})

	t.Run("SaysThatTheBooksWereNeverRead", func(t *testing.T) {
		t.Parallel()
		_, err := rules.Resolve([]schema.Rule{{ID: "a", Concept: "A", Account: "77"}}, schema.Books{}, nil)
		require.ErrorContains(t, err, "QuickBooks has not been read yet")
	})
}

func TestIndex_Match(t *testing.T) {
	t.Parallel()
	x := rules.NewIndex(schema.RuleSet{Rules: []schema.Rule{
		{ID: "a", Concept: "A", Account: "1"},
		{ID: "b", Concept: "B", Account: "2"},
		{ID: "c", Concept: "B", Account: "3"},
		{ID: "d", Concept: "B", Account: "4"},
	}})

	got, ok := x.Match("A")
	require.True(t, ok)
	require.Equal(t, schema.RuleID("a"), got.ID)
	for _, concept := range []string{"a", "A ", "", "B"} {
		_, ok := x.Match(concept)
		require.False(t, ok, "%q must match no rule", concept)
	}
	_, ok = rules.Index{}.Match("A")
	require.False(t, ok)
}

func TestRevise(t *testing.T) {
	t.Parallel()
	first, changed := rules.Revise(schema.RuleSet{Company: "acme"}, []schema.Rule{
		{ID: "a", Concept: "A", Account: "1"}, {ID: "b", Concept: "B", Account: "2", Name: "Two"},
	})
	require.True(t, changed)
	require.Equal(t, schema.RuleSet{Company: "acme", Version: 1, Rules: []schema.Rule{
		{ID: "a", Version: 1, Concept: "A", Account: "1"}, {ID: "b", Version: 1, Concept: "B", Account: "2", Name: "Two"},
	}}, first)

	t.Run("TheSameRulesAreNoNewVersion", func(t *testing.T) {
		t.Parallel()
		got, changed := rules.Revise(first, []schema.Rule{
			{ID: "b", Concept: "B", Account: "2", Name: "Renamed"}, {ID: "a", Concept: "A", Account: "1"},
		})
		require.False(t, changed)
		require.Equal(t, first, got)
	})

	t.Run("OnlyWhatChangesGetsANewVersion", func(t *testing.T) {
		t.Parallel()
		got, changed := rules.Revise(first, []schema.Rule{
			{ID: "a", Concept: "A", Account: "9"}, {ID: "b", Concept: "B", Account: "2"}, {ID: "c", Concept: "C", Account: "3"},
		})
		require.True(t, changed)
		require.Equal(t, 2, got.Version)
		require.Equal(t, []int{2, 1, 2}, []int{got.Rules[0].Version, got.Rules[1].Version, got.Rules[2].Version})
	})

	t.Run("AnotherClassOrLocationIsANewVersion", func(t *testing.T) {
		t.Parallel()
		got, changed := rules.Revise(first, []schema.Rule{
			{ID: "a", Concept: "A", Account: "1", Class: "5000"}, {ID: "b", Concept: "B", Account: "2", Location: "2"},
		})
		require.True(t, changed)
		require.Equal(t, []int{2, 2}, []int{got.Rules[0].Version, got.Rules[1].Version})
		again, changed := rules.Revise(got, []schema.Rule{
			{ID: "a", Concept: "A", Account: "1", Class: "5000", ClassName: "Renamed"}, {ID: "b", Concept: "B", Account: "2", Location: "2"},
		})
		require.False(t, changed)
		require.Equal(t, got, again)
	})

	t.Run("RemovingARuleIsAChange", func(t *testing.T) {
		t.Parallel()
		got, changed := rules.Revise(first, []schema.Rule{{ID: "a", Concept: "A", Account: "1"}})
		require.True(t, changed)
		require.Equal(t, []schema.Rule{{ID: "a", Version: 1, Concept: "A", Account: "1"}}, got.Rules)
	})

	t.Run("AnEmptyFirstSetIsAVersion", func(t *testing.T) {
		t.Parallel()
		got, changed := rules.Revise(schema.RuleSet{}, nil)
		require.True(t, changed)
		require.Equal(t, 1, got.Version)
	})
}

// A posted line names a rule and a version for ever: whatever is removed and
// comes back, the two never mean two accounts, nor two classes.
func TestRevise_VersionsAreNeverReused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type name struct {
			rule    schema.RuleID
			version int
		}
		type codes struct {
			account schema.AccountID
			class   schema.ClassID
		}
		meaning := map[name]codes{}
		var set schema.RuleSet
		for range rapid.IntRange(1, 12).Draw(t, "imports") {
			given := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) schema.Rule {
				id := rapid.SampledFrom([]schema.RuleID{"a", "b", "c"}).Draw(t, "id")
				return schema.Rule{
					ID: id, Concept: string(id), Account: rapid.SampledFrom([]schema.AccountID{"1", "2"}).Draw(t, "account"),
					Class: rapid.SampledFrom([]schema.ClassID{"", "5000"}).Draw(t, "class"),
				}
			}), 0, 3, func(r schema.Rule) schema.RuleID { return r.ID }).Draw(t, "rules")

			next, changed := rules.Revise(set, given)
			if changed {
				require.Equal(t, set.Version+1, next.Version)
			} else {
				require.Equal(t, set, next)
			}
			set = next
			for _, rule := range set.Rules {
				require.Positive(t, rule.Version)
				n, now := name{rule.ID, rule.Version}, codes{rule.Account, rule.Class}
				if before, used := meaning[n]; used {
					require.Equal(t, before, now, "%s version %d", rule.ID, rule.Version)
				}
				meaning[n] = now
			}
		}
	})
}

// What was exported and is imported again is the same set: no new version.
func TestResolve_AnExportedSetIsUnchanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var given []schema.Rule
		for _, concept := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z_]{1,12}`), 0, 8, rapid.ID[string]).Draw(t, "concepts") {
			account := rapid.SampledFrom([]schema.AccountID{"77", "78", "81", "84"}).Draw(t, "account")
			given = append(given, schema.Rule{
				ID: schema.RuleID("r-" + concept), Concept: concept, Account: account,
				Class:    rapid.SampledFrom([]schema.ClassID{"", "5000", "product:design"}).Draw(t, "class"),
				Location: rapid.SampledFrom([]schema.LocationID{"", "2", "Remote"}).Draw(t, "location"),
			})
		}
		resolved, err := rules.Resolve(given, books(), nil)
		require.NoError(t, err)
		set, _ := rules.Revise(schema.RuleSet{Company: "acme"}, resolved)

		text, err := rules.Encode(set)
		require.NoError(t, err)
		parsed, err := rules.Parse(text)
		require.NoError(t, err)
		again, err := rules.Resolve(parsed, books(), nil)
		require.NoError(t, err)
		same, changed := rules.Revise(set, again)
		require.False(t, changed)
		require.Equal(t, set, same)
	})
}

// An account that is gone, asleep or of another kind is refused however it is
// written, and what is accepted is in the books.
func TestResolve_AnswersOnlyWithUsableAccounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var chart schema.Books
		chart.ReadAt = books().ReadAt
		for i := range rapid.IntRange(0, 6).Draw(t, "accounts") {
			chart.Accounts = append(chart.Accounts, schema.Account{
				ID:     schema.AccountID(rune('1' + i)),
				Name:   rapid.SampledFrom([]string{"Pay", "pay", "Bonus", "1"}).Draw(t, "name"),
				Type:   rapid.SampledFrom([]string{"Expense", "Bank"}).Draw(t, "type"),
				Active: rapid.Bool().Draw(t, "active"),
			})
		}
		text := rapid.SampledFrom([]schema.AccountID{"1", "2", "Pay", "PAY", "Bonus", "Fee"}).Draw(t, "text")
		got, err := rules.Resolve([]schema.Rule{{ID: "r", Concept: "C", Account: text}}, chart, nil)
		if err != nil {
			var mistakes rules.Mistakes
			require.ErrorAs(t, err, &mistakes)
			require.Len(t, mistakes, 1)
			require.NotEmpty(t, mistakes[0].Next)
			return
		}
		for _, account := range chart.Accounts {
			if account.ID == got[0].Account {
				require.True(t, account.Active)
				require.Equal(t, "Expense", account.Type)
				require.Equal(t, account.Name, got[0].Name)
				return
			}
		}
		require.Fail(t, "an account that the books do not have", "%v", got[0])
	})
}
