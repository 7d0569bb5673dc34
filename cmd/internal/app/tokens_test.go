package app

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/seal"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema/store/storetest"
)

func newTokens(t *testing.T, store vault) tokens {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyset.json")
	require.NoError(t, seal.NewKeyset(path))
	sealer, err := seal.Open(path)
	require.NoError(t, err)
	return tokens{vault: store, sealer: sealer, company: "acme", now: time.Now}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	token := quickbooks.Token{
		RealmID: "42", AccessToken: "access-hush", RefreshToken: "refresh-hush",
		AccessExpires: time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC), RefreshExpires: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC),
	}

	t.Run("AreReadBackAsSaved", func(t *testing.T) {
		t.Parallel()
		kept := newTokens(t, storetest.NewMemory())
		require.NoError(t, kept.Save(t.Context(), token))
		got, err := kept.Load(t.Context(), "42")
		require.NoError(t, err)
		require.Equal(t, token, got)
	})

	t.Run("AreUnknownBeforeTheFirst", func(t *testing.T) {
		t.Parallel()
		_, err := newTokens(t, storetest.NewMemory()).Load(t.Context(), "42")
		require.ErrorIs(t, err, quickbooks.ErrNoToken)
	})

	t.Run("LieInTheStoreSealed", func(t *testing.T) {
		t.Parallel()
		store := storetest.NewMemory()
		require.NoError(t, newTokens(t, store).Save(t.Context(), token))
		sealed, err := store.Secret(t.Context(), "acme", tokenName("42"))
		require.NoError(t, err)
		require.NotEmpty(t, sealed)
		require.NotContains(t, string(sealed), "hush")
	})

	t.Run("CannotBeMovedToAnotherCompany", func(t *testing.T) {
		t.Parallel()
		store := storetest.NewMemory()
		acme := newTokens(t, store)
		require.NoError(t, acme.Save(t.Context(), token))
		sealed, err := store.Secret(t.Context(), "acme", tokenName("42"))
		require.NoError(t, err)
		require.NoError(t, store.SaveSecret(t.Context(), "globex", tokenName("42"), sealed, time.Now()))

		globex := acme
		globex.company = "globex"
		_, err = globex.Load(t.Context(), "42")
		require.ErrorContains(t, err, "for another company")
	})

	t.Run("AreNotSavedWhenTheStoreFails", func(t *testing.T) {
		t.Parallel()
		store := storetest.NewMemory()
		broken := errors.New("disk full")
		store.Inject(func(string) storetest.Fault { return storetest.Fault{Err: broken} })
		require.ErrorIs(t, newTokens(t, store).Save(t.Context(), token), broken)
	})
}
