package engine

import "net/http"

// Sketch is sketch, for the tests of what the engine makes of a statement.
func Sketch(sql string) (verb, format, head, data string, insert, many bool) {
	o := sketch(sql)
	return o.verb, o.format, o.head, o.data, o.insert, o.many
}

// Parse is parse; it returns what a request asks for.
func Parse(req *http.Request) (sql, database string, settings, params map[string]string, err error) {
	s, err := parse(req)
	if err != nil {
		return "", "", nil, nil, err
	}
	return s.sql, s.database, s.settings, s.params, nil
}

// QuoteText is quoteText.
func QuoteText(value string) string { return quoteText(value) }

// QuoteName is quoteName.
func QuoteName(name string) string { return quoteName(name) }

// NewException is newException.
func NewException(text string) *Exception { return newException(text) }

// Install is install with a pin of the test's own.
func Install(tarball, integrity, sha256, temp, library string) error {
	return install(tarball, pin{integrity: integrity, sha256: sha256}, temp, library)
}

// Locate is locate.
func Locate(named string) (string, error) { return locate(named) }

// PinFor reports what is pinned for a platform.
func PinFor(goos, goarch string) (pkg string, complete, published bool) {
	p, ok := pinFor(goos, goarch)
	return p.pkg, p.complete(), ok
}

// NotPinned is the fault for a platform without checksums.
func NotPinned(goos, goarch string) error {
	p, _ := pinFor(goos, goarch)
	return notPinned(p)
}
