package engine_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// The engine's beliefs: what the product relies on, or defends itself against,
// and must learn of when a new engine behaves otherwise.
func TestBeliefs(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	run := func(t *testing.T, statements ...string) {
		t.Helper()
		for _, statement := range statements {
			require.NoError(t, conn.Exec(t.Context(), statement), statement)
		}
	}
	one := func(t *testing.T, query string) string {
		t.Helper()
		var answer string
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT toString(("+query+"))").Scan(&answer), query)
		return answer
	}

	t.Run("PlainMergeTreeKeepsARepeatedToken", func(t *testing.T) {
		run(t, "CREATE TABLE plain (n Int64) ENGINE = MergeTree ORDER BY n")
		insert(t, conn, "plain", "token-1", 1)
		insert(t, conn, "plain", "token-1", 1)
		require.Equal(t, "2", one(t, "SELECT count() FROM plain"))
	})
	t.Run("AWindowDropsARepeatedTokenWhateverItsRows", func(t *testing.T) {
		run(t, "CREATE TABLE windowed (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000")
		insert(t, conn, "windowed", "token-1", 1)
		insert(t, conn, "windowed", "token-1", 1)
		require.Equal(t, "1", one(t, "SELECT count() FROM windowed"))
		insert(t, conn, "windowed", "token-1", 2) // reported as a success, and lost
		require.Equal(t, "1", one(t, "SELECT sum(n) FROM windowed"))
		insert(t, conn, "windowed", "token-2", 1)
		require.Equal(t, "2", one(t, "SELECT count() FROM windowed"))
	})
	t.Run("AWindowWithoutATokenSwallowsHonestRepeats", func(t *testing.T) {
		run(t,
			"CREATE TABLE repeats (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000",
			"INSERT INTO repeats VALUES (1)", "INSERT INTO repeats VALUES (1)")
		require.Equal(t, "1", one(t, "SELECT count() FROM repeats"))
	})
	t.Run("AWindowCountsInserts", func(t *testing.T) {
		run(t, "CREATE TABLE short (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 3")
		insert(t, conn, "short", "first", 1)
		for n := range int64(5) {
			insert(t, conn, "short", "other-"+string(rune('a'+n)), 10+n)
		}
		insert(t, conn, "short", "first", 1)
		require.Equal(t, "2", one(t, "SELECT count() FROM short WHERE n = 1"))
	})
	t.Run("FinalIsRightUntilPrewhereFiltersBeforeIt", func(t *testing.T) {
		run(t,
			"CREATE TABLE status (id Int64, version Int64, status String) ENGINE = ReplacingMergeTree(version) ORDER BY id",
			"SYSTEM STOP MERGES status",
			"INSERT INTO status SELECT number, 1, 'pending' FROM numbers(10)",
			"INSERT INTO status VALUES (3, 2, 'posted')")
		require.Equal(t, "9", one(t, "SELECT count() FROM status FINAL WHERE status = 'pending'"))
		require.Equal(t, "10", one(t, "SELECT count() FROM status FINAL PREWHERE status = 'pending'"))
	})
	t.Run("DecimalsAreCutAndNotRounded", func(t *testing.T) {
		require.Equal(t, "1.99", one(t, "SELECT toDecimal64('1.999', 2)"))
		require.Equal(t, "0.6666", one(t, "SELECT toDecimal64(2, 4) / toDecimal64(3, 4)"))
	})
	t.Run("DecimalOverflowOfTheWideKindIsSilent", func(t *testing.T) {
		requireCode(t, conn.Exec(t.Context(), "SELECT toDecimal64('999999999999', 2) * toDecimal64('999999999999', 2)"), 407)
		const wide = "toDecimal128('9999999999999999999999', 2)"
		require.NotEqual(t, "99999999999999999999980000000000000000000001", one(t, "SELECT "+wide+" * "+wide))
	})
	t.Run("StoppedMergesKeepRepeatsVisible", func(t *testing.T) {
		run(t,
			"CREATE TABLE copies (id Int64) ENGINE = ReplacingMergeTree ORDER BY id", "SYSTEM STOP MERGES copies",
			"INSERT INTO copies VALUES (1)", "INSERT INTO copies VALUES (1)")
		require.Equal(t, "2", one(t, "SELECT count() FROM copies"))
		require.Equal(t, "1", one(t, "SELECT count() FROM copies FINAL"))
	})
	t.Run("ALargeBatchIsOnePart", func(t *testing.T) {
		// Atomic and deduplicated as a whole, therefore.
		run(t, "CREATE TABLE wide (n Int64) ENGINE = MergeTree ORDER BY n")
		batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO wide")
		require.NoError(t, err)
		for n := range int64(300_000) {
			require.NoError(t, batch.Append(n))
		}
		require.NoError(t, batch.Send())
		require.Equal(t, "1", one(t, "SELECT count() FROM system.parts WHERE table = 'wide' AND database = currentDatabase() AND active"))
	})
}

// insert sends one row under a deduplication token.
func insert(t *testing.T, conn driver.Conn, table, token string, n int64) {
	t.Helper()
	ctx := clickhouse.Context(context.WithoutCancel(t.Context()), clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token": token,
	}))
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table)
	require.NoError(t, err)
	require.NoError(t, batch.Append(n))
	require.NoError(t, batch.Send())
}
