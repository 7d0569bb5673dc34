package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxSocketPath is the longest path that every platform takes for a unix
// socket: darwin has room for 104 bytes with the closing zero, linux for 108.
const maxSocketPath = 100

// attachPause is the pause between two attempts to open or to reach a folder
// whose owner is starting or stopping.
const attachPause = 20 * time.Millisecond

// Attached is a data folder in use: opened by this process, or reached through
// the socket of the one that did. A client cannot tell which. It is safe for
// concurrent use.
type Attached struct {
	rt     http.RoundTripper
	engine *Engine // nil when another process is the owner
	dir    string
	pid    int
	lib    string

	server  *http.Server
	socket  string
	serving sync.WaitGroup
	remote  *http.Transport
	once    sync.Once
	err     error
}

// Attach opens the data folder and serves it to other processes on a unix
// socket or, when another process has done so already, returns a transport to
// that one. It waits Config.Grace for an owner that is starting or stopping,
// and then gives up with [ErrOwned], which names the process.
func Attach(ctx context.Context, cfg Config) (*Attached, error) {
	cfg = cfg.withDefaults()
	// Opening may take as long as it takes; only waiting for others is bounded.
	waiting, cancel := context.WithTimeout(ctx, cfg.Grace)
	defer cancel()
	for {
		e, err := Open(ctx, cfg)
		if err == nil {
			return serve(e) //nolint:contextcheck // what it closes on a failure must be closed whatever ctx says
		}
		if !errors.Is(err, ErrOwned) {
			return nil, err
		}
		a, reason := reach(waiting, cfg.Dir)
		if reason == nil {
			return a, nil
		}
		timer := time.NewTimer(attachPause)
		select {
		case <-timer.C:
		case <-waiting.Done():
			timer.Stop()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if fault, ok := errors.AsType[*Fault](err); ok {
				fault.Cause = reason
				fault.Hint = "stop that process, or wait until it has started"
			}
			return nil, err
		}
	}
}

// serve makes this process, which owns the folder, reachable for others.
func serve(e *Engine) (*Attached, error) {
	a := &Attached{rt: e, engine: e, dir: e.cfg.Dir, pid: os.Getpid(), lib: e.lib.path}
	listener, err := a.listen()
	if err != nil {
		_ = e.Close()
		return nil, folderFault(e.cfg.Dir, err)
	}
	a.server = &http.Server{
		Handler:           e,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a cut connection is the peer's to report
	}
	a.serving.Go(func() { _ = a.server.Serve(listener) })
	if err := e.lock.note(a.socket); err != nil {
		_ = a.Close()
		return nil, err
	}
	return a, nil
}

// listen opens the socket. One that is there already is left over: this
// process holds the lock.
func (a *Attached) listen() (net.Listener, error) {
	a.socket = filepath.Join(a.dir, socketName)
	if len(a.socket) > maxSocketPath {
		short, err := os.MkdirTemp("", "tieout-")
		if err != nil {
			return nil, err
		}
		a.socket = filepath.Join(short, socketName)
	}
	if err := os.Remove(a.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", a.socket)
	if err != nil {
		return nil, err
	}
	// The folder above is closed to others, so nobody slipped in before.
	if err := os.Chmod(a.socket, 0o600); err != nil {
		_ = listener.Close()
		return nil, err
	}
	return listener, nil
}

// reach connects to the folder's owner.
func reach(ctx context.Context, dir string) (*Attached, error) {
	note, err := readNote(dir)
	if err != nil {
		return nil, err
	}
	if note.Socket == "" {
		return nil, errors.New("the owner serves no socket yet")
	}
	a := &Attached{dir: dir, pid: note.PID, socket: note.Socket}
	a.remote = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", note.Socket)
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     time.Minute,
	}
	a.rt = &ownerTransport{rt: a.remote, dir: dir, pid: note.PID}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/ping", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask the owner: %w", err)
	}
	resp, err := a.remote.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("ask the owner: %w", err)
	}
	return a, resp.Body.Close()
}

// ownerTransport says in plain words that the owner is gone.
type ownerTransport struct {
	rt  http.RoundTripper
	dir string
	pid int
}

// RoundTrip passes the request on to the owner.
func (t *ownerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.rt.RoundTrip(req)
	if err == nil || req.Context().Err() != nil {
		return resp, err
	}
	return nil, &Fault{
		Kind: ErrOwnerGone, Path: t.dir, PID: t.pid, Cause: err,
		Hint: "run the command again: it then opens the folder itself",
	}
}

// RoundTrip serves a request of a ClickHouse client; see [Engine.RoundTrip].
func (a *Attached) RoundTrip(req *http.Request) (*http.Response, error) { return a.rt.RoundTrip(req) }

// Owner reports whether this process has the folder open itself.
func (a *Attached) Owner() bool { return a.engine != nil }

// PID returns the process that has the folder open.
func (a *Attached) PID() int { return a.pid }

// Close lets go of the folder. The owner's Close ends the statements of every
// process that is attached, after Config.Grace. It may be called repeatedly.
func (a *Attached) Close() error {
	a.once.Do(func() {
		if a.remote != nil {
			a.remote.CloseIdleConnections()
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), a.engine.cfg.Grace)
		defer cancel()
		if err := a.server.Shutdown(ctx); err != nil {
			_ = a.server.Close()
		}
		a.serving.Wait()
		a.err = a.engine.Close()
		if filepath.Dir(a.socket) != a.dir {
			_ = os.RemoveAll(filepath.Dir(a.socket))
		}
	})
	return a.err
}
