package engine

import "runtime"

// LibraryVersion is the version of libchdb that this package is tested with,
// as its npm packages number it. The engine in it is ClickHouse 26.7.2.1.
const LibraryVersion = "26.7.3-stable.1"

// libraryName is what the library is called in every package, on darwin too.
const libraryName = "libchdb.so"

// A pin says which package holds the library for a platform and what it must
// look like. A platform without checksums cannot be fetched for.
type pin struct {
	pkg       string // the npm package
	integrity string // of its tarball, as npm writes it: sha512 in base64
	sha256    string // of the library in it, in hex
	size      int64  // of the library in it, in bytes
}

// pinFor returns the pin of a platform as runtime.GOOS and GOARCH name it, and
// whether libchdb is published for it at all. Integrity comes from the npm
// registry (dist.integrity), sha256 and size from the tarball it vouches for.
func pinFor(goos, goarch string) (pin, bool) {
	switch goos + "/" + goarch {
	case "linux/amd64":
		return pin{
			pkg:       "@chdb/lib-linux-x64-gnu",
			integrity: "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
			sha256:    "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
			size:      566330096,
		}, true
	case "linux/arm64":
		return pin{pkg: "@chdb/lib-linux-arm64-gnu"}, true
	case "darwin/amd64":
		return pin{pkg: "@chdb/lib-darwin-x64"}, true
	case "darwin/arm64":
		return pin{pkg: "@chdb/lib-darwin-arm64"}, true
	}
	return pin{}, false
}

func (p pin) complete() bool { return p.integrity != "" && p.sha256 != "" && p.size > 0 }

// notPinned says how to go on without a checksum.
func notPinned(p pin) error {
	return &Fault{
		Kind:   ErrNotPinned,
		Detail: runtime.GOOS + "/" + runtime.GOARCH + ", package " + p.pkg + " " + LibraryVersion,
		Hint: "get " + libraryName + " from that package yourself, then set " + envLibrary +
			" to the file and " + envChecksum + " to the sha256 you trust it to have",
	}
}

// notPublished is the answer where libchdb does not exist.
func notPublished() error {
	return &Fault{
		Kind:   ErrLibraryMissing,
		Detail: "libchdb is not published for " + runtime.GOOS + "/" + runtime.GOARCH,
		Hint:   "use a ClickHouse server: store.dsn http://… or clickhouse://…",
	}
}
