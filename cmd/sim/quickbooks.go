package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// company is what the flags of `sim quickbooks` say.
type company struct {
	listen   string
	seed     uint64
	realms   []string
	consent  string
	oauth    quickbookstest.OAuth
	faults   misbehaviour
	webhooks webhooks

	like quickbookstest.Realm // what every realm is like
}

func quickBooks() *cobra.Command {
	var c company
	command := &cobra.Command{
		Use:   "quickbooks",
		Short: "Serve a pretended QuickBooks company, with its control API under /_sim/",
		Long:  quickBooksHelp(),
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return c.run(command) },
	}
	flags := command.Flags()
	flags.StringVar(&c.listen, "listen", "127.0.0.1:8070", "`ADDR` to listen on")
	flags.StringArrayVar(&c.realms, "realm", []string{quickbookstest.DefaultRealm}, "realm `ID`; give it again for more companies")
	flags.StringVar(&c.like.Name, "name", "Sandbox Company", "company `NAME`; further companies get a number behind it")
	flags.StringVar(&c.like.Country, "country", "US", "two-letter `CODE`")
	flags.StringVar(&c.like.Language, "language", "en", "of fault messages: en, fr or es")
	flags.BoolVar(&c.like.MultiCurrency, "multicurrency", false, "turn multicurrency on")
	flags.StringVar(&c.like.HomeCurrency, "home-currency", "USD", "ISO 4217 `CODE`")
	flags.StringVar(&c.consent, "consent", "browsers", "who is shown the page that connects a company: browsers, always or never; the others have consented at once")
	flags.DurationVar(&c.oauth.AccessLife, "access-life", time.Hour, "how `LONG` an access token lives")
	flags.DurationVar(&c.oauth.RotateEvery, "rotate-every", 24*time.Hour, "how `OLD` the value of a refresh token gets before an exchange changes it")
	flags.DurationVar(&c.oauth.RefreshTakes, "refresh-takes", 0, "how `LONG` an exchange is in flight; a second one of the same token meanwhile ends the connection")
	flags.Uint64Var(&c.seed, "seed", 1, "`N` that decides tokens, orders in batches and, unless --faults-seed does, misbehaviour")
	c.faults.flags(flags)
	c.webhooks.flags(flags)
	return command
}

// quickBooksHelp lists what cannot be seen from the flags.
func quickBooksHelp() string {
	var b strings.Builder
	b.WriteString(`Serve pretended QuickBooks companies that are as strict as the real one. Nothing reaches Intuit.

A browser that is sent to connect a company sees a page with Connect and Cancel.

Kinds of trouble, for --faults and for the calls next and chaos:

`)
	for _, help := range quickbookstest.TroubleKinds() {
		fmt.Fprintf(&b, "  %-13s %s\n", help.Kind, help.Does)
	}
	b.WriteString("\nThe control API, under /_sim/; an empty realm means the first company:\n\n")
	for _, call := range quickbookstest.ControlAPI() {
		fmt.Fprintf(&b, "  %-4s %-12s %s\n", call.Method, call.Path, call.Does)
		if call.Takes != "" {
			fmt.Fprintf(&b, "  %17s takes %s\n", "", call.Takes)
		}
	}
	return b.String()
}

func (c company) config() (quickbookstest.Config, error) {
	cfg := quickbookstest.Config{Now: time.Now, Seed: c.seed, VerifierToken: c.webhooks.token, OAuth: c.oauth}
	cfg.OAuth.RaceRevokes = true
	switch c.consent {
	case "always":
		cfg.OAuth.AskConsent = true
	case "browsers":
		cfg.OAuth.AskBrowsers = true
	case "never":
	default:
		return cfg, fmt.Errorf("--consent: must be browsers, always or never, is %q", c.consent)
	}
	for i, id := range c.realms {
		realm := c.like
		realm.ID = id
		if i > 0 {
			realm.Name = fmt.Sprintf("%s %d", c.like.Name, i+1)
		}
		cfg.Realms = append(cfg.Realms, realm)
	}
	return cfg, nil
}

func (c company) run(command *cobra.Command) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	books := quickbookstest.New(cfg)
	if err := c.faults.begin(books, c.seed); err != nil {
		return err
	}
	if err := c.webhooks.check(); err != nil {
		return err
	}
	ctx := command.Context()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	greet(command.OutOrStdout(), books, listener.Addr())
	if c.webhooks.url != "" {
		go c.webhooks.tell(ctx, books, command.ErrOrStderr())
	}
	return serve(ctx, listener, books)
}

// greet prints what a client has to be told, in one piece.
func greet(out io.Writer, books *quickbookstest.Server, addr net.Addr) {
	var companies strings.Builder
	for _, realm := range books.Realms() {
		fmt.Fprintf(&companies, "QuickBooks company %q, realm %s\n", realm.Name, realm.ID)
	}
	fmt.Fprintf(out, `%[4]s
  quickbooks:
    api_url: http://%[1]s
    authorize_url: http://%[1]s/connect/oauth2
    token_url: http://%[1]s/oauth2/v1/tokens/bearer
    revoke_url: http://%[1]s/v2/oauth2/tokens/revoke
    client_id: %[2]s
    client_secret: %[3]s

The control API is at http://%[1]s/_sim/: books, stats, next, edit, clock and more, see --help.
`, addr, quickbookstest.DefaultClientID, quickbookstest.DefaultClientSecret, companies.String())
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
