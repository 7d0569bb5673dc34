package store_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store"
)

func TestOpen(t *testing.T) {
	t.Parallel()

	embeddedDSN, err := store.ParseDSN("embedded:///shared")
	require.NoError(t, err)
	serverDSN, err := store.ParseDSN("http://u:geheim@127.0.0.1:1/tieout")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		options store.Options
		want    string
	}{
		"NoDSN":              {store.Options{Now: time.Now}, "no dsn"},
		"NoClock":            {store.Options{DSN: serverDSN}, "no clock"},
		"NoTransport":        {store.Options{DSN: embeddedDSN, Now: time.Now}, "needs the engine's transport"},
		"TransportForServer": {store.Options{DSN: serverDSN, Now: time.Now, Transport: shared}, "only an embedded dsn"},
		"ClusterForEmbedded": {store.Options{DSN: embeddedDSN, Now: time.Now, Transport: shared, Cluster: "main"}, "no cluster"},
		"NobodyThere":        {store.Options{DSN: serverDSN, Now: time.Now}, "http://u@127.0.0.1:1/tieout"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), test.options)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "geheim")
		})
	}

	t.Run("AnswersForItself", func(t *testing.T) {
		t.Parallel()
		s := openStore(t, embedded(t))
		require.NoError(t, s.Health(t.Context()))
		version, err := s.Version(t.Context())
		require.NoError(t, err)
		require.Equal(t, shared.Version(), version)
		require.NoError(t, s.RecordRules(t.Context(), schema.RuleSet{Company: "acme"}))
		sizes, err := s.TableSizes(t.Context())
		require.NoError(t, err)
		require.Len(t, sizes, 22)
		for _, table := range sizes {
			if table.Name == "rules" {
				require.Equal(t, uint64(1), table.Rows)
				require.Equal(t, uint64(1), table.Parts)
				require.Positive(t, table.Bytes)
			}
		}
	})
}

func TestStore_Migrate(t *testing.T) {
	t.Parallel()

	t.Run("DoesNothingTheSecondTime", func(t *testing.T) {
		t.Parallel()
		options := embedded(t)
		s := openStore(t, options)
		tables := query(t, "SELECT name, create_table_query FROM system.tables WHERE database = '"+options.DSN.Database()+"' ORDER BY name")
		applied, err := s.Migrate(t.Context())
		require.NoError(t, err)
		require.Zero(t, applied)
		require.Equal(t, tables,
			query(t, "SELECT name, create_table_query FROM system.tables WHERE database = '"+options.DSN.Database()+"' ORDER BY name"))
	})

	t.Run("DoesNoHarmWhenTheNotesAreLost", func(t *testing.T) {
		t.Parallel()
		options := embedded(t)
		s := openStore(t, options)
		require.NoError(t, s.RecordRules(t.Context(), schema.RuleSet{Company: "acme", Version: 1}))
		query(t, "DROP TABLE "+options.DSN.Database()+".migrations SYNC")
		applied, err := s.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, 25, applied)
		rules, err := s.Rules(t.Context(), "acme", time.Time{})
		require.NoError(t, err)
		require.Equal(t, 1, rules.Version)
	})
}

// errLost is what a client sees when the connection breaks.
var errLost = errors.New("connection lost")

// lossy is a transport that loses the answers of inserts, after the engine did
// what they ask.
type lossy struct {
	lose atomic.Bool
}

func (l *lossy) RoundTrip(request *http.Request) (*http.Response, error) {
	insert := strings.HasPrefix(request.URL.Query().Get("query"), "INSERT")
	response, err := shared.RoundTrip(request)
	if err != nil || !insert || !l.lose.Load() {
		return response, err
	}
	var body bytes.Buffer
	_, _ = body.ReadFrom(response.Body)
	_ = response.Body.Close()
	return nil, errLost
}

func TestStore_UnknownOutcome(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*store.Store, *lossy, string) {
		t.Helper()
		transport := &lossy{}
		options := embedded(t)
		options.Transport = transport
		return openStore(t, options), transport, options.DSN.Database()
	}
	block := schema.Block{ID: "b-1", Deliveries: []schema.Delivery{
		{Company: "acme", ID: "d-1", ReceivedAt: time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), Body: []byte("one")},
		{Company: "acme", ID: "d-2", ReceivedAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Body: []byte("two")},
	}}

	t.Run("StagingAgainStoresEachRowOnce", func(t *testing.T) {
		t.Parallel()
		s, transport, database := setup(t)
		transport.lose.Store(true)
		for range 2 { // the first month, then the second
			err := s.Stage(t.Context(), block)
			require.ErrorIs(t, err, store.ErrUnknownOutcome)
			require.ErrorIs(t, err, errLost)
		}
		transport.lose.Store(false)
		require.NoError(t, s.Stage(t.Context(), block))
		require.Equal(t, "2\t2", query(t, "SELECT count(), uniqExact(id) FROM "+database+".deliveries"))
	})

	t.Run("StagingAgainAfterTheTokenWasForgottenStoresEachRowOnce", func(t *testing.T) {
		t.Parallel()
		s, transport, database := setup(t)
		transport.lose.Store(true)
		require.ErrorIs(t, s.Stage(t.Context(), block), store.ErrUnknownOutcome)
		transport.lose.Store(false)
		query(t, "ALTER TABLE "+database+".deliveries MODIFY SETTING non_replicated_deduplication_window = 0")
		for range 2 {
			require.NoError(t, s.Stage(t.Context(), block))
		}
		require.Equal(t, "2\t2", query(t, "SELECT count(), uniqExact(id) FROM "+database+".deliveries"))
	})

	t.Run("StagingAgainAddsTheRowsThatAreMissing", func(t *testing.T) {
		t.Parallel()
		s, _, database := setup(t)
		half := block
		half.Deliveries = block.Deliveries[:1]
		require.NoError(t, s.Stage(t.Context(), half))
		whole := block
		whole.Deliveries = append([]schema.Delivery{}, block.Deliveries...)
		whole.Deliveries[1].ReceivedAt = block.Deliveries[0].ReceivedAt
		require.NoError(t, s.Stage(t.Context(), whole))
		require.Equal(t, "2\t2", query(t, "SELECT count(), uniqExact(id) FROM "+database+".deliveries"))
	})

	t.Run("RecordingAgainAddsNothing", func(t *testing.T) {
		t.Parallel()
		s, transport, database := setup(t)
		posting := schema.Posting{Company: "acme", Kind: schema.PostBill, Subject: "i-1", State: schema.PostingNamed}
		transport.lose.Store(true)
		require.ErrorIs(t, s.RecordPostings(t.Context(), []schema.Posting{posting}), store.ErrUnknownOutcome)
		transport.lose.Store(false)
		require.NoError(t, s.RecordPostings(t.Context(), []schema.Posting{posting}))
		require.Equal(t, "1", query(t, "SELECT count() FROM "+database+".postings"))
	})
}

func TestStore_Refuses(t *testing.T) {
	t.Parallel()
	s := openStore(t, embedded(t))

	t.Run("ABlockWithoutAnID", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, s.Stage(t.Context(), schema.Block{}), "no id")
	})

	t.Run("ALeaseThatIsTooLongOrNone", func(t *testing.T) {
		t.Parallel()
		for _, ttl := range []time.Duration{0, -time.Second, 25 * time.Hour} {
			_, err := s.TryLease(t.Context(), "name", "holder", ttl, time.Now())
			require.ErrorContains(t, err, "ttl")
		}
	})
}
