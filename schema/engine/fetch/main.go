// Command fetch puts the engine's library into the cache folder, for the
// Makefile's engine target, before there is a tieout to do it. It prints the
// file and does nothing when it is there already. What it fetches and how it
// is checked is written at [engine.Fetch].
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/tieout/tieout/schema/engine"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	path, err := engine.Fetch(ctx, engine.FetchConfig{Progress: os.Stderr})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "fetch:", err)
		return 1
	}
	_, _ = fmt.Fprintln(os.Stdout, path)
	return 0
}
