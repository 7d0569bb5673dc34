package load_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

func TestLoader_Attachments(t *testing.T) {
	t.Parallel()

	within(t, "AreAttachedOnceTheirDocumentWasReadBack", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		d := b.draft(1)
		task := b.file(host, d)
		b.ask(task)
		require.Zero(t, b.cycle().Attachments, "there is nothing yet to attach it to")
		require.Zero(t, host.times())
		b.record(d)

		result := b.cycle()

		require.Equal(t, load.Tally{Posted: 1}, result.Attachments)
		require.Equal(t, 2, result.Exact, "the bill and the file")
		require.Len(t, b.attached(), 1)
		a := b.attached()[0]
		require.Equal(t, "inv-00001.pdf", a.FileName)
		require.Equal(t, "application/pdf", a.ContentType)
		require.Contains(t, a.Note, "Invoice INV-1\n[tieout "+string(task.ID)+" ")
		require.Equal(t, []quickbooks.AttachableRef{{EntityRef: quickbooks.EntityRef{Type: "Bill", Value: b.bills()[0].ID}}}, a.AttachableRef)
		require.Equal(t, sumOf(pdf("inv-00001")), a.Sha256)
		p, v := b.task(task), b.proof(task)
		require.Equal(t, schema.PostingPosted, p.State)
		require.Equal(t, task.ID, p.Draft)
		require.Equal(t, a.ID, string(p.Document))
		require.NotEmpty(t, p.TraceID, "Intuit's support asks for it")
		require.Equal(t, schema.PostAttachment, v.Kind)
		require.Equal(t, task.Subject, v.Subject)
		require.Equal(t, schema.VerifiedExact, v.Result)
		require.Zero(t, b.cycle(), "and only once")
		require.Equal(t, 1, host.times())
	})

	within(t, "BelongToVendorCreditsAndLinesToo", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		d := b.draft(1, credit)
		b.record(d)
		host.at("/receipt", holds("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
		whole, line := b.file(host, d), b.fileAt("http://files.test/receipt", d, "item 1")
		b.ask(whole, line)

		b.cycle()

		require.NoError(t, b.allAttached([]schema.Task{whole, line}))
		for _, a := range b.attached() {
			require.Equal(t, quickbooks.EntityRef{Type: "VendorCredit", Value: b.credits()[0].ID}, a.AttachableRef[0].EntityRef)
		}
		require.ElementsMatch(t, []string{"inv-00001.pdf", "receipt.png"}, []string{b.attached()[0].FileName, b.attached()[1].FileName})
	})

	within(t, "AreNamedBeforeTheyAreSentAndWithoutTheirBytes", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "upload"})
		b.cycle()

		p := b.task(task)

		require.Equal(t, schema.PostingUncertain, p.State)
		require.LessOrEqual(t, len(p.Request+p.Item), 50)
		var body map[string]any
		require.NoError(t, json.Unmarshal(p.Body, &body))
		require.Equal(t, "inv-00001.pdf", body["file_name"])
		require.Equal(t, sumOf(pdf("inv-00001")), body["sha256"])
		require.NotContains(t, string(p.Body), "%PDF")
	})
}

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Every file that cannot be attached ends before a person, who is told which file
// it is, from where, and what to do. The bill stands, and other files are attached.
func TestLoader_BadFiles(t *testing.T) {
	t.Parallel()
	redirect := func(to string) http.HandlerFunc { return says(http.StatusFound, "Location", to) }
	cases := map[string]struct {
		serve  http.HandlerFunc
		url    string // where it is not at the host
		code   string
		host   string
		refuse string // of QuickBooks
	}{
		"Huge": {
			serve: func(w http.ResponseWriter, _ *http.Request) {
				for chunk := make([]byte, 1<<20); ; {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			},
			code: "file_too_large",
		},
		"AnnouncedHuge":     {serve: says(200, "Content-Length", "209715200"), code: "file_too_large"},
		"HTML":              {serve: holds("<!DOCTYPE html><html><body>Please sign in"), code: "file_html_page"},
		"ToALoopback":       {serve: redirect("http://127.0.0.1/inv-00001.pdf"), code: "file_not_allowed", host: "127.0.0.1"},
		"ToMetadata":        {serve: redirect("https://169.254.169.254/latest/"), code: "file_not_allowed", host: "169.254.169.254"},
		"ToAPrivateNetwork": {serve: redirect("https://10.0.0.7/"), code: "file_not_allowed", host: "10.0.0.7"},
		"ToIPv6":            {serve: redirect("https://[::1]/"), code: "file_not_allowed", host: "::1"},
		"AroundInCircles":   {serve: redirect("/inv-00001.pdf"), code: "file_not_allowed"},
		"Gone":              {serve: says(404), code: "file_gone"},
		"Expired":           {serve: says(403), code: "file_forbidden"},
		"Empty":             {serve: holds(""), code: "file_empty"},
		"Program":           {serve: holds("MZ\x90\x00\x03\x00\x00\x00"), code: "file_wrong_kind"},
		"NoSuchHost":        {url: "https://nowhere.test/inv-00001.pdf", code: "file_no_such_host", host: "nowhere.test"},
		"NoHTTPS":           {url: "http://elsewhere.test/inv-00001.pdf", code: "file_not_allowed", host: "elsewhere.test"},
		"TooLarge6030":      {refuse: "6030"},
		"Metadata6040":      {refuse: "6040"},
		"Type6041":          {refuse: "6041"},
		"Entity6050":        {refuse: "6050"},
	}
	for name, c := range cases {
		within(t, name, func(t *testing.T) {
			t.Helper()
			var host *fileHost
			var logged bytes.Buffer
			b := setup(t, withFiles(&host))
			tasks := b.filesDue(host, 3)
			bad := tasks[0]
			switch {
			case c.url != "":
				bad = b.fileAt(c.url+"?"+signature, schema.Draft{Invoice: bad.Invoice}, "")
				b.ask(bad)
			case c.serve != nil:
				host.at("/inv-00001.pdf", c.serve)
			default:
				c.code = c.refuse
				b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "upload", Code: c.refuse})
				b.cfg.Uploads = 1 // so that it is the first that meets it
			}
			b.cfg.Company, b.cfg.Now = acme, time.Now
			b.loader = load.New(b.store, b.newClient(), b.cfg, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)

			for range 3 {
				_, err := b.loader.RunOnce(t.Context())
				require.NoError(t, err, "it stops nothing")
			}

			p := b.task(bad)
			require.Equal(t, schema.PostingDeclined, p.State)
			require.Equal(t, c.code, p.Fault.Code)
			require.True(t, p.RetryAt.IsZero(), "it waits for a person")
			require.NotEmpty(t, p.Fault.Next)
			require.Contains(t, p.Fault.Next, "stands")
			require.Contains(t, []schema.Owner{schema.OwnerFinance, schema.OwnerOps}, p.Fault.Owner)
			if c.refuse == "" {
				where := c.host
				if where == "" {
					where = "files.test"
				}
				require.Contains(t, p.Fault.Meaning, `"inv-00001.pdf"`)
				require.Contains(t, p.Fault.Meaning+p.Fault.Detail, where)
			}
			for _, text := range []string{p.Fault.Detail, p.Fault.Meaning, p.Fault.Next, string(p.Body), logged.String()} {
				require.NotContains(t, text, "s3cret")
			}
			require.NoError(t, b.allAttached(tasks[1:]), "the others are")
			require.Len(t, b.attached(), 2)
			position, err := b.store.InvoicePositions(t.Context(), acme, []schema.InvoiceID{bad.Invoice})
			require.NoError(t, err)
			require.Equal(t, schema.VerifiedExact, position[bad.Invoice].Verification.Result, "the bill stands")
			require.Zero(t, b.cycle(), "the same is not tried again by itself")
		})
	}
}

func TestLoader_FilesThatMayComeLater(t *testing.T) {
	t.Parallel()

	within(t, "ArePutOffAndCostNoRead", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		host.at("/inv-00001.pdf", says(503))
		b.sim.ResetStats()

		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Attachments)

		p := b.task(task)
		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, "file_busy", p.Fault.Code)
		require.Equal(t, schema.OwnerNobody, p.Fault.Owner)
		require.Equal(t, 5*time.Minute, p.RetryAt.Sub(p.RecordedAt))
		require.Zero(t, b.cycle(), "not before its time")
		sleep(5 * time.Minute)
		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Attachments)
		require.Equal(t, 15*time.Minute, b.task(task).RetryAt.Sub(b.task(task).RecordedAt))
		require.Zero(t, b.sim.Stats().CorePlus)

		host.at("/inv-00001.pdf", holds(pdf("late")))
		sleep(15 * time.Minute)
		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Attachments)
		require.Equal(t, 1, b.sim.Stats().Requests["query"], "reading it back; what was never sent is not looked for")
		require.NoError(t, b.allAttached([]schema.Task{task}))
	})

	within(t, "ComeWhenTheirHostSaysSo", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		host.at("/inv-00001.pdf", says(429, "Retry-After", "7200"))

		b.cycle()

		require.Equal(t, 2*hour, b.task(task).RetryAt.Sub(b.task(task).RecordedAt))
	})

	within(t, "AreForAPersonInTheEndWhoMayHaveThemTriedAgain", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		host.at("/inv-00001.pdf", says(500))
		began := time.Now()
		for range 200 {
			b.cycle()
			if p := b.task(task); p.RetryAt.IsZero() {
				break
			}
			sleep(30 * time.Minute)
		}

		p := b.task(task)
		require.True(t, p.RetryAt.IsZero())
		require.Equal(t, schema.OwnerFinance, p.Fault.Owner)
		require.Contains(t, p.Fault.Meaning, "more than two days")
		require.Equal(t, 8, host.times())
		require.Greater(t, time.Since(began), 48*hour)

		b.again(task)
		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Attachments)
		require.Equal(t, 5*time.Minute, b.task(task).RetryAt.Sub(b.task(task).RecordedAt), "from the beginning")
		host.at("/inv-00001.pdf", holds(pdf("at last")))
		b.untilAttached(10, task)
	})

	within(t, "AreLookedForWhereSomethingWasSentBefore", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "upload", Code: "3001"})
		_, err := b.loader.RunOnce(t.Context())
		require.ErrorIs(t, err, load.ErrBlocked)
		require.Positive(t, b.task(task).Attempt)
		require.Equal(t, schema.PostingDeclined, b.task(task).State)
		host.at("/inv-00001.pdf", says(503))
		for b.task(task).Fault.Code != "file_busy" {
			sleep(5 * time.Minute)
			b.cycle()
		}
		require.Zero(t, b.task(task).Attempt)
		host.at("/inv-00001.pdf", holds(pdf("inv-00001")))
		sleep(hour)
		before := b.sim.Stats().Requests["query"]

		b.untilAttached(20, task)

		require.Equal(t, 2, b.sim.Stats().Requests["query"]-before, "once before it was sent, and once to read it back")
	})
}

// An answer that is lost is neither yes nor no.
func TestLoader_LostUploads(t *testing.T) {
	t.Parallel()
	troubles := map[string]quickbookstest.Trouble{
		"BeforeItWasDone":  {Kind: quickbookstest.LoseBefore},
		"AfterItWasDone":   {Kind: quickbookstest.LoseAfter},
		"LongAfter":        {Kind: quickbookstest.CommitLate, Delay: 100 * time.Second},
		"InsideQuickBooks": {Kind: quickbookstest.ErrorAfter},
		"HalfAnAnswer":     {Kind: quickbookstest.Truncate},
		"AGatewaysPage":    {Kind: quickbookstest.HTMLPage},
	}
	replays := map[string]quickbookstest.Replay{
		"Replayed": {}, "ReplayedAsFaults": {Changed: quickbookstest.ChangedFaults, Faults: true}, "ReplayedAs6000": {Answers6000: true},
		"NeverReplayed": {Off: true},
	}
	for name, trouble := range troubles {
		for known, replay := range replays {
			within(t, name+known, func(t *testing.T) {
				t.Helper()
				var host *fileHost
				trouble := trouble
				b := setup(t, withFiles(&host), withSim(func(c *quickbookstest.Config) { c.Replay = replay }))
				tasks := b.filesDue(host, 2)
				trouble.On, trouble.Times = "upload", 2
				b.sim.Next(trouble)

				b.untilAttached(60, tasks...)

				b.later(10 * time.Minute)
				require.NoError(t, b.allAttached(tasks), "nothing came late")
				require.Len(t, b.attached(), 2)
			})
		}
	}

	within(t, "AreAdoptedEvenIfTheFileIsGoneByNow", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "upload"})
		b.cycle()
		host.at("/inv-00001.pdf", nil)
		before := b.sim.Stats().Requests["query"]
		for range 8 {
			sleep(time.Minute)
			require.Zero(t, b.cycle().Attachments)
		}
		require.Equal(t, before, b.sim.Stats().Requests["query"], "no look that could not be the last")
		sleep(time.Minute)

		require.Equal(t, load.Tally{Adopted: 1}, b.cycle().Attachments)

		require.NoError(t, b.allAttached([]schema.Task{task}))
		require.Equal(t, before+2, b.sim.Stats().Requests["query"], "to find it, and to read it back")
		require.Equal(t, 1, host.times(), "nothing had to be fetched")
	})

	within(t, "AreNotSentAgainWithOtherBytes", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "upload"})
		b.cycle()
		host.at("/inv-00001.pdf", holds(pdf("another")))
		for range 25 {
			b.cycle()
			sleep(time.Minute)
		}

		p := b.task(task)

		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, "file_changed", p.Fault.Code)
		require.True(t, p.RetryAt.IsZero())
		require.Contains(t, p.Fault.Meaning, "inv-00001.pdf")
		require.Empty(t, b.attached())
		require.LessOrEqual(t, host.times(), 2, "that it changed is known once")

		b.again(task)
		b.untilAttached(5, task)
		require.Equal(t, sumOf(pdf("another")), b.attached()[0].Sha256)
	})

	within(t, "WaitForAFileThatCannotBeFetchedForNow", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "upload"})
		b.cycle()
		host.at("/inv-00001.pdf", says(503))
		sleep(9 * time.Minute)
		b.cycle()
		require.Equal(t, schema.PostingUncertain, b.task(task).State)
		require.Equal(t, "file_busy", b.task(task).Fault.Code)
		host.at("/inv-00001.pdf", holds(pdf("inv-00001")))

		b.untilAttached(30, task)

		require.Len(t, b.attached(), 1)
	})

	within(t, "AreForAPersonWhereTheFileIsThereTwice", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		task := b.filesDue(host, 1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "upload"})
		b.cycle()
		copied := b.attached()[0]
		_, err := b.sim.Create("", "Attachable", map[string]any{
			"FileName": "copy.pdf", "Note": copied.Note, "AttachableRef": []any{map[string]any{"EntityRef": map[string]any{
				"type": "Bill", "value": copied.AttachableRef[0].EntityRef.Value,
			}}},
		})
		require.NoError(t, err)
		for range 15 {
			b.cycle()
			sleep(time.Minute)
		}

		require.Equal(t, schema.PostingDeclined, b.task(task).State)
		require.Equal(t, schema.FaultPossibleDuplicate, b.task(task).Fault.Code)
	})
}

func TestLoader_AttachmentsReadBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *bench, string)
		result schema.VerificationResult
		field  schema.Field
	}{
		"Renamed": {
			change: func(t *testing.T, b *bench, id string) {
				t.Helper()
				require.NoError(t, b.sim.Edit("", "Attachable", id, map[string]any{"FileName": "other.pdf"}))
			},
			result: schema.VerifiedDivergent, field: schema.FieldFile,
		},
		"OfAnotherKind": {
			change: func(t *testing.T, b *bench, id string) {
				t.Helper()
				require.NoError(t, b.sim.Edit("", "Attachable", id, map[string]any{"ContentType": "image/png"}))
			},
			result: schema.VerifiedDivergent, field: schema.FieldFile,
		},
		"MovedToAnotherBill": {
			change: func(t *testing.T, b *bench, id string) {
				t.Helper()
				require.NoError(t, b.sim.Edit("", "Attachable", id, map[string]any{"AttachableRef": []any{
					map[string]any{"EntityRef": map[string]any{"type": "Bill", "value": string(b.bill(b.draft(2)).Document)}},
				}}))
			},
			result: schema.VerifiedDivergent, field: schema.FieldLink,
		},
		"Detached": {
			change: func(t *testing.T, b *bench, id string) {
				t.Helper()
				require.NoError(t, b.sim.Edit("", "Attachable", id, map[string]any{"AttachableRef": []any{}}))
			},
			result: schema.VerifiedDivergent, field: schema.FieldLink,
		},
		"Deleted": {
			change: func(t *testing.T, b *bench, id string) {
				t.Helper()
				require.NoError(t, b.sim.Delete("", "Attachable", id))
			},
			result: schema.VerifiedMissing,
		},
		"WithAnotherNote": {
			change: func(t *testing.T, b *bench, id string) {
				t.Helper()
				require.NoError(t, b.sim.Edit("", "Attachable", id, map[string]any{"Note": "paid"}))
			},
			result: schema.VerifiedExact,
		},
	} {
		within(t, name, func(t *testing.T) {
			t.Helper()
			var host *fileHost
			b := setup(t, withFiles(&host))
			b.record(b.draft(2))
			task := b.filesDue(host, 1)[0]
			_, err := b.loader.Tasks(t.Context())
			require.NoError(t, err)
			c.change(t, b, string(b.task(task).Document))

			b.cycle()

			v := b.proof(task)
			require.Equal(t, c.result, v.Result)
			if c.field != "" {
				require.Len(t, v.Differences, 1)
				require.Equal(t, c.field, v.Differences[0].Field)
			}
		})
	}
}

func TestLoader_ManyAttachments(t *testing.T) {
	t.Parallel()

	within(t, "LetBillsGoFirst", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host, func(c *load.Config) { c.Uploads = 10 }))
		tasks := b.filesDue(host, 35)
		for i := range tasks {
			host.at("/"+string(tasks[i].Invoice)+".pdf", func(w http.ResponseWriter, _ *http.Request) {
				sleep(time.Second)
				io.WriteString(w, pdf(string(tasks[i].Invoice)))
			})
		}

		require.Equal(t, load.Tally{Posted: 10}, b.cycle().Attachments)
		b.record(b.draft(100))
		result := b.cycle()

		require.Equal(t, load.Tally{Posted: 1}, result.Bills)
		require.Equal(t, load.Tally{Posted: 10}, result.Attachments)
		b.untilAttached(5, tasks...)
		require.Equal(t, 2, host.most, "two at once, whatever Config.InFlight says")
	})

	within(t, "GoTogetherAsTheyMay", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host, func(c *load.Config) { c.UploadsTogether = 5 }))
		tasks := b.filesDue(host, 20)
		for i := range tasks {
			host.at("/"+string(tasks[i].Invoice)+".pdf", func(w http.ResponseWriter, _ *http.Request) {
				sleep(time.Second)
				io.WriteString(w, pdf(string(tasks[i].Invoice)))
			})
		}

		require.Equal(t, load.Tally{Posted: 20}, b.cycle().Attachments)

		require.Equal(t, 5, host.most)
	})

	within(t, "StopBeginningAfterAWhile", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		for _, task := range b.filesDue(host, 40) {
			host.at("/"+string(task.Invoice)+".pdf", func(w http.ResponseWriter, _ *http.Request) {
				sleep(25 * time.Second) // about as slow as is believed
				io.WriteString(w, pdf(string(task.Invoice)))
			})
		}
		began := time.Now()

		result := b.cycle()

		require.Less(t, time.Since(began), 3*time.Minute, "two minutes, and what had begun by then")
		require.Equal(t, 10, result.Attachments.Posted)
	})

	within(t, "CostNoMeteredCallsButForReadingBack", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		tasks := b.filesDue(host, 100)
		b.sim.ResetStats()

		b.untilAttached(10, tasks...)

		require.Equal(t, 3, b.sim.Stats().CorePlus, "one query for each cycle of 40 files")
		require.Equal(t, 100, b.sim.Stats().Requests["upload"])
	})

	within(t, "KeepToTheThrottles", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		tasks := b.filesDue(host, 20)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.Throttle, On: "upload", Times: 3})

		b.untilAttached(30, tasks...)

		require.Len(t, b.attached(), 20)
	})

	within(t, "AreAttachedOnceByTwoLoaders", func(t *testing.T) {
		t.Helper()
		var host *fileHost
		b := setup(t, withFiles(&host))
		tasks := b.filesDue(host, 20)
		var mu sync.Mutex
		version := 0
		for i := range tasks { // a file that is never the same twice
			host.at("/"+string(tasks[i].Invoice)+".pdf", func(w http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				version++
				body := pdf(strings.Repeat("x", 100) + time.Unix(int64(version), 0).Format(time.RFC3339))
				mu.Unlock()
				io.WriteString(w, body)
			})
		}
		other := b.newLoader()
		var group sync.WaitGroup
		for _, l := range []*load.Loader{b.loader, other} {
			group.Go(func() { l.RunOnce(context.WithoutCancel(t.Context())) })
		}
		group.Wait()

		b.untilAttached(10, tasks...)

		require.Len(t, b.attached(), 20)
	})
}
