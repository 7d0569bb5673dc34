package quickbookstest

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// record is one thing in the books, dead or alive.
type record struct {
	kind    *kind
	id      string
	token   int // the SyncToken
	obj     object
	created time.Time
	updated time.Time
	deleted bool
	batch   uint64 // the batch that created it, which cannot see it
	content []byte // of an attachment
}

func (rec *record) active() bool { return rec.obj["Active"] != false }

// table holds the records of one kind in the order of their creation.
type table struct {
	byID map[string]*record
	all  []*record
}

// realm is one company's books.
type realm struct {
	Realm
	server  *Server
	tables  map[string]*table
	seqs    map[string]int
	names   map[string]*record // display names in use, folded, over customers, vendors and employees
	numbers map[string][]*record
	replies map[string]*reply
	windows windows
	refused *refusal // a state of the company that refuses calls
	rand    *rand.Rand
	batches uint64
}

func newRealm(s *Server, cfg Realm, seed uint64) *realm {
	r := &realm{
		Realm:   cfg.withDefaults(),
		server:  s,
		tables:  make(map[string]*table),
		seqs:    map[string]int{"txn": 100},
		names:   make(map[string]*record),
		numbers: make(map[string][]*record),
		replies: make(map[string]*reply),
		rand:    rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)),
	}
	for name := range s.kinds {
		r.tables[name] = &table{byID: make(map[string]*record)}
	}
	seedBooks(r)
	return r
}

func (r *realm) us() bool { return r.Country == "US" }

func (r *realm) reader() reader {
	return reader{latin1: r.us(), foreign: r.server.cfg.Rules.Foreign}
}

// find returns the record that is alive, active or not, and visible to a
// request of the given batch.
func (r *realm) find(kindName, id string, batch uint64) *record {
	t := r.tables[kindName]
	if t == nil {
		return nil
	}
	rec := t.byID[id]
	if rec == nil || rec.deleted || (batch != 0 && rec.batch == batch) {
		return nil
	}
	return rec
}

// insert stores a new record under the next id of its series.
func (r *realm) insert(k *kind, obj object, batch uint64) *record {
	r.seqs[k.series]++
	rec := &record{kind: k, id: strconv.Itoa(r.seqs[k.series]), created: r.server.now(), batch: batch}
	t := r.tables[k.name]
	t.byID[rec.id] = rec
	t.all = append(t.all, rec)
	r.store(rec, obj)
	return rec
}

// store replaces what rec says, stamps it, and keeps the indexes true.
func (r *realm) store(rec *record, obj object) {
	r.unindex(rec)
	rec.updated = r.server.now()
	r.set(rec, obj)
	r.index(rec)
}

// set replaces what rec says without any sign that it was edited.
func (r *realm) set(rec *record, obj object) {
	clean := make(object, len(obj)+5)
	for name, v := range obj {
		if v != nil && v != "" { // only attributes with values are answered
			clean[name] = v
		}
	}
	clean["Id"] = rec.id
	clean["SyncToken"] = strconv.Itoa(rec.token)
	clean["domain"] = "QBO"
	clean["sparse"] = false
	clean["MetaData"] = object{"CreateTime": r.server.stamp(rec.created), "LastUpdatedTime": r.server.stamp(rec.updated)}
	rec.obj = clean
}

// bury marks rec as deleted for good. Its id is never used again.
func (r *realm) bury(rec *record) {
	r.unindex(rec)
	rec.deleted = true
	rec.updated = r.server.now()
}

func (r *realm) index(rec *record) {
	if name := r.heldName(rec); name != "" {
		r.names[name] = rec
	}
	if number := textAt(rec.obj, "DocNumber"); number != "" {
		key := rec.kind.name + "\x00" + strings.ToLower(number)
		r.numbers[key] = append(r.numbers[key], rec)
	}
}

func (r *realm) unindex(rec *record) {
	if name := r.heldName(rec); name != "" && r.names[name] == rec {
		delete(r.names, name)
	}
	if number := textAt(rec.obj, "DocNumber"); number != "" {
		key := rec.kind.name + "\x00" + strings.ToLower(number)
		kept := r.numbers[key][:0:0]
		for _, other := range r.numbers[key] {
			if other != rec {
				kept = append(kept, other)
			}
		}
		r.numbers[key] = kept
	}
}

// heldName is the name that rec keeps others from using, folded. An inactive
// record shows " (deleted)" behind its name and, as documented, still holds the
// name itself.
func (r *realm) heldName(rec *record) string {
	if !rec.kind.person || rec.obj == nil {
		return ""
	}
	if !rec.active() && r.server.cfg.Rules.InactiveFreesName {
		return foldName(textAt(rec.obj, "DisplayName"))
	}
	return foldName(strings.TrimSuffix(textAt(rec.obj, "DisplayName"), deletedSuffix))
}

func foldName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

const deletedSuffix = " (deleted)"

func (r *realm) today() string { return r.server.now().In(r.server.zone).Format(time.DateOnly) }
