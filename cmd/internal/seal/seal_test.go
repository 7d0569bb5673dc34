package seal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/seal"
)

func newSealer(t *testing.T) (sealer *seal.Sealer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys", "keyset.json")
	require.NoError(t, seal.NewKeyset(path))
	sealer, err := seal.Open(path)
	require.NoError(t, err)
	return sealer, path
}

func TestSealer(t *testing.T) {
	t.Parallel()

	t.Run("OpensWhatItSealedForTheSameContextOnly", func(t *testing.T) {
		t.Parallel()
		sealer, _ := newSealer(t)
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
			context := rapid.String().Draw(t, "context")
			sealed, err := sealer.Seal(text, context)
			require.NoError(t, err)
			opened, err := sealer.Open(sealed, context)
			require.NoError(t, err)
			require.Equal(t, string(text), string(opened))
			_, err = sealer.Open(sealed, context+"x")
			require.Error(t, err)
		})
	})

	t.Run("RefusesAnotherKeyset", func(t *testing.T) {
		t.Parallel()
		ours, _ := newSealer(t)
		theirs, _ := newSealer(t)
		sealed, err := ours.Seal([]byte("token"), "acme")
		require.NoError(t, err)
		_, err = theirs.Open(sealed, "acme")
		require.ErrorContains(t, err, "another key")
	})

	t.Run("RefusesWhatWasAltered", func(t *testing.T) {
		t.Parallel()
		sealer, _ := newSealer(t)
		sealed, err := sealer.Seal([]byte("token"), "acme")
		require.NoError(t, err)
		for i := range sealed {
			altered := append([]byte(nil), sealed...)
			altered[i] ^= 1
			_, err := sealer.Open(altered, "acme")
			require.Error(t, err, "byte %d", i)
		}
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("SaysHowToMakeAKeysetThatIsMissing", func(t *testing.T) {
		t.Parallel()
		_, err := seal.Open(filepath.Join(t.TempDir(), "none"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "tieout config init")
	})

	t.Run("RefusesAFileThatOthersCanRead", func(t *testing.T) {
		t.Parallel()
		_, path := newSealer(t)
		require.NoError(t, os.Chmod(path, 0o644))
		_, err := seal.Open(path)
		require.ErrorIs(t, err, seal.ErrExposed)
	})

	t.Run("RefusesAFileThatIsNoKeysetWithoutRepeatingIt", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "keyset.json")
		require.NoError(t, os.WriteFile(path, []byte(`{"secret": "hush"}`), 0o600))
		_, err := seal.Open(path)
		require.ErrorContains(t, err, "is not a keyset")
		require.NotContains(t, err.Error(), "hush")
	})
}

func TestNewKeyset(t *testing.T) {
	t.Parallel()
	_, path := newSealer(t)

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	require.ErrorIs(t, seal.NewKeyset(path), fs.ErrExist, "a keyset is never overwritten")
}
