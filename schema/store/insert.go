package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// maxInsertRows bounds the memory of one insert.
const maxInsertRows = 50_000

// table is how rows are inserted: its columns, named and typed as the server
// prints them, so that no insert has to ask. Columns that the server fills in are
// left out.
type table struct {
	name    string
	columns []clickhouse.ColumnNameAndType
}

// newTable reads one "name Type" per line.
func newTable(name, columns string) table {
	t := table{name: name}
	for line := range strings.Lines(columns) {
		if column, kind, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			t.columns = append(t.columns, clickhouse.ColumnNameAndType{Name: column, Type: strings.TrimSpace(kind)})
		}
	}
	return t
}

// statement returns the INSERT for the table.
func (t table) statement() string {
	names := make([]string, len(t.columns))
	for i, column := range t.columns {
		names[i] = column.Name
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ")"
}

// record appends facts, each turned into a row without its last column, seq.
//
// The engine is given a token of what the facts say: when the same facts are
// recorded again because the outcome of the first time was unknown, and it has
// not forgotten, nothing is added. When it has, readers see the same all the same.
func record[T any](ctx context.Context, s *Store, t table, facts []T, row func(T) []any) error {
	for chunk := range slices.Chunk(facts, maxInsertRows) {
		rows := make([][]any, len(chunk))
		for i, fact := range chunk {
			rows[i] = row(fact)
		}
		token := contentToken(rows)
		first := s.seq.take(len(rows))
		for i := range rows {
			rows[i] = append(rows[i], first+uint64(i))
		}
		if err := s.insert(ctx, t, token, rows); err != nil {
			return err
		}
	}
	return nil
}

// insert sends rows in one block under a token. The rows remain the caller's: a
// failed batch cannot be sent again, so that every attempt builds its own.
func (s *Store) insert(ctx context.Context, t table, token string, rows [][]any) error {
	ctx = clickhouse.Context(ctx,
		clickhouse.WithColumnNamesAndTypes(t.columns),
		clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token,
			"max_execution_time":         int(s.options.insertTimeout().Seconds()),
		}))
	batch, err := s.conn.PrepareBatch(ctx, t.statement())
	if err != nil {
		return unknown(t.name, err)
	}
	defer batch.Close() // after Send it does nothing, before it there is nothing to lose
	for _, row := range rows {
		if err := batch.Append(row...); err != nil {
			return unknown(t.name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return unknown(t.name, err)
	}
	return nil
}

func unknown(table string, err error) error {
	return fmt.Errorf("insert into %s: %w: %w", table, ErrUnknownOutcome, err)
}

// contentToken names rows for what they say.
func contentToken(rows [][]any) string {
	h := contentHash{sha256.New()}
	for _, row := range rows {
		for _, value := range row {
			h.value(value)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// contentHash hashes values so that different rows never look the same: texts and
// lists are preceded by their length.
type contentHash struct{ hash.Hash }

func (h contentHash) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func (h contentHash) text(s string) {
	h.number(int64(len(s)))
	h.Write([]byte(s))
}

func (h contentHash) value(value any) {
	switch v := value.(type) {
	case string:
		h.text(v)
	case []string:
		h.number(int64(len(v)))
		for _, s := range v {
			h.text(s)
		}
	case []int64:
		h.number(int64(len(v)))
		for _, n := range v {
			h.number(n)
		}
	case time.Time:
		h.number(v.UnixMicro())
	case int64:
		h.number(v)
	case uint32:
		h.number(int64(v))
	default: // bool, []bool
		h.text(fmt.Sprint(v))
	}
}
