package quickbooks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// ErrRefused means that a request was not sent because it could not have been
// right. Nothing happened.
var ErrRefused = errors.New("not sent")

const (
	maxBatchItems   = 30
	maxRequestID    = 36
	maxItemID       = 10
	maxJoinedID     = 50 // of request id and item id, which QuickBooks joins
	createOperation = "create"
)

// idPattern keeps request and item ids to what every layer on the way takes.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// BatchItem is one thing to do in a batch: create a record, or ask. Items do not
// see each other's results, and their order means nothing.
type BatchItem struct {
	// BID names the item, 1 to 10 characters, unique in the batch. Request id and
	// BID together name the write for ever: the same pair must carry the same
	// body.
	BID string

	// Entity is the kind of record to create, such as Bill.
	Entity string

	// Body is the record as JSON. It is sent byte for byte.
	Body json.RawMessage

	// Query is asked instead when Entity is empty. See [Statement].
	Query string
}

// CreateItem is the item that creates a record, encoded by [Encode].
func CreateItem[T Entity](bID string, record T) (BatchItem, error) {
	body, err := Encode(record)
	return BatchItem{BID: bID, Entity: record.entity(), Body: body}, err
}

// QueryItem is the item that asks for records of one kind; QuickBooks answers
// 1000 for all of a batch at most.
func QueryItem[T Entity](bID string, rows int, conditions ...Condition) (BatchItem, error) {
	statement, err := Statement[T](1, rows, conditions...)
	return BatchItem{BID: bID, Query: statement}, err
}

// Encode writes a record as it is sent, so that it can be stored before. The same
// record always gives the same bytes.
func Encode(record Entity) (json.RawMessage, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(record); err != nil {
		return nil, fmt.Errorf("encode %s: %w", record.entity(), err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// BatchAnswers is what became of each item, in the order of the items.
type BatchAnswers struct {
	Items []BatchAnswer

	// TID is what Intuit's support needs to find the batch.
	TID string
}

// Item returns the answer of one item.
func (a BatchAnswers) Item(bID string) (BatchAnswer, bool) {
	for _, item := range a.Items {
		if item.BID == bID {
			return item, true
		}
	}
	return BatchAnswer{}, false
}

// BatchAnswer is what became of one item. Err is nil when it succeeded, a
// [*Fault] when it was declined, and a [*NoAnswer] when the answer leaves it out:
// it may have happened.
type BatchAnswer struct {
	BID string
	Err error

	// ID is the new record's id.
	ID string

	// Record is the new record as QuickBooks answered it. See [Created].
	Record json.RawMessage

	// Found is what a query found.
	Found QueryResponse
}

// Created reads the record that an item created.
func Created[T Entity](a BatchAnswer) (T, error) {
	var record T
	if a.Err != nil {
		return record, a.Err
	}
	if json.Unmarshal(a.Record, &record) != nil {
		return record, &NoAnswer{Operation: opBatch, Write: true, Err: errUnreadable}
	}
	return record, nil
}

// Batch sends up to 30 items in one request. The error is nil when QuickBooks
// answered the batch, whatever became of the items; those are matched by BID
// alone. With any other error no item has an answer: after a [*Fault] none was
// executed, after a [*NoAnswer] any may have been.
//
// The request id has 1 to 36 characters. A write is sent again under the same
// request id and BID, whichever batch carries it then.
func (c *Client) Batch(ctx context.Context, requestID string, items []BatchItem) (BatchAnswers, error) {
	body, err := c.encodeBatch(requestID, items)
	if err != nil {
		return BatchAnswers{}, err
	}
	ca := call{
		operation: opBatch, class: classCorePlus, method: "POST", path: "batch", batch: true,
		query: url.Values{"requestid": {requestID}}, body: body, contentType: "application/json",
	}
	for _, item := range items {
		ca.write = ca.write || item.Entity != ""
	}
	send := c.read
	if ca.write {
		send = c.throttled
	}
	ans, err := send(ctx, ca)
	if err != nil {
		return BatchAnswers{TID: ans.tid}, fmt.Errorf("batch of %d: %w", len(items), err)
	}
	answers, err := decodeBatch(items, ca.write, ans)
	for _, item := range answers.Items {
		if fault, ok := errors.AsType[*Fault](item.Err); ok && fault.Throttled() {
			c.throttle.stop(0) // the batch got through, and the company is at its limit
			break
		}
	}
	return answers, err
}

// Create sends one item by itself, under the id that QuickBooks makes of request
// id and BID in a batch. The error is the item's.
func (c *Client) Create(ctx context.Context, requestID string, item BatchItem) (BatchAnswer, error) {
	none := BatchAnswer{BID: item.BID}
	if _, err := c.encodeBatch(requestID, []BatchItem{item}); err != nil {
		return none, err
	}
	if item.Entity == "" {
		return none, fmt.Errorf("create item %s: %w: it is a query", item.BID, ErrRefused)
	}
	ans, err := c.throttled(ctx, call{
		operation: opCreate, class: classCore, method: "POST", path: strings.ToLower(item.Entity), write: true,
		query: url.Values{"requestid": {requestID + item.BID}}, body: item.Body, contentType: "application/json",
	})
	if err != nil {
		none.Err = err
		return none, fmt.Errorf("create item %s: %w", item.BID, err)
	}
	var record map[string]json.RawMessage
	if json.Unmarshal(ans.body, &record) == nil {
		none.Record = record[item.Entity]
	}
	if none.ID = recordID(none.Record); none.ID == "" {
		none.Err = &NoAnswer{Operation: opCreate, Write: true, HTTPStatus: ans.status, TID: ans.tid, Err: errIncomplete}
	}
	return none, none.Err
}

// encodeBatch checks the items and writes them by hand, because an encoder would
// rewrite bodies that were stored as they are.
func (c *Client) encodeBatch(requestID string, items []BatchItem) ([]byte, error) {
	if len(items) == 0 || len(items) > c.cfg.BatchSize {
		return nil, fmt.Errorf("batch: %w: it has %d items, 1 to %d fit", ErrRefused, len(items), c.cfg.BatchSize)
	}
	if !idPattern.MatchString(requestID) || len(requestID) > maxRequestID {
		return nil, fmt.Errorf("batch: %w: the request id must have 1 to %d letters, digits, - and _", ErrRefused, maxRequestID)
	}
	seen := make(map[string]bool, len(items))
	var b bytes.Buffer
	b.WriteString(`{"BatchItemRequest":[`)
	for i, item := range items {
		if err := item.check(requestID); err != nil {
			return nil, err
		}
		if seen[item.BID] {
			return nil, fmt.Errorf("batch item %s: %w: it is there twice", item.BID, ErrRefused)
		}
		seen[item.BID] = true
		if i > 0 {
			b.WriteByte(',')
		}
		if err := item.encode(&b); err != nil {
			return nil, err
		}
	}
	b.WriteString(`]}`)
	return b.Bytes(), nil
}

func (i BatchItem) check(requestID string) error {
	switch {
	case !idPattern.MatchString(i.BID) || len(i.BID) > maxItemID || len(requestID)+len(i.BID) > maxJoinedID:
		return fmt.Errorf("batch item: %w: its id must have 1 to %d letters, digits, - and _", ErrRefused, maxItemID)
	case (i.Entity == "") == (i.Query == ""):
		return fmt.Errorf("batch item %s: %w: it must either create or ask", i.BID, ErrRefused)
	case i.Entity != "" && !fieldPattern.MatchString(i.Entity):
		return fmt.Errorf("batch item %s: %w: it creates no kind of record", i.BID, ErrRefused)
	case i.Entity != "" && !isWholeObject(i.Body):
		return fmt.Errorf("batch item %s: %w: its body is not a JSON object", i.BID, ErrRefused)
	default:
		return nil
	}
}

func (i BatchItem) encode(b *bytes.Buffer) error {
	if i.Entity != "" {
		b.WriteString(`{"bId":"` + i.BID + `","operation":"` + createOperation + `","` + i.Entity + `":`)
		b.Write(i.Body)
		b.WriteByte('}')
		return nil
	}
	query, err := json.Marshal(i.Query)
	if err != nil {
		return fmt.Errorf("encode batch item %s: %w", i.BID, err)
	}
	b.WriteString(`{"bId":"` + i.BID + `","Query":`)
	b.Write(query)
	b.WriteByte('}')
	return nil
}

func isWholeObject(raw []byte) bool { return isObject(raw) && json.Valid(raw) }
