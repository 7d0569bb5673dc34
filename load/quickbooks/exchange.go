package quickbooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// call is one request before it is sent.
type call struct {
	operation   string
	class       string
	method      string
	path        string // below the company
	query       url.Values
	body        []byte
	contentType string
	write       bool
	batch       bool
}

// answer is a success: a whole JSON object without a fault.
type answer struct {
	body   []byte
	status int
	tid    string
}

// read sends a call that changes nothing until it is answered, within bounds.
func (c *Client) read(ctx context.Context, ca call) (answer, error) {
	policy := backoff.NewExponentialBackOff()
	policy.MaxInterval = 30 * time.Second
	return backoff.Retry(ctx, func() (answer, error) {
		ans, err := c.throttled(ctx, ca)
		if _, again := errors.AsType[*NoAnswer](err); err != nil && (!again || ctx.Err() != nil) {
			return ans, backoff.Permanent(err)
		}
		return ans, err
	}, backoff.WithBackOff(policy), backoff.WithMaxTries(uint(c.cfg.ReadTries)), backoff.WithMaxElapsedTime(0))
}

// throttled sends a call, and again after each pause that QuickBooks asks for. A
// throttled write was not executed, so it may be repeated as it is.
func (c *Client) throttled(ctx context.Context, ca call) (answer, error) {
	tries := c.cfg.ThrottleTries
	if !ca.write && c.blocked.Load() {
		tries = 1
	}
	for try := 1; ; try++ {
		ans, err := c.authorised(ctx, ca)
		fault, ok := errors.AsType[*Fault](err)
		if !ok || !fault.Throttled() {
			if err == nil && !ca.write {
				c.blocked.Store(false)
			}
			return ans, err
		}
		if _, unknown := errors.AsType[*NoAnswer](err); unknown {
			return ans, err
		}
		pause := c.throttle.stop(fault.retryAfter)
		c.log.WarnContext(ctx, "quickbooks throttles the company",
			slog.String("realm", c.session.realm), slog.Duration("pause", pause), slog.String("intuit_tid", fault.TID))
		if try < tries {
			continue
		}
		if ca.write {
			return ans, err
		}
		c.blocked.Store(true)
		return ans, fmt.Errorf("%w: %w", ErrQuota, err)
	}
}

// authorised sends a call with a token, and again with another one if QuickBooks
// does not accept it, which means that it did nothing. The other may be what
// somebody else stored, and as dead as ours; one that Intuit just gave us and
// refuses at once is for a person.
func (c *Client) authorised(ctx context.Context, ca call) (answer, error) {
	if err := c.throttle.enter(ctx); err != nil {
		return answer{}, err
	}
	defer c.throttle.leave()
	token, err := c.session.Token(ctx)
	if err != nil {
		return answer{}, c.unsent(ctx, ca, err)
	}
	for try := 1; ; try++ {
		ans, err := c.send(ctx, ca, token)
		if !spent(err) {
			return ans, err
		}
		if try == mostTokens || try > 1 && c.session.got(token) {
			return ans, fmt.Errorf("%w: %w", ErrReauthorise, err)
		}
		if token, err = c.session.Renew(ctx, token); err != nil {
			return answer{}, c.unsent(ctx, ca, err)
		}
	}
}

// mostTokens is how many tokens one call tries: the one that is held, the one that
// is stored, and a new one.
const mostTokens = 3

// spent reports whether an error says that another token may help.
func spent(err error) bool {
	if _, unknown := errors.AsType[*NoAnswer](err); unknown {
		return false
	}
	fault, ok := errors.AsType[*Fault](err)
	return ok && fault.unauthorised()
}

// unsent is the error of a call for which there was no token. Apart from what
// needs a person, it says that nothing happened and that later may be better.
func (c *Client) unsent(ctx context.Context, ca call, err error) error {
	_, refused := errors.AsType[*Fault](err)
	_, unknown := errors.AsType[*NoAnswer](err)
	if errors.Is(err, ErrReauthorise) || refused && !unknown || ctx.Err() != nil {
		return err
	}
	return &NoAnswer{Operation: ca.operation, Write: ca.write, NeverSent: true, Err: err}
}

// send makes one request and sorts what comes of it.
func (c *Client) send(ctx context.Context, ca call, token Token) (answer, error) {
	if err := c.throttle.admit(ctx, ca.batch); err != nil {
		return answer{}, err
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

func (c *Client) request(ctx context.Context, ca call, token Token) (*http.Request, error) {
	address := strings.TrimSuffix(c.cfg.APIURL, "/") + "/v3/company/" + url.PathEscape(c.session.realm) +
		"/" + ca.path + "?" + c.parameters(ca.query)
	req, err := http.NewRequestWithContext(ctx, ca.method, address, bytes.NewReader(ca.body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: not an address", ca.operation, ErrRefused)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken.Reveal())
	req.Header.Set("Accept", "application/json")
	if ca.contentType != "" {
		req.Header.Set("Content-Type", ca.contentType)
	}
	// With it net/http may repeat a request by itself when a kept connection
	// breaks, which for a write is not its decision.
	req.GetBody = nil
	return req, nil
}

func (c *Client) exchange(ca call, req *http.Request) (answer, error) {
	resp, err := c.session.oauth.http.Do(req)
	if err != nil {
		return answer{}, &NoAnswer{
			Operation: ca.operation, Write: ca.write, NeverSent: neverLeft(err), Err: withoutURL(err),
		}
	}
	defer resp.Body.Close()
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxAnswerBytes+1))
	switch {
	case readErr != nil:
		readErr = errCutOff
	case int64(len(body)) > c.cfg.MaxAnswerBytes:
		body, readErr = nil, errTooLong
	}
	ans := answer{body: body, status: resp.StatusCode, tid: tidOf(resp.Header)}
	err = judge(ca, ans, readErr)
	if fault, ok := errors.AsType[*Fault](err); ok {
		fault.retryAfter = retryAfter(resp.Header.Get("Retry-After"), c.now())
	}
	return ans, err
}

// judge decides which of the three ends a request came to. When in doubt, a
// write is unknown.
func judge(ca call, ans answer, readErr error) error {
	unknown := &NoAnswer{Operation: ca.operation, Write: ca.write, HTTPStatus: ans.status, TID: ans.tid, Err: readErr}
	fault := parseFault(ans.body, ans.status, ans.tid)
	if fault == nil && refused(ans.status) && (readErr == nil || ans.status == http.StatusTooManyRequests) {
		fault = newFault("", nil, ans.status, ans.tid)
	}
	switch {
	case fault != nil && fault.Throttled():
		return fault
	case ans.status >= http.StatusInternalServerError || ans.status == http.StatusRequestTimeout:
		if fault != nil && !ca.write && fault.settled() {
			return fault
		}
		unknown.Fault, unknown.Err = fault, errInside
		return unknown
	case ans.status >= 300 && ans.status < 400:
		unknown.Err = errRedirect
		return unknown
	case fault != nil && !ca.write && fault.inside():
		// A failure of QuickBooks' own, told with a good status. A read has nothing
		// to look up: it is asked again.
		unknown.Fault, unknown.Err = fault, errInside
		return unknown
	case fault != nil:
		return fault
	case readErr != nil:
		return unknown
	case !isWholeObject(ans.body):
		unknown.Err = errUnreadable
		return unknown
	default:
		return nil
	}
}

// inside reports whether QuickBooks says that it failed by itself.
func (f *Fault) inside() bool { return f.Code == codeFailed || f.Code == codeInside }

// settled reports whether a fault that came with a failure inside QuickBooks is
// answer enough for a read: asking at once again would bring the same.
func (f *Fault) settled() bool {
	return f.Entry().Known && (f.Decision() == Fix || f.Decision() == Wait)
}

// refused reports whether a status alone says that nothing was done.
func refused(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout
}

// report counts and logs a request.
func (c *Client) report(ctx context.Context, ca call, a Answer) {
	metrics := c.session.oauth.metrics
	metrics.answered(a.Operation, a.Outcome, a.Took)
	if a.Outcome == outcomeSuccess {
		metrics.counted(ca.class)
		if ca.class == classCore {
			c.core.Add(1)
		} else {
			c.corePlus.Add(1)
		}
	}
	c.log.DebugContext(ctx, "quickbooks answered",
		slog.String("realm", c.session.realm), slog.String("operation", a.Operation), slog.String("outcome", a.Outcome),
		slog.Int("status", a.Status), slog.String("intuit_tid", a.TID), slog.Duration("took", a.Took))
	if c.observe != nil {
		c.observe(ctx, a)
	}
}

// retryAfter reads the header in both of its forms. QuickBooks does not document
// that it sends one.
func retryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(n, 0), int(maxPause/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
