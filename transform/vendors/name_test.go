package vendors_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/transform/vendors"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"Case":             {"JANE Doe", "jane doe"},
		"Spaces":           {"  Jane \t  Doe\n", "Jane Doe"},
		"FullWidthLetters": {"Ｊａｎｅ Doe", "Jane Doe"},
		"ComposedAccents":  {"Jose\u0301", "José"},
		"SharpS":           {"Strauß", "STRAUSS"},
		"NoBreakSpace":     {"Jane\u00a0Doe", "jane doe"},
		"Cherokee":         {"Ꭰ", "ꭰ"},
		"Ligature":         {"ﬁn", "FIN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, vendors.Fold(pair[1]), vendors.Fold(pair[0]))
		})
	}
	require.NotEqual(t, vendors.Fold("Jose"), vendors.Fold("José"), "an accent tells two people apart")
	require.Empty(t, vendors.Fold(" \t "))
}

func TestFold_IsItsOwnFold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := vendors.Fold(rapid.String().Draw(t, "name"))
		require.Equal(t, once, vendors.Fold(once))
	})
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text     string
		suffixes []string
		want     string
	}{
		"KeepsAPlainName":         {"Jane Doe", nil, "Jane Doe"},
		"AddsSuffixes":            {"Jane Doe", []string{"77", "", "EUR"}, "Jane Doe (77) (EUR)"},
		"ReplacesWhatIsForbidden": {" Doe:\tJane\r\nM. ", nil, "Doe Jane M."},
		"CutsTheNameNotTheSuffix": {strings.Repeat("x", 600), []string{"EUR"}, strings.Repeat("x", 494) + " (EUR)"},
		"CountsAsQuickBooksDoes":  {strings.Repeat("😀", 300), nil, strings.Repeat("😀", 250)},
		"MayBeEmpty":              {":\t", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, vendors.DisplayName(test.text, test.suffixes...))
		})
	}
}

func TestDisplayName_FitsQuickBooks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := vendors.DisplayName(rapid.StringN(0, 700, -1).Draw(t, "name"), rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "mark"), "EUR")
		require.LessOrEqual(t, len(utf16.Encode([]rune(got))), 500)
		require.NotContains(t, got, ":")
		require.False(t, strings.ContainsFunc(got, unicode.IsControl))
		require.Equal(t, strings.TrimSpace(got), got)
		require.True(t, strings.HasSuffix(got, "(EUR)"))
	})
}
