package ingest

import (
	"bytes"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/tieout/tieout/schema"
)

// Tracer tells a tracing system of deliveries' requests.
type Tracer interface {
	// Begin begins the span of a request. parent is the request's traceparent
	// where that is well-formed, and else empty. It must not block.
	Begin(parent string, at time.Time) Span
}

// Span is one request while it is answered.
type Span interface {
	// IDs returns the trace's id and the span's, in lower-case hexadecimal.
	IDs() (trace, span string)
	// End says what came of the request. It is called once, and must not block.
	End(outcome Traced)
}

// Traced is what a span says of its request. Nothing of it is secret.
type Traced struct {
	Company  schema.CompanyID  // empty when it is none of ours
	Delivery schema.DeliveryID // empty unless it was verified
	Bytes    int               // of the body, once it was read
	Code     int               // the answer's
	At       time.Time
}

// traced is a span and what it will say.
type traced struct {
	Span
	outcome Traced
}

const localSpan = "span" // where Fiber keeps it

// spanOf returns the span of a request, nil when nobody traces it.
func spanOf(c *fiber.Ctx) *traced {
	t, _ := c.Locals(localSpan).(*traced)
	return t
}

// receiveTraced is receive under a span.
func (r *Receiver) receiveTraced(c *fiber.Ctx) error {
	parent := c.Request().Header.Peek("Traceparent")
	if parseTrace(parent).id == "" {
		parent = nil
	}
	t := &traced{Span: r.env.Tracer.Begin(string(parent), r.env.Now())}
	c.Locals(localSpan, t)
	if err := r.receive(c); err != nil {
		_ = r.refuse(c, err) // writes the answer, which cannot fail
	}
	t.outcome.Code, t.outcome.At = c.Response().StatusCode(), r.env.Now()
	t.End(t.outcome)
	return nil
}

// traceAttrs names a request's trace for the log: our span, or else the sender's.
func traceAttrs(c *fiber.Ctx) []slog.Attr {
	if t := spanOf(c); t != nil {
		id, span := t.IDs()
		return []slog.Attr{slog.String("trace_id", id), slog.String("span_id", span)}
	}
	if t := parseTrace(c.Request().Header.Peek("Traceparent")); t.id != "" {
		return []slog.Attr{slog.String("trace_id", t.id), slog.String("parent_span_id", t.span)}
	}
	return nil
}

// maxTraceparent bounds what is read of a traceparent of a version to come.
const maxTraceparent = 256

// trace is whom a request belongs to, by the sender's traceparent header, as W3C
// Trace Context writes it. The zero trace is none.
type trace struct{ id, span string }

// parseTrace reads a traceparent: version, trace id, parent id and flags in
// lower-case hexadecimal, joined by dashes. What is not one is no trace, and no
// reason to refuse a delivery. A version to come may have more behind the flags.
func parseTrace(header []byte) trace {
	const size = 55 // of version 00
	if len(header) < size || len(header) > maxTraceparent {
		return trace{}
	}
	version, id, span, flags := header[:2], header[3:35], header[36:52], header[53:55]
	if header[2] != '-' || header[35] != '-' || header[52] != '-' || string(version) == "ff" {
		return trace{}
	}
	if len(header) > size && (string(version) == "00" || header[size] != '-') {
		return trace{}
	}
	for _, part := range [][]byte{version, id, span, flags} {
		if !isLowerHex(part) {
			return trace{}
		}
	}
	if isZeros(id) || isZeros(span) {
		return trace{}
	}
	return trace{string(id), string(span)}
}

func isLowerHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isZeros(text []byte) bool { return len(bytes.Trim(text, "0")) == 0 }
