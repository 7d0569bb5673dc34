package quickbooks

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"
)

// RawRequest is a request that nothing here checks.
type RawRequest struct {
	Method      string
	Path        string // below the company, such as "bill" or "query"
	Query       url.Values
	Body        []byte
	ContentType string // of Body

	// Write is whether it may change the books. A read is repeated until it is
	// answered, a write never.
	Write bool

	// Batch counts it against the throttle of batches as well.
	Batch bool

	// Unthrottled sends it at once and only once, past the company's throttle,
	// and returns the fault of being throttled like any other.
	Unthrottled bool
}

// RawAnswer is what came back. After a [*Fault] all but Body is set, too.
type RawAnswer struct {
	Body       json.RawMessage
	Status     int
	TID        string
	RetryAfter time.Duration // what a refused request was asked to wait, or 0
}

// Raw sends a request as it is, with the company's token. It exists for the probe
// of a sandbox company, which has to send what the other methods refuse. Nothing
// else may use it: no request id, length or content is checked.
//
// Its errors are those of any other call.
func (c *Client) Raw(ctx context.Context, r RawRequest) (RawAnswer, error) {
	ca := call{
		operation: opRead, class: classCorePlus, method: r.Method, path: r.Path, query: r.Query,
		body: r.Body, contentType: r.ContentType, write: r.Write, batch: r.Batch,
	}
	switch {
	case r.Batch:
		ca.operation = opBatch
	case r.Write:
		ca.operation, ca.class = opCreate, classCore
	}
	send := c.read
	switch {
	case r.Unthrottled:
		send = c.pressed
	case r.Write:
		send = c.throttled
	}
	ans, err := send(ctx, ca)
	raw := RawAnswer{Status: ans.status, TID: ans.tid}
	if err == nil {
		raw.Body = ans.body
	}
	if fault, ok := errors.AsType[*Fault](err); ok {
		raw.RetryAfter = fault.retryAfter
	}
	return raw, err
}

// pressed sends a call whatever the throttle says.
func (c *Client) pressed(ctx context.Context, ca call) (answer, error) {
	token, err := c.session.Token(ctx)
	if err != nil {
		return answer{}, c.unsent(ctx, ca, err)
	}
	requestCtx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := c.request(requestCtx, ca, token)
	if err != nil {
		return answer{}, err
	}
	began := c.now()
	ans, err := c.exchange(ca, req)
	c.report(ctx, ca, Answer{
		Operation: ca.operation, Outcome: outcomeOf(err), Status: ans.status, TID: ans.tid, Took: c.now().Sub(began),
	})
	return ans, err
}
