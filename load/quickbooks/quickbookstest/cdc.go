package quickbookstest

import (
	"strings"
	"time"
)

// cdcReach is how far back changes are known.
const cdcReach = 30 * 24 * time.Hour

func (c *call) changes() answer {
	response, fault := c.realm.changes(c.params.Get("entities"), c.params.Get("changedSince"))
	if fault != nil {
		return c.faulted(fault)
	}
	return c.ok(object{"CDCResponse": []any{response}})
}

// changes lists what changed since a moment: whole objects, deleted ones last
// as tombstones, at most 1000 over all entities.
func (r *realm) changes(entities, changedSince string) (object, *Fault) {
	if entities == "" {
		return nil, missing("entities")
	}
	from, ok := instant(changedSince)
	if !ok {
		return nil, refuse("2060", "Invalid date format "+changedSince, "changedSince")
	}
	if r.server.now().Sub(from) > cdcReach { // assumed: the code
		return nil, refuse("2070", "changedSince lies more than 30 days back", "changedSince")
	}
	left := maxPage
	var responses []any
	for name := range strings.SplitSeq(entities, ",") {
		k := r.kindOf(strings.TrimSpace(name))
		if k == nil {
			return nil, refuse("2010", "Entity "+name+" is not supported", "entities")
		}
		responses = append(responses, r.changed(k, from, &left))
	}
	return object{"QueryResponse": responses}, nil
}

// changed is what one entity contributes; left is what room there is. Nothing
// changed is an empty object.
func (r *realm) changed(k *kind, from time.Time, left *int) object {
	var alive, dead []any
	for _, rec := range r.tables[k.name].all {
		// Times are answered in whole seconds, and compared so.
		if rec.updated.Truncate(time.Second).Before(from) {
			continue
		}
		if rec.deleted {
			dead = append(dead, object{
				"status": "Deleted", "domain": "QBO", "Id": rec.id,
				"MetaData": object{"LastUpdatedTime": r.server.stamp(rec.updated)},
			})
			continue
		}
		alive = append(alive, rec.obj)
	}
	rows := append(alive, dead...)
	rows = rows[:min(len(rows), *left)]
	*left -= len(rows)
	if len(rows) == 0 {
		return object{}
	}
	return object{k.name: rows, "startPosition": 1, "maxResults": len(rows)}
}
