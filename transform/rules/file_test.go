package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/rules"
)

func TestParse(t *testing.T) {
	t.Parallel()

	t.Run("ReadsRules", func(t *testing.T) {
		t.Parallel()
		got, err := rules.Parse([]byte(`
# What finance writes.
rules:
  - id: base-pay
    concept: FIXED_PAYMENT
    account: "Contractors:Base pay"
  - {id: bonus, concept: BONUS, account: 0077, class: "Product:Design", location: 2}
`))
		require.NoError(t, err)
		require.Equal(t, []schema.Rule{
			{ID: "base-pay", Concept: "FIXED_PAYMENT", Account: "Contractors:Base pay"},
			{ID: "bonus", Concept: "BONUS", Account: "0077", Class: "Product:Design", Location: "2"},
		}, got)
	})

	t.Run("ReadsNoRules", func(t *testing.T) {
		t.Parallel()
		got, err := rules.Parse([]byte("rules: []"))
		require.NoError(t, err)
		require.Empty(t, got)
	})

	t.Run("ReportsEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		_, err := rules.Parse([]byte(`rules:
  - id: base-pay
    concept: FIXED_PAYMENT
    acount: "77"
  - id: base-pay
    concept: FIXED_PAYMENT
    account: [77]
  - bonus
  - {id: "", concept: ~, account: "a\nb"}
more: 1
`))
		var mistakes rules.Mistakes
		require.ErrorAs(t, err, &mistakes)
		require.Equal(t, strings.TrimSpace(`
line 2: rule "base-pay": account: is missing; add it; it is an account's full name, such as "Contractors:Base pay", or its QuickBooks id
line 4: rule "base-pay": acount: is not a key of a rule; use id, concept, account, class, location
line 5: rule "base-pay": id "base-pay": is the id of the rule on line 2 too; give each rule its own id
line 5: rule "base-pay": concept "FIXED_PAYMENT": is mapped by the rule on line 2 too; keep one of them
line 7: rule "base-pay": account: is not a text; it is an account's full name, such as "Contractors:Base pay", or its QuickBooks id
line 8: a rule is not a mapping of keys to values; write rules: [{id: base-pay, concept: FIXED_PAYMENT, account: "Contractors:Base pay"}]
line 9: id: is empty; it names the rule on every line that it codes, such as base-pay
line 9: concept "~": is empty; it is the concept as Ontop names it, such as FIXED_PAYMENT
line 9: account "a\nb": contains a line break or another control character; it is an account's full name, such as "Contractors:Base pay", or its QuickBooks id
line 10: more: is not a key of the file; use rules`), err.Error())
	})

	for name, test := range map[string]struct{ text, want string }{
		"RefusesAnEmptyFile":        {"", "the file is empty"},
		"RefusesAFileOfComments":    {"# nothing\n", "the file is empty"},
		"RefusesWhatIsNotYAML":      {"rules: [", "this is not YAML"},
		"RefusesAList":              {"- id: a", "line 1: the file is not a mapping of keys to values"},
		"RefusesAMappingForTheList": {"rules: {id: a}", "line 1: rules: is not a list"},
		"RefusesAFileWithoutRules":  {"{}", "rules: is missing"},
		"RefusesRepeatedKeys":       {"rules: [{id: a, id: b, concept: c, account: d}]", `rule "a": id "b": is given twice`},
		"RefusesAnEmptyClass":       {"rules: [{id: a, concept: b, account: c, class: }]", `rule "a": class: is empty; it is a class's full name`},
		"RefusesAListOfLocations":   {"rules: [{id: a, concept: b, account: c, location: [d]}]", `rule "a": location: is not a text`},
		"RefusesASecondDocument":    {"rules: []\n---\nrules: []", "goes on after its first YAML document"},
		"RefusesAliases":            {"rules: [&a {id: a, concept: b, account: c}, *a]", "a rule is not a mapping"},
		"RefusesLongValues":         {"rules: [{id: a, concept: " + strings.Repeat("x", 513) + ", account: c}]", "is longer than 512 characters"},
		"RefusesLargeFiles":         {strings.Repeat("#", 1<<20+1), "the file has 1048577 bytes; at most 1048576 are read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.Parse([]byte(test.text))
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()

	t.Run("WritesAccountsByIDWithTheirNames", func(t *testing.T) {
		t.Parallel()
		text, err := rules.Encode(schema.RuleSet{Rules: []schema.Rule{
			{ID: "base-pay", Version: 3, Concept: "FIXED_PAYMENT", Account: "77", Name: "Contractors:Base pay"},
		}})
		require.NoError(t, err)
		require.Equal(t, "rules:\n  - id: base-pay\n    concept: FIXED_PAYMENT\n    account: \"77\" # Contractors:Base pay\n", string(text))

		text, err = rules.Encode(schema.RuleSet{Rules: []schema.Rule{{
			ID: "tax", Concept: "TAX", Account: "78", Class: "5000", ClassName: "Ops", Location: "2", LocationName: "Remote\nwork",
		}}})
		require.NoError(t, err)
		require.Equal(t, "rules:\n  - id: tax\n    concept: TAX\n    account: \"78\"\n    class: \"5000\" # Ops\n    location: \"2\" # Remote work\n",
			string(text))
	})

	t.Run("WritesWhatParseReads", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			word := rapid.StringMatching(`[A-Za-z0-9:#~'"{}&*!|>%@ -]{0,12}[A-Za-z0-9]`)
			given := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) schema.Rule {
				text := func(name string) string { return strings.TrimSpace(word.Draw(t, name)) }
				rule := schema.Rule{ID: schema.RuleID(text("id")), Concept: text("concept"), Account: schema.AccountID(text("account"))}
				if rapid.Bool().Draw(t, "has a class") {
					rule.Class = schema.ClassID(text("class"))
				}
				if rapid.Bool().Draw(t, "has a location") {
					rule.Location = schema.LocationID(text("location"))
				}
				return rule
			}), 0, 6, func(r schema.Rule) string { return string(r.ID) }).Draw(t, "rules")
			concepts := map[string]bool{}
			for i := range given {
				given[i].Name, given[i].ClassName = word.Draw(t, "name"), word.Draw(t, "class name")
				if concepts[given[i].Concept] {
					given[i].Concept += string(given[i].ID) + "~"
				}
				concepts[given[i].Concept] = true
			}
			text, err := rules.Encode(schema.RuleSet{Rules: given})
			require.NoError(t, err)
			got, err := rules.Parse(text)
			require.NoError(t, err, "%s", text)
			require.Len(t, got, len(given))
			for i := range given {
				given[i].Name, given[i].ClassName = "", ""
				require.Equal(t, given[i], got[i])
			}
		})
	})
}

// Whatever an operator hands in, Parse answers with rules that Encode can write
// back, or with mistakes that say something.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "rules: []", "rules: [{id: a, concept: b, account: c}]", "rules: [{id: a, concept: b, account: c, class: d, location: e}]", "rules:\n- id: a\n  concept: b\n  account: \"C:D\"\n",
		"&a [*a]", "rules: !!binary aGk=", "--- \n...\n---", "{rules: [{<<: {id: a}, concept: b, account: c}]}", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := rules.Parse(text)
		if err != nil {
			var mistakes rules.Mistakes
			require.ErrorAs(t, err, &mistakes)
			require.NotEmpty(t, mistakes)
			for _, mistake := range mistakes {
				require.NotEmpty(t, mistake.Detail)
			}
			return
		}
		written, err := rules.Encode(schema.RuleSet{Rules: got})
		require.NoError(t, err)
		again, err := rules.Parse(written)
		require.NoError(t, err, "%q became %q", text, written)
		require.Len(t, again, len(got))
		for i := range got {
			require.Equal(t, got[i], again[i])
		}
	})
}
