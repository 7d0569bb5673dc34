package quickbookstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

// controlMux is the control API under /_sim/. It has no access control: it is a
// simulator's.
func controlMux(s *Server) http.Handler {
	mux := http.NewServeMux()
	get := func(path string, answer func(r *http.Request) (any, error)) {
		mux.HandleFunc("GET /_sim/"+path, func(w http.ResponseWriter, r *http.Request) {
			v, err := answer(r)
			answerControl(w, v, err)
		})
	}
	post := func(path string, do func(context.Context, order) (any, error)) {
		mux.HandleFunc("POST /_sim/"+path, func(w http.ResponseWriter, r *http.Request) {
			var o order
			d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20))
			d.UseNumber()
			d.DisallowUnknownFields()
			if err := d.Decode(&o); err != nil {
				answerControl(w, nil, fmt.Errorf("read request: %w", err))
				return
			}
			v, err := do(r.Context(), o)
			answerControl(w, v, err)
		})
	}
	get("books", func(r *http.Request) (any, error) { return s.Books(r.URL.Query().Get("realm")) })
	get("stats", func(*http.Request) (any, error) { return s.Stats(), nil })
	get("clock", func(*http.Request) (any, error) { return s.clock(), nil })
	get("realms", func(*http.Request) (any, error) { return s.Realms(), nil })
	controlBooks(s, post)
	controlServer(s, post)
	return mux
}

// controlBooks are the edits of a bookkeeper.
func controlBooks(s *Server, post func(string, func(context.Context, order) (any, error))) {
	post("create", func(_ context.Context, o order) (any, error) {
		id, err := s.Create(o.Realm, o.Entity, o.Set)
		return map[string]string{"id": id}, err
	})
	post("edit", func(_ context.Context, o order) (any, error) { return nil, s.Edit(o.Realm, o.Entity, o.ID, o.Set) })
	post("delete", func(_ context.Context, o order) (any, error) { return nil, s.Delete(o.Realm, o.Entity, o.ID) })
	post("deactivate", func(_ context.Context, o order) (any, error) { return nil, s.Deactivate(o.Realm, o.Entity, o.ID) })
	post("merge", func(_ context.Context, o order) (any, error) { return nil, s.Merge(o.Realm, o.Entity, o.ID, o.Into) })
	post("preferences", func(_ context.Context, o order) (any, error) { return nil, s.preferJSON(o.Realm, o.Set) })
	post("refuse", func(_ context.Context, o order) (any, error) { return nil, s.Refuse(o.Realm, o.Code, o.Writes) })
}

// controlServer is everything that is not in the books.
func controlServer(s *Server, post func(string, func(context.Context, order) (any, error))) {
	post("next", func(_ context.Context, o order) (any, error) { s.Next(o.Troubles...); return nil, nil })
	post("chaos", func(_ context.Context, o order) (any, error) { s.Chaos(o.Seed, o.Odds, o.Template); return nil, nil })
	post("clock", s.moveClock)
	post("limits", func(_ context.Context, o order) (any, error) {
		if o.Limits == nil {
			return nil, errors.New("limits: missing")
		}
		s.SetLimits(*o.Limits)
		return nil, nil
	})
	post("quota", func(_ context.Context, o order) (any, error) { s.SetQuota(o.Quota); return nil, nil })
	post("grant", func(_ context.Context, o order) (any, error) {
		if _, err := s.known(o.Realm); err != nil {
			return nil, err
		}
		return s.Grant(o.Realm, o.ClientID), nil
	})
	post("disconnect", func(_ context.Context, o order) (any, error) { s.Disconnect(o.Realm); return nil, nil })
	post("expire", func(_ context.Context, o order) (any, error) { s.ExpireAccess(o.Realm); return nil, nil })
	post("deliver", func(ctx context.Context, o order) (any, error) {
		told, err := s.Deliver(ctx, http.DefaultClient, o.URL)
		return map[string]int{"told": told}, err
	})
	post("stats/reset", func(context.Context, order) (any, error) { s.ResetStats(); return nil, nil })
	post("reset", func(context.Context, order) (any, error) { s.Reset(); return nil, nil })
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
