package quickbookstest

import (
	"encoding/json"
	"strings"
)

// missing is the fault of a required attribute that was left out.
func missing(name string) *Fault {
	return refuse("2020", "Required parameter "+name+" is missing in the request", name)
}

func notFound(id string) *Fault {
	return refuse("610", "Object Not Found : Something you're trying to use has been made inactive or does not exist. Id="+id, "")
}

// unusableID is an id that is no number, wherever it stands.
func unusableID(id, element string) *Fault {
	return refuse("2030", "Invalid ID : Id should be a valid number. Supplied value:"+id, element)
}

func numeric(id string) bool { return id != "" && strings.Trim(id, "0123456789") == "" }

func deletedByOther(k *kind) *Fault {
	what := "record"
	if k.dated {
		what = "transaction"
	}
	return refuse("610", "Object Not Found : Another user has deleted this "+what+".", "")
}

// badReference is a reference to an id that no record has. element is the
// server's own word for the kind, in the plural.
func badReference(k *kind, id, element string) *Fault {
	return refuse("2500", "Invalid Reference Id : "+k.plural+" element id "+id+" not found", element)
}

// inactive is a reference to a record that was deactivated. Sources disagree
// about the code, hence Rules.InactiveReference.
func (r *realm) inactive(rec *record, element string) *Fault {
	code := r.server.cfg.Rules.InactiveReference
	if code == "610" {
		return refuse("610", "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts, customers, items, vendors or employees.", element)
	}
	return refuse(code, "Invalid Reference Id : "+rec.kind.plural+" element id "+rec.id+" is inactive", element)
}

// resolve checks the reference called name in o, completes it with the name of
// what it points at, and returns that. No reference is no fault.
func (w *write) resolve(o object, name, kindName string) (*record, *Fault) {
	id := refAt(o, name)
	if id == "" {
		return nil, nil
	}
	if !numeric(id) {
		return nil, unusableID(id, name)
	}
	rec := w.find(kindName, id)
	if rec == nil {
		return nil, badReference(w.r.server.kinds[kindName], id, name)
	}
	if !rec.active() && !w.keeps(name, id) {
		return nil, w.r.inactive(rec, name)
	}
	o[name] = ref(id, shownName(rec))
	return rec, nil
}

// keeps reports whether an update leaves a reference of the head as it was. An
// inactive record may stay where it is (assumed).
func (w *write) keeps(name, id string) bool { return w.old != nil && refAt(w.old.obj, name) == id }

func shownName(rec *record) string {
	for _, name := range []string{"FullyQualifiedName", "DisplayName", "Name"} {
		if s := textAt(rec.obj, name); s != "" {
			return s
		}
	}
	return ""
}

func nameAttribute(k *kind) string {
	if k.person {
		return "DisplayName"
	}
	return "Name"
}

func trimDeleted(name string) string { return strings.TrimSuffix(name, deletedSuffix) }

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	default:
		return false
	}
}

func tokenText(v any) string {
	switch token := v.(type) {
	case string:
		return token
	case json.Number:
		return token.String()
	default:
		return ""
	}
}
