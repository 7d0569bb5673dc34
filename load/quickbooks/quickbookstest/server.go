package quickbookstest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is a pretended QuickBooks Online: an [http.Handler] that holds one or
// more companies. It is safe for concurrent use; requests are carried out one
// after another.
type Server struct {
	cfg     Config
	kinds   map[string]*kind
	zone    *time.Location
	control http.Handler

	mu     sync.Mutex
	ahead  time.Duration // how far the clock was moved
	realms map[string]*realm
	apps   map[string]App
	grants *grants
	stats  Stats
	queue  []Trouble
	chaos  *chaos
	late   []lateWrite
	tids   uint64

	kept    int    // bytes of attachments
	sealKey string // of the addresses of attachments

	events   []webhookEvent // not yet told
	eventIDs uint64

	rand *rand.Rand
}

// New returns a server with fresh books.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg.withDefaults(), kinds: kinds(), zone: pacific()}
	s.control = controlMux(s)
	s.reset()
	return s
}

// Reset puts everything back to what [New] made: books, tokens, counters,
// troubles and the clock.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
}

func (s *Server) reset() {
	s.ahead, s.queue, s.chaos, s.late, s.tids = 0, nil, nil, nil, 0
	s.events, s.eventIDs, s.kept = nil, 0, 0
	s.rand = rand.New(rand.NewPCG(s.cfg.Seed, 1))
	s.sealKey = strconv.FormatUint(rand.New(rand.NewPCG(s.cfg.Seed, 3)).Uint64(), 16)
	s.stats = newStats()
	s.grants = newGrants()
	s.apps = make(map[string]App)
	for _, app := range s.cfg.Apps {
		s.apps[app.ClientID] = app
	}
	s.realms = make(map[string]*realm)
	for i, cfg := range s.cfg.Realms {
		r := newRealm(s, cfg, s.cfg.Seed+uint64(i)) //nolint:gosec // an index
		s.realms[r.ID] = r
	}
}

// realmIDs are the companies in a fixed order.
func (s *Server) realmIDs() []string { return slices.Sorted(maps.Keys(s.realms)) }

// maxBody bounds what is read of a request: an upload and its envelope.
const maxBody = maxUpload + 1<<20

// ServeHTTP answers the API, the OAuth endpoints and, under /_sim/, the control
// API. A trouble that answers nothing ends in [http.ErrAbortHandler], which
// closes the connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_sim/") {
		s.control.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away, or sends nonsense
	}
	c := &call{
		server: s, method: r.Method, path: r.URL.Path, params: paramsOf(r.URL.RawQuery), host: r.Host,
		header: r.Header, body: body, gone: r.Context().Done(), secure: r.TLS != nil,
	}
	s.serve(c).write(w)
}

// paramsOf reads a query string. A semicolon is part of a value, as the URL
// standard has it: Go's parser would drop the whole parameter.
func paramsOf(raw string) url.Values {
	params, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B")) // what cannot be read is left out
	return params
}

// serve carries a call out, with the trouble that is due, if any.
func (s *Server) serve(c *call) answer {
	s.mu.Lock()
	s.runLate()
	c.begin()
	trouble := s.draw(c)
	s.mu.Unlock()

	a, done := s.before(c, trouble)
	if !done {
		a = s.carryOut(c)
	}
	a.header = c.tidHeader(a.header)
	return s.after(c, trouble, a)
}

func (s *Server) carryOut(c *call) answer {
	if c.kind == "token" && s.cfg.OAuth.RefreshTakes > 0 {
		return c.slowExchange()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.dispatch()
}

// answer is one HTTP response.
type answer struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	cut         bool // only half of the body is sent
}

func (a answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.contentType != "" {
		w.Header().Set("Content-Type", a.contentType)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(a.status)
	if a.cut {
		w.Write(a.body[:len(a.body)/2]) //nolint:errcheck // the connection is about to be closed
		panic(http.ErrAbortHandler)
	}
	w.Write(a.body) //nolint:errcheck // a client that went away is not the server's trouble
}

var (
	// errNoAnswer is what [Server.Client] returns where a socket would be closed.
	errNoAnswer = errors.New("connection closed before an answer")
	// errNotTaken is a subscriber that answered something other than 200.
	errNotTaken = errors.New("not taken")
)
