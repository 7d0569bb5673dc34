package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTable(t *testing.T) {
	t.Parallel()
	got := table([]row{
		{What: "intake", Target: "≥ 0.45", Measured: "1,000", Ratio: "0.50"},
		{What: "memory", Measured: "300 MiB"},
	})
	require.Equal(t, `| What   | Target | Measured | Ratio |
|--------|--------|----------|-------|
| intake | ≥ 0.45 | 1,000    | 0.50  |
| memory | –      | 300 MiB  | –     |
`, got)
}

func TestTable_EveryLineHasTheSameColumns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) row {
			text := rapid.StringMatching(`[a-z|é≤\n ]{0,12}`)
			return row{What: text.Draw(t, "what"), Target: text.Draw(t, "target"), Measured: text.Draw(t, "measured"), Ratio: text.Draw(t, "ratio")}
		})).Draw(t, "rows")
		lines := strings.Split(strings.TrimSuffix(table(rows), "\n"), "\n")
		require.Len(t, lines, len(rows)+2)
		for _, line := range lines {
			require.Equal(t, 5, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), line)
		}
	})
}

func TestRatio(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0.46", ratio(46, 100))
	require.Equal(t, "37.00", ratio(37, 1))
	require.Equal(t, "–", ratio(1, 0))
}

func TestMachine_String(t *testing.T) {
	t.Parallel()
	m := machine{Cores: 2, Memory: 4 << 30, OS: "linux/amd64", Go: "go1.26", Engine: "26.7"}
	require.Contains(t, m.String(), "on 2 cores with 4 GiB of memory, linux/amd64, go1.26, embedded ClickHouse 26.7.")
	require.NotContains(t, m.String(), "load before")
	m.Busy = "3.10"
	require.Contains(t, m.String(), "The load before it was 3.10")
}
