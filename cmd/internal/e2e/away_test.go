package e2e_test

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/schema"
)

func TestQuickBooksAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cleanMonth(4), rig.Config{})
	server := w.serve(t)
	w.open(t)
	require.NoError(t, w.Away())

	// Nothing of that reaches Ontop, and drafts are made all the same.
	w.send(t, w.history.Events)
	complaint := w.fails(t, 1, "sync")
	require.Contains(t, complaint, "company acme")
	require.Contains(t, complaint, "connection refused")
	r := w.reconcile(t, "--period", "2026-08")
	require.Len(t, r.Items, len(w.history.Expected.Invoices))
	require.False(t, r.Tied)
	require.Empty(t, w.bills(t))
	require.Equal(t, schema.Connected, w.status(t).Companies[0].Connection.State, "being away is no lost consent")

	// A restart does not need it either.
	require.NoError(t, server.Stop(stopWithin))
	server = w.serve(t)
	require.NoError(t, w.Back(t.Context()))
	w.settle(t, time.Minute)
	r = w.reconcile(t, "--period", "2026-08")
	require.True(t, r.Tied, "%+v", r.Items)
	w.requireBooksEqualSource(t)
	require.NoError(t, server.Stop(stopWithin))
}

func TestConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cleanMonth(5), rig.Config{})
	w.tellAll(t)
	server := w.serve(t)

	// Connected from a terminal, with the address of the last page pasted.
	said, err := w.connectFromTerminal(t)
	require.NoError(t, err)
	require.Contains(t, said, "acme is connected to Acme Inc (realm "+w.Realm+")")
	w.run(t, 0, "sync")
	w.run(t, 0, "rules", "import", w.file(t, "rules.yaml", rulesYAML))

	// The company's admin throws us out: status says so, and what to do.
	w.Books.Disconnect(w.Realm)
	w.send(t, w.history.Events)
	require.Eventually(t, func() bool { return w.status(t).Companies[0].Connection.State == schema.NeedsConsent }, time.Minute, 100*time.Millisecond)
	require.Contains(t, w.run(t, 0, "status"), "run `tieout connect --company acme`")
	require.Contains(t, w.fails(t, 1, "sync"), "run `tieout connect`")
	require.Empty(t, w.bills(t))

	// Let in again, it goes on where it was.
	require.NoError(t, w.Connect(t.Context()))
	w.settle(t, time.Minute)
	require.True(t, w.reconcile(t, "--period", "2026-08").Tied)
	w.requireBooksEqualSource(t)

	// Disconnected from our side, tokens and mappings are gone and the history stays.
	require.Contains(t, w.fails(t, 2, "disconnect"), "--company: needed")
	require.Contains(t, w.run(t, 0, "disconnect", "--company", rig.Company), "the history is kept")
	require.Contains(t, w.fails(t, 1, "disconnect", "--company", rig.Company), "not connected")
	require.Contains(t, w.run(t, 0, "status"), "disconnected by ")
	require.NotContains(t, w.run(t, 0, "rules"), "FIXED_PAYMENT")
	require.NotContains(t, w.run(t, 0, "vendors"), "linked")
	require.Len(t, w.reconcile(t, "--period", "2026-08").Items, len(w.history.Expected.Invoices))
	require.NoError(t, server.Stop(stopWithin))
	w.requireQuietLogs(t)
}

// connectFromTerminal runs `tieout connect` as a person does who copies addresses
// between a terminal and a browser, and returns what the command said last.
func (w *world) connectFromTerminal(t *testing.T) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, "connect", "--config", w.ConfigFile())
	in, err := command.StdinPipe()
	require.NoError(t, err)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	command.Stderr = w.log
	require.NoError(t, command.Start())
	lines := bufio.NewReader(out)
	var address string
	for !strings.HasPrefix(address, "http") {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		address = strings.TrimSpace(line)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Contains(t, string(page), "copy the whole address of this page", "the browser ends on a page that says what to do")

	_, err = io.WriteString(in, answer.Request.URL.String()+"\n")
	require.NoError(t, err)
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	return string(rest), command.Wait()
}

func TestStop_AnswersWhatWasAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ontopsim.Config{Seed: 6, Workers: 12, Months: 2, Troubles: []ontopsim.Trouble{}}, rig.Config{})
	p := newPoster(t, w)
	for range 3 {
		server := w.serve(t)
		p.release(len(p.events)/4 + 1)
		before := p.count()
		require.Eventually(t, func() bool { return p.count() > before+5 }, time.Minute, time.Millisecond)
		require.NoError(t, server.Stop(stopWithin), "exit code 0: %s", w.log)

		// Nothing runs now, and everything that was answered is in the store.
		began := time.Now().UTC()
		answered := p.count()
		received := 0
		for _, month := range []schema.Period{schema.DateOf(began.AddDate(0, 0, -1)).Period(), schema.DateOf(began).Period()} {
			received += w.reconcile(t, "--period", month.String()).Intake.Received
			if schema.DateOf(began.AddDate(0, 0, -1)).Period() == schema.DateOf(began).Period() {
				break
			}
		}
		require.GreaterOrEqual(t, received, answered)
	}
	require.NotContains(t, w.log.String(), "journal not drained")
	require.NotContains(t, w.log.String(), "level=ERROR")
	server := w.serve(t)
	p.release(len(p.events))
	p.wait(t)
	require.NoError(t, server.Stop(stopWithin))
}

func TestSecretRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cleanMonth(7), rig.Config{})
	const next = "whsec_bmV4dC1zZWNyZXQtb2YtdGhlLWNvbXBhbnktMDE="
	old, events := w.Secret, w.history.Events
	under := func(secret string, event ontopsim.Event) int {
		w.Secret = secret
		sent, err := w.Send(t.Context(), ontopsim.SenderConfig{}, []ontopsim.Event{event})
		require.NoError(t, err)
		return sent.Accepted
	}
	w.edit(t, `["`+old+`"]`, `["`+old+`", "`+next+`"]`)
	server := w.serve(t)
	require.Equal(t, 1, under(old, events[0]))
	require.Equal(t, 1, under(next, events[1]))
	require.NoError(t, server.Stop(stopWithin))

	w.edit(t, `["`+old+`", "`+next+`"]`, `["`+next+`"]`)
	server = w.serve(t)
	require.Equal(t, 1, under(next, events[2]))
	require.Equal(t, 0, under(old, events[3]))
	require.NoError(t, server.Stop(stopWithin))
}
