package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/schema"
)

func TestRoot_Logger(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"json": `"took":"1.5ms"`, "text": "took=1.5ms"} {
		var out bytes.Buffer
		r := &root{streams: streams{err: &out}}
		r.logger(config.Log{}, format, slog.LevelInfo).InfoContext(t.Context(), "done", slog.Duration("took", 1500*time.Microsecond), slog.Int("n", 2))
		require.Contains(t, out.String(), want, "no bare number, of which nobody knows the unit")
		require.NotContains(t, out.String(), `"2"`)
	}
}

func TestWriteTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, writeTable(&out, []string{"payee", "name"}, [][]string{
		{"worker:7000:USD", "Ana Rojas"}, {"platform:COP", "Nováková 株式会社"}, {"worker:1:EUR", "red\x1b[31m\nnext"},
	}))
	require.Equal(t, `PAYEE            NAME
worker:7000:USD  Ana Rojas
platform:COP     Nováková 株式会社
worker:1:EUR     red·[31m·next
`, out.String(), "text from outside does not steer the terminal")
}

func TestSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 59 * time.Minute: "59m", time.Hour: "1h", 47 * time.Hour: "47h",
		48 * time.Hour: "2d", 400 * 24 * time.Hour: "400d",
	} {
		require.Equal(t, want, since(now, now.Add(-age)))
	}
	require.Equal(t, "-", since(now, time.Time{}))
	require.Equal(t, "-", instant(time.Time{}))
	require.Equal(t, "2026-09-01 08:00 UTC", instant(now))
}

func TestParseAsOf(t *testing.T) {
	t.Parallel()
	at, err := parseAsOf("2026-08-31")
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 8, 31, 23, 59, 59, 999_999_000, time.UTC), at, "a date is its last moment")
	at, err = parseAsOf("2026-08-31T10:00:00+02:00")
	require.NoError(t, err)
	require.True(t, at.Equal(time.Date(2026, 8, 31, 8, 0, 0, 0, time.UTC)))
	at, err = parseAsOf("")
	require.NoError(t, err)
	require.True(t, at.IsZero())
	_, err = parseAsOf("31.08.2026")
	require.ErrorContains(t, err, `is "31.08.2026"`)
}

func TestWriteStatus(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	standing := app.Status{
		Company: "acme", ToCreate: 2,
		Connection: schema.Connection{State: schema.NeedsConsent, Detail: "QuickBooks no longer accepts our tokens"},
		Backlog: schema.Backlog{
			Pending: 3, OldestPending: now.Add(-time.Minute), Held: map[schema.HoldReason]int{schema.HoldCurrency: 1, schema.HoldByPerson: 1},
			OldestHeld: now.Add(-50 * time.Hour), Due: 4, OldestDue: now.Add(-2 * time.Hour),
			TasksDue: 5, TasksWaiting: 1, OldestTaskWaiting: now.Add(-3 * time.Minute),
		},
		Metered:  app.MeteredMonth{Core: 37, CorePlus: 1_234_375, Budget: 5000},
		Warnings: []string{"The connection to QuickBooks ends tomorrow."},
	}
	server := &app.ServerStatus{Journal: app.JournalStatus{Deliveries: 7}}
	var out bytes.Buffer
	r := &root{streams: streams{out: &out}}
	require.NoError(t, r.writeStatus(now, status{Server: server, Companies: []app.Status{standing}}))
	require.Equal(t, `the server is running; 7 deliveries in its journal, which takes none now: see its log

acme: needs_consent: QuickBooks no longer accepts our tokens; run `+"`tieout connect --company acme`"+`
  The connection to QuickBooks ends tomorrow.
  metered calls this month: 1,234,375 of 5,000 (CorePlus), and 37 free ones (Core)

WHAT                   COUNT  OLDEST
deliveries to look at  3      1m
held                   2      2d      see `+"`tieout holds`"+`
waiting for Ontop      0      -
vendors to create      2      -
to post                4      2h
no answer yet          0      -
to read back           0      -
declined               0      -       see `+"`tieout holds`"+`
other records to make  5      -       corrections, attachments, payments and transfers
of them no answer yet  0      -
of them to read back   0      -
of them for a person   1      3m      see `+"`tieout corrections`, `tieout payments`, `tieout attachments`"+`
`, out.String())

	out.Reset()
	ends := now.AddDate(0, 0, 90)
	standing = app.Status{
		Company: "acme", Connection: schema.Connection{State: schema.Connected, Name: "Acme Inc", Realm: "1001"}, ConnectionEnds: &ends,
	}
	require.NoError(t, r.writeStatus(now, status{Companies: []app.Status{standing}}))
	require.Contains(t, out.String(), `
acme: connected to Acme Inc (realm 1001)
  the connection is good until 2026-11-30
  metered calls this month: 0 (CorePlus), and 0 free ones (Core)

WHAT `)

	out.Reset()
	require.NoError(t, r.writeStatus(now, status{}))
	require.Equal(t, "no server is running with this configuration\n", out.String())
}

func TestWriteOthers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &root{streams: streams{out: &out}}
	require.NoError(t, r.writeOthers(app.Counts{Posted: 7}))
	require.Empty(t, out.String(), "nothing else was made")
	require.NoError(t, r.writeOthers(app.Counts{Corrected: 1, Attached: 12}))
	require.Equal(t, "\n1 correction, 12 attachments, 0 payments and 0 transfers\n", out.String())
}

func TestWriteHolds(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &root{streams: streams{out: &out}}
	require.NoError(t, r.writeHolds([]heldInvoice{{
		Invoice: "880001", Number: "INV-1", Total: "10.00 USD", Since: "2026-09-01 08:00 UTC",
		Holds: []heldFor{{Reason: schema.HoldUnmappedConcept, Detail: "concept \"X\x07\" is mapped to no account", NextStep: "map it"}},
	}}))
	require.Equal(t, `880001  INV-1  -  10.00 USD  since 2026-09-01 08:00 UTC
    held_unmapped_concept: concept "X·" is mapped to no account
      next: map it
`, out.String())
	out.Reset()
	require.NoError(t, r.writeHolds(nil))
	require.Equal(t, "nothing is held\n", out.String())
}

// What QuickBooks declined, and what may be a duplicate, waits for a person as much as
// what is held.
func TestNewHeldInvoice(t *testing.T) {
	t.Parallel()
	p := schema.Position{
		Invoice: schema.Invoice{ID: "880001", Number: "INV-1", Total: schema.NewMoney(1000, "USD")},
		Draft:   schema.Draft{ID: "d", State: schema.DraftReady, PayeeName: "Ana Rojas"},
	}
	_, waits := newHeldInvoice(p)
	require.False(t, waits, "it is ready")
	p.Posting = schema.Posting{State: schema.PostingDeclined, Draft: "d", Fault: schema.Fault{
		Code: schema.FaultPossibleDuplicate, Meaning: "Somebody else entered bill 7.", Next: "Compare both.", Owner: schema.OwnerFinance,
	}}
	line, waits := newHeldInvoice(p)
	require.True(t, waits)
	require.Equal(t, heldInvoice{Invoice: "880001", Number: "INV-1", Payee: "Ana Rojas", Total: "10.00 USD", Since: "-", Holds: []heldFor{{
		Reason: "possible_duplicate_by_hand", Detail: "Somebody else entered bill 7.", NextStep: "Compare both.", Owner: schema.OwnerFinance,
	}}}, line)
	p.Draft.State, p.Draft.ID = schema.DraftHeld, "drafted anew"
	p.Draft.Holds = []schema.Hold{{Reason: schema.HoldCurrency, Detail: "why", NextStep: "what", Owner: schema.OwnerOps}}
	line, waits = newHeldInvoice(p)
	require.True(t, waits)
	require.Equal(t, []heldFor{{Reason: schema.HoldCurrency, Detail: "why", NextStep: "what", Owner: schema.OwnerOps}}, line.Holds)
}

func TestWriteHolds_FitsATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &root{streams: streams{out: &out}}
	long := strings.TrimSpace(strings.Repeat("word ", 60))
	require.NoError(t, r.writeHolds([]heldInvoice{{Invoice: "880001", Holds: []heldFor{{Reason: schema.HoldUnresolvedVendor, Detail: long, NextStep: long}}}}))
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, len(line), 113)
	}
	require.Equal(t, 120, strings.Count(out.String(), "word"), "nothing is cut off")
}

func TestWriteVendors(t *testing.T) {
	t.Parallel()
	list := func(payees ...schema.Payee) string {
		var out bytes.Buffer
		require.NoError(t, (&root{streams: streams{out: &out}}).writeVendors(payees))
		return out.String()
	}
	linked := schema.Payee{Key: "worker:1:USD", State: schema.PayeeLinked, Name: "Ana Rojas", Vendor: "8", Origin: schema.OriginCreated}
	require.Equal(t, `PAYEE         STATE   NAME       VENDOR  ORIGIN
worker:1:USD  linked  Ana Rojas  8       created
`, list(linked))
	require.Equal(t, `PAYEE         STATE     NAME         VENDOR  ORIGIN
worker:1:USD  linked    Ana Rojas    8       created
worker:2:USD  declined  Globex       -       -
worker:3:USD  proposed  Bruno Lima   -       -
worker:4:USD  approved  Elena Muñoz  -       -

worker:2:USD: the name is taken
  next: tieout vendors approve worker:2:USD --name NAME, or tieout vendors link worker:2:USD VENDOR-ID

worker:3:USD: no vendor has that name

1 proposed: tieout vendors approve PAYEE creates one, tieout vendors approve --all all of them,
and tieout vendors link PAYEE VENDOR-ID takes an existing vendor
`, list(linked,
		schema.Payee{Key: "worker:2:USD", State: schema.PayeeDeclined, Name: "Globex", Detail: "the name is taken"},
		schema.Payee{Key: "worker:3:USD", State: schema.PayeeProposed, Name: "Bruno Lima", Detail: "no vendor has that name"},
		schema.Payee{Key: "worker:4:USD", State: schema.PayeeApproved, Name: "Elena Muñoz"}))
}

func TestWriteReport(t *testing.T) {
	t.Parallel()
	r := &root{}
	write := func(w io.Writer, _ schema.Report) error {
		_, err := io.WriteString(w, "report\n")
		return err
	}

	t.Run("ReplacesTheWholeFile", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "report.txt")
		require.NoError(t, os.WriteFile(path, []byte("an older and longer report\n"), 0o600))
		require.NoError(t, r.writeReport(path, schema.Report{}, write))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "report\n", string(text))
	})

	t.Run("LeavesNothingWhenItFails", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		err := r.writeReport(filepath.Join(dir, "report.txt"), schema.Report{}, func(io.Writer, schema.Report) error { return io.ErrShortWrite })
		require.ErrorIs(t, err, io.ErrShortWrite)
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, files)
		require.ErrorContains(t, r.writeReport(filepath.Join(dir, "absent", "report.txt"), schema.Report{}, write), "--out: ")
	})
}

func TestConnectedText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "\nacme is connected to Acme· Inc (realm 1001)\n"+
		"If that is not the company that you meant, take it back before you import rules: tieout disconnect --company acme\n",
		connectedText(schema.Connection{Company: "acme", Name: "Acme\a Inc", Realm: "1001"}))
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	line, err := readLine(t.Context(), strings.NewReader("  https://example.test/callback?code=1  \nmore"))
	require.NoError(t, err)
	require.Equal(t, "https://example.test/callback?code=1", line)
	line, err = readLine(t.Context(), strings.NewReader("no end of line"))
	require.NoError(t, err)
	require.Equal(t, "no end of line", line)
	_, err = readLine(t.Context(), strings.NewReader("\n"))
	require.ErrorContains(t, err, "no address was pasted")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, out := io.Pipe()
	defer out.Close()
	_, err = readLine(ctx, in)
	require.ErrorIs(t, err, context.Canceled, "a person may give up")
}

func TestReadSmall(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	text, err := readSmall(path)
	require.NoError(t, err)
	require.Len(t, text, 1<<20)
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20+1), 0o600))
	_, err = readSmall(path)
	require.ErrorContains(t, err, "larger than 1 MiB")
}
