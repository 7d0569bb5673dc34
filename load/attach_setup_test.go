package load_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// signature is what makes an address as good as a password.
const signature = "X-Amz-Signature=s3cret"

// fileHost is a host with files, inside the bubble of a test: http://files.test,
// for which the operator vouches.
type fileHost struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu       sync.Mutex
	files    map[string]http.HandlerFunc // by path
	asked    map[string]int
	underWay int
	most     int // requests that were under way at once
}

// withFiles has the loader fetch files from host.
func withFiles(host **fileHost, changes ...func(*load.Config)) option {
	return func(b *bench, _ *quickbookstest.Config) {
		*host = newFileHost(b.t)
		hosts, err := fetch.ParseHosts([]string{"http://files.test", "*"})
		require.NoError(b.t, err)
		b.cfg.Files = fetch.New(fetch.Config{Hosts: hosts, Resolver: *host, Dialer: *host, Now: time.Now, Limit: 1 << 20})
		for _, change := range changes {
			change(&b.cfg)
		}
	}
}

func newFileHost(tb testing.TB) *fileHost {
	tb.Helper()
	h := &fileHost{
		conns: make(chan net.Conn), done: make(chan struct{}), files: map[string]http.HandlerFunc{}, asked: map[string]int{},
	}
	server := &http.Server{Handler: h}
	go server.Serve(h)
	tb.Cleanup(func() { server.Close() })
	return h
}

// Accept waits for a connection.
func (h *fileHost) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close ends the host.
func (h *fileHost) Close() error { h.once.Do(func() { close(h.done) }); return nil }

// Addr is nowhere.
func (h *fileHost) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 80} }

// LookupNetIP knows one host, which is private.
func (h *fileHost) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	if name != "files.test" {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr("10.0.0.5")}, nil
}

// DialContext connects to the host.
func (h *fileHost) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case h.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ServeHTTP answers with the file of a path, or 404.
func (h *fileHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	serve := h.files[r.URL.Path]
	h.asked[r.URL.Path]++
	h.underWay++
	h.most = max(h.most, h.underWay)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.underWay--
		h.mu.Unlock()
	}()
	if serve == nil {
		http.NotFound(w, r)
		return
	}
	serve(w, r)
}

func (h *fileHost) at(path string, serve http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files[path] = serve
}

// times returns how often the first file was asked for.
func (h *fileHost) times() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked["/inv-00001.pdf"]
}

// pdf is a file of its own for each text.
func pdf(text string) string { return "%PDF-1.7\n%" + text + "\n%%EOF\n" }

func holds(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func says(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
	}
}

// file is the task to attach the PDF of a draft's invoice, which is there.
func (b *bench) file(h *fileHost, d schema.Draft) schema.Task {
	path := "/" + string(d.Invoice) + ".pdf"
	h.at(path, holds(pdf(string(d.Invoice))))
	return b.fileAt("http://files.test"+path+"?"+signature, d, "")
}

func (b *bench) fileAt(url string, d schema.Draft, item string) schema.Task {
	return schema.Task{
		Company: acme, Kind: schema.PostAttachment, Subject: schema.FileSubject(d.Invoice, item), Invoice: d.Invoice,
		File: schema.File{URL: url, Item: item},
	}.Seal()
}

// files stores n bills that were posted and read back, and asks for their PDFs.
func (b *bench) filesDue(h *fileHost, n int) []schema.Task {
	b.t.Helper()
	drafts := b.due(n)
	b.until(10)
	tasks := make([]schema.Task, n)
	for i, d := range drafts {
		tasks[i] = b.file(h, d)
	}
	b.ask(tasks...)
	return tasks
}

// attached is an attachment as the simulator keeps it.
type attached struct {
	quickbooks.Attachable
	Sha256 string `json:"Sha256"`
}

func (b *bench) attached() []attached { return records[attached](b, "Attachable") }

// untilAttached runs a cycle a minute until no file is due or open.
func (b *bench) untilAttached(cycles int, tasks ...schema.Task) {
	b.t.Helper()
	for range cycles {
		b.loader.RunOnce(b.t.Context())
		if b.allAttached(tasks) == nil {
			return
		}
		sleep(time.Minute)
	}
	require.NoError(b.t, b.allAttached(tasks))
}

// allAttached reports what is not attached and read back, exactly once.
func (b *bench) allAttached(tasks []schema.Task) error {
	byMark := map[string]int{}
	for _, a := range b.attached() {
		_, mark, _ := strings.Cut(a.Note, "[tieout ")
		task, _, _ := strings.Cut(mark, " ")
		byMark[task]++
	}
	for _, task := range tasks {
		p := b.task(task)
		if p.State != schema.PostingPosted && p.State != schema.PostingAdopted {
			return fmt.Errorf("%s is %s, attempt %d: %s %s, retry at %s", p.Subject, p.State, p.Attempt, p.Fault.Code, p.Fault.Detail, p.RetryAt)
		}
		if n := byMark[string(task.ID)]; n != 1 {
			return fmt.Errorf("%s is there %d times", p.Subject, n)
		}
		if v := b.proof(task); v.Result != schema.VerifiedExact || v.Document != p.Document {
			return fmt.Errorf("%s read back as %+v", p.Subject, v)
		}
	}
	return nil
}

// later lets time go by. The simulator carries late requests out when it is next
// asked anything, so it is asked meanwhile.
func (b *bench) later(d time.Duration) {
	for ; d > 0; d -= 30 * time.Second {
		sleep(min(d, 30*time.Second))
		_, err := b.sim.Books("")
		require.NoError(b.t, err)
	}
}
