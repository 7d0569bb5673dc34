package engine

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// RoundTrip serves a request that a ClickHouse client made for a server, which
// is how clickhouse-go reaches the engine:
//
//	Protocol: clickhouse.HTTP,
//	TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return e, nil },
//
// It is safe for concurrent use. It returns when the request's context ends,
// even in the middle of a call into the engine; the statement is then killed,
// and an INSERT may or may not have been committed.
func (e *Engine) RoundTrip(req *http.Request) (*http.Response, error) {
	out, err := e.answer(req.Context(), req)
	if req.Body != nil {
		_ = req.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        strconv.Itoa(out.status) + " " + http.StatusText(out.status),
		StatusCode:    out.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        out.header,
		Body:          out.body,
		ContentLength: out.length,
		Request:       req,
	}, nil
}

// ServeHTTP speaks ClickHouse's HTTP interface: the statement in the body or
// in ?query=, an INSERT's rows in the body, settings and param_ values in the
// URL. An answer that fails after its first rows ends in an exception block,
// and the connection is cut rather than closed in order.
func (e *Engine) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	out, err := e.answer(req.Context(), req)
	if err != nil {
		out = failure(err, http.StatusServiceUnavailable)
	}
	defer func() { _ = out.body.Close() }()
	maps.Copy(w.Header(), out.header)
	if out.length >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(out.length, 10))
	}
	w.WriteHeader(out.status)
	if err := pass(w, out.body); err != nil {
		// The one way that net/http offers to cut the connection.
		panic(http.ErrAbortHandler)
	}
}

// pass copies body to w, block by block: what is there is sent.
func pass(w http.ResponseWriter, body io.Reader) error {
	buffer := make([]byte, 64<<10)
	flusher := http.NewResponseController(w)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			_ = flusher.Flush() // the exception block, before the cut
			return err
		}
	}
}
