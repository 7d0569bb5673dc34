package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// A Report is what [Attached.Check] found. Its JSON is stable; String is for
// people.
type Report struct {
	Engine        string        `json:"engine"`          // the engine's version
	Library       string        `json:"library"`         // libchdb's file
	LibraryPinned string        `json:"library_version"` // the version this program was built for
	LibrarySHA256 string        `json:"library_sha256"`  // of the whole file, hashed by Check
	Folder        string        `json:"folder"`
	OwnerPID      int           `json:"owner_pid"`  // the process that has the folder open
	DiskBytes     uint64        `json:"disk_bytes"` // active and outdated parts of every table
	FreeBytes     uint64        `json:"free_bytes"` // left on the disk below the folder
	MemoryBytes   uint64        `json:"memory_bytes"`
	MemoryLimit   uint64        `json:"memory_limit_bytes"`
	Tables        []TableReport `json:"tables"` // all but the engine's own, by name
}

// A TableReport is one table.
type TableReport struct {
	Database string `json:"database"`
	Name     string `json:"name"`
	Engine   string `json:"engine"`
	Rows     uint64 `json:"rows"`  // in active parts, before anything is deduplicated
	Parts    uint64 `json:"parts"` // active ones
	Bytes    uint64 `json:"bytes"` // of the active parts, on the disk
}

// String lists the report, one fact a line.
func (r Report) String() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-16s %v\n", name, value) }
	line("engine", r.Engine)
	line("library", r.Library)
	line("library version", r.LibraryPinned)
	line("library sha256", r.LibrarySHA256)
	line("folder", r.Folder)
	line("owner", "process "+strconv.Itoa(r.OwnerPID))
	line("on disk", size(r.DiskBytes)+", "+size(r.FreeBytes)+" free")
	line("memory", size(r.MemoryBytes)+" of "+size(r.MemoryLimit))
	line("tables", len(r.Tables))
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "  %s.%s  %d rows  %d parts  %s  %s\n", t.Database, t.Name, t.Rows, t.Parts, size(t.Bytes), t.Engine)
	}
	return b.String()
}

// size words a number of bytes in whole units, rounded down.
func size(n uint64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 10*1024 {
			return strconv.FormatUint(n, 10) + " " + unit
		}
		n /= 1024
	}
	return strconv.FormatUint(n, 10) + " TiB"
}

// Check looks at the library and asks the engine about its folder. The library
// is hashed whole, which takes a second; a wrong one is [ErrChecksum]. It works
// the same whether this process owns the folder or is attached to the owner.
func (a *Attached) Check(ctx context.Context) (Report, error) {
	r := Report{LibraryPinned: LibraryVersion, Folder: a.dir, OwnerPID: a.pid}
	if err := a.checkLibrary(&r); err != nil {
		return r, err
	}
	facts := struct {
		Engine      *string `json:"engine"`
		DiskBytes   *uint64 `json:"disk_bytes"`
		FreeBytes   *uint64 `json:"free_bytes"`
		MemoryLimit *uint64 `json:"memory_limit"`
		MemoryBytes *uint64 `json:"memory_bytes"`
	}{&r.Engine, &r.DiskBytes, &r.FreeBytes, &r.MemoryLimit, &r.MemoryBytes}
	if err := ask(ctx, a, factsQuery, func(line []byte) error { return json.Unmarshal(line, &facts) }); err != nil {
		return r, fmt.Errorf("check the engine: %w", err)
	}
	r.Tables = []TableReport{}
	err := ask(ctx, a, tablesQuery, func(line []byte) error {
		var t TableReport
		err := json.Unmarshal(line, &t)
		r.Tables = append(r.Tables, t)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("check the tables: %w", err)
	}
	// Another process' memory is its own to report; this one's is at hand.
	if rss, ok := residentMemory(); ok && a.Owner() {
		r.MemoryBytes = rss
	}
	return r, nil
}

func (a *Attached) checkLibrary(r *Report) (err error) {
	if r.Library = a.lib; r.Library == "" {
		if r.Library, err = locate(""); err != nil {
			return err
		}
	}
	if r.LibrarySHA256, err = hashFile(r.Library); err != nil {
		return err
	}
	want, err := expected()
	if err == nil && want != r.LibrarySHA256 {
		err = wrongChecksum(r.Library, want, r.LibrarySHA256)
	}
	return err
}

const factsQuery = `
SELECT version() AS engine,
       (SELECT sum(bytes_on_disk) FROM system.parts) AS disk_bytes,
       (SELECT sum(free_space) FROM system.disks) AS free_bytes,
       (SELECT toUInt64(value) FROM system.server_settings WHERE name = 'max_server_memory_usage') AS memory_limit,
       (SELECT toUInt64(greatest(value, 0)) FROM system.metrics WHERE metric = 'MemoryTracking') AS memory_bytes`

const tablesQuery = `
SELECT t.database AS database, t.name AS name, t.engine AS engine,
       sum(p.rows) AS rows, countIf(p.active) AS parts, sum(p.bytes_on_disk) AS bytes
FROM system.tables AS t
LEFT JOIN (SELECT database, table, rows, bytes_on_disk, active FROM system.parts WHERE active) AS p
       ON p.database = t.database AND p.table = t.name
WHERE t.database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA')
GROUP BY database, name, engine
ORDER BY database, name`

// ask runs a query and calls row with each row as a line of JSON.
func ask(ctx context.Context, rt http.RoundTripper, query string, row func([]byte) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"http://engine/?default_format=JSONEachRow&output_format_json_quote_64bit_integers=0", strings.NewReader(query))
	if err != nil {
		return fmt.Errorf("ask the engine: %w", err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("ask the engine: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return newException(string(content))
	}
	for line := range bytes.Lines(content) {
		if err := row(line); err != nil {
			return fmt.Errorf("read %s: %w", bytes.TrimSpace(line), err)
		}
	}
	return nil
}

// residentMemory returns what this process holds in memory, where the platform
// says so in /proc.
func residentMemory() (uint64, bool) {
	if runtime.GOOS != "linux" {
		return 0, false
	}
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(content))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}
