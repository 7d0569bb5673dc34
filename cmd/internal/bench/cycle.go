package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

const (
	fresh       = 100 // deliveries of one cycle
	cycleRounds = 5
)

// behind are the sizes of the histories. The design's ten million take longer to
// make up than all other parts together.
func behind() [2]int { return [2]int{1_000, 100_000} }

// measureCycle takes 100 deliveries from the store to verified bills, with the
// throttles off on both sides: their waiting is measured by another part.
func measureCycle(ctx context.Context, l *lab) ([]row, error) {
	var cycles, drafting [2]time.Duration
	for i, n := range behind() {
		var err error
		if cycles[i], drafting[i], err = l.cycles(ctx, n); err != nil {
			return nil, fmt.Errorf("%d behind: %w", n, err)
		}
		l.say("with %s behind: %s, %s of it transform", figures.Number(n), figures.Short(cycles[i]), figures.Short(drafting[i]))
	}
	few, many := figures.Number(behind()[0]), figures.Number(behind()[1])
	return []row{{
		What:   fmt.Sprintf("a cycle of %d new deliveries to verified bills, with %s invoices behind it against %s", fresh, many, few),
		Target: "≤ 1.2 ×, < 1 s (10 million against 10 thousand)",
		Measured: fmt.Sprintf("%s against %s; transform alone %s against %s",
			figures.Short(cycles[1]), figures.Short(cycles[0]), figures.Short(drafting[1]), figures.Short(drafting[0])),
		Ratio: ratio(cycles[1].Seconds(), cycles[0].Seconds()),
	}}, nil
}

// cycles returns the medians of a cycle and of its transform, with n invoices behind
// them that are all settled.
func (l *lab) cycles(ctx context.Context, n int) (cycle, drafting time.Duration, err error) {
	p, err := l.place(ctx, past)
	if err != nil {
		return 0, 0, err
	}
	books := quickbookstest.New(quickbookstest.Config{Now: time.Now, Limits: quickbookstest.Limits{Off: true}})
	h, err := connectedHistory(books)
	if err != nil {
		return 0, 0, err
	}
	if err := h.masters(ctx, p); err != nil {
		return 0, 0, err
	}
	if err := h.settle(ctx, p, n); err != nil {
		return 0, 0, err
	}
	loader, err := l.loader(p, books)
	if err != nil {
		return 0, 0, err
	}
	t := transform.New(p, []transform.Config{{CompanyID: company, ClientIDs: []string{client}, Policy: policy()}}, l.log, nil, time.Now)
	var cycles, draftings []time.Duration
	for turn := range cycleRounds + 1 {
		if err := h.stage(ctx, p, n+turn*fresh, fresh); err != nil {
			return 0, 0, err
		}
		began := time.Now()
		drafted, err := t.RunOnce(ctx, company)
		if err != nil {
			return 0, 0, err
		}
		middle := time.Now()
		loaded, err := loader.RunOnce(ctx)
		if err != nil {
			return 0, 0, err
		}
		if drafted.Deliveries != fresh || loaded.Bills.Posted != fresh || loaded.Exact != fresh {
			return 0, 0, fmt.Errorf("%w: %d delivered, %d taken, %d posted, %d verified",
				webhookload.ErrVoid, fresh, drafted.Deliveries, loaded.Bills.Posted, loaded.Exact)
		}
		if turn > 0 { // the first one moves the watermarks past the history
			cycles, draftings = append(cycles, time.Since(began)), append(draftings, middle.Sub(began))
		}
	}
	return median(cycles), median(draftings), p.Close()
}

// connectedHistory is a history whose workers are vendors of the pretended company.
func connectedHistory(books *quickbookstest.Server) (history, error) {
	var vendors []schema.VendorID
	for i := range 50 {
		id, err := books.Create("", "Vendor", map[string]any{
			"DisplayName": workerName(i), "PrimaryEmailAddr": map[string]any{"Address": email(i)},
		})
		if err != nil {
			return history{}, err
		}
		vendors = append(vendors, schema.VendorID(id))
	}
	return newHistory(vendors), nil
}

// loader returns a loader to the pretended company that waits for no throttle.
func (l *lab) loader(p *place, books *quickbookstest.Server) (*load.Loader, error) {
	const plenty = 1_000_000
	client, err := booksClient(books, quickbooks.Limits{PerMinute: plenty, PerSecond: plenty, BatchesPerMinute: plenty}, l.log)
	if err != nil {
		return nil, err
	}
	return load.New(p, client, load.Config{Company: company, Now: time.Now}, l.log, nil), nil
}

// booksClient returns a client that calls the pretended company without a socket.
func booksClient(books *quickbookstest.Server, limits quickbooks.Limits, log *slog.Logger) (*quickbooks.Client, error) {
	const address = "https://books.example"
	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		APIURL: address, AuthorizeURL: address + "/connect/oauth2", TokenURL: address + "/oauth2/v1/tokens/bearer",
		RevokeURL: address + "/v2/oauth2/tokens/revoke", Limits: limits,
		ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}, books.Client(), time.Now, quickbooks.NewMetrics(nil))
	if err != nil {
		return nil, err
	}
	grant := books.Grant("", "")
	kept := &tokens{token: quickbooks.Token{
		RealmID: grant.Realm, AccessToken: quickbooks.Secret(grant.AccessToken), RefreshToken: quickbooks.Secret(grant.RefreshToken),
		AccessExpires: grant.AccessUntil, RefreshExpires: grant.RefreshUntil,
	}}
	return quickbooks.NewClient(quickbooks.NewSession(oauth, kept, kept, grant.Realm, log), log, nil), nil
}

// tokens keeps the token of one company in memory.
type tokens struct {
	turn  sync.Mutex
	mu    sync.Mutex
	token quickbooks.Token
}

func (t *tokens) Load(context.Context, string) (quickbooks.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, nil
}

func (t *tokens) Save(_ context.Context, token quickbooks.Token) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = token
	return nil
}

func (t *tokens) Lock(context.Context, string) (func(), error) {
	t.turn.Lock()
	return t.turn.Unlock, nil
}
