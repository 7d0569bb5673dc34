package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/transform/rules"
)

func TestMistake_String(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mistake rules.Mistake
		want    string
	}{
		"OfAField": {
			rules.Mistake{Line: 4, Rule: "bonus", Field: "account", Value: "99", Detail: "is no account", Next: "create it"},
			`line 4: rule "bonus": account "99": is no account; create it`,
		},
		"OfAFieldWithoutValue": {
			rules.Mistake{Line: 4, Rule: "bonus", Field: "account", Detail: "is missing", Next: "add it"},
			`line 4: rule "bonus": account: is missing; add it`,
		},
		"OfNoFile":        {rules.Mistake{Rule: "bonus", Detail: "is odd"}, `rule "bonus": is odd`},
		"OfNoRule":        {rules.Mistake{Line: 1, Detail: "is odd"}, "line 1: is odd"},
		"OfTheFile":       {rules.Mistake{Detail: "the file is empty", Next: "fill it"}, "the file is empty; fill it"},
		"WithALongRuleID": {rules.Mistake{Rule: "x" + "0123456789012345678901234567890123456789012345678901234567890", Detail: "is odd"}, `rule "x01234567890123456789012345678901234567890123456789012345678…": is odd`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, test.mistake.String())
		})
	}
}

// A file has as many lines of mistakes as it has mistakes, in its own order, so
// that whoever wrote it can go through it once from top to bottom.
func TestMistakes_AreInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("rules:\n")
	for range 20 {
		file.WriteString("  - id: same\n    concept: SAME\n    colour: red\n")
	}
	_, err := rules.Parse([]byte(file.String()))
	var mistakes rules.Mistakes
	require.ErrorAs(t, err, &mistakes)
	// Each lacks an account and has a colour; all but the first repeat both
	// its id and its concept.
	require.Len(t, mistakes, 20*2+19*2)
	for i, mistake := range mistakes[1:] {
		require.LessOrEqual(t, mistakes[i].Line, mistake.Line)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), len(mistakes))
}
