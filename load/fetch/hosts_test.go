package fetch_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/fetch"
)

func TestParseHosts(t *testing.T) {
	t.Parallel()

	t.Run("Entries", func(t *testing.T) {
		t.Parallel()
		for _, good := range []string{
			"*", "example.com", "EXAMPLE.com.", "example.com:8443", "*.example.com", "*.example.com:8443", "203.0.113.5", "[2001:db8::1]:8443",
			"https://files.internal", "HTTP://files", "http://127.0.0.1:9000", "https://[::1]:9000", "a_b.example.com", "localhost",
		} {
			_, err := fetch.ParseHosts([]string{good})
			require.NoError(t, err, good)
		}
		for _, bad := range []string{
			"", " ", "**", "*.", "*example.com", "a.*.com", "*.*.com", "*:443", "https://*", "https://*.example.com", "ftp://example.com",
			"https://", "https://example.com/", "https://example.com/path", "https://me@example.com", "example.com/path", "example.com:0",
			"example.com:99999", "example.com:+1", "example.com:443x", "example.com:", "exa mple.com", "-example.com", "example..com",
			"[::1", "::1", "[fe80::1%25eth0]", "[127.0.0.1]", "127.1", "0x7f.1", "2130706433", "bücher.example", "*.10.0.0.1", "a\nb", "http://https://a",
		} {
			_, err := fetch.ParseHosts([]string{bad})
			require.ErrorContains(t, err, "must be a host", "%q", bad)
		}
	})

	t.Run("NamesEveryMistake", func(t *testing.T) {
		t.Parallel()
		_, err := fetch.ParseHosts([]string{"example.com", "a b", "ftp://x"})
		require.ErrorContains(t, err, `"a b"`)
		require.ErrorContains(t, err, `"ftp://x"`)
		require.NotContains(t, err.Error(), `"example.com"`)
	})
}

// Which addresses a list allows. Whatever is allowed is fetched here, because every
// name is public in these tests.
func TestHosts(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		list            []string
		allowed, denied []string
	}{
		"None": {
			allowed: []string{"https://example.com/a", "https://files.example.com:443/a", "HTTPS://EXAMPLE.COM./a", "https://example.com"},
			denied:  []string{"http://example.com/a", "https://example.com:8443/a", "ftp://example.com/a"},
		},
		"One": {
			list:    []string{"files.example.com"},
			allowed: []string{"https://files.example.com/a", "https://FILES.example.com./a"},
			denied:  []string{"https://example.com/a", "https://x.files.example.com/a", "https://files.example.com:8443/a", "http://files.example.com/a"},
		},
		"Below": {
			list:    []string{"*.example.com"},
			allowed: []string{"https://files.example.com/a", "https://a.b.example.com/a"},
			denied:  []string{"https://example.com/a", "https://badexample.com/a", "https://example.com.evil.org/a"},
		},
		"Port": {
			list:    []string{"example.com:8443"},
			allowed: []string{"https://example.com:8443/a"},
			denied:  []string{"https://example.com/a", "http://example.com:8443/a"},
		},
		"Plain": {
			list:   []string{"http://example.com:8080"},
			denied: []string{"https://example.com:8080/a", "http://example.com/a", "https://example.com/a"},
		},
		"All": {
			list:    []string{"*", "http://files.internal"},
			allowed: []string{"https://example.com/a"},
			denied:  []string{"http://example.com/a", "https://files.internal:80/a"},
		},
		"Tricks": {
			list: []string{"example.com"},
			denied: []string{
				"https://example.com@evil.org/a", "https://evil.org#example.com", "https://evil.org/example.com", "https://evil.org?example.com",
				`https://evil.org\@example.com/a`, "https://example.com:443:443/a", "https://example.com%2eevil.org/a", "https://example.com%00.evil.org/",
				"https:example.com/a", "//example.com/a", "https://[example.com]/a", "https://user@example.com/a", "https://exämple.com/a",
				"https://example.com:0/", "https://example.com:/a b\x7f",
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, answers(200, aPDF))
			for _, name := range []string{"a.b.example.com", "x.files.example.com", "badexample.com", "example.com.evil.org", "evil.org", "files.internal"} {
				b.net.is(name, publicIP)
			}
			b.hosts(c.list...)
			for _, address := range c.allowed {
				_, err := b.fetch(address)
				if p, ok := err.(*fetch.Problem); ok { //nolint:errorlint // what the test server's certificate is not for, was allowed
					require.Equal(t, fetch.Unreachable, p.Reason, address)
					continue
				}
				require.NoError(t, err, address)
			}
			before := len(b.net.connections())
			for _, address := range c.denied {
				require.Contains(t, []fetch.Reason{fetch.NotAllowed, fetch.BadAddress}, b.problem(address).Reason, address)
			}
			require.Len(t, b.net.connections(), before, "nothing was connected to")
		})
	}
}

// Whatever the address and the list, a connection goes to a public address only,
// unless the list has the host with a scheme; and what is asked for is on the list.
func FuzzFetcher_Fetch(f *testing.F) {
	for _, address := range []string{
		"https://example.com/a.pdf", "http://example.com", "https://127.0.0.1/", "https://[::1]:443/", "https://a@b/", "https://example.com:8443/x?y#z",
		"https://0x7f.1/", "https://example.com./", "https://EXAMPLE.com/%2e%2e/", "https://[::ffff:7f00:1]/", "HTTPS:\\\\example.com", "https://①②⑦.0.0.1",
	} {
		f.Add(address, "", "10.0.0.1")
		f.Add(address, "example.com", "93.184.215.14")
		f.Add(address, "*.com *", "64:ff9b::7f00:1")
		f.Add(address, "http://example.com example.com:8443", "::1")
	}
	f.Fuzz(func(t *testing.T, address, list, resolved string) {
		hosts, err := fetch.ParseHosts(strings.Fields(list))
		if err != nil {
			return
		}
		to, err := netip.ParseAddr(resolved)
		if err != nil {
			return
		}
		var dialled []string
		cfg := fetch.Config{Hosts: hosts, Resolver: always{to}, Dialer: refusing{&dialled}}

		_, err = fetch.New(cfg).Fetch(t.Context(), address, "x")

		var p *fetch.Problem
		require.ErrorAs(t, err, &p)
		require.Equal(t, strings.ToValidUTF8(p.Meaning, ""), p.Meaning)
		vouched := strings.Contains(list, "://")
		for _, d := range dialled {
			at := netip.MustParseAddrPort(d)
			a := at.Addr()
			require.False(t, a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified(), d)
			require.True(t, vouched || a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback(), d)
			u, err := url.Parse(strings.TrimSpace(address))
			require.NoError(t, err)
			require.Nil(t, u.User)
			require.True(t, strings.EqualFold(u.Scheme, "https") || vouched && strings.EqualFold(u.Scheme, "http"))
			require.True(t, list != "" || at.Port() == 443, d)
		}
	})
}
