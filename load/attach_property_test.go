package load_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// mishap is one thing that happens before or during a cycle that attaches files.
type mishap struct {
	kind    string // new, trouble, store, crash, wait, restart, host
	n       int    // new: how many files; crash: after how many calls of the store; host: for how many requests
	trouble quickbookstest.Trouble
	method  string
	after   bool
	wait    time.Duration
	host    string // what the host does: busy, slow, gone, changed, cut, page
}

func mishaps() *rapid.Generator[mishap] {
	return rapid.Custom(func(t *rapid.T) mishap {
		m := mishap{kind: rapid.SampledFrom([]string{"new", "trouble", "trouble", "store", "crash", "crash", "wait", "restart", "host", "host"}).Draw(t, "kind")}
		switch m.kind {
		case "new":
			m.n = rapid.IntRange(1, 5).Draw(t, "files")
		case "trouble":
			m.trouble = quickbookstest.Trouble{
				Kind: rapid.SampledFrom([]quickbookstest.TroubleKind{
					quickbookstest.LoseBefore, quickbookstest.LoseAfter, quickbookstest.CommitLate, quickbookstest.Delay,
					quickbookstest.DelayAfter, quickbookstest.Truncate, quickbookstest.Throttle, quickbookstest.ServerError,
					quickbookstest.ErrorAfter, quickbookstest.Unauthorized, quickbookstest.ItemFault, quickbookstest.FaultOn200,
					quickbookstest.HTMLPage,
				}).Draw(t, "trouble"),
				On:    rapid.SampledFrom([]string{"upload", "upload", "upload", "query", "api"}).Draw(t, "on"),
				Times: rapid.IntRange(1, 3).Draw(t, "times"),
				Delay: time.Duration(rapid.IntRange(1, 119).Draw(t, "delay")) * time.Second,
				Code:  rapid.SampledFrom([]string{"10000", "600", "6000", "3001", "130", "6030", "6040", "6041", "6050", "120"}).Draw(t, "code"),
			}
		case "store":
			m.method = rapid.SampledFrom([]string{
				"DueTasks", "LatestTasks", "UnverifiedTasks", "InvoicePositions", "OpenPostings", "LatestPostings", "RecordPostings",
				"RecordVerifications",
			}).Draw(t, "method")
			m.after = rapid.Bool().Draw(t, "after")
		case "crash":
			m.n = rapid.IntRange(0, 20).Draw(t, "calls")
		case "wait":
			m.wait = time.Duration(rapid.IntRange(1, 1200).Draw(t, "seconds")) * time.Second
		case "host":
			m.host = rapid.SampledFrom([]string{"busy", "slow", "gone", "changed", "cut", "page"}).Draw(t, "host")
			m.n = rapid.IntRange(1, 4).Draw(t, "requests")
		}
		return m
	})
}

// filing is what happens to the files of one company.
type filing struct {
	mishaps []mishap
	replay  quickbookstest.Replay
	uploads int
	loaders int
}

func filings() *rapid.Generator[filing] {
	return rapid.Custom(func(t *rapid.T) filing {
		f := filing{
			mishaps: rapid.SliceOfN(mishaps(), 1, 12).Draw(t, "mishaps"),
			uploads: rapid.SampledFrom([]int{1, 3, 40}).Draw(t, "uploads a cycle"),
			loaders: rapid.IntRange(1, 2).Draw(t, "loaders"),
		}
		f.replay.Faults = rapid.Bool().Draw(t, "replays faults")
		f.replay.Answers6000 = rapid.Bool().Draw(t, "answers replays with 6000")
		f.replay.Changed = rapid.SampledFrom([]quickbookstest.Changed{quickbookstest.ChangedReplays, quickbookstest.ChangedFaults}).Draw(t, "changed")
		// With one loader, files are attached once even where uploads have no request
		// ids at all. Two at once need them.
		f.replay.Off = f.loaders == 1 && rapid.Bool().Draw(t, "no request ids")
		return f
	})
}

// TestLoader_AttachmentSequences draws what happens to the files of a company: new
// ones, every kind of trouble at QuickBooks, at the host of the files and in the
// store, crashes between any two calls of the store, and a second loader that runs
// at the same time. When it is over, and a person has had tried again what was
// declined, each file is attached exactly once, to its document, as it was named. A
// failure prints its seed and replays with -rapid.seed.
func TestLoader_AttachmentSequences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f := filings().Draw(rt, "filing")
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = f.play(t) })
		if failure != nil {
			rt.Fatalf("%v", failure)
		}
	})
}

func (f filing) play(t *testing.T) error {
	t.Helper()
	var host *fileHost
	b := setup(t, withFiles(&host, func(c *load.Config) { c.Uploads = f.uploads }),
		withSim(func(c *quickbookstest.Config) { c.Replay = f.replay }))
	moods := &moods{}
	drafts, tasks := b.bases(f.mishaps), []schema.Task(nil)
	for _, m := range f.mishaps {
		if m.kind == "new" {
			tasks = append(tasks, b.filesOf(host, moods, drafts[len(tasks):][:m.n])...)
		}
		b.befall(m, moods)
		b.cycles(f.loaders)
		b.store.Inject(nil)
		if m.kind == "crash" {
			b.restart()
		}
		b.later(time.Minute)
	}
	moods.clear()
	b.restart()
	for range 60 {
		b.loader.RunOnce(t.Context())
		for _, task := range tasks {
			// What is put off for hours, or again and again because QuickBooks replays a
			// passing fault, is not waited for.
			p := b.task(task)
			if p.State == schema.PostingDeclined && (p.RetryAt.IsZero() || p.Attempt > 3 || time.Until(p.RetryAt) > hour) {
				b.again(task)
			}
		}
		if b.allAttached(tasks) == nil {
			b.later(10 * time.Minute)
			return errors.Join(b.allAttached(tasks), b.asNamed(tasks, f.loaders))
		}
		b.later(5 * time.Minute)
	}
	return b.allAttached(tasks)
}

// A process that ends between any two calls of the store, whatever QuickBooks has
// done by then, leaves nothing that the next one does not find out about.
func TestLoader_AttachmentCrashes(t *testing.T) {
	t.Parallel()
	for _, kind := range []quickbookstest.TroubleKind{"", quickbookstest.LoseBefore, quickbookstest.LoseAfter, quickbookstest.CommitLate} {
		for after := range 40 {
			within(t, fmt.Sprintf("%sAfter%d", kind, after), func(t *testing.T) {
				t.Helper()
				var host *fileHost
				b := setup(t, withFiles(&host), withSim(func(c *quickbookstest.Config) { c.Replay.Off = true }))
				tasks := b.filesDue(host, 2)
				if kind != "" {
					b.sim.Next(quickbookstest.Trouble{Kind: kind, On: "upload", Delay: 100 * time.Second})
				}
				b.befall(mishap{kind: "crash", n: after}, nil)
				b.loader.RunOnce(t.Context())
				b.store.Inject(nil)
				b.restart()

				b.untilAttached(30, tasks...)

				b.later(10 * time.Minute)
				require.NoError(t, b.allAttached(tasks))
				require.NoError(t, b.asNamed(tasks, 1))
			})
		}
	}
}

// cycles runs some loaders at the same time.
func (b *bench) cycles(loaders int) {
	var group sync.WaitGroup
	for n := range loaders {
		l := b.loader
		if n > 0 {
			l = b.newLoader()
		}
		group.Go(func() { l.RunOnce(b.t.Context()) }) // whatever it says: what counts is the end
	}
	group.Wait()
}

// bases posts, before anything happens, the documents that files are attached to;
// every third is a vendor credit.
func (b *bench) bases(mishaps []mishap) []schema.Draft {
	var drafts []schema.Draft
	for _, m := range mishaps {
		for range m.n {
			n := len(drafts) + 1
			d := b.draft(n)
			if n%3 == 0 {
				d = b.draft(n, credit)
			}
			drafts = append(drafts, d)
		}
	}
	b.record(drafts...)
	b.until(5)
	return drafts
}

func (b *bench) filesOf(host *fileHost, moods *moods, drafts []schema.Draft) []schema.Task {
	var tasks []schema.Task
	for _, d := range drafts {
		tasks = append(tasks, b.file(host, d))
		host.at("/"+string(d.Invoice)+".pdf", moods.serve(string(d.Invoice)))
	}
	b.ask(tasks...)
	return tasks
}

func (b *bench) befall(m mishap, moods *moods) {
	switch m.kind {
	case "trouble":
		b.sim.Next(m.trouble)
	case "store":
		b.failOnce(m.method, m.after)
	case "crash":
		left := m.n
		b.store.Inject(func(string) storetest.Fault {
			if left--; left >= 0 {
				return storetest.Fault{}
			}
			return storetest.Fault{Err: errors.New("the process is gone")}
		})
	case "wait":
		b.later(m.wait)
	case "restart":
		b.restart()
	case "host":
		moods.set(m.host, m.n)
	}
}

// asNamed reports files whose bytes are not those that were named.
func (b *bench) asNamed(tasks []schema.Task, loaders int) error {
	sums := map[string]string{}
	for _, a := range b.attached() {
		sums[a.ID] = a.Sha256
	}
	for _, task := range tasks {
		p := b.task(task)
		var body struct {
			SHA256 string `json:"sha256"`
		}
		if err := json.Unmarshal(p.Body, &body); err != nil {
			return err
		}
		// Two loaders may fetch two versions, of which QuickBooks takes one.
		if loaders == 1 && sums[string(p.Document)] != body.SHA256 {
			return fmt.Errorf("%s: %s is attached, %s was named", p.Subject, sums[string(p.Document)], body.SHA256)
		}
	}
	if n := len(b.attached()); n != len(tasks) {
		return fmt.Errorf("%d attachments of %d files", n, len(tasks))
	}
	return nil
}

// moods is what a host of files does to the next requests.
type moods struct {
	mu      sync.Mutex
	mood    string
	left    int
	version int
}

func (m *moods) set(mood string, requests int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mood == "changed" {
		m.version++ // from now on
		return
	}
	m.mood, m.left = mood, requests
}

func (m *moods) clear() { m.set("", 0) }

func (m *moods) next() (mood string, version int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 0 {
		return "", m.version
	}
	m.left--
	return m.mood, m.version
}

// serve answers with a file whose versions all have the same size.
func (m *moods) serve(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		mood, version := m.next()
		body := pdf(fmt.Sprintf("%s, version %03d", name, version))
		switch mood {
		case "busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "gone":
			w.WriteHeader(http.StatusNotFound)
		case "page":
			io.WriteString(w, "<html>")
		case "cut":
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			io.WriteString(w, body[:len(body)/2])
		case "slow":
			sleep(25 * time.Second)
			fallthrough
		default:
			io.WriteString(w, body)
		}
	}
}
