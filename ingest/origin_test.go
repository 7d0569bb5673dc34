package ingest_test

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	ours := prefixes("10.0.0.0/8", "fd00::/8")
	cases := []struct {
		name      string
		peer      string
		forwarded []string
		proxies   []netip.Prefix
		want      string
	}{
		{"PeerWithoutProxies", "203.0.113.9:1", nil, nil, "203.0.113.9"},
		{"HeaderOfAStrangerIsNotBelieved", "203.0.113.9:1", []string{"198.51.100.1"}, ours, "203.0.113.9"},
		{"HeaderIsNotBelievedWithoutProxies", "10.0.0.1:1", []string{"198.51.100.1"}, nil, "10.0.0.1"},
		{"HeaderOfOurProxy", "10.0.0.1:1", []string{"198.51.100.1"}, ours, "198.51.100.1"},
		{"LastStrangerOfAChain", "10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1, 10.0.0.2"}, ours, "198.51.100.1"},
		{"SeveralHeaders", "10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1"}, ours, "198.51.100.1"},
		{"OnlyProxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, ours, "10.0.0.3"},
		{"ProxyThatSaysNothing", "10.0.0.1:1", nil, ours, "10.0.0.1"},
		{"NoAddress", "10.0.0.1:1", []string{"198.51.100.1, unknown"}, ours, "invalid IP"},
		{"Empty", "10.0.0.1:1", []string{""}, ours, "invalid IP"},
		{"TooLong", "10.0.0.1:1", []string{strings.Repeat("198.51.100.1, ", 100)}, ours, "invalid IP"},
		{"MappedPeer", "[::ffff:203.0.113.9]:1", nil, nil, "203.0.113.9"},
		{"MappedHop", "[fd00::1]:1", []string{"::ffff:198.51.100.1"}, ours, "198.51.100.1"},
		{"SixThroughSix", "[fd00::1]:1", []string{"2001:db8::7"}, ours, "2001:db8::7"},
		{"Zone", "[fd00::1]:1", []string{"fe80::1%eth0"}, ours, "fe80::1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			peer := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.peer))
			require.Equal(t, c.want, ingest.Origin(peer, c.forwarded, c.proxies).String())
		})
	}
	require.False(t, ingest.Origin(&net.UnixAddr{}, nil, nil).IsValid())
}

func TestReceiver_Origins(t *testing.T) {
	t.Parallel()
	const path = "/webhooks/ontop/acme"
	from := func(t *testing.T, b *bench, forwarded string) reply {
		t.Helper()
		h := signed(b.key.Secret, "m", "{}")
		if forwarded != "" {
			h.Set("X-Forwarded-For", forwarded)
		}
		return b.post(t, path, h, strings.NewReader("{}"))
	}
	only := func(t *testing.T, b *bench, origins ...string) {
		t.Helper()
		require.NoError(t, b.r.Reload([]ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key), Origins: prefixes(origins...)},
		}))
	}

	t.Run("TakesWhoIsListed", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		only(t, b, "192.0.2.0/24", "127.0.0.0/8")
		require.Equal(t, 202, from(t, b, "").code)
	})

	t.Run("RefusesOthersWithoutAReason", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		only(t, b, "192.0.2.0/24")
		res := from(t, b, "192.0.2.7")
		require.Equal(t, 401, res.code)
		unsigned := b.post(t, path, http.Header{}, strings.NewReader("{}"))
		require.Equal(t, unsigned.text, res.text, "a stranger learns no more than from a bad signature")
		require.Equal(t, 2, b.counter(t, "tieout_ingest_verification_failures_total", "origin"))
	})

	t.Run("BelievesAProxyOfOurs", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.Proxies = prefixes("127.0.0.1/32") })
		only(t, b, "192.0.2.0/24")
		require.Equal(t, 202, from(t, b, "192.0.2.7").code)
		require.Equal(t, 401, from(t, b, "192.0.2.7, 198.51.100.1").code, "only the last stranger is told by our proxy")
		require.Equal(t, 401, from(t, b, "").code)
	})
}
