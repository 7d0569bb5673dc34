package app_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema/engine"
)

// shared is the address of the engine of this test process, which can have only
// one. Every test has a database of its own in it.
var shared string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if dir := os.Getenv(app.HoldsLock); dir != "" {
		return app.HoldLockForEver(dir)
	}
	dir, err := os.MkdirTemp("", "tieout-app-test-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	opened, err := engine.Open(context.Background(), engine.Config{Dir: filepath.Join(dir, "data")})
	if err != nil {
		return complain(fmt.Errorf("%w\n\nthe tests run on the real engine: run `make engine`", err))
	}
	server := httptest.NewServer(opened)
	shared = server.URL
	code := m.Run()
	server.Close()
	if err := opened.Close(); err != nil {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
