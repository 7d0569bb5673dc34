package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func TestMetered_Plus(t *testing.T) {
	t.Parallel()
	one, other := schema.Metered{Core: 1, CorePlus: 20}, schema.Metered{Core: 300, CorePlus: 4000}
	require.Equal(t, schema.Metered{Core: 301, CorePlus: 4020}, one.Plus(other))
	require.Equal(t, one, one.Plus(schema.Metered{}))
}

// Months end at midnight UTC, wherever the clock stands.
func TestMeteredMonth(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("Pacific", -8*60*60)
	require.Equal(t, "2026-12", schema.MeteredMonth(time.Date(2026, 11, 30, 16, 0, 0, 0, zone)).String())
	require.Equal(t, "2026-11", schema.MeteredMonth(time.Date(2026, 11, 30, 15, 59, 59, 0, zone)).String())
}
