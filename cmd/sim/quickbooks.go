package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func quickBooks() *cobra.Command {
	var (
		listen string
		seed   uint64
		realm  quickbookstest.Realm
	)
	command := &cobra.Command{
		Use:   "quickbooks",
		Short: "Serve a pretended QuickBooks company, with its control API under /_sim/",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			books := quickbookstest.New(quickbookstest.Config{Realms: []quickbookstest.Realm{realm}, Now: time.Now, Seed: seed})
			listener, err := (&net.ListenConfig{}).Listen(c.Context(), "tcp", listen)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), `QuickBooks company %q, realm %s

  quickbooks:
    api_url: http://%[3]s
    authorize_url: http://%[3]s/connect/oauth2
    token_url: http://%[3]s/oauth2/v1/tokens/bearer
    revoke_url: http://%[3]s/v2/oauth2/tokens/revoke
    client_id: %[4]s
    client_secret: %[5]s

The control API is at http://%[3]s/_sim/: books, stats, next, edit, clock and more.
`, realm.Name, realm.ID, listener.Addr(), quickbookstest.DefaultClientID, quickbookstest.DefaultClientSecret)
			return serve(c.Context(), listener, books)
		},
	}
	flags := command.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:8070", "`ADDR` to listen on")
	flags.StringVar(&realm.ID, "realm", quickbookstest.DefaultRealm, "realm `ID`")
	flags.StringVar(&realm.Name, "name", "Sandbox Company", "company `NAME`")
	flags.StringVar(&realm.Country, "country", "US", "two-letter `CODE`")
	flags.BoolVar(&realm.MultiCurrency, "multicurrency", false, "turn multicurrency on")
	flags.StringVar(&realm.HomeCurrency, "home-currency", "USD", "ISO 4217 `CODE`")
	flags.Uint64Var(&seed, "seed", 1, "`N` that decides tokens, orders in batches and chaos")
	return command
}

// serve answers until ctx ends. A simulator needs no grace: whoever tests against
// it wants it gone at once.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	err := server.Close()
	if served := <-stopped; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
