package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// sendBatch sends the jobs that were named together, in one request.
func sendBatch(ctx context.Context, r *round, jobs []*job) {
	var items []quickbooks.BatchItem
	var sent []*job
	now, blocked := r.now(), r.blocked()
	for _, j := range jobs {
		if blocked || now.After(j.todo.until) {
			r.feed(j, event{kind: eventNotSent})
			continue
		}
		items = append(items, quickbooks.BatchItem{BID: j.posting.Item, Entity: entityOf(j.posting), Body: j.posting.Body})
		sent = append(sent, j)
	}
	if len(sent) == 0 {
		return
	}
	// What the throttles hold back for longer must not leave any more.
	bounded, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	answers, err := r.books.Batch(bounded, sent[0].posting.Request, items)
	err = heldBack(ctx, err)
	r.metrics.batchItems.Observe(float64(len(items)))
	for _, j := range sent {
		j.posting.TraceID = cmp.Or(answers.TID, traceOf(err))
		if err != nil {
			r.unanswered(j, err)
			continue
		}
		answer, _ := answers.Item(j.posting.Item)
		r.answer(ctx, j, answer)
	}
}

// heldBack says so where the throttles kept a request until it was too old to
// leave.
func heldBack(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errHeldBack, err)
	}
	return err
}

// refusal keeps something from being sent for a reason of our own. It may be tried
// again at retryAt, if that is set, and is over and done with when the books made it
// needless.
type refusal struct {
	fault    schema.Fault
	retryAt  time.Time
	needless bool
}

func (r *refusal) Error() string { return r.fault.Code + ": " + r.fault.Detail }

// sendEach sends jobs one by one. The error of post is a *refusal when it sent
// nothing, and else that of a call of QuickBooks.
func (r *round) sendEach(ctx context.Context, jobs []*job, post func(context.Context, *job) (document, error)) {
	for _, j := range jobs {
		if r.blocked() || r.now().After(j.todo.until) {
			r.feed(j, event{kind: eventNotSent})
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, longestWait)
		found, err := post(bounded, j)
		cancel()
		if err == nil {
			j.found = found
			r.feed(j, event{kind: eventCreated})
			continue
		}
		if own, refused := errors.AsType[*refusal](err); refused {
			j.fault = own.fault
			v := verdictFinal
			if !own.retryAt.IsZero() {
				v = verdictRetry
			}
			r.feed(j, event{kind: eventFault, verdict: v})
			continue
		}
		j.posting.TraceID = traceOf(err)
		if fault, declined := errors.AsType[*quickbooks.Fault](err); declined && fault.HTTPStatus == http.StatusOK {
			r.answer(ctx, j, quickbooks.BatchAnswer{Err: err}) // the request was taken, and the record was not, as in a batch
			continue
		}
		r.unanswered(j, heldBack(ctx, err))
	}
}

// traceOf is what Intuit's support finds a request by that ended with an error, or
// empty where nothing answered.
func traceOf(err error) string {
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok {
		return fault.TID
	}
	if missing, ok := errors.AsType[*quickbooks.NoAnswer](err); ok {
		return missing.TID
	}
	return ""
}

// answer acts on what became of one item.
func (r *round) answer(ctx context.Context, j *job, a quickbooks.BatchAnswer) {
	if a.Err == nil && a.ID != "" {
		j.found = document{id: schema.DocumentID(a.ID), token: syncToken(a.Record)}
		r.feed(j, event{kind: eventCreated})
		return
	}
	fault, declined := errors.AsType[*quickbooks.Fault](a.Err)
	if _, unknown := errors.AsType[*quickbooks.NoAnswer](a.Err); unknown || !declined {
		r.feed(j, event{kind: eventNoAnswer})
		return
	}
	r.stop(fault)
	j.fault = r.namedWords(ctx, j, fault)
	v := verdictOf(fault)
	if fault.Decision() == quickbooks.Wait {
		// Should QuickBooks replay a passing fault to whoever repeats the name, then
		// waiting does not help, and must come to an end.
		v = verdictRetry
	}
	r.feed(j, event{kind: eventFault, verdict: v})
}

// unanswered acts on an error of the whole batch. QuickBooks did nothing unless
// it leaves us without an answer.
func (r *round) unanswered(j *job, err error) {
	missing, lost := errors.AsType[*quickbooks.NoAnswer](err)
	if lost && !missing.NeverSent {
		r.feed(j, event{kind: eventNoAnswer})
		return
	}
	r.stop(err)
	if lost {
		r.feed(j, event{kind: eventNotSent})
		return
	}
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok {
		j.fault = wordsOf(fault)
		r.feed(j, event{kind: eventFault, verdict: verdictOf(fault)})
		return
	}
	if errors.Is(err, ErrReauthorise) {
		j.fault = notConnected()
		r.feed(j, event{kind: eventFault, verdict: verdictConnect})
		return
	}
	r.feed(j, event{kind: eventNotSent})
}
