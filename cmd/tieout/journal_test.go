package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/cmd/internal/seal"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

func TestJournalPage(t *testing.T) {
	t.Parallel()
	oldest := noon.Add(-90 * time.Second)
	state := app.JournalState{
		Dir: "/var/lib/tieout/journal", Owner: app.OwnerServer, OldestReceivedAt: &oldest, Files: 3, FileBytes: 96 << 20,
		JournalStatus: app.JournalStatus{
			Deliveries: 1204, Bytes: 2 << 20, LimitBytes: 4 << 30, AgeSeconds: 90, FreeBytes: 41 << 30, ReserveBytes: 256 << 20, Healthy: true,
		},
	}

	t.Run("SaysHowItStandsAndWhatIsNext", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, `journal /var/lib/tieout/journal: in use by the server, which runs, and takes deliveries

  waiting  1,204 deliveries for the store, 2 MiB
  filled   0 % of the 4 GiB at which Ontop is answered 503
  oldest   received 1m ago, 2026-09-01 11:58 UTC
  files    3 segments, 96 MiB
  disk     41 GiB free; below 256 MiB Ontop is answered 503

next: the store does not take what waits: see `+"`tieout status` and the server's log\n", journalPage(noon, state))
	})

	for name, c := range map[string]struct {
		change func(*app.JournalState)
		has    []string
		hasNot string
	}{
		"NothingToDo": {
			change: func(s *app.JournalState) { s.Deliveries, s.AgeSeconds, s.OldestReceivedAt = 0, 0, nil },
			has:    []string{"  waiting  0 deliveries", "next: nothing; all that was received is in the store"}, hasNot: "oldest",
		},
		"JustArrived": {
			change: func(s *app.JournalState) { s.Deliveries, s.AgeSeconds = 1, 0.2 },
			has:    []string{"  waiting  1 delivery for", "next: nothing; the server moves what waits into the store by itself"},
		},
		"NobodyDrains": {
			change: func(s *app.JournalState) { s.Owner = "" },
			has:    []string{"in use by no process; nothing is received now\n", "next: start `tieout serve`, or run `tieout journal drain`"},
		},
		"NobodyIsNeeded": {
			change: func(s *app.JournalState) { s.Owner, s.Deliveries = "", 0 },
			has:    []string{"next: nothing waits; start `tieout serve` to receive"},
		},
		"AnotherProcess": {
			change: func(s *app.JournalState) { s.Owner, s.PID = app.OwnerProcess, 4711 },
			has:    []string{"in use by process 4711", "next: see what process 4711 is"},
		},
		"Full": {
			change: func(s *app.JournalState) {
				s.Healthy, s.Refusing, s.Warnings = false, "the journal is full", []string{"it is full"}
			},
			has: []string{"and takes no deliveries: the journal is full\n", "\nwarning: it is full\n"},
		},
		"SetAside": {
			change: func(s *app.JournalState) { s.SetAside = 2; s.FreeBytes = -1 },
			has: []string{
				"warning: 2 damaged segments set aside, after all that is readable went to the store: run `tieout journal verify`\n",
				"next: the store does not take what waits",
			},
			hasNot: "disk",
		},
		"DamagedAndRunning": {
			change: func(s *app.JournalState) { s.SetAside, s.Deliveries, s.AgeSeconds, s.OldestReceivedAt = 1, 0, 0, nil },
			has:    []string{"next: `tieout journal verify` says what is lost and what to do; all else that was received is safe\n"},
			hasNot: "all that was received is in the store",
		},
		"DamagedAndStopped": {
			change: func(s *app.JournalState) { s.Owner, s.SetAside, s.Deliveries = "", 1, 0 },
			has:    []string{"next: `tieout journal verify` says what is lost and what to do; start `tieout serve` to receive\n"},
		},
		"DamagedAndWaiting": {
			change: func(s *app.JournalState) { s.Owner, s.Lost = "", 2 },
			has: []string{
				"next: `tieout journal verify` says what is lost and what to do; for the rest, start `tieout serve` or run\n      `tieout journal drain`\n",
			},
		},
		"HostileFolder": {
			change: func(s *app.JournalState) { s.Dir = "/tmp/\x1b[2J" },
			has:    []string{"journal /tmp/·[2J: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := state
			c.change(&s)
			page := journalPage(noon, s)
			for _, text := range c.has {
				require.Contains(t, page, text)
			}
			if c.hasNot != "" {
				require.NotContains(t, page, c.hasNot)
			}
		})
	}
}

// spoiled is a journal in which everything is wrong that can be.
func spoiled() ingest.Inspection {
	return ingest.Inspection{
		Survey: ingest.Survey{Dir: "/j"}, Deliveries: 46, Bytes: 9000, Drained: 10, Last: 60,
		Segments: []ingest.SegmentInfo{
			{Number: 3, Path: "/j/000000000003.wal", Bytes: 4096, Deliveries: 10, First: 1, Last: 10, Sealed: true, Drained: true},
			{Number: 4, Path: "/j/000000000004.wal", Bytes: 32 << 20, Deliveries: 20, First: 11, Last: 30, Sealed: true},
			{Number: 5, Path: "/j/000000000005.wal", Bytes: 32 << 20, Deliveries: 26, First: 31, Last: 60},
			{Number: 6, Path: "/j/000000000006.wal"},
		},
		SetAside: []ingest.SegmentInfo{
			{
				Number: 1, Path: "/j/000000000001.wal.damaged", Bytes: 4096, Deliveries: 5, First: 1, Last: 7, Sealed: true, Drained: true,
				Lost: []ingest.LostRun{{Loss: ingest.Loss{Path: "/j/000000000001.wal.damaged", From: 3, To: 4, Acknowledged: true}, After: noon}},
			},
			{Number: 2, Path: "/j/000000000002.wal.damaged", Drained: true},
		},
		Lost: []ingest.LostRun{
			{
				Loss:  ingest.Loss{Path: "/j/000000000004.wal", From: 12, To: 12, Acknowledged: true},
				After: noon, Before: noon.Add(time.Minute),
			},
			{Loss: ingest.Loss{Path: "/j/000000000005.wal", From: 61, To: 63}},
		},
		MarkDamaged: true, BlockDamaged: true,
	}
}

func TestWriteVerdict(t *testing.T) {
	t.Parallel()
	page := func(t *testing.T, found ingest.Inspection) string {
		t.Helper()
		var out bytes.Buffer
		require.NoError(t, (&root{streams: streams{out: &out}}).writeVerdict(newVerdict(found)))
		return out.String()
	}

	t.Run("NamesEverythingThatIsWrongWithTheNextStep", func(t *testing.T) {
		t.Parallel()
		got := page(t, spoiled())
		require.Contains(t, got, `SEGMENT                   SIZE    DELIVERIES  NUMBERS   STATE
000000000003.wal          4 KiB   10          1 to 10   drained
000000000004.wal          32 MiB  20          11 to 30  waiting
000000000005.wal          32 MiB  26          31 to 60  writing
000000000006.wal          0 B     0           -         empty
000000000001.wal.damaged  4 KiB   5           1 to 7    set aside
000000000002.wal.damaged  0 B     0           -         set aside
`)
		for _, text := range []string{
			"lost: 1 delivery acknowledged and unreadable, number 12, received after 2026-09-01T12:00:00.000000Z and before",
			"(/j/000000000004.wal)\n  next: find out what Ontop sent then",
			"unacknowledged: 3 deliveries cut off in the middle of a commit, and never acknowledged, numbers 61 to 63 (/j/000000000005.wal)\n" +
				"  next: nothing: the sender was not answered, and sends again\n",
			"lost: 2 deliveries acknowledged and unreadable, numbers 3 to 4, received after 2026-09-01T12:00:00.000000Z",
			"then move the file out of this folder, and this is not told again",
			"set aside: it was set aside as damaged at its beginning or end, and no note beside it says what it lost",
			"mark: the note of what the store has cannot be read; no delivery is lost\n  next: nothing: all of the journal goes to the store again",
			"block: a block that may be in the store already cannot be offered again as it was\n  next: nothing: what is readable",
			"56 deliveries in 4 segments of /j read, every sum checked; 46 deliveries wait for the store\n",
		} {
			require.Contains(t, strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(text), " "))
		}
		require.NotContains(t, got, "whole: ")
		for line := range strings.Lines(got) {
			require.LessOrEqual(t, len(strings.TrimSpace(line)), 112)
		}
		require.Len(t, newVerdict(spoiled()).Problems, strings.Count(got, "  next: "))
	})

	t.Run("SaysThatAllIsWhole", func(t *testing.T) {
		t.Parallel()
		got := page(t, ingest.Inspection{Survey: ingest.Survey{Dir: "/j"}})
		require.Contains(t, got, "0 deliveries in 0 segments of /j read, every sum checked; 0 deliveries wait for the store\n"+
			"whole: everything that was acknowledged can be read\n")
	})

	t.Run("SumsUpWhatIsWorst", func(t *testing.T) {
		t.Parallel()
		found := spoiled()
		require.Equal(t, "3 deliveries acknowledged and unreadable", newVerdict(found).summary())
		found.Lost, found.SetAside[0].Lost = nil, nil
		require.Equal(t, "what was set aside has lost deliveries", newVerdict(found).summary())
		found.SetAside = nil
		require.Equal(t, "its own notes cannot be read; no delivery is lost", newVerdict(found).summary())
		require.False(t, newVerdict(found).Whole)
	})

	t.Run("SaysWhenTheStoreMayHaveSomeOfIt", func(t *testing.T) {
		t.Parallel()
		found := spoiled()
		require.NotContains(t, page(t, found), "no note beside the file")
		found.Lost, found.SetAside[0].Guessed = nil, true
		require.Contains(t, strings.Join(strings.Fields(page(t, found)), " "),
			"; no note beside the file says what was in the store before, so that some of it may be there (/j/000000000001.wal.damaged)")
		require.Equal(t, "at most 2 deliveries acknowledged and unreadable", newVerdict(found).summary())
	})

	t.Run("HasItAllInJSON", func(t *testing.T) {
		t.Parallel()
		text, err := json.Marshal(newVerdict(spoiled()))
		require.NoError(t, err)
		var got verdict
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, newVerdict(spoiled()), got)
		require.Contains(t, string(text), `{"kind":"lost","file":"/j/000000000004.wal","from":12,"to":12,"acknowledged":true,`+
			`"received_after":"2026-09-01T12:00:00Z","received_before":"2026-09-01T12:01:00Z","text":"1 delivery acknowledged and unreadable`)
	})
}

func TestWriteDrained(t *testing.T) {
	t.Parallel()
	away := errors.New("the store is away")
	for name, c := range map[string]struct {
		drained app.Drained
		err     error
		out     string
		says    string
	}{
		"Empty": {out: "nothing waited in the journal\n"},
		"Moved": {
			drained: app.Drained{Deliveries: 1},
			out:     "1 delivery moved into the store; the journal is empty. Next: `tieout sync`, or start `tieout serve`\n",
		},
		"OutOfTime": {
			drained: app.Drained{Deliveries: 3, Left: 2}, err: away, out: "3 deliveries moved into the store\n",
			says: "2 deliveries left in the journal, where nothing is lost: run `tieout journal drain` again, or start `tieout serve`: the store is away",
		},
		"Damaged": {
			drained: app.Drained{Deliveries: 3, Lost: []ingest.Loss{{From: 4, To: 5, Acknowledged: true}, {From: 9, To: 9}}},
			out:     "3 deliveries moved into the store; the journal is empty. Next: `tieout sync`, or start `tieout serve`\n",
			says:    "the journal is damaged: 2 deliveries lost; run `tieout journal verify`, which says which, and what to do",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := (&root{streams: streams{out: &out}}).writeDrained(false, drainedText(c.drained), c.drained, c.err)
			require.Equal(t, c.out, out.String())
			if c.says == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.says)
			}
		})
	}
}

// The commands that need no store run on a journal that a test leaves behind.
func TestExecute_Journal(t *testing.T) {
	t.Parallel()

	// setup writes a configuration whose store nobody can reach.
	setup := func(t *testing.T, deliveries int) (config, journal string) {
		t.Helper()
		dir := t.TempDir()
		keys, journal := filepath.Join(dir, "keyset.json"), filepath.Join(dir, "journal")
		require.NoError(t, seal.NewKeyset(keys))
		private, err := rig.FreePort(t.Context())
		require.NoError(t, err)
		config = filepath.Join(dir, "tieout.yaml")
		require.NoError(t, os.WriteFile(config, []byte(`store: {dsn: "http://127.0.0.1:1/away", journal: "`+journal+`"}
private: {listen: "`+private+`"}
key_file: "`+keys+`"
companies:
  - id: acme
    name: Acme Inc
    ontop: {client_ids: ["999"], signature: bearer, secrets: ["a secret that is long enough"]}
    quickbooks: {client_id: app, client_secret: hush}
`), 0o600))
		if deliveries == 0 {
			return config, journal
		}
		j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: journal}, ingest.Env{Now: time.Now})
		require.NoError(t, err)
		for range deliveries {
			require.NoError(t, j.Append(t.Context(), schema.Delivery{
				Company: "acme", ID: "msg_1", ReceivedAt: noon, Channel: schema.ChannelWebhook, Body: []byte(`{"a":"find me"}`),
			}))
		}
		require.NoError(t, j.Close())
		return config, journal
	}

	t.Run("IsLookedIntoWithoutAStore", func(t *testing.T) {
		t.Parallel()
		config, journal := setup(t, 3)
		got := call(t, "journal", "status", "--config", config)
		require.Equal(t, exitDone, got.code, got.err)
		require.Contains(t, got.out, "journal "+journal+": in use by no process")
		require.Contains(t, got.out, "  waiting  3 deliveries")
		got = call(t, "journal", "status", "--json", "--config", config)
		require.Equal(t, exitDone, got.code)
		var state app.JournalState
		require.NoError(t, json.Unmarshal([]byte(got.out), &state))
		require.EqualValues(t, 3, state.Deliveries)
		require.Equal(t, noon, *state.OldestReceivedAt)
		got = call(t, "journal", "verify", "--config", config)
		require.Equal(t, exitDone, got.code)
		require.Contains(t, got.out, "whole: everything")
	})

	t.Run("EndsWithOneWhenItIsDamaged", func(t *testing.T) {
		t.Parallel()
		config, journal := setup(t, 3)
		path := filepath.Join(journal, "000000000001.wal")
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		raw[bytes.Index(raw, []byte("find me"))] ^= 1
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		got := call(t, "journal", "verify", "--config", config)
		require.Equal(t, exitError, got.code)
		require.Contains(t, got.err, "tieout: the journal is damaged: 1 delivery acknowledged and unreadable\n")
		require.Contains(t, got.out, "  next: find out what Ontop sent then")
		got = call(t, "journal", "verify", "--json", "--config", config)
		require.Equal(t, exitError, got.code)
		var v verdict
		require.NoError(t, json.Unmarshal([]byte(got.out), &v))
		require.False(t, v.Whole)
		require.Len(t, v.Problems, 1)
	})

	t.Run("SaysThatThereIsNone", func(t *testing.T) {
		t.Parallel()
		config, journal := setup(t, 0)
		for command, code := range map[string]int{"status": exitDone, "drain": exitDone, "verify": exitError} {
			got := call(t, "journal", command, "--config", config)
			require.Equal(t, code, got.code, command)
			require.Contains(t, got.out+got.err, "no journal is in "+journal+": nothing was received yet")
		}
		require.NoDirExists(t, journal)
	})

	t.Run("LeavesEverythingWhenTheStoreIsAway", func(t *testing.T) {
		t.Parallel()
		config, _ := setup(t, 3)
		got := call(t, "journal", "drain", "--timeout", "5s", "--config", config)
		require.Equal(t, exitError, got.code)
		require.Contains(t, got.err, "connection refused")
		require.Contains(t, call(t, "journal", "status", "--config", config).out, "  waiting  3 deliveries")
	})

	t.Run("RefusesWrongUsage", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, call(t, "journal", "statsu").err, "did you mean status?")
		got := call(t, "journal", "drain", "--timeout", "-1s")
		require.Equal(t, exitUsage, got.code)
		require.Contains(t, got.err, "--timeout: must not be negative, is -1s")
		for _, command := range []string{"status", "drain", "verify"} {
			require.Contains(t, call(t, "journal", command, "--help").out, "--json", command)
		}
	})
}

func TestWriteStatus_TellsOfTheJournal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	server := &app.ServerStatus{Journal: app.JournalStatus{
		Deliveries: 9, Refusing: "the journal is full", Warnings: []string{"it is full, with 4 GiB of 4 GiB"},
	}}
	require.NoError(t, (&root{streams: streams{out: &out}}).writeStatus(noon, status{Server: server}))
	require.Equal(t, "the server is running; 9 deliveries in its journal, which takes none now: the journal is full\n"+
		"  journal: it is full, with 4 GiB of 4 GiB\n", out.String())
}
