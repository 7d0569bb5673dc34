// Package migrations holds the tables of the ClickHouse store as numbered SQL.
//
// # Promises
//
// Migrations only go forward, hold one statement each, and can be applied again
// without effect, since a crash between a statement and the note that it was
// applied must do no harm. Each begins with what a row means, how it may repeat
// and which reads it serves. What differs between one server and a cluster is
// filled in by [FS]; everything that a server's defaults could change is written
// out.
//
// # What it does not do
//
// It does not run them: see schema/store.
package migrations

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"text/template"
)

//go:embed *.sql
var files embed.FS

// Target says where the tables are to be. The zero Target is a single server or
// the embedded engine.
type Target struct {
	// Cluster is the name of a ClickHouse cluster of one shard, each replica of
	// which gets every table.
	//
	// Defaults to none: plain tables on one server.
	Cluster string
}

// OnCluster returns the clause that has all replicas run a statement.
func (t Target) OnCluster() string {
	if t.Cluster == "" {
		return ""
	}
	return "ON CLUSTER " + quoted(t.Cluster)
}

// Engine returns the table engine. A replica's place in Keeper is written out, so
// that a server's default_replica_path does not matter.
func (t Target) Engine() string {
	if t.Cluster == "" {
		return "MergeTree"
	}
	return "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"
}

// Settings returns the settings that every table has.
//
// An insert is acknowledged when it is on disk, and a merge does not replace
// parts that are by one that is not. Tokens of inserts are remembered for 10,000
// inserts, and on a cluster for 30 days: its default, an hour, is shorter than an
// outage. Rows per granule decide what a look-up by id reads.
func (t Target) Settings(granularity int) string {
	settings := fmt.Sprintf(`index_granularity = %d,
    fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    `, granularity)
	if t.Cluster == "" {
		return settings + "non_replicated_deduplication_window = 10000"
	}
	return settings + "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000"
}

// FS returns the migrations for a target.
func FS(target Target) fs.FS { return rendered{target: target} }

// rendered fills in each file as it is opened.
type rendered struct{ target Target }

// Open returns the named file filled in. Directories are passed through.
func (r rendered) Open(name string) (fs.File, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	parsed, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("migration %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, r.target); err != nil {
		return nil, fmt.Errorf("migration %s: %w", name, err)
	}
	return &renderedFile{Reader: bytes.NewReader(out.Bytes()), info: renderedInfo{FileInfo: info, size: int64(out.Len())}}, nil
}

// ReadDir lists the migrations.
func (r rendered) ReadDir(name string) ([]fs.DirEntry, error) { return files.ReadDir(name) }

type renderedFile struct {
	*bytes.Reader
	info renderedInfo
}

// Stat returns the file's information with the size that it has filled in.
func (f *renderedFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close does nothing.
func (f *renderedFile) Close() error { return nil }

type renderedInfo struct {
	fs.FileInfo
	size int64
}

// Size returns the length of the file filled in.
func (i renderedInfo) Size() int64 { return i.size }
