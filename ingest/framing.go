package ingest

import (
	"bytes"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// What stands in place of the protocol of a request that is refused by its header
// alone. Whoever sends such a protocol refuses himself.
const (
	protocolMalformed = "malformed"
	protocolTooLarge  = "too large"
)

// headed looks at a header before the HTTP server goes on to the body. Of a request
// that is refused here no body is read and none is asked for by 100-continue.
func (r *Receiver) headed(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	refused := ""
	switch {
	case !framed(header.RawHeaders(), header.IsHTTP11()):
		refused = protocolMalformed
	case header.ContentLength() > r.cfg.BodyLimit:
		refused = protocolTooLarge
	default:
		if !header.IsHTTP11() {
			header.Del(fiber.HeaderExpect) // such a client does not know an answer before the answer
		}
		return fasthttp.RequestConfig{}
	}
	header.Del(fiber.HeaderExpect)
	header.SetContentLength(0)
	header.SetConnectionClose() // what follows is the body
	header.SetProtocol(refused)
	return fasthttp.RequestConfig{}
}

// framed reports whether a header says in one way only where its fields and its
// body end. Of several lengths, or a length beside chunks, a proxy in front may
// believe another one than we do; then whoever sends them can hide a request in a
// body, and somebody else is given its answer.
func framed(raw []byte, http11 bool) bool {
	if bytes.IndexByte(raw, 0) >= 0 {
		return false
	}
	lengths, encodings := 0, 0
	for len(raw) > 0 {
		line, rest := raw, []byte(nil)
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			line, rest = raw[:end], raw[end+1:]
		}
		raw = rest
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(line) == 0 {
			continue
		}
		switch line[0] {
		case ' ', '\t', ':': // a folded line, or a field without a name
			return false
		case 'c', 'C':
			if _, is := field(line, fiber.HeaderContentLength); is {
				lengths++
			}
		case 't', 'T':
			if value, is := field(line, fiber.HeaderTransferEncoding); is {
				encodings++
				if !http11 || !bytes.EqualFold(value, []byte("chunked")) {
					return false
				}
			}
		}
		if bytes.IndexByte(line, '\r') >= 0 || bytes.ContainsAny(line[:max(bytes.IndexByte(line, ':'), 0)], " \t") {
			return false
		}
	}
	return lengths+encodings <= 1
}

// field returns the value of a header's line, if it is the named field's.
func field(line []byte, name string) (value []byte, is bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.Trim(line[len(name)+1:], " \t"), true
}

// handler answers what can be refused without knowing what is asked for, and hands
// everything else to app.
func (r *Receiver) handler(app *fiber.App) fasthttp.RequestHandler {
	next, methods := app.Handler(), app.Config().RequestMethods
	return func(ctx *fasthttp.RequestCtx) {
		var refused error
		switch header := &ctx.Request.Header; string(header.Protocol()) {
		case "HTTP/1.1", "HTTP/1.0":
			if header.IsPost() || slices.Contains(methods, string(header.Method())) {
				next(ctx)
				return
			}
			refused = fiber.ErrMethodNotAllowed
		case protocolTooLarge:
			refused = fiber.ErrRequestEntityTooLarge
		default:
			refused = fiber.ErrBadRequest
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		ctx.Response.SetConnectionClose()
		linger(c)
		_ = r.refuse(c, refused) // writes the answer, which cannot fail
	}
}
