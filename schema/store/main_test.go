package store_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/engine"
	"github.com/tieout/tieout/schema/store"
)

// shared is the engine of this test process, which can have only one. Every test
// has a database of its own in it.
var (
	shared    *engine.Engine
	databases atomic.Int64
	dataDir   string // the folder of the shared engine
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tieout-store-test-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	dataDir = filepath.Join(dir, "data")
	shared, err = engine.Open(context.Background(), engine.Config{Dir: dataDir})
	if err != nil {
		return complain(fmt.Errorf("%w\n\nthe tests run on the real engine: run `make engine`", err))
	}
	// A history takes a second of one core; the flag on the command line wins.
	if err := flag.Set("rapid.checks", "12"); err != nil {
		return complain(err)
	}
	code := m.Run()
	if err := shared.Close(); err != nil {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// embedded returns options for a new database on the shared engine.
func embedded(tb testing.TB) store.Options {
	tb.Helper()
	dsn, err := store.ParseDSN("embedded:///shared")
	require.NoError(tb, err)
	return store.Options{
		DSN:       dsn.WithDatabase(fmt.Sprintf("test_%d", databases.Add(1))),
		Transport: shared,
		Now:       time.Now,
	}
}

// overHTTP returns options for a new database on the shared engine, reached
// through a socket as a server is.
func overHTTP(tb testing.TB) store.Options {
	tb.Helper()
	server := httptest.NewServer(shared)
	tb.Cleanup(server.Close)
	dsn, err := store.ParseDSN(server.URL)
	require.NoError(tb, err)
	return store.Options{DSN: dsn.WithDatabase(fmt.Sprintf("test_%d", databases.Add(1))), Now: time.Now}
}

// openStore opens and migrates a store, stops merges of all of its tables, so that
// duplicates stay visible, and drops the database in the end.
func openStore(tb testing.TB, options store.Options) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), options)
	require.NoError(tb, err)
	_, err = s.Migrate(tb.Context())
	require.NoError(tb, err)
	sizes, err := s.TableSizes(tb.Context())
	require.NoError(tb, err)
	require.NotEmpty(tb, sizes)
	for _, table := range sizes {
		if _, benchmark := tb.(*testing.B); benchmark {
			break // what is measured is what runs
		}
		// The statement succeeds for tables that do not exist, which is why
		// the names come from the database itself.
		query(tb, fmt.Sprintf("SYSTEM STOP MERGES %s.%s", options.DSN.Database(), table.Name))
	}
	tb.Cleanup(func() {
		require.NoError(tb, s.Close())
		query(tb, "DROP DATABASE "+options.DSN.Database()+" SYNC")
	})
	return s
}

// query runs a statement on the shared engine and returns what it says, in
// TabSeparated.
func query(tb testing.TB, sql string) string {
	tb.Helper()
	request := httptest.NewRequest(http.MethodPost, "http://engine/?default_format=TabSeparated", strings.NewReader(sql))
	recorder := httptest.NewRecorder()
	shared.ServeHTTP(recorder, request)
	require.Equal(tb, http.StatusOK, recorder.Code, recorder.Body.String())
	return strings.TrimSpace(recorder.Body.String())
}
