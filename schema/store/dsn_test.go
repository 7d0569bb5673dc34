package store_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/store"
)

func TestParseDSN(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"embedded:///var/lib/tieout":                "embedded:///var/lib/tieout",
		"embedded:///var/lib/../lib/tieout/":        "embedded:///var/lib/tieout",
		"http://db":                                 "http://db:8123/tieout",
		"https://u:geheim@db/books":                 "https://u@db:8443/books",
		"clickhouse://u:geheim@db:9440/books":       "clickhouse://u@db:9440/books",
		"clickhouse://u:ge%40he%3Aim@[::1]/tieout/": "clickhouse://u@[::1]:9000/tieout",
	} {
		t.Run("Takes "+text, func(t *testing.T) {
			t.Parallel()
			dsn, err := store.ParseDSN(text)
			require.NoError(t, err)
			require.Equal(t, want, dsn.String())
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %s %q %x", dsn, dsn, dsn, dsn, dsn, dsn), "geheim")
			encoded, err := json.Marshal(dsn)
			require.NoError(t, err)
			require.NotContains(t, string(encoded), "geheim")
		})
	}

	for text, want := range map[string]string{
		"":                                 "has no scheme",
		"/var/lib/tieout":                  "has no scheme",
		"postgres://u:geheim@db/x":         `scheme "postgres"`,
		"embedded://":                      "must be absolute",
		"embedded:///":                     "names no folder",
		"embedded://var/lib":               "must be absolute",
		"embedded:var/lib":                 "must be absolute",
		"embedded://u:geheim@/var/lib":     "takes no user",
		"http://":                          "names no host",
		"http://u:geheim@/tieout":          "names no host",
		"http://u:geheim@db/a/b":           "no further slash",
		"http://u:geheim@db/a?secure=true": "takes no ?parameters",
		"http://u:geheim@db/a#b":           "no #fragment",
		"http://u:ge%heim@db/a":            "percent-encode",
		"http://u:geheim@db:port/a":        "percent-encode",
	} {
		t.Run("Refuses "+text, func(t *testing.T) {
			t.Parallel()
			_, err := store.ParseDSN(text)
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "store dsn: ")
			require.NotContains(t, err.Error(), "geheim")
		})
	}
}

// A password must not come out again, whatever is wrong with the rest.
func FuzzParseDSN(f *testing.F) {
	for _, seed := range []string{"http://u:%s@db:8123/tieout", "clickhouse://u:%s@/x", "http://u:%s@db:x/y?z", "embedded://%s/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template string) {
		const password = "hunter-two-secret"
		text := strings.Replace(template, "%s", password, 1)
		dsn, err := store.ParseDSN(text)
		if u, parseErr := url.Parse(text); parseErr != nil || u.User == nil {
			return // the placeholder was no password
		} else if given, _ := u.User.Password(); given != password {
			return
		}
		if err != nil {
			require.NotContains(t, err.Error(), password)
			return
		}
		require.NotContains(t, fmt.Sprintf("%v %#v", dsn, dsn), password)
	})
}
