package store

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// defaultDatabase is the database of the tables where a DSN names none.
const defaultDatabase = "tieout"

// DSN says where the facts are kept. The zero DSN is nowhere; [ParseDSN] makes
// one. It prints itself without the password.
type DSN struct {
	scheme   string
	dir      string // of the embedded engine
	host     string // with port
	user     string
	password string
	database string
}

// ParseDSN reads one of
//
//	embedded:///ABSOLUTE/DIR
//	http://user:password@host:8123/database (or https, port 8443)
//	clickhouse://user:password@host:9000/database
//
// Ports and database may be left out; the database is then "tieout". An error
// names what is wrong and never repeats the text, which may hold a password.
func ParseDSN(text string) (DSN, error) {
	u, err := url.Parse(text)
	if err != nil {
		return DSN{}, errors.New("store dsn: not a URL; percent-encode special characters of the password")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return DSN{}, errors.New("store dsn: takes no ?parameters and no #fragment")
	}
	switch u.Scheme {
	case "embedded":
		return parseEmbedded(u)
	case "http":
		return parseServer(u, "8123")
	case "https":
		return parseServer(u, "8443")
	case "clickhouse":
		return parseServer(u, "9000")
	case "":
		return DSN{}, errors.New("store dsn: has no scheme; begin it with embedded://, http://, https:// or clickhouse://")
	}
	return DSN{}, fmt.Errorf("store dsn: scheme %q is not embedded, http, https or clickhouse", u.Scheme)
}

func parseEmbedded(u *url.URL) (DSN, error) {
	switch {
	case u.User != nil:
		return DSN{}, errors.New("store dsn: an embedded engine takes no user")
	case u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/"):
		return DSN{}, errors.New("store dsn: the folder of an embedded engine must be absolute: embedded:///var/lib/tieout")
	case filepath.Clean(u.Path) == "/":
		return DSN{}, errors.New("store dsn: names no folder: embedded:///var/lib/tieout")
	}
	return DSN{scheme: u.Scheme, dir: filepath.Clean(u.Path), database: defaultDatabase}, nil
}

func parseServer(u *url.URL, port string) (DSN, error) {
	if u.Hostname() == "" {
		return DSN{}, fmt.Errorf("store dsn: names no host: %s://host:%s/database", u.Scheme, port)
	}
	database := strings.Trim(u.Path, "/")
	if strings.Contains(database, "/") {
		return DSN{}, errors.New("store dsn: the path is the database's name and has no further slash")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if database == "" {
		database = defaultDatabase
	}
	password, _ := u.User.Password()
	return DSN{
		scheme: u.Scheme, host: net.JoinHostPort(u.Hostname(), port), user: u.User.Username(), password: password, database: database,
	}, nil
}

// Embedded returns the folder of the embedded engine, and whether the DSN asks
// for one.
func (d DSN) Embedded() (dir string, ok bool) { return d.dir, d.scheme == "embedded" }

// Database returns the name of the database.
func (d DSN) Database() string { return d.database }

// WithDatabase returns the DSN with another database.
func (d DSN) WithDatabase(name string) DSN {
	d.database = name
	return d
}

// String writes the DSN without its password.
func (d DSN) String() string {
	if dir, ok := d.Embedded(); ok {
		return "embedded://" + dir
	}
	u := url.URL{Scheme: d.scheme, Host: d.host, Path: "/" + d.database}
	if d.user != "" {
		u.User = url.User(d.user)
	}
	return u.String()
}

// Format writes the DSN without its password, whatever the verb.
func (d DSN) Format(f fmt.State, _ rune) { io.WriteString(f, d.String()) }

// MarshalText writes the DSN without its password.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// client returns the options of the client that reaches the DSN.
func (d DSN) client() *clickhouse.Options {
	options := &clickhouse.Options{
		Protocol: clickhouse.HTTP,
		Addr:     []string{d.host},
		Auth:     clickhouse.Auth{Database: d.database, Username: d.user, Password: d.password},
	}
	switch d.scheme {
	case "embedded":
		options.Addr = []string{"embedded"}
	case "https":
		options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	case "clickhouse":
		options.Protocol = clickhouse.Native
		options.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	return options
}
