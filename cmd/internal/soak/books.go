package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/schema/engine"
	"github.com/tieout/tieout/schema/store"
)

// books is the running program's store, through the socket of its engine.
type books struct {
	engine *engine.Attached
	store  *store.Store
}

func open(ctx context.Context, r *rig.Rig) (*books, error) {
	dir := filepath.Join(filepath.Dir(r.ConfigFile()), "data")
	dsn, err := store.ParseDSN("embedded://" + dir)
	if err != nil {
		return nil, err
	}
	attached, err := engine.Attach(ctx, engine.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{DSN: dsn, Transport: attached, Now: time.Now})
	if err != nil {
		return nil, errors.Join(err, attached.Close())
	}
	return &books{engine: attached, store: s}, nil
}

func (b *books) close() error { return errors.Join(b.store.Close(), b.engine.Close()) }

// parts returns the table with most active parts.
func (b *books) parts(ctx context.Context) (most int64, table string, err error) {
	sizes, err := b.store.TableSizes(ctx)
	for _, size := range sizes {
		if parts := int64(size.Parts); parts > most {
			most, table = parts, size.Name
		}
	}
	return most, table, err
}

// kept compares what was sent with what the store has.
type kept struct {
	ledger webhookload.Ledger
	rows   int64 // of deliveries that were acknowledged
	found  int64 // different ones of those
	unsure int64 // found, and refused or cut off
	err    error
}

// counted looks for what was sent. All ids of a generator begin alike.
func (b *books) counted(ctx context.Context, sent []webhookload.Result) (k kept) {
	const most = 20_000 // ids of a query
	prefix := ""
	var unsure []string
	for _, result := range sent {
		k.ledger = k.ledger.Plus(result.Ledger)
		for id := range result.Acknowledged202() {
			prefix = id[:strings.LastIndex(id, "_")+1]
			break
		}
		for id := range result.Unsure() {
			unsure = append(unsure, "'"+id+"'")
		}
	}
	if prefix == "" || len(unsure) > most {
		k.err = fmt.Errorf("%w: %d acknowledged, %d not", webhookload.ErrVoid, k.ledger.Acknowledged, len(unsure))
		return k
	}
	// Ids end at the first character after the underscore, which comes next in ASCII.
	const each = "SELECT count(), uniqExact(id) FROM deliveries WHERE "
	where := fmt.Sprintf("id >= '%s' AND id < '%s`'", prefix, strings.TrimSuffix(prefix, "_"))
	all, different, err := b.two(ctx, each+where)
	k.err, k.rows, k.found = err, all, different
	if err == nil && len(unsure) > 0 {
		var times int64
		times, k.unsure, k.err = b.two(ctx, each+"id IN ("+strings.Join(unsure, ",")+")")
		k.rows, k.found = k.rows-times, k.found-k.unsure
	}
	return k
}

// two runs a query that answers two numbers, beside the store: no store counts what
// a sender calls its deliveries.
func (b *books) two(ctx context.Context, sql string) (first, second int64, err error) {
	address := "http://engine/?" + url.Values{"database": {"tieout"}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(sql+" FORMAT TabSeparated"))
	if err != nil {
		return 0, 0, err
	}
	answer, err := b.engine.RoundTrip(request)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, 0, err
	}
	one, other, ok := strings.Cut(strings.TrimSpace(string(text)), "\t")
	if answer.StatusCode != http.StatusOK || !ok {
		return 0, 0, fmt.Errorf("count: status %d: %s", answer.StatusCode, strings.TrimSpace(string(text)))
	}
	if first, err = strconv.ParseInt(one, 10, 64); err != nil {
		return 0, 0, err
	}
	second, err = strconv.ParseInt(other, 10, 64)
	return first, second, err
}
