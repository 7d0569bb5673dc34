package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// What the history says of an invoice must be what its delivery says, or the parts
// would measure different work.
func TestHistory_InvoicesAreWhatTheirDeliveriesSay(t *testing.T) {
	t.Parallel()
	h := newHistory(nil)
	for n := range 50 {
		delivery, err := h.delivery(n)
		require.NoError(t, err)
		message, err := ontop.Decode(delivery)
		require.NoError(t, err)
		require.Empty(t, message.Troubles)
		require.Len(t, message.Invoices, 1)
		require.Equal(t, h.invoice(n).ContentSum(), message.Invoices[0].ContentSum())
		require.Equal(t, schema.StatusConfirmed, message.Invoices[0].Status)
	}
}

func TestHistory_DraftsAddUp(t *testing.T) {
	t.Parallel()
	h := newHistory(nil)
	draft := h.draft(h.invoice(7), 7)
	sum := schema.NewMoney(0, "USD")
	for _, line := range draft.Lines {
		var err error
		sum, err = sum.Add(line.Amount)
		require.NoError(t, err)
	}
	require.Equal(t, draft.Total, sum)
}

func TestRequests_AreSignedAndOfTheSizeThatIsPromised(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef0123456789abcdef")
	check, err := standardwebhooks.NewWebhookRaw(key)
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, raw := range requests(key) {
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		require.NoError(t, err)
		body, err := io.ReadAll(request.Body)
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(len(body)), request.Header.Get("Content-Length"))
		require.InDelta(t, 1500, len(body), 20)
		require.NoError(t, check.Verify(body, request.Header))
		ids[request.Header.Get("webhook-id")] = true
	}
	require.Len(t, ids, ring)
}

func TestWatch_SeesMemory(t *testing.T) {
	t.Parallel()
	var kept []byte
	c, err := watch(func() error {
		kept = bytes.Repeat([]byte("x"), 64<<20)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, kept, 64<<20)
	require.GreaterOrEqual(t, c.heap, int64(64<<20))
	require.Positive(t, c.wall)
	require.Less(t, c.wall, time.Minute)
}
