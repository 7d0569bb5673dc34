package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/fetch"
)

// Every address that is not for everybody, in each of the ways in which it can be
// said: in numbers, by a name, and at the end of a redirect.
func TestFetcher_StaysOutside(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
		"255.255.255.255",
		"::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
		"::127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:1::1", "100::1", "2001:db8::1",
		"3fff::1",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			inURL := address
			if strings.Contains(address, ":") {
				inURL = "[" + address + "]"
			}
			b := setup(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://"+inURL+"/latest/meta-data", http.StatusTemporaryRedirect)
			})
			b.net.is("inside.example.com", address)
			b.hosts("*")

			for _, asked := range []string{"https://" + inURL + "/a.pdf", "https://inside.example.com/a.pdf", "https://example.com/a.pdf"} {
				p := b.problem(asked)
				require.Equal(t, fetch.NotAllowed, p.Reason)
				require.False(t, p.Temporary())
				require.Equal(t, fetch.Operator, p.Mender)
			}
			require.Equal(t, []string{publicIP + ":443"}, b.net.connections(), "nothing but the first of the redirects")
		})
	}
}

func TestFetcher_ReachesThroughNAT64(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(200, aPDF))
	b.net.is("example.com", "64:ff9b::5db8:d70e")

	_, err := b.fetch("https://example.com/a.pdf")

	require.NoError(t, err, "which is how a network without IPv4 reaches what is public")
}

// A name that is public when it is checked and private when it is used is resolved
// once only, and the address that was checked is the one that is connected to.
func TestFetcher_Rebinding(t *testing.T) {
	t.Parallel()

	t.Run("OneAnswerIsAskedForAndUsed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF))
		b.net.is("example.com", publicIP, "127.0.0.1")

		_, err := b.fetch("https://example.com/a.pdf")

		require.NoError(t, err)
		require.Equal(t, []string{publicIP + ":443"}, b.net.connections())
		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason, "the next time it is asked again")
	})

	t.Run("BetweenARedirectAndItsTarget", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(302, "", "Location", "/b.pdf"))
		b.net.is("example.com", publicIP, "10.0.0.1")

		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason)
		require.Len(t, b.net.connections(), 1)
	})

	t.Run("WithTheSystemsOwnDialer", func(t *testing.T) {
		t.Parallel()
		asked := new(atomic.Bool)
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
		t.Cleanup(server.Close)
		b := newBench(t, serve(t, answers(200, aPDF)))
		b.cfg.Dialer = nil // the real one, and a resolver that lies
		b.net.is("inside.example.com", "127.0.0.1")
		b.hosts("*", "inside.example.com:"+port(server))

		require.Equal(t, fetch.NotAllowed, b.problem("https://inside.example.com:"+port(server)+"/").Reason)
		require.False(t, asked.Load())
	})
}

func port(s *httptest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':')+1:] }

func TestFetcher_Redirects(t *testing.T) {
	t.Parallel()

	t.Run("AreFollowedAFewTimes", func(t *testing.T) {
		t.Parallel()
		b := setup(t, chain(5))

		file, err := b.fetch("https://example.com/0")

		require.NoError(t, err)
		require.Equal(t, "0.pdf", file.Name, "as it was asked for")
	})

	t.Run("AreNotFollowedForEver", func(t *testing.T) {
		t.Parallel()
		b := setup(t, chain(6))

		p := b.problem("https://example.com/0")

		require.Equal(t, fetch.NotAllowed, p.Reason)
		require.Contains(t, p.Meaning, "more than 5 times")
		require.Len(t, b.net.connections(), 6)
	})

	t.Run("NeverLeadOutOfTheAllowList", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(302, "", "Location", "https://files.example.com/a.pdf"))
		b.hosts("example.com")

		p := b.problem("https://example.com/a.pdf")

		require.Equal(t, fetch.NotAllowed, p.Reason)
		require.Equal(t, elsewhere, p.Host)
		require.Equal(t, fetch.Operator, p.Mender)
	})

	t.Run("NeverLoseEncryption", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(302, "", "Location", "http://files.example.com/a.pdf"))
		b.hosts("example.com", "http://files.example.com")

		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason)
		require.Len(t, b.net.connections(), 1)
	})

	t.Run("NeverLeadToAnotherPort", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(302, "", "Location", "https://example.com:8443/a.pdf"))

		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason)
	})

	t.Run("LeadSomewhere", func(t *testing.T) {
		t.Parallel()
		for _, location := range []string{"", "file:///etc/passwd", "ftp://example.com/", "javascript:1", "https:///x", "https://127.1/", "https://0x7f000001/"} {
			b := setup(t, answers(302, "", "Location", location))
			require.Equal(t, fetch.BadAddress, b.problem("https://example.com/a.pdf").Reason, location)
		}
	})
}

// chain redirects n times.
func chain(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := int(r.URL.Path[1] - '0')
		if at == n {
			w.Write([]byte(aPDF))
			return
		}
		http.Redirect(w, r, "/"+string(rune('1'+at)), http.StatusFound)
	}
}

func TestFetcher_OwnHosts(t *testing.T) {
	t.Parallel()

	t.Run("MayBePrivateAndUnencryptedWhereTheOperatorSaysSo", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(answers(200, aPDF))
		t.Cleanup(server.Close)
		b := &bench{t: t, cfg: fetch.Config{}} // the real resolver and the real dialer
		b.hosts(server.URL)

		file, err := b.fetch(server.URL + "/invoices/1.pdf")

		require.NoError(t, err)
		require.Equal(t, "1.pdf", file.Name)
		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason, "and nothing else is allowed")
	})

	t.Run("AreNotPrivateWithoutAScheme", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF))
		b.net.is("example.com", "10.0.0.5")
		b.hosts("example.com")

		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason)
		b.hosts("https://example.com")
		_, err := b.fetch("https://example.com/a.pdf")
		require.NoError(t, err)
	})

	t.Run("AreNeverWhereACloudKeepsItsPasswords", func(t *testing.T) {
		t.Parallel()
		for _, address := range []string{"169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "224.0.0.1"} {
			b := setup(t, answers(200, aPDF))
			b.net.is("example.com", address)
			b.hosts("https://example.com")

			require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason, address)
		}
	})

	t.Run("VouchForTheirOwnPortOnly", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF))
		b.net.is("example.com", "10.0.0.5")
		b.hosts("https://example.com:8443", "example.com")

		require.Equal(t, fetch.NotAllowed, b.problem("https://example.com/a.pdf").Reason)
		_, err := b.fetch("https://example.com:8443/a.pdf")
		require.NoError(t, err)
	})
}

func TestFetcher_Names(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(200, aPDF))
	b.net.is("busy.example.com", "")

	gone := b.problem("https://nowhere.example.com/a.pdf")
	busy := b.problem("https://busy.example.com/a.pdf")

	require.Equal(t, fetch.NoSuchHost, gone.Reason)
	require.False(t, gone.Temporary())
	require.Equal(t, fetch.Unreachable, busy.Reason)
	require.True(t, busy.Temporary())
}
