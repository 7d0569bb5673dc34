package quickbookstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrUnknown is a company, entity or id that the server does not hold.
var ErrUnknown = errors.New("unknown")

// Books is everything a company holds, as the API would answer it.
type Books struct {
	Realm       Realm                        `json:"realm"`
	Now         string                       `json:"now"`
	Preferences json.RawMessage              `json:"preferences"`
	Entities    map[string][]json.RawMessage `json:"entities"` // by entity, in the order of creation
	Deleted     map[string][]string          `json:"deleted"`  // ids, by entity
}

// Books returns a copy of all that a company holds.
func (s *Server) Books(realmID string) (Books, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runLate()
	r, err := s.company(realmID)
	if err != nil {
		return Books{}, err
	}
	b := Books{
		Realm: r.Realm, Now: s.answerTime(), Preferences: mustJSON(r.preferences()),
		Entities: make(map[string][]json.RawMessage), Deleted: make(map[string][]string),
	}
	for name, t := range r.tables {
		b.Entities[name] = []json.RawMessage{}
		for _, rec := range t.all {
			if rec.deleted {
				b.Deleted[name] = append(b.Deleted[name], rec.id)
				continue
			}
			b.Entities[name] = append(b.Entities[name], mustJSON(rec.obj))
		}
	}
	return b, nil
}

// Count is how many of an entity a company holds, inactive ones too.
func (s *Server) Count(realmID, entity string) int {
	b, err := s.Books(realmID)
	if err != nil {
		return 0
	}
	return len(b.Entities[entity])
}

// company finds a company; "" means the only or first one.
func (s *Server) company(realmID string) (*realm, error) {
	if realmID == "" {
		realmID = s.realmIDs()[0]
	}
	r := s.realms[realmID]
	if r == nil {
		return nil, fmt.Errorf("company %q: %w", realmID, ErrUnknown)
	}
	return r, nil
}

// bookkeeper prepares a write that somebody makes in QuickBooks' own screens:
// no token, no SyncToken, no closing date.
func (s *Server) bookkeeper(realmID, entity string) (*write, error) {
	r, err := s.company(realmID)
	if err != nil {
		return nil, err
	}
	k := r.kindOf(entity)
	if k == nil {
		return nil, fmt.Errorf("entity %q: %w", entity, ErrUnknown)
	}
	return &write{r: r, kind: k, person: true}, nil
}

// Error makes a fault an error: what [Server.Edit] and the like return when the
// books refuse.
func (f *Fault) Error() string {
	return "quickbooks fault " + f.code() + ": " + f.Errors[0].Detail
}

// Create enters something by hand and returns its id.
func (s *Server) Create(realmID, entity string, fields map[string]any) (string, error) {
	return s.enter(realmID, entity, fields)
}

// Edit changes the named fields of a record by hand.
func (s *Server) Edit(realmID, entity, id string, fields map[string]any) error {
	if id == "" {
		return fmt.Errorf("edit %s without an id: %w", entity, ErrUnknown)
	}
	changed := with(fields, "Id", id)
	changed["sparse"] = true
	_, err := s.enter(realmID, entity, changed)
	return err
}

// Deactivate makes a listed record inactive by hand.
func (s *Server) Deactivate(realmID, entity, id string) error {
	return s.Edit(realmID, entity, id, map[string]any{"Active": false})
}

func (s *Server) enter(realmID, entity string, fields map[string]any) (string, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", entity, err)
	}
	in, err := decode(raw)
	if err != nil {
		return "", fmt.Errorf("decode %s: %w", entity, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.bookkeeper(realmID, entity)
	if err != nil {
		return "", err
	}
	out := w.save(in)
	if out.fault != nil {
		return "", out.fault
	}
	saved, _ := out.body.(object)
	return textAt(saved, "Id"), nil
}

// Delete removes a transaction by hand, for good.
func (s *Server) Delete(realmID, entity, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.bookkeeper(realmID, entity)
	if err != nil {
		return err
	}
	if out := w.remove(object{"Id": id}); out.fault != nil {
		return out.fault
	}
	return nil
}

// Merge folds one name or account into another of its kind, as a bookkeeper does
// by giving it the other's name: what referred to the first refers to the second,
// and the first is gone. Assumed: SyncTokens stay, times change, and reads of the
// first get 610.
func (s *Server) Merge(realmID, entity, from, into string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.bookkeeper(realmID, entity)
	if err != nil {
		return err
	}
	gone, kept := w.find(w.kind.name, from), w.find(w.kind.name, into)
	if gone == nil || kept == nil || gone == kept || !w.kind.listed {
		return fmt.Errorf("merge %s %s into %s: %w", entity, from, into, ErrUnknown)
	}
	names := map[string][]string{
		"Vendor": {"VendorRef"}, "Class": {"ClassRef"}, "Customer": {"CustomerRef"}, "Department": {"DepartmentRef"},
		"Account": {"AccountRef", "APAccountRef", "BankAccountRef", "CCAccountRef", "FromAccountRef", "ToAccountRef"},
	}[w.kind.name]
	for _, txn := range []string{"Bill", "VendorCredit", "BillPayment", "Transfer"} {
		for _, rec := range w.r.tables[txn].all {
			if changed, ok := repoint(rec.obj, names, from, ref(into, shownName(kept))); ok && !rec.deleted {
				w.r.store(rec, changed.(object))
			}
		}
	}
	w.r.owe(into, amountAt(gone.obj, "Balance"))
	w.r.bury(gone)
	w.r.tell(gone, "merged")
	return nil
}

// repoint replaces references anywhere inside v, and reports whether there were
// any.
func repoint(v any, names []string, from string, to object) (any, bool) {
	switch v := v.(type) {
	case object:
		changed, found := make(object, len(v)), false
		for key, inner := range v {
			if slices.Contains(names, key) && refAt(v, key) == from {
				changed[key], found = to, true
				continue
			}
			replaced, ok := repoint(inner, names, from, to)
			changed[key], found = replaced, found || ok
		}
		return changed, found
	case []any:
		changed, found := make([]any, 0, len(v)), false
		for _, inner := range v {
			replaced, ok := repoint(inner, names, from, to)
			changed, found = append(changed, replaced), found || ok
		}
		return changed, found
	default:
		return v, false
	}
}

// Prefer changes the settings of a company.
func (s *Server) Prefer(realmID string, change func(*Preferences)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.company(realmID)
	if err != nil {
		return err
	}
	was := r.Preferences
	change(&r.Preferences)
	// Once on, multicurrency stays on, and the home currency is fixed.
	r.MultiCurrency = r.MultiCurrency || was.MultiCurrency
	if was.MultiCurrency {
		r.HomeCurrency = was.HomeCurrency
	}
	return nil
}

// Refuse puts a company into a state in which it refuses calls with a fault, for
// instance 6190 when the subscription lapsed, 120 when the connecting user lost
// admin rights, 150 under maintenance. writesOnly lets reads through. An empty
// code ends the state.
func (s *Server) Refuse(realmID, code string, writesOnly bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.company(realmID)
	if err != nil {
		return err
	}
	r.refused = nil
	if code != "" {
		r.refused = &refusal{Code: code, Writes: writesOnly}
	}
	return nil
}
