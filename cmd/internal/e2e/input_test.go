package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// signed returns the event's request, signed as of now less age.
func (w *world) signed(t *testing.T, event ontopsim.Event, age time.Duration) *http.Request {
	t.Helper()
	sender, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: w.Public + "/webhooks/ontop/" + rig.Company, Secret: w.Secret},
		func() time.Time { return time.Now().Add(-age) })
	require.NoError(t, err)
	request, err := sender.Request(t.Context(), event)
	require.NoError(t, err)
	return request
}

// do sends a request and returns the answer's status and text.
func do(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

// changed returns a body with the data changed.
func changed(t *testing.T, body []byte, change func(data map[string]any)) []byte {
	t.Helper()
	var whole map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&whole))
	data, ok := whole["data"].(map[string]any)
	require.True(t, ok)
	change(data)
	text, err := json.Marshal(whole)
	require.NoError(t, err)
	return text
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	story := cleanMonth(8)
	story.Currencies, story.Each = []schema.Currency{"USD", "EUR"}, 1
	story.Troubles = []ontopsim.Trouble{ontopsim.TotalMismatch, ontopsim.UnknownCurrency, ontopsim.TooManyDecimals}
	w := newWorld(t, story, rig.Config{Books: quickbookstest.Config{Realms: realms(false, story.CloseDate)}})
	w.tellAll(t)
	server := w.serve(t)
	w.open(t)

	t.Run("IsAnsweredWithTheStatusThatSaysWhat", func(t *testing.T) { w.requireStatuses(t) })
	t.Run("IsRefusedWhenItIsTooLarge", func(t *testing.T) { w.requireTooLarge(t) })
	t.Run("IsHeldOrShownWhenItWasSigned", func(t *testing.T) { w.requireHolds(t) })
	require.NoError(t, server.Stop(stopWithin))
	w.requireQuietLogs(t)
}

func (w *world) requireStatuses(t *testing.T) {
	t.Helper()
	event := w.history.Events[0]
	for _, c := range []struct {
		name   string
		spoil  func(*http.Request)
		age    time.Duration
		status int
		says   string
	}{
		{name: "missing signature", spoil: func(r *http.Request) { r.Header.Del("webhook-signature") }, status: 401, says: "unauthorized"},
		{name: "missing timestamp", spoil: func(r *http.Request) { r.Header.Del("webhook-timestamp") }, status: 401, says: "unauthorized"},
		{name: "missing id", spoil: func(r *http.Request) { r.Header.Del("webhook-id") }, status: 401, says: "unauthorized"},
		{name: "another id", spoil: func(r *http.Request) { r.Header.Set("webhook-id", "msg_other") }, status: 401, says: "unauthorized"},
		{name: "bad signature", spoil: func(r *http.Request) {
			r.Header.Set("webhook-signature", "v1,"+strings.Repeat("A", 43)+"=")
		}, status: 401, says: "unauthorized"},
		{name: "another body", spoil: func(r *http.Request) { setBody(r, []byte(`{"event_type":"CONTRACT_CREATED"}`)) }, status: 401, says: "unauthorized"},
		{name: "expired", age: 6 * time.Minute, status: 401, says: "unauthorized"},
		{name: "from the future", age: -6 * time.Minute, status: 401, says: "unauthorized"},
		{name: "unknown company", spoil: func(r *http.Request) { r.URL.Path = "/webhooks/ontop/globex" }, status: 404, says: "check the company's id"},
		{name: "no company", spoil: func(r *http.Request) { r.URL.Path = "/webhooks/ontop/" }, status: 404, says: "not found"},
		{name: "a page that is private", spoil: func(r *http.Request) { r.URL.Path = "/metrics" }, status: 404, says: "not found"},
		{name: "not POST", spoil: func(r *http.Request) { r.Method = http.MethodPut }, status: 405, says: "use POST"},
		{name: "not JSON by content type", spoil: func(r *http.Request) { r.Header.Set("Content-Type", "text/xml") }, status: 415, says: "application/json"},
		{name: "compressed", spoil: func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, status: 415, says: "without compression"},
		{name: "right", status: 202, says: "accepted"},
	} {
		request := w.signed(t, event, c.age)
		if c.spoil != nil {
			c.spoil(request)
		}
		status, text := do(t, request)
		require.Equal(t, c.status, status, "%s: %s", c.name, text)
		require.Contains(t, text, c.says, c.name)
		require.True(t, json.Valid([]byte(text)), "%s: %s", c.name, text)
	}
}

// requireTooLarge announces two mebibytes and sends some of them: a receiver that
// answers at once and closes leaves it to chance whether who goes on sending gets
// to see the answer.
func (w *world) requireTooLarge(t *testing.T) {
	t.Helper()
	request := w.signed(t, ontopsim.Event{ID: "msg_large", Body: bytes.Repeat([]byte(" "), 2<<20)}, 0)
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", request.URL.Host)
	require.NoError(t, err)
	defer connection.Close()
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", request.URL.Path, request.URL.Host, request.ContentLength)
	require.NoError(t, request.Header.Write(&head))
	head.WriteString("\r\n")
	head.Write(bytes.Repeat([]byte(" "), 16<<10))
	_, err = connection.Write(head.Bytes())
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(connection), request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), "send fewer objects in one delivery")
}

func setBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = nil
}

// requireHolds sends what is signed and wrong in what it says. Everything is kept,
// and each is shown to a person with a reason.
func (w *world) requireHolds(t *testing.T) {
	t.Helper()
	w.send(t, w.history.Events)
	w.send(t, w.history.Events) // replayed within the tolerance: nothing counts twice
	var invoice ontopsim.Event
	for _, event := range w.history.Events {
		if bytes.Contains(event.Body, []byte(`"INVOICE_CREATED"`)) {
			invoice = event
		}
	}
	require.NotEmpty(t, invoice.ID)
	odd := []ontopsim.Event{
		{ID: "msg_not_json", Body: []byte(`this is not JSON`)},
		{ID: "msg_cut", Body: invoice.Body[:len(invoice.Body)/2]},
		{ID: "msg_list", Body: []byte(`[]`)},
		{ID: "msg_wrong_types", Body: changed(t, invoice.Body, func(data map[string]any) {
			data["invoice_id"] = []any{1}
			data["items"] = "none"
		})},
	}
	w.send(t, odd)
	w.settle(t, time.Minute)

	reasons := map[ontopsim.Trouble]schema.HoldReason{
		ontopsim.TotalMismatch: schema.HoldTotalMismatch, ontopsim.UnknownCurrency: schema.HoldCurrency,
		ontopsim.TooManyDecimals: schema.HoldTotalMismatch,
	}
	r := w.reconcile(t, "--period", "2026-08")
	require.Len(t, r.Items, len(w.history.Expected.Invoices))
	lacking := 0
	for _, sent := range w.history.Expected.Invoices {
		line := r.of(t, sent.ID)
		switch {
		case sent.Trouble != ontopsim.NoTrouble:
			require.Contains(t, line.Holds, reasons[sent.Trouble], "%+v", line)
			require.NotEmpty(t, line.Cause)
		case sent.Currency == "EUR":
			lacking++
			require.Equal(t, schema.State(schema.HoldCurrency), line.State, "a company without multicurrency takes no euros: %+v", line)
			require.Contains(t, line.Cause, "EUR")
		default:
			require.Equal(t, schema.StateMatched, line.State, "%+v", line)
		}
	}
	require.Positive(t, lacking)

	intake := w.reconcile(t, "--period", schema.DateOf(time.Now().UTC()).Period().String())
	require.False(t, intake.Tied, "what nobody can read keeps the month open")
	require.Equal(t, w.history.Expected.Deliveries+len(odd), intake.Intake.Received)
	unreadable := map[schema.DeliveryID]string{}
	for _, trouble := range intake.Intake.Troubles {
		unreadable[trouble.Delivery] = trouble.Detail
	}
	for _, event := range odd {
		require.NotEmpty(t, unreadable[schema.DeliveryID(event.ID)], "%s is shown with what is wrong: %v", event.ID, unreadable)
	}
}
