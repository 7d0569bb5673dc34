package migrations

import (
	"fmt"
	"strings"
)

// Versions is the SQL that notes which migrations were applied, in the form that
// goose asks for. On a cluster the notes are replicated like everything else:
// noted on one replica only, the next process to connect to another would apply
// everything again.
type Versions struct{ Target Target }

// CreateTable returns the statement that creates the table of notes.
func (v Versions) CreateTable(table string) string {
	return fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s %s
(
    version_id Int64,
    is_applied UInt8,
    tstamp     DateTime DEFAULT now()
)
ENGINE = %s
ORDER BY (version_id)
SETTINGS %s`, table, v.Target.OnCluster(), v.Target.Engine(), v.Target.Settings(1024))
}

// InsertVersion returns the statement that notes a migration.
func (v Versions) InsertVersion(table string) string {
	return fmt.Sprintf(`INSERT INTO %s (version_id, is_applied) VALUES ($1, $2)`, table)
}

// DeleteVersion returns the statement that takes a note back. Migrations only go
// forward, so that nothing runs it.
func (v Versions) DeleteVersion(table string) string {
	return fmt.Sprintf(`ALTER TABLE %s %s DELETE WHERE version_id = $1 SETTINGS mutations_sync = 2`, table, v.Target.OnCluster())
}

// GetMigrationByVersion returns the query for one note.
func (v Versions) GetMigrationByVersion(table string) string {
	return fmt.Sprintf(`SELECT tstamp, is_applied FROM %s WHERE version_id = $1 ORDER BY tstamp DESC LIMIT 1`, table)
}

// ListMigrations returns the query for all notes, each version once.
func (v Versions) ListMigrations(table string) string {
	return fmt.Sprintf(`SELECT version_id, max(is_applied) FROM %s GROUP BY version_id ORDER BY version_id DESC`, table)
}

// GetLatestVersion returns the query for the newest note.
func (v Versions) GetLatestVersion(table string) string {
	return fmt.Sprintf(`SELECT max(version_id) FROM %s`, table)
}

// quoted writes an identifier, whatever characters it has.
func quoted(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}
