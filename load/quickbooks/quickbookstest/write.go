package quickbookstest

import (
	"maps"
	"strconv"
)

// write is one create or update on its way into the books.
type write struct {
	r      *realm
	kind   *kind
	old    *record // nil on create
	obj    object  // what would be stored
	sent   object  // what the client sent, cleaned
	batch  uint64  // the batch it belongs to, or 0
	force  bool    // the client allows a duplicate DocNumber
	person bool    // a bookkeeper does it, in QuickBooks' own screens

	previous object // what old said before commit
}

// find is [realm.find] as this write may see the books.
func (w *write) find(kindName, id string) *record { return w.r.find(kindName, id, w.batch) }

// outcome is the answer to one operation: an entity under its name, or a fault.
type outcome struct {
	name  string
	body  any
	fault *Fault
}

func failed(f *Fault) outcome { return outcome{fault: f} }

// save creates in, or updates the record that in names.
func (w *write) save(in object) outcome {
	if w.kind.readOnly {
		return failed(refuse("500", "Operation is not supported.", w.kind.name))
	}
	var fault *Fault
	if id := textAt(in, "Id"); id != "" {
		if w.old, fault = w.current(in, id); fault != nil {
			return failed(fault)
		}
	}
	if w.sent, fault = w.r.reader().read(w.kind.fields, in); fault != nil {
		return failed(fault)
	}
	if w.old == nil {
		w.obj = maps.Clone(w.sent)
		if w.kind.listed && w.obj["Active"] == nil {
			w.obj["Active"] = true
		}
	} else {
		w.merge(in["sparse"] == true)
	}
	if fault := w.validate(); fault != nil {
		return failed(fault)
	}
	return outcome{name: w.kind.name, body: w.commit().obj}
}

// current finds the record to be changed and checks the SyncToken.
func (w *write) current(in object, id string) (*record, *Fault) {
	if !numeric(id) {
		return nil, unusableID(id, "Id")
	}
	t := w.r.tables[w.kind.name]
	rec := t.byID[id]
	if rec == nil || (w.batch != 0 && rec.batch == w.batch) {
		return nil, notFound(id)
	}
	if rec.deleted {
		return nil, deletedByOther(w.kind)
	}
	if w.person {
		return rec, nil
	}
	token, sent := in["SyncToken"]
	if !sent || token == nil {
		return nil, missing("SyncToken")
	}
	if tokenText(token) != strconv.Itoa(rec.token) {
		return nil, refuse("5010", "Stale Object Error : You and another user were working on this at the same time. The other user finished before you did, so your work was not saved.", "")
	}
	return rec, nil
}

// merge lays what was sent over what is there. A sparse update keeps what was
// left out; a full one clears it, but for what QuickBooks writes itself.
// Assumed: a nested object that is sent replaces the old one whole.
func (w *write) merge(sparse bool) {
	if sparse {
		w.obj = maps.Clone(w.old.obj)
	} else {
		w.obj = make(object)
		for _, f := range w.kind.fields {
			if v, ok := w.old.obj[f.name]; ok && f.is(readOnly) {
				w.obj[f.name] = v
			}
		}
		if w.kind.listed {
			w.obj["Active"] = w.old.obj["Active"]
		}
	}
	for name, v := range w.sent {
		f, _ := w.kind.attribute([]string{name})
		if sparse && f.is(whole) && (v == nil || v == "") {
			continue // these cannot be blanked by a sparse update (assumed: silently)
		}
		w.obj[name] = v
	}
}

func (w *write) validate() *Fault {
	if w.old == nil && w.kind.create != nil {
		w.kind.create(w)
	}
	for _, f := range w.kind.fields {
		if f.is(required) && empty(w.obj[f.name]) {
			return missing(f.name)
		}
	}
	if w.kind.person || w.kind.listed {
		if fault := w.activity(); fault != nil {
			return fault
		}
	}
	if w.kind.dated {
		if fault := w.open(); fault != nil {
			return fault
		}
	}
	if w.kind.rules == nil {
		return nil
	}
	return w.kind.rules(w)
}

// activity appends " (deleted)" to the name of a record that is deactivated, and
// takes it off one that comes back.
func (w *write) activity() *Fault {
	name := nameAttribute(w.kind)
	shown := textAt(w.obj, name)
	base := trimDeleted(shown)
	switch {
	case w.obj["Active"] == false && w.old != nil && shown != "":
		w.obj[name] = base + deletedSuffix
	case w.obj["Active"] == true && w.old != nil && !w.old.active() && shown != "":
		w.obj[name] = base
	}
	if w.kind.person {
		return w.nameFree(base)
	}
	return nil
}

// nameFree checks that no customer, vendor or employee has the name.
func (w *write) nameFree(name string) *Fault {
	holder := w.r.names[foldName(name)]
	if holder == nil || holder == w.old {
		return nil
	}
	detail := "The name supplied already exists. : Id=" + holder.id
	if w.r.server.cfg.Rules.PlainNameTaken {
		detail = "The name supplied already exists. : Another customer, vendor or employee is already using this name."
	}
	return refuse("6240", detail, "")
}

// open checks that neither the new nor the old date lies in a closed period.
func (w *write) open() *Fault {
	if empty(w.obj["TxnDate"]) {
		w.obj["TxnDate"] = w.r.today()
	}
	if w.person { // a bookkeeper knows the closing password
		return nil
	}
	if w.r.closed(textAt(w.obj, "TxnDate")) || (w.old != nil && w.r.closed(textAt(w.old.obj, "TxnDate"))) {
		return w.r.periodClosed()
	}
	return nil
}

func (r *realm) closed(day string) bool { return r.BookCloseDate != "" && day <= r.BookCloseDate }

func (r *realm) periodClosed() *Fault {
	return refuse(r.server.cfg.Rules.ClosedCode, "The account period has closed and the account books cannot be updated through the QBO Services API. Please use the QBO website to make these changes.", "")
}

func (w *write) commit() *record {
	rec := w.old
	if rec == nil {
		rec = w.r.insert(w.kind, w.obj, w.batch)
		w.r.tell(rec, "created")
	} else {
		w.previous = rec.obj
		rec.token++
		w.r.store(rec, w.obj)
		w.r.tell(rec, "updated")
	}
	if w.kind.stored != nil {
		w.kind.stored(w, rec)
	}
	return rec
}

// remove deletes the record that in names.
func (w *write) remove(in object) outcome {
	if w.kind.readOnly || w.kind.listed {
		return failed(refuse("500", "Operation Delete is not supported.", w.kind.name))
	}
	id := textAt(in, "Id")
	if id == "" {
		return failed(missing("Id"))
	}
	rec, fault := w.current(in, id)
	if fault != nil {
		return failed(fault)
	}
	if w.kind.dated && !w.person && w.r.closed(textAt(rec.obj, "TxnDate")) {
		return failed(w.r.periodClosed())
	}
	if w.kind.mayDelete != nil {
		if fault := w.kind.mayDelete(w.r, rec); fault != nil {
			return failed(fault)
		}
	}
	w.r.bury(rec)
	w.r.tell(rec, "deleted")
	if w.kind.buried != nil {
		w.kind.buried(w.r, rec)
	}
	return outcome{name: w.kind.name, body: object{"status": "Deleted", "domain": "QBO", "Id": rec.id}}
}

// annul voids the record that in names. Bills have no void.
func (w *write) annul(in object) outcome {
	if w.kind.void == nil {
		return failed(refuse("500", "Operation void is not supported.", w.kind.name))
	}
	id := textAt(in, "Id")
	if id == "" {
		return failed(missing("Id"))
	}
	rec, fault := w.current(in, id)
	if fault != nil {
		return failed(fault)
	}
	if !w.person && w.r.closed(textAt(rec.obj, "TxnDate")) {
		return failed(w.r.periodClosed())
	}
	w.kind.void(w, rec)
	return outcome{name: w.kind.name, body: rec.obj}
}
