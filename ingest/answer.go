package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// When senders should come back, in seconds. What overloads passes quickly; a
// full journal waits for the store, or for a person.
const (
	retrySoon     = "1"
	retryWhenFull = "30"
)

// say returns the body of an answer: what is wrong and the way out, and for 401
// no reason, which would help only who is guessing.
func say(code int) string {
	switch code {
	case fiber.StatusAccepted:
		return `{"accepted":true}`
	case fiber.StatusUnauthorized:
		return `{"error":"unauthorized","help":"sign the exact bytes of the body with the secret of this company"}`
	case fiber.StatusNotFound:
		return `{"error":"not found","help":"deliveries go to /webhooks/ontop/{company}; check the company's id"}`
	case fiber.StatusMethodNotAllowed:
		return `{"error":"method not allowed","help":"use POST"}`
	case fiber.StatusRequestTimeout:
		return `{"error":"request timeout","help":"send the whole request at once"}`
	case fiber.StatusRequestEntityTooLarge:
		return `{"error":"body too large","help":"send fewer objects in one delivery"}`
	case fiber.StatusUnsupportedMediaType:
		return `{"error":"unsupported media type","help":"send application/json without compression"}`
	case fiber.StatusTooManyRequests:
		return `{"error":"too many requests","help":"send again after the time in Retry-After"}`
	case fiber.StatusRequestHeaderFieldsTooLarge:
		return `{"error":"header too large","help":"send fewer or shorter headers"}`
	case fiber.StatusServiceUnavailable:
		return `{"error":"not stored","help":"nothing is lost; send again after the time in Retry-After"}`
	case fiber.StatusInternalServerError:
		return `{"error":"internal error","help":"send again later"}`
	default:
		return `{"error":"bad request","help":"send one well-formed HTTP request"}`
	}
}

// answer sends the answer for code, and counts it.
func (r *Receiver) answer(c *fiber.Ctx, code int) error {
	r.env.Metrics.answered(code)
	r.logAccess(c, code)
	response := c.Response()
	response.SetStatusCode(code)
	response.Header.SetContentType(fiber.MIMEApplicationJSON)
	response.SetBodyString(say(code))
	return nil
}

// logAccess says who asked what and what came of it, without the body.
func (r *Receiver) logAccess(c *fiber.Ctx, code int) {
	level := slog.LevelDebug
	if r.cfg.AccessLog {
		level = slog.LevelInfo
	}
	ctx := c.UserContext()
	if !r.env.Log.Enabled(ctx, level) {
		return
	}
	header := &c.Request().Header
	attrs := []slog.Attr{
		slog.Int("code", code), slog.String("method", clip(c.Method())), slog.String("path", clip(c.Path())),
		slog.Int("body_bytes", bodyBytes(c)),
		slog.String("origin", origin(c.Context().RemoteAddr(), header, r.cfg.Proxies).String()),
	}
	// The HTTP server stamps requests by the same clock that Now is in production, and
	// what it could not read not at all.
	if began := c.Context().Time(); !began.IsZero() {
		attrs = append(attrs, slog.Duration("took", max(r.env.Now().Sub(began), 0)))
	}
	r.env.Log.LogAttrs(ctx, level, "request answered", append(attrs, traceAttrs(c)...)...)
}

// chunkedBytes is where a request keeps how much of a body came whose header does
// not say how long it is.
type chunkedBytes struct{}

// countBody takes note of how much of the body was read.
func countBody(c *fiber.Ctx, n int) {
	if c.Request().Header.ContentLength() < 0 {
		c.Context().SetUserValue(chunkedBytes{}, n)
	}
}

// bodyBytes returns how long the body is, or how much of it was read.
func bodyBytes(c *fiber.Ctx) int {
	n, _ := c.Context().UserValue(chunkedBytes{}).(int)
	return max(c.Request().Header.ContentLength(), n)
}

// clip bounds what the log repeats of what a stranger wrote.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// shedding is what there was too much of.
type shedding string

// The sheddings.
const (
	shedConnection shedding = "connections"
	shedRequest    shedding = "requests"
	shedBytes      shedding = "bytes"
)

// Error implements error.
func (s shedding) Error() string { return "too many " + string(s) + " under way" }

var (
	errPlaces  error = shedRequest
	errBuffers error = shedBytes
)

// refuse answers whatever ended in an error, in a handler or before one.
func (r *Receiver) refuse(c *fiber.Ctx, err error) error {
	code := fiber.StatusInternalServerError
	if known, ok := errors.AsType[*fiber.Error](err); ok {
		code = known.Code
	}
	if what, ok := errors.AsType[shedding](err); ok {
		code = fiber.StatusServiceUnavailable
		r.env.Metrics.shed[what].Inc()
	}
	switch code {
	case fiber.StatusMethodNotAllowed:
		c.Set(fiber.HeaderAllow, fiber.MethodPost)
	case fiber.StatusTooManyRequests, fiber.StatusServiceUnavailable:
		if len(c.Response().Header.Peek(fiber.HeaderRetryAfter)) == 0 {
			c.Set(fiber.HeaderRetryAfter, retrySoon)
		}
	case fiber.StatusBadRequest, fiber.StatusRequestEntityTooLarge, fiber.StatusRequestHeaderFieldsTooLarge:
		linger(c)
	case fiber.StatusInternalServerError:
		r.env.Log.ErrorContext(c.UserContext(), "request failed", slog.Any("error", err))
	}
	return r.answer(c, code)
}

// isJSON reports whether a content type is JSON: application/json, or any other
// application type that is written as it.
func isJSON(contentType []byte) bool {
	media, _, _ := bytes.Cut(contentType, []byte(";"))
	media = bytes.TrimSpace(media)
	if bytes.EqualFold(media, []byte(fiber.MIMEApplicationJSON)) {
		return true
	}
	const application, json = "application/", "+json"
	return len(media) > len(application)+len(json) &&
		bytes.EqualFold(media[:len(application)], []byte(application)) &&
		bytes.EqualFold(media[len(media)-len(json):], []byte(json))
}

// requestHeader lets a [Verifier] read Fiber's header.
type requestHeader struct{ header *fasthttp.RequestHeader }

// Values returns every value of the header.
func (h requestHeader) Values(name string) [][]byte { return h.header.PeekAll(name) }

// protocolLog takes what the HTTP server says about broken connections, which
// anybody on the internet can cause at will.
type protocolLog struct{ log *slog.Logger }

// quoted is what the server repeats of what it read: addresses, and lines of a header
// that may hold a secret.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// Printf logs one remark of the server, without what it quotes.
func (l protocolLog) Printf(format string, args ...any) {
	remark := quoted.ReplaceAllString(fmt.Sprintf(format, args...), `"…"`)
	l.log.DebugContext(context.Background(), "http server", slog.String("remark", clip(remark)))
}
