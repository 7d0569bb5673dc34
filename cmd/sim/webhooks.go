package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/pflag"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// webhooks tells a subscriber what changed in the pretended companies.
type webhooks struct {
	url   string
	token string
}

func (w *webhooks) flags(flags *pflag.FlagSet) {
	flags.StringVar(&w.url, "webhooks", "", "`URL` that is told of every change, as signed CloudEvents")
	flags.StringVar(&w.token, "webhooks-token", "", "verifier `TOKEN` that signs them; with it changes are also kept for the call deliver")
}

func (w webhooks) check() error {
	if w.url != "" && w.token == "" {
		return errors.New("--webhooks: needs --webhooks-token, which signs them")
	}
	return nil
}

// tell delivers changes within a second, until ctx ends. A subscriber that does
// not take them is told again after the pauses that QuickBooks is said to make.
func (w webhooks) tell(ctx context.Context, books *quickbookstest.Server, errOut io.Writer) {
	pauses := []time.Duration{
		10 * time.Second, 20 * time.Second, 30 * time.Second, 5 * time.Minute, 20 * time.Minute, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
	}
	// As long as QuickBooks waits for an answer.
	client := &http.Client{Timeout: 3 * time.Second}
	refused := 0
	for {
		pause := time.Second
		if _, err := books.Deliver(ctx, client, w.url); err != nil && ctx.Err() == nil {
			pause = pauses[min(refused, len(pauses)-1)]
			refused++
			fmt.Fprintf(errOut, "sim: %v; again in %s\n", err, pause)
		} else {
			refused = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
