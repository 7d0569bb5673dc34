package figures_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/figures"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]int{"0": 0, "999": 999, "1,000": 1000, "-1,000": -1000, "-100": -100, "100,000": 100_000, "12,345,678": 12_345_678} {
		require.Equal(t, want, figures.Number(n))
	}
}

func TestNumber_IsTheNumberWithoutItsCommas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		text := figures.Number(n)
		require.Equal(t, strconv.FormatInt(n, 10), strings.ReplaceAll(text, ",", ""))
		require.Regexp(t, `^-?\d{1,3}(,\d{3})*$`, text)
	})
}

func TestShort(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0.00 ms": 0, "1.23 ms": 1234 * time.Microsecond, "12 ms": 12 * time.Millisecond, "1.50 s": 1500 * time.Millisecond,
		"119.00 s": 119 * time.Second, "8m10s": 490*time.Second + 300*time.Millisecond,
	} {
		require.Equal(t, want, figures.Short(d))
	}
}

func TestMebibytes(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1,024 MiB", figures.Mebibytes(1<<30))
	require.Equal(t, "0 MiB", figures.Mebibytes(0))
}
