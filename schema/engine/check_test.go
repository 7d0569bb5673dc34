package engine_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/engine"
)

func TestAttached_Check(t *testing.T) {
	t.Parallel()
	conn, database := connectNamed(t)
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE counted (n UInt64) ENGINE = MergeTree ORDER BY n"))
	require.NoError(t, conn.Exec(t.Context(), "INSERT INTO counted SELECT number FROM numbers(1000)"))
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE hollow (n UInt64) ENGINE = MergeTree ORDER BY n"))

	report, err := shared.Check(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^26\.\d+\.\d+\.\d+$`, report.Engine)
	require.Equal(t, engine.LibraryVersion, report.LibraryPinned)
	require.Len(t, report.LibrarySHA256, 64)
	require.Equal(t, uint64(2<<30), report.MemoryLimit)
	require.Positive(t, report.MemoryBytes)
	require.Positive(t, report.FreeBytes)

	tables := map[string]engine.TableReport{}
	for _, table := range report.Tables {
		if table.Database == database {
			tables[table.Name] = table
		}
	}
	require.Equal(t, []uint64{1000, 1}, []uint64{tables["counted"].Rows, tables["counted"].Parts})
	require.Contains(t, tables, "hollow")
	require.Zero(t, tables["hollow"].Parts)
	require.Contains(t, report.String(), database+".counted  1000 rows  1 parts")

	var back engine.Report
	encoded, err := json.Marshal(report)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &back))
	require.Equal(t, report, back)
}
