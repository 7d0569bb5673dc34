package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestPause is the most that a host is believed when it asks to wait.
const longestPause = 24 * time.Hour

// unanswered says what it means that no answer came.
func (f *Fetcher) unanswered(ctx, bounded context.Context, t target, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if cause := context.Cause(bounded); cause != nil {
		return t.problem(TooSlow, cause)
	}
	if errors.Is(err, errLocal) {
		return t.problem(NotAllowed, err).
			says("was not fetched from %s, because that is no public address on the internet", t.host()).mended(Operator, private)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound && !dns.IsTemporary {
		return t.problem(NoSuchHost, err)
	}
	p := t.problem(Unreachable, err)
	if untrusted(err) {
		return p.says("cannot be fetched now, because %s does not prove with a certificate that it is the right host", t.host())
	}
	return p
}

func untrusted(err error) bool {
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return invalid || name || unknown
}

// refusal says what an answer without a file means, or is nil.
func (f *Fetcher) refusal(t target, resp *http.Response) error {
	status := resp.StatusCode
	if status == http.StatusOK {
		return nil
	}
	var p *Problem
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		p = t.problem(Gone, nil).says("is not at %s any more (%d)", t.host(), status)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		p = t.problem(Forbidden, nil).says("is not given out by %s any more, most likely because the link expired (%d)", t.host(), status)
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusTooEarly || status >= http.StatusInternalServerError:
		p = t.problem(Busy, nil).says("cannot be fetched now, because %s answers that it is busy or out of order (%d)", t.host(), status)
		p.RetryAfter = f.retryAfter(resp.Header.Get("Retry-After"))
	default:
		p = t.problem(Refused, nil).says("was not given out by %s (%d)", t.host(), status)
	}
	p.Status = status
	return p
}

// retryAfter reads how long a host asks to wait, in seconds or until a date.
func (f *Fetcher) retryAfter(header string) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, longestPause)
	}
	at, err := http.ParseTime(header)
	if err != nil || f.cfg.Now == nil {
		return 0
	}
	return max(0, min(at.Sub(f.cfg.Now()), longestPause))
}
