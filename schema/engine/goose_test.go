package engine_test

import (
	"testing"
	"testing/fstest"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
)

func TestRoundTrip_Migrations(t *testing.T) {
	t.Parallel()
	conn, database := connectNamed(t)
	db := clickhouse.OpenDB(options(shared, database))
	t.Cleanup(func() { _ = db.Close() })
	files := fstest.MapFS{
		"0001_first.sql": {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE IF NOT EXISTS first (n Int64) ENGINE = MergeTree ORDER BY n;\n")},
		"0002_more.sql":  {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nALTER TABLE first ADD COLUMN IF NOT EXISTS s String;\n")},
	}
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, files)
	require.NoError(t, err)

	applied, err := provider.Up(t.Context())
	require.NoError(t, err)
	require.Len(t, applied, 2)
	applied, err = provider.Up(t.Context())
	require.NoError(t, err)
	require.Empty(t, applied)
	require.NoError(t, conn.Exec(t.Context(), "INSERT INTO first (n, s) VALUES (1, 'x')"))
}
