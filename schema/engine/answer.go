package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A reply is what both the transport and the handler answer with.
type reply struct {
	status int
	header http.Header
	length int64 // -1 when it is not known beforehand
	body   io.ReadCloser
}

// answer serves one request. An error is the context's or the Engine's own
// (closed, busy): what the engine says about the statement is a reply.
func (e *Engine) answer(ctx context.Context, req *http.Request) (*reply, error) {
	// A body may block for ever in a pipe; closing it ends the read.
	if req.Body != nil {
		stop := context.AfterFunc(ctx, func() { _ = req.Body.Close() })
		defer stop()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if strings.HasSuffix(req.URL.Path, "/ping") {
		return ok([]byte("Ok.\n"), "text/plain"), nil
	}
	s, err := parse(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return failure(err, http.StatusBadRequest), nil
	case isHello(s.sql):
		return ok(hello(e.version, s.revision), "application/octet-stream"), nil
	}
	r, err := e.start(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.insert {
		return e.answerInsert(ctx, r)
	}
	return e.answerRows(ctx, r)
}

func (e *Engine) answerInsert(ctx context.Context, r *run) (*reply, error) {
	_, rows := r.source()
	if err := e.feedFrom(ctx, r, rows); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		<-r.ended
		return failure(err, http.StatusBadRequest), nil
	}
	select {
	case <-ctx.Done():
		e.giveUp(r)
		return nil, ctx.Err()
	case <-r.ended:
	}
	if r.err != nil {
		return e.failed(r)
	}
	done := ok(nil, "text/plain")
	done.header.Set("X-ClickHouse-Summary", `{"written_rows":"`+strconv.FormatUint(r.written, 10)+`"}`)
	return done, nil
}

// answerRows waits for the first block, so that a statement which fails before
// it gives any is answered with an error status, as a server does.
func (e *Engine) answerRows(ctx context.Context, r *run) (*reply, error) {
	select {
	case <-ctx.Done():
		e.giveUp(r)
		return nil, ctx.Err()
	case first, more := <-r.chunks:
		if !more {
			if r.err != nil {
				return e.failed(r)
			}
			return ok(nil, "application/octet-stream"), nil
		}
		tag := strings.ToLower(rand.Text()[:exceptionTagLength])
		out := ok(nil, "application/octet-stream")
		out.header.Set("X-ClickHouse-Format", r.output())
		out.header.Set("X-ClickHouse-Exception-Tag", tag)
		out.length, out.body = -1, &rowsBody{engine: e, run: r, ctx: ctx, rest: first, tag: tag}
		if !r.streams() {
			out.length = int64(len(first))
		}
		return out, nil
	}
}

func ok(body []byte, kind string) *reply {
	return &reply{
		status: http.StatusOK,
		header: http.Header{
			"Content-Type":                     {kind},
			"X-Clickhouse-Server-Display-Name": {"tieout"},
			"X-Clickhouse-Timezone":            {"UTC"},
		},
		length: int64(len(body)),
		body:   io.NopCloser(bytes.NewReader(body)),
	}
}

// failed answers with what ended a run, unless it was the Engine itself: a
// run that somebody still waits for is given up by Close alone.
func (e *Engine) failed(r *run) (*reply, error) {
	if r.stopped() {
		return nil, e.closedError()
	}
	return failure(r.err, http.StatusInternalServerError), nil
}

func failure(err error, status int) *reply {
	ex := asException(err)
	out := ok([]byte(ex.Text+"\n"), "text/plain; charset=UTF-8")
	out.status = status
	out.header.Set("X-ClickHouse-Exception-Code", strconv.Itoa(ex.Code))
	return out
}

// exceptionTagLength is fixed by ClickHouse's interface.
const exceptionTagLength = 16

// exceptionBlock words a failure after the first rows, in the frame that
// ClickHouse's clients look for behind what they could decode.
func exceptionBlock(err error, tag string) []byte {
	text := asException(err).Text
	// A client looks for the frame in the last 64 KiB only.
	if len(text) > 8<<10 {
		text = text[:8<<10]
	}
	return fmt.Appendf(nil, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", tag, text, len(text)+1, tag)
}

// rowsBody is the answer to a SELECT while it runs. A failure shows as an
// exception block and then io.ErrUnexpectedEOF, never as an early end.
type rowsBody struct {
	engine *Engine
	run    *run
	ctx    context.Context //nolint:containedctx // the request's, as http.Request itself keeps one
	rest   []byte
	tag    string
	failed bool
}

// Read returns the next rows. It returns promptly when the request's context
// ends, whatever the engine is doing.
func (b *rowsBody) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.failed {
			return 0, io.ErrUnexpectedEOF
		}
		select {
		case <-b.ctx.Done():
			b.engine.giveUp(b.run)
			return 0, b.ctx.Err()
		case chunk, more := <-b.run.chunks:
			if more {
				b.rest = chunk
				continue
			}
			<-b.run.ended
			if b.run.err == nil {
				return 0, io.EOF
			}
			b.failed, b.rest = true, exceptionBlock(b.reason(), b.tag)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *rowsBody) reason() error {
	if b.run.stopped() {
		return b.engine.closedError()
	}
	return b.run.err
}

// Close ends the statement if it still runs.
func (b *rowsBody) Close() error {
	select {
	case <-b.run.ended:
	default:
		b.engine.giveUp(b.run)
	}
	return nil
}
