package quickbookstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// Client returns an HTTP client that calls the server directly, without a
// socket, whatever host is asked for. It works inside a synctest bubble. It
// honours request contexts, and returns an error where a socket would be closed
// without an answer. It does not add credentials: see [Server.Grant].
func (s *Server) Client() *http.Client {
	return &http.Client{
		Transport:     direct{s},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// direct is a transport that calls the handler.
type direct struct{ handler http.Handler }

// RoundTrip runs the handler to its end. A context that ends meanwhile makes the
// answer an error, whatever the server did: as it is with sockets.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	if err := r.Context().Err(); err != nil {
		return nil, context.Cause(r.Context())
	}
	rec := &recorder{header: make(http.Header)}
	aborted := rec.run(d.handler, serverSide(r))
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if aborted && rec.status == 0 {
		return nil, errNoAnswer
	}
	return rec.response(r, aborted), nil
}

// serverSide is the request as a server would see it.
func serverSide(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	return in
}

// recorder keeps a response.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
}

func (rec *recorder) Write(b []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(b)
}

// run calls the handler and reports whether it gave the connection up.
func (rec *recorder) run(h http.Handler, r *http.Request) (aborted bool) {
	defer func() {
		switch v := recover(); {
		case v == nil:
		case errors.Is(asError(v), http.ErrAbortHandler):
			aborted = true
		default:
			panic(v)
		}
	}()
	h.ServeHTTP(rec, r)
	return false
}

func asError(v any) error {
	err, _ := v.(error)
	return err
}

func (rec *recorder) response(r *http.Request, aborted bool) *http.Response {
	var body io.Reader = bytes.NewReader(rec.body.Bytes())
	if aborted {
		body = io.MultiReader(body, broken{})
	}
	length := int64(rec.body.Len())
	if aborted {
		length = -1
	}
	return &http.Response{
		Status: http.StatusText(rec.status), StatusCode: rec.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: rec.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}
}

// broken is the end of a connection in the middle of a body.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
