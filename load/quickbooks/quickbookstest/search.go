package quickbookstest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// search answers a statement with what stands under QueryResponse.
func (r *realm) search(statement string, batch uint64) (object, *Fault) {
	q, err := ParseQuery(statement)
	if bad, ok := errors.AsType[*QueryError](err); ok {
		return nil, refuse(bad.Code, bad.Detail, "")
	}
	k := r.kindOf(q.Entity)
	if k == nil || k.noQuery {
		return r.searchSingle(q)
	}
	tests, fault := k.tests(q.Where)
	if fault != nil {
		return nil, fault
	}
	order, fault := k.ordering(q.Order)
	if fault != nil {
		return nil, fault
	}
	var hits []*record
	for _, rec := range r.candidates(k, tests) {
		if !rec.deleted && (batch == 0 || rec.batch != batch) && matches(k, rec, tests) {
			hits = append(hits, rec)
		}
	}
	if q.Count {
		return object{"totalCount": count(len(hits))}, nil
	}
	slices.SortStableFunc(hits, order)
	return pageOf(k, hits, q), nil
}

// candidates narrows the records down by id or number where the statement does.
func (r *realm) candidates(k *kind, tests []test) []*record {
	t := r.tables[k.name]
	for _, test := range tests {
		if test.op != "=" && test.op != "IN" {
			continue
		}
		switch strings.Join(test.path, ".") {
		case "Id":
			var found []*record
			for _, id := range slices.Compact(slices.Sorted(slices.Values(test.want))) {
				if rec := t.byID[id]; rec != nil {
					found = append(found, rec)
				}
			}
			return found
		case "DocNumber":
			var found []*record
			seen := make(map[string]bool)
			for _, number := range test.want {
				if strings.TrimSpace(number) == "" {
					return t.all // a blank asks for those without a number
				}
				if key := k.name + "\x00" + strings.ToLower(number); !seen[key] {
					seen[key] = true
					found = append(found, r.numbers[key]...)
				}
			}
			return found
		}
	}
	return t.all
}

// matches leaves inactive records out unless the statement asks about Active.
func matches(k *kind, rec *record, tests []test) bool {
	asked := false
	linked := make(map[string][]test)
	for _, t := range tests {
		asked = asked || t.path[0] == "Active"
		if t.list != "" {
			linked[t.list] = append(linked[t.list], t)
			continue
		}
		if !t.holds(rec.obj) {
			return false
		}
	}
	for name, tests := range linked {
		if !anyHolds(rec.obj[name], tests) {
			return false
		}
	}
	return asked || !k.listed || rec.active()
}

// anyHolds reports whether one element of a list meets all conditions on it: a
// type and an id say something only together (assumed).
func anyHolds(list any, tests []test) bool {
	items, _ := list.([]any)
	return slices.ContainsFunc(items, func(item any) bool {
		o, _ := item.(object)
		return !slices.ContainsFunc(tests, func(t test) bool { return !t.holds(o) })
	})
}

func pageOf(k *kind, hits []*record, q Query) object {
	start := min(q.Start-1, len(hits))
	page := hits[start:min(start+q.Max, len(hits))]
	if len(page) == 0 {
		return object{} // an empty page has no entity key
	}
	rows := make([]any, 0, len(page))
	for _, rec := range page {
		if q.IDs {
			rows = append(rows, object{"Id": rec.id, "sparse": true})
			continue
		}
		rows = append(rows, rec.obj)
	}
	return object{k.name: rows, "startPosition": q.Start, "maxResults": len(rows)}
}

func (r *realm) kindOf(entity string) *kind {
	for name, k := range r.server.kinds {
		if equalFold(name, entity) {
			return k
		}
	}
	return nil
}

// searchSingle answers for the two entities of which a company has one.
func (r *realm) searchSingle(q Query) (object, *Fault) {
	var name string
	var only object
	switch {
	case equalFold(q.Entity, "CompanyInfo"):
		name, only = "CompanyInfo", r.companyInfo()
	case equalFold(q.Entity, "Preferences"):
		name, only = "Preferences", r.preferences()
	default:
		return nil, refuse("4001", "QueryValidationError: Invalid entity "+q.Entity, "")
	}
	if len(q.Where) > 0 || len(q.Order) > 0 { // assumed
		return nil, refuse("4001", "QueryValidationError: "+name+" has no attribute to filter or sort by", "")
	}
	if q.Count {
		return object{"totalCount": count(1)}, nil
	}
	if q.Start > 1 {
		return object{}, nil
	}
	return object{name: []any{only}, "startPosition": 1, "maxResults": 1}, nil
}

func (k *kind) tests(where []Condition) ([]test, *Fault) {
	tests := make([]test, 0, len(where))
	for _, c := range where {
		path, f, ok := k.queryable(c.Attribute, filterable)
		if !ok {
			return nil, notQueryable(c.Attribute)
		}
		if f.name == "Id" && c.Operator != "=" && c.Operator != "IN" {
			return nil, refuse("4001", "QueryValidationError: operator "+c.Operator+" is not supported for Id", "")
		}
		tests = append(tests, k.test(path, f, c))
	}
	return tests, nil
}

// test is a condition on an attribute, or on one of the objects in a list.
func (k *kind) test(path []string, f field, c Condition) test {
	t := test{path: path, field: f, op: c.Operator, want: c.Values}
	if head, _ := k.attribute(path[:1]); head.shape == listShape {
		t.list, t.path = path[0], path[1:]
	}
	return t
}

// queryable finds an attribute that has the trait. Assumed: an unknown one and
// one that may not be filtered on are refused alike.
func (k *kind) queryable(attribute string, t trait) ([]string, field, bool) {
	path := strings.Split(attribute, ".")
	f, ok := k.attribute(path)
	if !ok || !f.is(t) {
		return nil, field{}, false
	}
	fields := k.fields
	for i, name := range path {
		for _, row := range fields {
			if equalFold(row.name, name) {
				path[i], fields = row.name, row.sub
				break
			}
		}
	}
	return path, f, true
}

func notQueryable(attribute string) *Fault {
	return refuse("4001", fmt.Sprintf("QueryValidationError: property '%s' is not queryable", attribute), "")
}

// ordering builds the comparison of an ORDERBY clause. Without one, records
// come by id (assumed).
func (k *kind) ordering(order []Order) (func(a, b *record) int, *Fault) {
	type key struct {
		test
		descending bool
	}
	var keys []key
	for _, o := range order {
		path, f, ok := k.queryable(o.Attribute, sortable)
		if !ok {
			return nil, notQueryable(o.Attribute)
		}
		keys = append(keys, key{test{path: path, field: f}, o.Descending})
	}
	return func(a, b *record) int {
		for _, key := range keys {
			c := orderValues(key.field, shownValue(key.field, at(a.obj, key.path...)), shownValue(key.field, at(b.obj, key.path...)))
			if key.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return byID(a.id, b.id)
	}, nil
}

func orderValues(f field, a, b string) int {
	if f.name == "Id" {
		return byID(a, b)
	}
	if a == "" || b == "" {
		return strings.Compare(a, b)
	}
	c, _ := compare(f, a, b)
	return c
}

func byID(a, b string) int {
	x, errA := strconv.Atoi(a)
	y, errB := strconv.Atoi(b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	return x - y
}
