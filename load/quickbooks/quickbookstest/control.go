package quickbookstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// order is the body of a control request: each path reads the fields it needs.
type order struct {
	Realm    string         `json:"realm"`
	ClientID string         `json:"client_id"`
	Entity   string         `json:"entity"`
	ID       string         `json:"id"`
	Into     string         `json:"into"`
	Set      map[string]any `json:"set"`
	Code     string         `json:"code"`
	Writes   bool           `json:"writes"`

	Troubles []Trouble `json:"troubles"`
	Seed     uint64    `json:"seed"`
	Odds     Odds      `json:"odds"`
	Template Trouble   `json:"template"`

	Advance string     `json:"advance"`
	To      *time.Time `json:"to"`
	Limits  *Limits    `json:"limits"`
	Quota   int        `json:"quota"`
	URL     string     `json:"url"`
}

// ControlCall is one call of the control API.
type ControlCall struct {
	Method string // GET or POST
	Path   string // below /_sim/
	Takes  string // the fields of its JSON object, or its parameters
	Does   string
}

// control is a call and what carries it out: ask for GET, do for POST.
type control struct {
	ControlCall
	ask func(*http.Request) (any, error)
	do  func(context.Context, order) (any, error)
}

// ControlAPI lists every call of the control API, for help texts.
func ControlAPI() []ControlCall {
	var calls []ControlCall
	for _, c := range controls(nil) {
		calls = append(calls, c.ControlCall)
	}
	return calls
}

func controls(s *Server) []control { return slices.Concat(looks(s), deeds(s), states(s), settings(s)) }

// controlMux is the control API under /_sim/. It has no access control: it is a
// simulator's.
func controlMux(s *Server) http.Handler {
	mux := http.NewServeMux()
	for _, c := range controls(s) {
		mux.HandleFunc(c.Method+" /_sim/"+c.Path, func(w http.ResponseWriter, r *http.Request) {
			if c.ask != nil {
				v, err := c.ask(r)
				answerControl(w, v, err)
				return
			}
			var o order
			d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20))
			d.UseNumber()
			d.DisallowUnknownFields()
			if err := d.Decode(&o); err != nil {
				answerControl(w, nil, fmt.Errorf("read request: %w", err))
				return
			}
			v, err := c.do(r.Context(), o)
			answerControl(w, v, err)
		})
	}
	return mux
}

// look is a call that shows something.
func look(path, takes, does string, ask func(*http.Request) (any, error)) control {
	return control{ControlCall: ControlCall{http.MethodGet, path, takes, does}, ask: ask}
}

// deed is a call that does something. One without a result answers ok.
func deed(path, takes, does string, do func(context.Context, order) (any, error)) control {
	return control{ControlCall: ControlCall{http.MethodPost, path, takes, does}, do: do}
}

// simple is a deed with nothing to tell but an error.
func simple(do func(order) error) func(context.Context, order) (any, error) {
	return func(_ context.Context, o order) (any, error) { return nil, do(o) }
}

func looks(s *Server) []control {
	return []control{
		look("books", "realm", "all that a company holds, as the API would answer it", func(r *http.Request) (any, error) {
			return s.Books(r.URL.Query().Get("realm"))
		}),
		look("stats", "", "counters: requests by kind, throttled, replayed, metered calls by class and month", func(*http.Request) (any, error) {
			return s.Stats(), nil
		}),
		look("clock", "", "the simulated time", func(*http.Request) (any, error) { return s.clock(), nil }),
		look("realms", "", "the companies", func(*http.Request) (any, error) { return s.Realms(), nil }),
	}
}

// deeds are those of a bookkeeper.
func deeds(s *Server) []control {
	return []control{
		deed("create", "realm, entity, set", "enter something by hand; answers id", func(_ context.Context, o order) (any, error) {
			id, err := s.Create(o.Realm, o.Entity, o.Set)
			return map[string]string{"id": id}, err
		}),
		deed("edit", "realm, entity, id, set", "change it", simple(func(o order) error { return s.Edit(o.Realm, o.Entity, o.ID, o.Set) })),
		deed("delete", "realm, entity, id", "remove a transaction for good", simple(func(o order) error {
			return s.Delete(o.Realm, o.Entity, o.ID)
		})),
		deed("deactivate", "realm, entity, id", "make a name or an account inactive", simple(func(o order) error {
			return s.Deactivate(o.Realm, o.Entity, o.ID)
		})),
		deed("merge", "realm, entity, id, into", "fold one name or account into another", simple(func(o order) error {
			return s.Merge(o.Realm, o.Entity, o.ID, o.Into)
		})),
		deed("preferences", "realm, set", "change settings: book_close_date, multi_currency and the like", simple(func(o order) error {
			return s.preferJSON(o.Realm, o.Set)
		})),
	}
}

// states are what a company or a connection can be brought into.
func states(s *Server) []control {
	return []control{
		deed("refuse", "realm, code, writes", "a state in which calls are refused with the fault, such as 120 or 6190; writes lets reads through; an empty code ends it",
			simple(func(o order) error { return s.Refuse(o.Realm, o.Code, o.Writes) })),
		deed("grant", "realm, client_id", "tokens without the ceremony", func(_ context.Context, o order) (any, error) {
			if _, err := s.known(o.Realm); err != nil {
				return nil, err
			}
			return s.Grant(o.Realm, o.ClientID), nil
		}),
		deed("disconnect", "realm", "end its connections, as the company's admin would", simple(func(o order) error { s.Disconnect(o.Realm); return nil })),
		deed("expire", "realm", "end its access tokens before their time", simple(func(o order) error { s.ExpireAccess(o.Realm); return nil })),
	}
}

// settings are everything that is not in the books.
func settings(s *Server) []control {
	return []control{
		deed("next", "troubles", "what goes wrong with the next requests: kind, on, times, delay, status, code, detail, item",
			simple(func(o order) error { s.Next(o.Troubles...); return nil })),
		deed("chaos", "seed, odds, template", "what goes wrong at random; no odds end it",
			simple(func(o order) error { s.Chaos(o.Seed, o.Odds, o.Template); return nil })),
		deed("clock", "advance or to", "move the time, by a duration such as 24h or to a time", s.moveClock),
		deed("limits", "limits", "the throttles: per_minute, per_second, batch_per_app, batch_per_realm, off and more", simple(func(o order) error {
			if o.Limits == nil {
				return errors.New("limits: missing")
			}
			s.SetLimits(*o.Limits)
			return nil
		})),
		deed("quota", "quota", "metered calls that an app may make in a month; -1 blocks at once, 0 is no quota",
			simple(func(o order) error { s.SetQuota(o.Quota); return nil })),
		deed("deliver", "url", "post the changes not yet told, as signed CloudEvents; answers told", func(ctx context.Context, o order) (any, error) {
			told, err := s.Deliver(ctx, http.DefaultClient, o.URL)
			return map[string]int{"told": told}, err
		}),
		deed("stats/reset", "", "set the counters to zero", simple(func(order) error { s.ResetStats(); return nil })),
		deed("reset", "", "put everything back to the start: books, tokens, counters, troubles, clock", simple(func(order) error { s.Reset(); return nil })),
	}
}

func answerControl(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, ErrUnknown) {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		v = map[string]string{"error": err.Error()}
	}
	if v == nil {
		v = map[string]bool{"ok": true}
	}
	w.Write(mustJSON(v)) //nolint:errcheck // a client that went away is not the server's trouble
}

func (s *Server) clock() map[string]string {
	return map[string]string{"now": s.Now().Format(time.RFC3339Nano)}
}

func (s *Server) moveClock(_ context.Context, o order) (any, error) {
	if o.To != nil {
		s.Advance(o.To.Sub(s.Now()))
		return s.clock(), nil
	}
	d, err := time.ParseDuration(o.Advance)
	if err != nil {
		return nil, fmt.Errorf("advance: %w", err)
	}
	s.Advance(d)
	return s.clock(), nil
}

// preferJSON changes the named settings and leaves the others.
func (s *Server) preferJSON(realmID string, set map[string]any) error {
	raw, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode preferences: %w", err)
	}
	var bad error
	err = s.Prefer(realmID, func(p *Preferences) { bad = json.Unmarshal(raw, p) })
	return errors.Join(err, bad)
}

func (s *Server) known(realmID string) (*realm, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.company(realmID)
}

// Realms lists the companies.
func (s *Server) Realms() []Realm {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Realm
	for _, id := range s.realmIDs() {
		all = append(all, s.realms[id].Realm)
	}
	return all
}

// SetLimits replaces the throttles. Zero numbers mean the documented ones.
func (s *Server) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Limits = l.withDefaults()
}

// SetQuota sets how many metered calls an app may make in a month. 0 is no
// quota; -1 blocks metered calls at once.
func (s *Server) SetQuota(calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Limits.CorePlus = calls
}
