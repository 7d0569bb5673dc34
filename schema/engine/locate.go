package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	envLibrary  = "TIEOUT_LIBCHDB"        // the library's file
	envChecksum = "TIEOUT_LIBCHDB_SHA256" // what it must hash to, where the pin does not apply
)

// fetchHint is the way out of every fault of the library.
const fetchHint = "run `make engine` or `tieout engine fetch`"

// CacheDir returns the folder that [Fetch] fills: tieout/libchdb/VERSION below
// XDG_CACHE_HOME, or below the user's cache folder as the platform has it.
func CacheDir() (string, error) {
	root := os.Getenv("XDG_CACHE_HOME")
	if root == "" || !filepath.IsAbs(root) {
		var err error
		if root, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("find the cache folder: %w", err)
		}
	}
	return filepath.Join(root, "tieout", "libchdb", LibraryVersion), nil
}

// locate returns the library's file, checked. A place that somebody named is
// the only place; otherwise the first that has the file counts.
func locate(named string) (string, error) {
	if named = cmp.Or(named, os.Getenv(envLibrary)); named != "" {
		if !filepath.IsAbs(named) {
			return "", &Fault{Kind: ErrRelativePath, Path: named, Hint: "give the library as a path that begins with /"}
		}
		if _, err := os.Stat(named); err != nil {
			return "", &Fault{Kind: ErrLibraryMissing, Places: []string{named}, Hint: "correct the path, or unset " + envLibrary + " and " + fetchHint}
		}
		return named, verify(named)
	}
	places := systemPlaces()
	if dir, err := CacheDir(); err == nil {
		places = append([]string{filepath.Join(dir, libraryName)}, places...)
	}
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place, verify(place)
		}
	}
	if _, ok := pinFor(runtime.GOOS, runtime.GOARCH); !ok {
		return "", notPublished()
	}
	return "", &Fault{Kind: ErrLibraryMissing, Places: append([]string{"$" + envLibrary}, places...), Hint: fetchHint}
}

func systemPlaces() []string {
	dirs := []string{"/usr/local/lib", "/usr/lib"}
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		dirs = append(dirs, "/usr/lib/x86_64-linux-gnu")
	case "linux/arm64":
		dirs = append(dirs, "/usr/lib/aarch64-linux-gnu")
	case "darwin/arm64":
		dirs = append(dirs, "/opt/homebrew/lib")
	}
	places := make([]string, 0, len(dirs))
	for _, dir := range dirs {
		places = append(places, filepath.Join(dir, libraryName))
	}
	return places
}

// A stamp says that a file was hashed and what came out, so that the half
// gigabyte need not be hashed at every start. It holds as long as the file's
// size and time do.
type stamp struct {
	Version string `json:"version"`
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	ModTime int64  `json:"mod_time_ns"`
	SHA256  string `json:"sha256"`
}

// expected returns the checksum that a library must have.
func expected() (string, error) {
	if sum := strings.ToLower(strings.TrimSpace(os.Getenv(envChecksum))); sum != "" {
		return sum, nil
	}
	p, ok := pinFor(runtime.GOOS, runtime.GOARCH)
	switch {
	case !ok:
		return "", notPublished()
	case !p.complete():
		return "", notPinned(p)
	}
	return p.sha256, nil
}

// verify checks that path is the library that this version was built for: by
// its stamp if that still holds, or else by hashing it, once.
func verify(path string) error {
	want, err := expected()
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return &Fault{Kind: ErrLibraryMissing, Places: []string{path}, Hint: fetchHint}
	}
	now := stamp{Version: LibraryVersion, Path: path, Size: info.Size(), ModTime: info.ModTime().UnixNano(), SHA256: want}
	if readStamp(path) == now {
		return nil
	}
	got, err := hashFile(path)
	if err != nil {
		return err
	}
	if got != want {
		return wrongChecksum(path, want, got)
	}
	// A stamp that cannot be kept costs the next start a second, no more.
	_ = writeStamp(now)
	return nil
}

func wrongChecksum(path, want, got string) error {
	return &Fault{
		Kind: ErrChecksum, Path: path, Detail: "expected " + want + ", is " + got,
		Hint: "remove the file and " + fetchHint + "; this version needs libchdb " + LibraryVersion,
	}
}

// hashFile returns the sha256 of a file in hex.
func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash the library: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("hash the library: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// stampPath is in the cache folder wherever the library is, since a system
// folder cannot be written.
func stampPath(library string) (string, error) {
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	name := sha256.Sum256([]byte(library))
	return filepath.Join(dir, "checked-"+hex.EncodeToString(name[:8])+".json"), nil
}

func readStamp(library string) stamp {
	var s stamp
	path, err := stampPath(library)
	if err != nil {
		return s
	}
	content, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(content, &s) != nil {
		return stamp{}
	}
	return s
}

func writeStamp(s stamp) error {
	path, err := stampPath(s.Path)
	if err != nil {
		return err
	}
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("note the checksum: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("note the checksum: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "checked-*.tmp")
	if err != nil {
		return fmt.Errorf("note the checksum: %w", err)
	}
	_, err = temp.Write(append(content, '\n'))
	if err := errors.Join(err, temp.Close(), os.Rename(temp.Name(), path)); err != nil {
		_ = os.Remove(temp.Name())
		return fmt.Errorf("note the checksum: %w", err)
	}
	return nil
}
