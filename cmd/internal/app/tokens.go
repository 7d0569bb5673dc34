package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/seal"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// vault is where sealed secrets are kept.
type vault interface {
	// SaveSecret makes the newest value durable before it returns.
	SaveSecret(ctx context.Context, company schema.CompanyID, name string, sealed []byte, at time.Time) error
	// Secret returns the newest value, or nil when there is none.
	Secret(ctx context.Context, company schema.CompanyID, name string) ([]byte, error)
}

// tokens keeps one company's QuickBooks tokens in the store, sealed for the
// company and the realm, so that a row cannot be moved to another.
type tokens struct {
	vault   vault
	sealer  *seal.Sealer
	company schema.CompanyID
	now     func() time.Time
}

func (a *App) tokens(id schema.CompanyID) tokens {
	return tokens{vault: a.store, sealer: a.sealer, company: id, now: a.options.Now}
}

func tokenName(realm string) string { return "quickbooks/" + realm }

func (t tokens) sealedFor(realm string) string { return "token:" + string(t.company) + ":" + realm }

// Load returns the newest token of the realm, or quickbooks.ErrNoToken.
func (t tokens) Load(ctx context.Context, realm string) (quickbooks.Token, error) {
	sealed, err := t.vault.Secret(ctx, t.company, tokenName(realm))
	if err != nil {
		return quickbooks.Token{}, fmt.Errorf("read token of %s: %w", t.company, err)
	}
	if len(sealed) == 0 {
		return quickbooks.Token{}, fmt.Errorf("company %s: %w", t.company, quickbooks.ErrNoToken)
	}
	plain, err := t.sealer.Open(sealed, t.sealedFor(realm))
	if err != nil {
		return quickbooks.Token{}, fmt.Errorf("token of %s: %w", t.company, err)
	}
	return quickbooks.ParseToken(plain)
}

// Save seals the token and makes it durable.
func (t tokens) Save(ctx context.Context, token quickbooks.Token) error {
	plain, err := token.Plain()
	if err != nil {
		return fmt.Errorf("encode token of %s: %w", t.company, err)
	}
	sealed, err := t.sealer.Seal(plain, t.sealedFor(token.RealmID))
	if err != nil {
		return fmt.Errorf("token of %s: %w", t.company, err)
	}
	if err := t.vault.SaveSecret(ctx, t.company, tokenName(token.RealmID), sealed, t.now()); err != nil {
		return fmt.Errorf("store token of %s: %w", t.company, err)
	}
	return nil
}
