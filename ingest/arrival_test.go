package ingest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// arrived posts one delivery with more header fields and returns how it came in.
func arrived(t *testing.T, fields http.Header, change ...func(*ingest.ReceiverConfig)) schema.Arrival {
	t.Helper()
	journal := &memory{}
	b := serve(t, journal, change...)
	res := b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, "m-1", "{}"), strings.NewReader("{}"), func(r *http.Request) {
		maps.Copy(r.Header, fields)
	})
	require.Equal(t, 202, res.code, res.text)
	require.Len(t, journal.arrivals(), 1)
	text := journal.arrivals()[0]
	require.LessOrEqual(t, len(text), schema.MaxArrival)
	a, err := schema.ParseArrival(text)
	require.NoError(t, err)
	return a
}

func headers(a schema.Arrival) map[string][]string {
	found := map[string][]string{}
	for _, field := range a.Headers {
		found[field.Name] = append(found[field.Name], field.Value)
	}
	return found
}

func TestReceiver_KeepsHowADeliveryCameIn(t *testing.T) {
	t.Parallel()

	t.Run("WithWhatProvedIt", func(t *testing.T) {
		t.Parallel()
		a := arrived(t, http.Header{"User-Agent": {"Ontop/2"}, "X-Ontop-Event": {"INVOICE_PAID"}, "X-Twice": {"one", "two"}})
		require.Equal(t, "127.0.0.1", a.From)
		require.Equal(t, "standard-webhooks", a.Scheme)
		require.Equal(t, 1, a.Key)
		require.True(t, noon.Equal(a.SignedAt), a.SignedAt)
		require.Zero(t, a.Omitted)
		found := headers(a)
		require.Equal(t, []string{"m-1"}, found["Webhook-Id"])
		require.Equal(t, []string{"Ontop/2"}, found["User-Agent"])
		require.Equal(t, []string{"INVOICE_PAID"}, found["X-Ontop-Event"])
		require.Equal(t, []string{"one", "two"}, found["X-Twice"])
		require.Equal(t, []string{"application/json"}, found["Content-Type"])
	})

	t.Run("WithoutWhatMayBeASecret", func(t *testing.T) {
		t.Parallel()
		const secret = "tops3cret"
		long := strings.Repeat("a1B2", 8)
		found := headers(arrived(t, http.Header{
			"Authorization": {"Bearer " + secret}, "Cookie": {"a=" + secret}, "X-Api-Key": {secret}, "X-Hub-Signature-256": {secret},
			"Proxy-Authorization": {secret}, "X-Auth": {secret}, "X-Session": {secret}, "X-Passwd": {secret}, "X-Csrf-Token": {secret},
			"X-Innocent": {"v1 " + long}, "X-Plain": {"eu-west 1"},
		}))
		for name, values := range found {
			require.NotContains(t, strings.Join(values, " "), secret, name)
			require.NotContains(t, strings.Join(values, " "), long, name)
		}
		require.Equal(t, []string{"<secret>"}, found["Webhook-Signature"])
		require.Equal(t, []string{"<secret>"}, found["X-Innocent"], "it looks like a key, whatever its name says")
		require.Equal(t, []string{"eu-west 1"}, found["X-Plain"])
	})

	t.Run("FromWhomOurProxySaw", func(t *testing.T) {
		t.Parallel()
		a := arrived(t, http.Header{"X-Forwarded-For": {"203.0.113.7"}}, func(c *ingest.ReceiverConfig) {
			c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		})
		require.Equal(t, "203.0.113.7", a.From)
	})

	t.Run("AndCountsWhatThereIsNoRoomFor", func(t *testing.T) {
		t.Parallel()
		many := http.Header{}
		for i := range 100 {
			many[fmt.Sprintf("X-Many-%d", i)] = []string{strings.Repeat("a ", 100)}
		}
		a := arrived(t, many, func(c *ingest.ReceiverConfig) { c.HeaderLimit = 64 << 10 })
		require.Positive(t, a.Omitted)
		require.Greater(t, len(a.Headers), 30)
		kept := 0
		for _, field := range a.Headers {
			if strings.HasPrefix(field.Name, "X-Many-") {
				kept++
			}
		}
		require.Equal(t, 100, kept+a.Omitted)
	})
}
