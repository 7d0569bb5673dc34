package quickbookstest

import (
	"net/http"
	"slices"
	"strings"
)

// single answers one create, update or delete.
func (c *call) single() answer {
	k := c.realm.kindOf(c.rest[1])
	if k == nil || len(c.rest) != 2 || c.method != http.MethodPost {
		return c.faulted(refuse("500", "Operation is not supported.", c.rest[1]))
	}
	if kind, _, _ := strings.Cut(c.header.Get("Content-Type"), ";"); kind != "application/json" {
		return c.faulted(refuse("500", "Unsupported Operation : Content-Type "+kind, ""))
	}
	in, err := decode(c.body)
	if err != nil { // assumed: the code
		return c.faulted(refuse("2010", "The request body is not a JSON object: "+err.Error(), ""))
	}
	requestID := c.params.Get("requestid")
	if fault := requestIDFault(requestID); fault != nil {
		return c.faulted(fault)
	}
	included := strings.Split(c.params.Get("include"), ",")
	op := operation{
		kind: k, in: in, name: c.params.Get("operation"), entity: k.name,
		force: slices.Contains(included, "allowduplicatedocnum"),
	}
	if slices.Contains(included, "void") { // to ignore it would update the record instead
		op.name = "void"
	}
	out := c.realm.once(requestID, op, func() outcome {
		if f := c.itemFault(""); f != nil {
			return failed(f)
		}
		return c.realm.perform(op, 0)
	})
	if out.fault != nil {
		return c.faulted(out.fault)
	}
	return c.ok(object{out.name: c.shown(out)})
}

// operation is one create, update or delete, alone or in a batch.
type operation struct {
	kind   *kind
	entity string
	name   string // "", "create", "update", "delete" or "void"
	in     object
	force  bool
}

// perform carries an operation out. On its own path "" creates or updates, by
// whether there is an Id.
func (r *realm) perform(op operation, batch uint64) outcome {
	w := &write{r: r, kind: op.kind, batch: batch, force: op.force}
	switch op.name {
	case "delete":
		return w.remove(op.in)
	case "void":
		return w.annul(op.in)
	case "create":
		if textAt(op.in, "Id") != "" { // assumed: an id on a create is dropped
			op.in = with(op.in, "Id", "")
		}
		return w.save(op.in)
	case "update":
		if textAt(op.in, "Id") == "" {
			return failed(missing("Id"))
		}
		return w.save(op.in)
	case "":
		return w.save(op.in)
	default:
		return failed(refuse("500", "Operation "+op.name+" is not supported.", op.entity))
	}
}
