package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrUnknownOutcome is wrapped by every error of an insert: it may have taken
// effect or not. Recording the same facts again is always right.
var ErrUnknownOutcome = errors.New("outcome unknown")

// codeUnknownDatabase is how ClickHouse says that a database does not exist.
const codeUnknownDatabase = 81

// Options say what a [Store] connects to and how it works.
type Options struct {
	// DSN says where the facts are kept.
	DSN DSN

	// Transport reaches the embedded engine. It is required for an embedded
	// DSN and not allowed for any other.
	Transport http.RoundTripper

	// Cluster is the name of a ClickHouse cluster of one shard, to the replicas
	// of which every table goes. Inserts then wait for a majority of replicas,
	// and reads for everything that was inserted.
	//
	// Defaults to none.
	Cluster string

	// Timeout bounds one statement.
	//
	// Defaults to 5 minutes, which a report over a million invoices stays far
	// below. An insert has half of Margin at most.
	Timeout time.Duration

	// Margin is how far behind the server's clock a watermark stays: longer
	// than any insert takes from the moment at which its rows get their time
	// to the moment at which readers see them, clocks of replicas included.
	// What arrived within it is looked at again by every search for work.
	//
	// Defaults to 5 minutes.
	Margin time.Duration

	// Advance is the shortest time between two moves of a watermark.
	//
	// Defaults to 1 minute.
	Advance time.Duration

	// Now is the clock that orders records of the same instant. It is required.
	Now func() time.Time

	listPage int // see listPage; tests have small pages
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 5*time.Minute)
	o.Margin = cmp.Or(o.Margin, 5*time.Minute)
	o.Advance = cmp.Or(o.Advance, time.Minute)
	o.listPage = cmp.Or(o.listPage, listPage)
	return o
}

// insertTimeout bounds an insert so that Margin covers it, whatever Timeout is.
// Ten seconds are left to it also where tests have no margin.
func (o Options) insertTimeout() time.Duration {
	return max(10*time.Second, min(o.Timeout, o.Margin/2))
}

func (o Options) validate() error {
	_, embedded := o.DSN.Embedded()
	switch {
	case o.DSN.scheme == "":
		return errors.New("open store: no dsn")
	case o.Now == nil:
		return errors.New("open store: no clock")
	case embedded && o.Transport == nil:
		return errors.New("open store: an embedded dsn needs the engine's transport")
	case !embedded && o.Transport != nil:
		return errors.New("open store: only an embedded dsn takes a transport")
	case embedded && o.Cluster != "":
		return errors.New("open store: an embedded engine is no cluster")
	}
	return nil
}

// Store keeps facts in ClickHouse. It is safe for concurrent use.
type Store struct {
	options Options
	conn    driver.Conn
	tables  tables
	seq     sequence

	mu       sync.Mutex
	advanced map[watermarkKey]time.Time // when this process last moved it, or tried to
}

// Open connects, and creates the database when there is none. It does not create
// the tables: see [Store.Migrate].
func Open(ctx context.Context, options Options) (*Store, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	if err := createDatabase(ctx, options); err != nil {
		return nil, fmt.Errorf("open store %s: %w", options.DSN, err)
	}
	conn, err := clickhouse.Open(options.client())
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", options.DSN, err)
	}
	return &Store{
		options:  options,
		conn:     conn,
		tables:   newTables(),
		seq:      sequence{now: options.Now},
		advanced: make(map[watermarkKey]time.Time),
	}, nil
}

// createDatabase asks for the database, and creates it when the server does not
// know it. A user who may not create databases is asked for nothing more than
// that it exist.
func createDatabase(ctx context.Context, options Options) error {
	err := statement(ctx, options.client(), "SELECT 1")
	var exception *clickhouse.Exception
	if !errors.As(err, &exception) || exception.Code != codeUnknownDatabase {
		return err
	}
	create := "CREATE DATABASE IF NOT EXISTS " + quoted(options.DSN.database)
	if options.Cluster != "" {
		create += " ON CLUSTER " + quoted(options.Cluster)
	}
	if _, embedded := options.DSN.Embedded(); embedded {
		create += " ENGINE = Atomic" // the library's default keeps no tables over a restart
	}
	options.DSN.database = "default"
	return statement(ctx, options.client(), create)
}

// statement runs one statement on a connection of its own.
func statement(ctx context.Context, options *clickhouse.Options, sql string) error {
	conn, err := clickhouse.Open(options)
	if err != nil {
		return err
	}
	return errors.Join(conn.Exec(ctx, sql), conn.Close())
}

// client returns the client's options with every setting that a server's default
// could change to our harm.
func (o Options) client() *clickhouse.Options {
	options := o.DSN.client()
	options.MaxOpenConns, options.MaxIdleConns = 8, 8
	options.ReadTimeout = o.Timeout + 10*time.Second // the server's own limit speaks first
	options.ConnMaxLifetime = time.Hour
	options.Settings = clickhouse.Settings{
		"async_insert":                    0,
		"insert_deduplicate":              1,
		"max_execution_time":              int(o.Timeout.Seconds()),
		"max_partitions_per_insert_block": 0,
		"join_use_nulls":                  0,
		"optimize_on_insert":              0,
		"optimize_use_projections":        1,
	}
	if o.Cluster != "" {
		options.Settings["insert_quorum"] = "auto"
		options.Settings["insert_quorum_parallel"] = 0
		options.Settings["select_sequential_consistency"] = 1
	}
	if o.Transport != nil {
		options.TransportFunc = func(*http.Transport) (http.RoundTripper, error) { return o.Transport, nil }
	}
	return options
}

// Close ends the connections. It does not close the engine.
func (s *Store) Close() error { return s.conn.Close() }

// Health reports whether the database answers.
func (s *Store) Health(ctx context.Context) error {
	if err := s.conn.Exec(ctx, "SELECT 1"); err != nil {
		return fmt.Errorf("ask store %s: %w", s.options.DSN, err)
	}
	return nil
}

// Version returns the server's version, such as "26.7.2.1".
func (s *Store) Version(ctx context.Context) (string, error) {
	version := ""
	if err := s.conn.QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		return "", fmt.Errorf("ask store for its version: %w", err)
	}
	return version, nil
}

// TableSize says how much a table holds.
type TableSize struct {
	Name  string
	Rows  uint64
	Bytes uint64 // on disk, compressed
	Parts uint64 // active; beyond some hundreds, merges do not keep up
}

// TableSizes returns the size of every table, by name.
func (s *Store) TableSizes(ctx context.Context) ([]TableSize, error) {
	const query = `
		SELECT name, table_rows, bytes, parts FROM
		(SELECT name FROM system.tables WHERE database = currentDatabase()) AS t
		LEFT JOIN
		(
			SELECT table, sum(rows) AS table_rows, sum(bytes_on_disk) AS bytes, count() AS parts
			FROM system.parts WHERE database = currentDatabase() AND active GROUP BY table
		) AS p ON t.name = p.table
		ORDER BY name`
	var sizes []TableSize
	var size TableSize
	err := s.each(ctx, query, nil, []any{&size.Name, &size.Rows, &size.Bytes, &size.Parts}, func() {
		sizes = append(sizes, size)
	})
	if err != nil {
		return nil, fmt.Errorf("read table sizes: %w", err)
	}
	return sizes, nil
}

// quoted writes an identifier, whatever characters it has.
func quoted(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}

// sequence numbers records, so that of two at the same instant the one recorded
// last is known. It follows the clock, so that numbers of several processes stay
// comparable, and never goes back.
type sequence struct {
	now  func() time.Time
	mu   sync.Mutex
	last int64
}

// take returns the first of n consecutive numbers.
func (q *sequence) take(n int) uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := max(q.now().UnixNano(), q.last+1)
	q.last = first + int64(n) - 1
	return uint64(first)
}
