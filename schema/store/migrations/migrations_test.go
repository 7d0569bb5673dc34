package migrations_test

import (
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/store/migrations"
)

// render returns every migration of a target by its file name.
func render(t *testing.T, target migrations.Target) map[string]string {
	t.Helper()
	files := migrations.FS(target)
	names, err := fs.Glob(files, "*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	texts := make(map[string]string)
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		require.NoError(t, err)
		texts[name] = string(text)
	}
	return texts
}

// tables are those that make a table; the others add columns to one.
func tables(texts map[string]string) map[string]string {
	maps.DeleteFunc(texts, func(_, text string) bool { return strings.Contains(text, "\nALTER TABLE ") })
	return texts
}

func TestFS(t *testing.T) {
	t.Parallel()

	t.Run("FillsInOneServer", func(t *testing.T) {
		t.Parallel()
		for name, text := range tables(render(t, migrations.Target{})) {
			require.Contains(t, text, "\nENGINE = MergeTree\n", name)
			require.Contains(t, text, "non_replicated_deduplication_window = 10000", name)
			require.NotContains(t, text, "ON CLUSTER", name)
			require.NotContains(t, text, "Replicated", name)
			require.NotContains(t, text, "{{", name)
		}
	})

	t.Run("FillsInACluster", func(t *testing.T) {
		t.Parallel()
		added := regexp.MustCompile("ALTER TABLE [a-z]+ ON CLUSTER `a\\\\`b` ADD COLUMN IF NOT EXISTS ")
		require.Regexp(t, added, render(t, migrations.Target{Cluster: "a`b"})["0021_redacted_deliveries.sql"])
		for name, text := range tables(render(t, migrations.Target{Cluster: "a`b"})) {
			table := regexp.MustCompile("CREATE TABLE IF NOT EXISTS [a-z]+ ON CLUSTER `a\\\\`b`\n")
			require.Regexp(t, table, text, name)
			require.Contains(t, text, "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')", name)
			require.Contains(t, text, "replicated_deduplication_window_seconds = 2592000", name)
			require.NotContains(t, text, "non_replicated", name)
		}
	})

	t.Run("EachExplainsItselfAndHoldsOneIdempotentStatement", func(t *testing.T) {
		t.Parallel()
		for name, text := range render(t, migrations.Target{}) {
			header, body, found := strings.Cut(text, "-- +goose NO TRANSACTION\n-- +goose Up\n")
			require.True(t, found, name)
			require.True(t, strings.HasPrefix(header, "-- A row "), name)
			require.Contains(t, header, "\n-- Repeats: ", name)
			require.Contains(t, header, "\n-- Serves: ", name)
			require.Equal(t, 1, strings.Count(body, ";"), name)
			require.Regexp(t, "^(CREATE TABLE IF NOT EXISTS [a-z]+|ALTER TABLE [a-z]+  ADD COLUMN IF NOT EXISTS) ", body, name)
			require.NotContains(t, text, "+goose Down", name)
		}
	})

	t.Run("SyncsEveryInsertAndMergeToDisk", func(t *testing.T) {
		t.Parallel()
		for name, text := range tables(render(t, migrations.Target{})) {
			for _, setting := range []string{"fsync_after_insert", "fsync_part_directory", "min_rows_to_fsync_after_merge"} {
				require.Contains(t, text, setting+" = 1", name)
			}
		}
	})

	t.Run("UsesNoFloatAndNoFinePartition", func(t *testing.T) {
		t.Parallel()
		for name, text := range render(t, migrations.Target{}) {
			require.NotContains(t, text, "Float", name)
		}
		for name, text := range tables(render(t, migrations.Target{})) {
			require.Regexp(t, `\nPARTITION BY toYYYYMM\([a-z_]+\)\n`, text, name)
		}
	})

	t.Run("SaysTheSizeOfWhatItReads", func(t *testing.T) {
		t.Parallel()
		files := migrations.FS(migrations.Target{Cluster: "main"})
		file, err := files.Open("0001_deliveries.sql")
		require.NoError(t, err)
		info, err := file.Stat()
		require.NoError(t, err)
		text, err := fs.ReadFile(files, "0001_deliveries.sql")
		require.NoError(t, err)
		require.Equal(t, int64(len(text)), info.Size())
		require.NoError(t, file.Close())
		_, err = files.Open("9999_none.sql")
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()

	t.Run("NotesAreLocalOnOneServer", func(t *testing.T) {
		t.Parallel()
		create := migrations.Versions{}.CreateTable("migrations")
		require.Contains(t, create, "CREATE TABLE IF NOT EXISTS migrations")
		require.Contains(t, create, "ENGINE = MergeTree\n")
		require.NotContains(t, create, "ON CLUSTER")
	})

	t.Run("NotesAreReplicatedOnACluster", func(t *testing.T) {
		t.Parallel()
		versions := migrations.Versions{Target: migrations.Target{Cluster: "main"}}
		require.Contains(t, versions.CreateTable("migrations"), "migrations ON CLUSTER `main`")
		require.Contains(t, versions.CreateTable("migrations"), "ENGINE = ReplicatedMergeTree(")
		require.Contains(t, versions.DeleteVersion("migrations"), "ON CLUSTER `main`")
	})
}
