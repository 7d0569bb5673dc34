package ingest_test

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

func TestReceiver_Replay(t *testing.T) {
	t.Parallel()
	const path = "/webhooks/ontop/acme"
	post := func(t *testing.T, b *bench, id, text string) int {
		t.Helper()
		return b.post(t, path, signed(b.key.Secret, id, text), bytes.NewReader([]byte(text))).code
	}

	t.Run("StoresOnceWhatComesAgain", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		for range 5 {
			require.Equal(t, 202, post(t, b, "m1", `{"a":1}`))
		}
		require.Len(t, journal.deliveries(), 1)
		require.Equal(t, 4, b.counter(t, "tieout_ingest_replayed_total"))
		require.Zero(t, b.counter(t, "tieout_ingest_conflicts_total"))
	})

	t.Run("KeepsBothBodiesOfOneID", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		require.Equal(t, 202, post(t, b, "m1", `{"a":1}`))
		require.Equal(t, 202, post(t, b, "m1", `{"a":2}`))
		require.Equal(t, 202, post(t, b, "m1", `{"a":1}`), "the first is still known")
		require.Len(t, journal.deliveries(), 2)
		require.Equal(t, 1, b.counter(t, "tieout_ingest_conflicts_total"))
	})

	t.Run("RemembersNothingThatWasNotStored", func(t *testing.T) {
		t.Parallel()
		journal := &memory{err: ingest.ErrSlow}
		b := serve(t, journal)
		require.Equal(t, 503, post(t, b, "m1", "{}"))
		journal.mu.Lock()
		journal.err = nil
		journal.mu.Unlock()
		require.Equal(t, 202, post(t, b, "m1", "{}"))
		require.Len(t, journal.deliveries(), 1)
	})

	t.Run("AnswersNobodyWhoCannotSign", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		require.Equal(t, 202, post(t, b, "m1", "{}"))
		res := b.post(t, path, http.Header{"Webhook-Id": {"m1"}}, bytes.NewReader([]byte("{}")))
		require.Equal(t, 401, res.code)
	})

	t.Run("KeepsCompaniesApart", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		require.Equal(t, 202, post(t, b, "m1", "{}"))
		other := key(t, secretB)
		res := b.post(t, "/webhooks/ontop/other", signed(other.Secret, "m1", "{}"), bytes.NewReader([]byte("{}")))
		require.Equal(t, 202, res.code)
		require.Len(t, journal.deliveries(), 2)
	})

	t.Run("RemembersNothingWhenToldSo", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.ReplayWindow = -1 })
		require.Equal(t, 202, post(t, b, "m1", "{}"))
		require.Equal(t, 202, post(t, b, "m1", "{}"))
		require.Len(t, journal.deliveries(), 2)
	})
}

func TestReplays(t *testing.T) {
	t.Parallel()

	t.Run("ForgetsAfterTheWindow", func(t *testing.T) {
		t.Parallel()
		for after, want := range map[time.Duration]bool{time.Second: true, 10 * time.Minute: true, 10*time.Minute + 1: false} {
			r := ingest.NewReplays(10 * time.Minute)
			r.Remember("acme", "m", "{}", noon)
			same, _ := r.Known("acme", "m", "{}", noon.Add(after))
			require.Equal(t, want, same, after)
		}
	})

	t.Run("IsBounded", func(t *testing.T) {
		t.Parallel()
		r := ingest.NewReplays(time.Hour)
		for n := range 2*ingest.ReplayEntries + 1 {
			r.Remember("acme", schema.DeliveryID(strconv.Itoa(n)), "{}", noon)
		}
		same, _ := r.Known("acme", "0", "{}", noon)
		require.False(t, same, "the oldest made room")
		same, _ = r.Known("acme", schema.DeliveryID(strconv.Itoa(2*ingest.ReplayEntries)), "{}", noon)
		require.True(t, same)
	})

	// Whatever comes in whatever order: only what was remembered, within the window
	// and with this very body, is called known. Calling anything else so would lose it.
	t.Run("NeverCallsKnownWhatIsNot", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			const window = time.Minute
			type name struct {
				company schema.CompanyID
				id      schema.DeliveryID
				body    string
			}
			r, now, stored := ingest.NewReplays(window), noon, map[name]time.Time{}
			for range rapid.IntRange(1, 60).Draw(t, "deliveries") {
				now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
				n := name{
					rapid.SampledFrom([]schema.CompanyID{"a", "b"}).Draw(t, "company"),
					rapid.SampledFrom([]schema.DeliveryID{"1", "2"}).Draw(t, "id"),
					rapid.SampledFrom([]string{"", "x"}).Draw(t, "body"),
				}
				same, conflict := r.Known(n.company, n.id, n.body, now)
				at, was := stored[n]
				if same && (!was || now.Sub(at) > window) {
					t.Fatalf("%v is called known at %v", n, now)
				}
				if same && conflict {
					t.Fatal("the same, and another")
				}
				if !same {
					r.Remember(n.company, n.id, n.body, now)
					stored[n] = now
				}
			}
		})
	})
}
