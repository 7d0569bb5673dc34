package schema_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

func drawDate(t *rapid.T, label string) schema.Date {
	return schema.NewDate(rapid.IntRange(1, 9999).Draw(t, label+" year"), time.Month(rapid.IntRange(1, 12).Draw(t, label+" month")),
		rapid.IntRange(1, 28).Draw(t, label+" day"))
}

func TestDate_TextIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawDate(t, "date")
		got, err := schema.ParseDate(want.String())
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, want, schema.DateOf(want.Time()))

		text, err := json.Marshal(want)
		require.NoError(t, err)
		var again schema.Date
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, want, again)
	})
}

func TestDate_OrderIsThatOfTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDate(t, "a"), drawDate(t, "b")
		require.Equal(t, a.Time().Compare(b.Time()), a.Compare(b))
		require.Equal(t, a.Compare(b) == 0, a == b)
		require.Equal(t, -1, schema.Date{}.Compare(a), "none is before all")
	})
}

func TestDate_AddDays(t *testing.T) {
	t.Parallel()
	require.Equal(t, schema.NewDate(2028, 2, 29), schema.NewDate(2028, 2, 28).AddDays(1))
	require.Equal(t, schema.NewDate(2026, 2, 28), schema.NewDate(2026, 3, 1).AddDays(-1))
	require.True(t, schema.NewDate(9999, 12, 31).AddDays(1).IsZero(), "there is no later day")
	require.True(t, schema.Date{}.AddDays(5).IsZero())
}

func TestDate_None(t *testing.T) {
	t.Parallel()
	require.Empty(t, schema.Date{}.String())
	require.True(t, schema.Date{}.Time().IsZero())
	require.True(t, schema.NewDate(0, 1, 1).IsZero())
	require.True(t, schema.NewDate(10_000, 1, 1).IsZero())
	require.True(t, schema.DateOf(time.Time{}.AddDate(-1, 0, 0)).IsZero())
	date := schema.NewDate(2026, 1, 1)
	require.NoError(t, date.UnmarshalText(nil))
	require.True(t, date.IsZero())
	require.Error(t, date.UnmarshalText([]byte("soon")))
}

func TestParseDate_RefusesWhatIsNoDay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "2026-02-29", "2026-13-01", "2026-00-01", "2026-1-1", "26-01-01", "0000-01-01", "10000-01-01", "2026-01-01T00:00:00Z", " 2026-01-01",
		"2026/01/01", "-001-01-01",
	} {
		_, err := schema.ParseDate(text)
		require.Error(t, err, text)
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := drawDate(t, "day")
		month := day.Period()
		require.True(t, month.Contains(day))
		require.True(t, month.Contains(month.First()))
		require.Equal(t, 1, month.First().Time().Day())
		parsed, err := schema.ParsePeriod(month.String())
		require.NoError(t, err)
		require.Equal(t, month, parsed)
		if month.String() == "9999-12" {
			return // the calendar ends here
		}
		require.Equal(t, month.Next().First(), month.Last().AddDays(1))
		require.True(t, month.Contains(month.Last()))
		require.False(t, month.Contains(month.Next().First()))
	})
	require.Equal(t, "2027-01", schema.NewDate(2026, 12, 5).Period().Next().String())
	require.Equal(t, schema.NewDate(2028, 2, 29), schema.NewDate(2028, 2, 1).Period().Last())
	require.Equal(t, schema.NewDate(9999, 12, 31), schema.NewDate(9999, 12, 1).Period().Last())
	none := schema.Period{}
	require.True(t, none.IsZero() && none.First().IsZero() && none.Last().IsZero() && none.Next().IsZero())
	require.False(t, none.Contains(schema.Date{}))
	require.Empty(t, none.String())
	text, err := json.Marshal(map[string]any{"period": schema.NewDate(2026, 8, 1).Period()})
	require.NoError(t, err)
	require.JSONEq(t, `{"period":"2026-08"}`, string(text))
	for _, text := range []string{"", "2026", "2026-13", "2026-1", "0000-01", "2026-01-01"} {
		_, err := schema.ParsePeriod(text)
		require.Error(t, err, text)
	}
}
