package quickbookstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// batchItem is one item as it was sent.
type batchItem struct {
	id    string
	op    operation
	query string
	cdc   object
	fault *Fault // its form is wrong
}

// batch answers a batch: items are independent, cannot see one another, and
// fault one by one. Answers carry the bId and come in the order in which items
// were carried out, which is drawn from the seed.
func (c *call) batch() answer {
	if c.method != http.MethodPost {
		return c.faulted(refuse("500", "Operation is not supported.", "batch"))
	}
	body, err := decode(c.body)
	if err != nil {
		return c.faulted(refuse("2010", "The request body is not a JSON object: "+err.Error(), ""))
	}
	sent, ok := body["BatchItemRequest"].([]any)
	if !ok || len(sent) == 0 {
		return c.faulted(missing("BatchItemRequest"))
	}
	rules := c.server.cfg.Rules
	if len(sent) > rules.MaxBatch {
		return c.faulted(refuse("1040", fmt.Sprintf("Batch size exceeds allowed limit of %d", rules.MaxBatch), ""))
	}
	items, fault := c.itemsOf(sent)
	if fault != nil {
		return c.faulted(fault)
	}
	c.server.stats.BatchItems += len(items)
	return c.ok(object{"BatchItemResponse": c.runBatch(items)})
}

func (c *call) runBatch(items []batchItem) []any {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	if !c.server.cfg.Rules.InOrder {
		c.realm.rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	c.realm.batches++
	batch, objects := c.realm.batches, 0
	answers := make([]any, 0, len(items))
	for _, i := range order {
		answered := c.runItem(items, i, batch)
		objects += objectsIn(answered)
		if objects > maxPage { // the documented number of objects of a batch answer; assumed: the fault
			answered = object{"Fault": refuse("10100", "More than 1000 objects in a batch answer", "")}
		}
		if f, ok := answered["Fault"].(*Fault); ok {
			answered["Fault"] = f.in(c.realm.Language)
		}
		answered["bId"] = items[i].id
		answers = append(answers, answered)
	}
	return answers
}

func objectsIn(answered object) int {
	response, ok := answered["QueryResponse"].(object)
	if !ok {
		return 0
	}
	n, _ := response["maxResults"].(int)
	return n
}

func (c *call) runItem(items []batchItem, i int, batch uint64) object {
	item := items[i]
	if f := item.fault; f != nil {
		return object{"Fault": f}
	}
	if item.query != "" || item.cdc != nil {
		return c.readItem(item, batch)
	}
	requestID := c.params.Get("requestid")
	if len(requestID)+len(item.id) > maxRequestID && requestID != "" {
		return object{"Fault": refuse("6000", "You cannot enter more than 50 characters in the request_id field", "")}
	}
	out := c.realm.once(c.itemID(items, item.id), item.op, func() outcome {
		if f := c.itemFault(item.id); f != nil {
			return failed(f)
		}
		return c.realm.perform(item.op, batch)
	})
	if out.fault != nil {
		return object{"Fault": out.fault}
	}
	return object{out.name: c.shown(out)}
}

func (c *call) readItem(item batchItem, batch uint64) object {
	if f := c.itemFault(item.id); f != nil {
		return object{"Fault": f}
	}
	if item.cdc != nil {
		response, fault := c.realm.changes(textAt(item.cdc, "Entities"), textAt(item.cdc, "ChangedSince"))
		if fault != nil {
			return object{"Fault": fault}
		}
		return object{"CDCResponse": response}
	}
	response, fault := c.realm.search(item.query, batch)
	if fault != nil {
		return object{"Fault": fault}
	}
	return object{"QueryResponse": c.dressedRows(response)}
}

// itemID is the request id of an item: the request's, joined with the bId.
func (c *call) itemID(items []batchItem, id string) string {
	requestID := c.params.Get("requestid")
	if requestID == "" {
		return ""
	}
	if !c.server.cfg.Replay.WholeBatch {
		return requestID + id
	}
	ids := make([]string, 0, len(items))
	for _, item := range items {
		ids = append(ids, item.id)
	}
	slices.Sort(ids)
	return requestID + id + "\x00" + strings.Join(ids, "\x00")
}

// itemsOf takes the sent items apart. Assumed: a bId that is missing or comes
// twice fails the whole request.
func (c *call) itemsOf(sent []any) ([]batchItem, *Fault) {
	items := make([]batchItem, 0, len(sent))
	seen := make(map[string]bool)
	for _, v := range sent {
		o, ok := v.(object)
		if !ok {
			return nil, malformed("BatchItemRequest")
		}
		id := textAt(o, "bId")
		if id == "" {
			return nil, missing("bId")
		}
		if seen[id] {
			return nil, refuse("2030", "The bId "+id+" comes twice", "bId")
		}
		seen[id] = true
		items = append(items, c.item(id, o))
	}
	return items, nil
}

func (c *call) item(id string, o object) batchItem {
	item := batchItem{id: id}
	if q, ok := o["Query"].(string); ok {
		item.query = q
		return item
	}
	if q, ok := o["CDCQuery"].(object); ok {
		item.cdc = q
		return item
	}
	item.op.name = textAt(o, "operation")
	options := strings.Split(textAt(o, "optionsData"), ",")
	item.op.force = slices.Contains(options, "allowduplicatedocnum")
	for name, v := range o {
		k := c.server.kinds[name]
		if in, ok := v.(object); ok && k != nil {
			item.op.kind, item.op.entity, item.op.in = k, name, in
		}
	}
	switch {
	case item.op.kind == nil:
		item.fault = refuse("2010", "The item names no entity that can be written", "")
	case item.op.name == "":
		item.fault = missing("operation")
	case slices.Contains(options, "void"):
		item.op.name = "void"
	}
	return item
}
