package engine

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// FetchConfig says where [Fetch] puts the library. The zero FetchConfig is
// ready to use.
type FetchConfig struct {
	// Dir is the folder to fill.
	//
	// Defaults to [CacheDir], where [Open] looks.
	Dir string

	// Progress gets one line when something has to be fetched, and nothing
	// when the library is there already.
	//
	// Defaults to nowhere.
	Progress io.Writer

	// NPM is the program that fetches packages.
	//
	// Defaults to npm in the PATH.
	NPM string
}

// Fetch puts the pinned libchdb for this platform into the cache folder and
// returns the file. It is quick when the file is there and was checked. The
// package is checked against its pinned sha512 before anything is unpacked,
// and the library against its own sha256 before it gets its name, so that a
// broken or foreign download leaves nothing behind. Two processes that fetch
// at once take turns; the second finds the work done.
//
// 178 MB come over the network; the folder needs 750 MB meanwhile.
func Fetch(ctx context.Context, cfg FetchConfig) (string, error) {
	dir := cfg.Dir
	if dir == "" {
		var err error
		if dir, err = CacheDir(); err != nil {
			return "", err
		}
	}
	p, ok := pinFor(runtime.GOOS, runtime.GOARCH)
	switch {
	case !ok:
		return "", notPublished()
	case !p.complete():
		return "", notPinned(p)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", folderFault(dir, err)
	}
	unlock, err := lockCache(ctx, dir)
	if err != nil {
		return "", err
	}
	defer unlock()
	library := filepath.Join(dir, libraryName)
	if _, err := os.Stat(library); err == nil && verifyPin(library, p) == nil {
		return library, nil
	}
	return library, fetch(ctx, cfg, p, library)
}

// verifyPin is verify against the pin alone: what the environment says about
// a library of one's own does not concern the cache.
func verifyPin(library string, p pin) error {
	info, err := os.Stat(library)
	if err != nil {
		return fmt.Errorf("look at the library: %w", err)
	}
	now := stamp{Version: LibraryVersion, Path: library, Size: info.Size(), ModTime: info.ModTime().UnixNano(), SHA256: p.sha256}
	if readStamp(library) == now {
		return nil
	}
	got, err := hashFile(library)
	if err != nil {
		return err
	}
	if got != p.sha256 {
		return wrongChecksum(library, p.sha256, got)
	}
	return writeStamp(now)
}

// lockCache waits until no other process fetches into dir.
func lockCache(ctx context.Context, dir string) (func(), error) {
	file, err := os.OpenFile(filepath.Join(dir, "fetch.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, folderFault(dir, err)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			_ = file.Close()
			return nil, folderFault(dir, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			_ = file.Close()
			return nil, ctx.Err()
		}
	}
}

func fetch(ctx context.Context, cfg FetchConfig, p pin, library string) error {
	npm, err := exec.LookPath(cmp.Or(cfg.NPM, "npm"))
	if err != nil {
		return &Fault{
			Kind: ErrNoNPM, Cause: err,
			Hint: "install Node.js with npm, or get " + libraryName + " from the package " + p.pkg + "@" + LibraryVersion +
				" by hand and set " + envLibrary + " to it",
		}
	}
	temp, err := os.MkdirTemp(filepath.Dir(library), "fetch-")
	if err != nil {
		return folderFault(filepath.Dir(library), err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if cfg.Progress != nil {
		_, _ = fmt.Fprintf(cfg.Progress, "fetching %s@%s (178 MB) into %s\n", p.pkg, LibraryVersion, filepath.Dir(library))
	}
	tarball, err := npmPack(ctx, npm, p.pkg, temp)
	if err != nil {
		return err
	}
	if err := install(tarball, p, temp, library); err != nil {
		return err
	}
	return verifyPin(library, p)
}

// npmPack downloads a package into dir and returns the tarball.
func npmPack(ctx context.Context, npm, pkg, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, npm, "pack", pkg+"@"+LibraryVersion, "--pack-destination", dir, "--silent")
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		text := strings.TrimSpace(string(output))
		return "", fmt.Errorf("npm pack %s@%s: %w: %s", pkg, LibraryVersion, err, text[max(0, len(text)-500):])
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s@%s: %d packages instead of one", pkg, LibraryVersion, len(found))
	}
	return found[0], nil
}

// install checks the tarball and puts the library in its place.
func install(tarball string, p pin, temp, library string) error {
	if err := checkIntegrity(tarball, p.integrity); err != nil {
		return err
	}
	unpacked := filepath.Join(temp, libraryName)
	sum, err := unpack(tarball, unpacked)
	if err != nil {
		return err
	}
	if sum != p.sha256 {
		return wrongChecksum(unpacked, p.sha256, sum)
	}
	if err := os.Rename(unpacked, library); err != nil {
		return folderFault(filepath.Dir(library), err)
	}
	return nil
}

// checkIntegrity compares a file with npm's notation of a sha512.
func checkIntegrity(path, integrity string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("check the package: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("check the package: %w", err)
	}
	got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil))
	if got != integrity {
		return &Fault{
			Kind: ErrChecksum, Path: filepath.Base(path), Detail: "expected " + integrity + ", is " + got,
			Hint: "nothing was unpacked; try again, and distrust the registry if it happens twice",
		}
	}
	return nil
}

// unpack writes the library out of an npm tarball and returns its sha256.
func unpack(tarball, to string) (string, error) {
	file, err := os.Open(tarball)
	if err != nil {
		return "", fmt.Errorf("unpack the library: %w", err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return "", fmt.Errorf("unpack the library: %w", err)
	}
	entries := tar.NewReader(plain)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("unpack the library: no %s in %s", libraryName, filepath.Base(tarball))
		}
		if err != nil {
			return "", fmt.Errorf("unpack the library: %w", err)
		}
		if entry.Name == "package/"+libraryName && entry.Typeflag == tar.TypeReg {
			return store(entries, to)
		}
	}
}

// store writes a file to the disk for good and returns its sha256.
func store(from io.Reader, to string) (string, error) {
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return "", folderFault(filepath.Dir(to), err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), from)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", folderFault(filepath.Dir(to), err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
