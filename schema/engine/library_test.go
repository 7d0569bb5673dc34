package engine_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/engine"
)

func TestFetch(t *testing.T) {
	t.Run("DoesNothingWhenTheLibraryIsThere", func(t *testing.T) {
		var progress bytes.Buffer
		path, err := engine.Fetch(t.Context(), engine.FetchConfig{Progress: &progress, NPM: "/nowhere/npm"})
		require.NoError(t, err, "run `make engine`")
		require.FileExists(t, path)
		require.Empty(t, progress.String())
	})
	t.Run("TakesTurns", func(t *testing.T) {
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				if _, err := engine.Fetch(t.Context(), engine.FetchConfig{NPM: "/nowhere/npm"}); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
	})
	t.Run("SaysThatNPMIsMissing", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		_, err := engine.Fetch(t.Context(), engine.FetchConfig{NPM: "/nowhere/npm"})
		require.ErrorIs(t, err, engine.ErrNoNPM)
		require.ErrorContains(t, err, "install Node.js with npm")
	})
	t.Run("ReportsWhatNPMSaid", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		npm := filepath.Join(t.TempDir(), "npm")
		require.NoError(t, os.WriteFile(npm, []byte("#!/bin/sh\necho no route to the registry >&2\nexit 1\n"), 0o700))
		_, err := engine.Fetch(t.Context(), engine.FetchConfig{NPM: npm})
		require.ErrorContains(t, err, "no route to the registry")
	})
	t.Run("UnpacksNothingForeign", func(t *testing.T) {
		cache := t.TempDir()
		t.Setenv("XDG_CACHE_HOME", cache)
		npm := filepath.Join(t.TempDir(), "npm")
		require.NoError(t, os.WriteFile(npm, []byte("#!/bin/sh\necho foreign > \"$4/lib.tgz\"\n"), 0o700))
		_, err := engine.Fetch(t.Context(), engine.FetchConfig{NPM: npm})
		require.ErrorIs(t, err, engine.ErrChecksum)
		left, err := filepath.Glob(filepath.Join(cache, "tieout", "libchdb", "*", "*"))
		require.NoError(t, err)
		require.Len(t, left, 1, "only the lock may stay")
	})
}

func TestInstall(t *testing.T) {
	t.Parallel()
	content := []byte("not really a library")
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	for _, name := range []string{"package/package.json", "package/libchdb.so"} {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644}))
		_, err := archive.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, zip.Close())
	tarSum, libSum := sha512.Sum512(packed.Bytes()), sha256.Sum256(content)
	integrity, sum := "sha512-"+base64.StdEncoding.EncodeToString(tarSum[:]), hex.EncodeToString(libSum[:])

	setup := func(t *testing.T) (tarball, temp, library string) {
		t.Helper()
		dir := t.TempDir()
		temp = filepath.Join(dir, "temp")
		require.NoError(t, os.Mkdir(temp, 0o700))
		tarball = filepath.Join(temp, "lib.tgz")
		require.NoError(t, os.WriteFile(tarball, packed.Bytes(), 0o600))
		return tarball, temp, filepath.Join(dir, "libchdb.so")
	}
	t.Run("PutsTheLibraryInItsPlace", func(t *testing.T) {
		t.Parallel()
		tarball, temp, library := setup(t)
		require.NoError(t, engine.Install(tarball, integrity, sum, temp, library))
		got, err := os.ReadFile(library)
		require.NoError(t, err)
		require.Equal(t, content, got)
	})
	t.Run("RefusesAnotherPackage", func(t *testing.T) {
		t.Parallel()
		tarball, temp, library := setup(t)
		require.ErrorIs(t, engine.Install(tarball, "sha512-AAAA", sum, temp, library), engine.ErrChecksum)
		require.NoFileExists(t, library)
		require.NoFileExists(t, filepath.Join(temp, "libchdb.so"), "unpacked before it was checked")
	})
	t.Run("RefusesAnotherLibrary", func(t *testing.T) {
		t.Parallel()
		tarball, temp, library := setup(t)
		require.ErrorIs(t, engine.Install(tarball, integrity, "00", temp, library), engine.ErrChecksum)
		require.NoFileExists(t, library)
	})
}

func TestLocate(t *testing.T) {
	t.Run("NamesEveryPlaceAndTheCommand", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		t.Setenv("TIEOUT_LIBCHDB", "")
		_, err := engine.Locate("")
		require.ErrorIs(t, err, engine.ErrLibraryMissing)
		for _, part := range []string{"$TIEOUT_LIBCHDB", os.Getenv("XDG_CACHE_HOME"), "/usr/local/lib", "make engine", "tieout engine fetch"} {
			require.ErrorContains(t, err, part)
		}
	})
	t.Run("TakesTheNamedPlaceOnly", func(t *testing.T) {
		t.Setenv("TIEOUT_LIBCHDB", "/nowhere/libchdb.so")
		_, err := engine.Locate("")
		require.ErrorIs(t, err, engine.ErrLibraryMissing)
		require.ErrorContains(t, err, "/nowhere/libchdb.so")
		_, err = engine.Locate("libchdb.so")
		require.ErrorIs(t, err, engine.ErrRelativePath)
	})
	t.Run("RefusesAnotherFile", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		file := filepath.Join(t.TempDir(), "libchdb.so")
		require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
		_, err := engine.Locate(file)
		require.ErrorIs(t, err, engine.ErrChecksum)

		sum := sha256.Sum256([]byte("x"))
		t.Setenv("TIEOUT_LIBCHDB_SHA256", hex.EncodeToString(sum[:]))
		path, err := engine.Locate(file)
		require.NoError(t, err, "a checksum of one's own counts")
		require.Equal(t, file, path)
		require.NoError(t, os.WriteFile(file, []byte("yy"), 0o600))
		_, err = engine.Locate(file)
		require.ErrorIs(t, err, engine.ErrChecksum, "the stamp outlived the file it was for")
	})
}

func TestPin(t *testing.T) {
	t.Parallel()
	for platform, pkg := range map[[2]string]string{
		{"linux", "amd64"}: "@chdb/lib-linux-x64-gnu", {"linux", "arm64"}: "@chdb/lib-linux-arm64-gnu",
		{"darwin", "amd64"}: "@chdb/lib-darwin-x64", {"darwin", "arm64"}: "@chdb/lib-darwin-arm64",
	} {
		got, _, ok := engine.PinFor(platform[0], platform[1])
		require.True(t, ok)
		require.Equal(t, pkg, got)
	}
	_, complete, _ := engine.PinFor("linux", "amd64")
	require.True(t, complete)
	_, _, ok := engine.PinFor("plan9", "386")
	require.False(t, ok)
	err := engine.NotPinned("linux", "arm64")
	require.ErrorIs(t, err, engine.ErrNotPinned)
	require.ErrorContains(t, err, "TIEOUT_LIBCHDB_SHA256")
}
