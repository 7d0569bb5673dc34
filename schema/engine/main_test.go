package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tieout/tieout/schema/engine"
)

// shared is the engine of this test process: there can be only one, so each
// test has a database of its own in it. Tests that open and close folders do
// so in processes of their own, see child_test.go.
var shared *engine.Attached

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(child(role))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tieout-engine-test-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	shared, err = engine.Attach(context.Background(), engine.Config{Dir: filepath.Join(dir, "data"), Grace: time.Second})
	if err != nil {
		return complain(fmt.Errorf("%w\n\nthe tests run on the real engine: run `make engine`", err))
	}
	code := m.Run()
	if err := shared.Close(); err != nil {
		return complain(err)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// options are a client's options on a transport.
func options(rt http.RoundTripper, database string) *clickhouse.Options {
	return &clickhouse.Options{
		Addr:          []string{"engine"},
		Protocol:      clickhouse.HTTP,
		Auth:          clickhouse.Auth{Database: database},
		TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return rt, nil },
		MaxOpenConns:  16,
		MaxIdleConns:  16,
	}
}

// connect returns a client on a fresh database of the shared engine.
func connect(tb testing.TB) driver.Conn {
	tb.Helper()
	conn, _ := connectNamed(tb)
	return conn
}

func connectNamed(tb testing.TB) (driver.Conn, string) {
	tb.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(tb.Name()))
	admin, err := clickhouse.Open(options(shared, ""))
	require.NoError(tb, err)
	require.NoError(tb, admin.Exec(tb.Context(), "CREATE DATABASE `"+name+"`"))
	require.NoError(tb, admin.Close())
	conn, err := clickhouse.Open(options(shared, name))
	require.NoError(tb, err)
	tb.Cleanup(func() {
		_ = conn.Exec(context.Background(), "DROP DATABASE `"+name+"` SYNC")
		_ = conn.Close()
	})
	return conn, name
}
