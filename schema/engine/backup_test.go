package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/engine"
)

func TestAttached_Backup(t *testing.T) {
	t.Parallel()
	conn, database := connectNamed(t)
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE saved (n UInt64) ENGINE = MergeTree ORDER BY n"))
	require.NoError(t, conn.Exec(t.Context(), "INSERT INTO saved SELECT number FROM numbers(1000)"))
	archive := filepath.Join(t.TempDir(), "it's a backup.tar")

	require.NoError(t, shared.Backup(t.Context(), database, archive))
	require.FileExists(t, archive)
	require.Error(t, shared.Backup(t.Context(), database, archive), "an archive must never be overwritten")
	require.Error(t, shared.Restore(t.Context(), database, archive), "rows must never be added to rows")

	require.NoError(t, conn.Exec(t.Context(), "DROP TABLE saved SYNC"))
	require.NoError(t, shared.Restore(t.Context(), database, archive))
	var rows, sum uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(), sum(n) FROM saved").Scan(&rows, &sum))
	require.Equal(t, []uint64{1000, 499_500}, []uint64{rows, sum})

	require.ErrorIs(t, shared.Backup(t.Context(), database, "backup.tar"), engine.ErrRelativePath)
}
