package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tieout/tieout/schema"
)

// maxIDs is how many ids go into one statement. They travel in the address of an
// HTTP request, which servers bound at a mebibyte or less.
const maxIDs = 1000

// params are a statement's parameters by name. The server binds them; texts,
// int64, uint64 and lists of texts are all that is used.
type params map[string]any

func (p params) arguments() []any {
	arguments := make([]any, 0, len(p))
	for name, value := range p {
		arguments = append(arguments, clickhouse.Named(name, value))
	}
	return arguments
}

// with returns the parameters and one more.
func (p params) with(name string, value any) params {
	more := maps.Clone(p)
	more[name] = value
	return more
}

// each runs a query, and calls visit after every row has been scanned into dests.
func (s *Store) each(ctx context.Context, query string, p params, dests []any, visit func()) (err error) {
	rows, err := s.conn.Query(ctx, query, p.arguments()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(dests...); err != nil {
			return fmt.Errorf("scan row: %w", err)
		}
		visit()
	}
	return rows.Err()
}

// byIDs runs a query once for every thousand ids, as the parameter ids.
func byIDs[ID ~string](ids []ID, run func(ids []string) error) error {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	slices.Sort(texts)
	for chunk := range slices.Chunk(slices.Compact(texts), maxIDs) {
		if err := run(chunk); err != nil {
			return err
		}
	}
	return nil
}

// endOfTime is later than any record, and within what DateTime64(6) can hold.
const endOfTime = 7_258_118_400_000_000 // 2200-01-01, in microseconds

// cutoff returns asOf in microseconds from 1970, for as_of parameters.
func cutoff(asOf time.Time) int64 {
	if asOf.IsZero() {
		return endOfTime
	}
	return asOf.UnixMicro()
}

// stored is t as DateTime64(6) holds it, which has no year 1: the zero time is
// stored as 1970.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC().Truncate(time.Microsecond)
}

// instant undoes stored.
func instant(t time.Time) time.Time {
	if t.UnixMicro() == 0 {
		return time.Time{}
	}
	return t.UTC()
}

// micros is t for a column that holds any instant a sender may claim.
func micros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros undoes micros.
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// day is d as a number written YYYYMMDD, 0 for none.
func day(d schema.Date) uint32 {
	if d.IsZero() {
		return 0
	}
	year, month, dayOfMonth := d.Time().Date()
	return uint32(year*10_000 + int(month)*100 + dayOfMonth)
}

// fromDay undoes day.
func fromDay(n uint32) schema.Date {
	if n == 0 {
		return schema.Date{}
	}
	return schema.NewDate(int(n/10_000), time.Month(n/100%100), int(n%100))
}

// sumOf reads a FixedString(32).
func sumOf(text string) schema.Sum {
	var sum schema.Sum
	copy(sum[:], text)
	return sum
}

// list collects one field of each element.
func list[T, V any](elements []T, field func(T) V) []V {
	values := make([]V, len(elements))
	for i, element := range elements {
		values[i] = field(element)
	}
	return values
}
