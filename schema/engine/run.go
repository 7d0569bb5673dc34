package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// killEvery is the pause between two attempts to kill a statement that nobody
// waits for any more: the first may come before the engine has registered it.
const killEvery = 50 * time.Millisecond

// errStopped is why a statement ended that nobody waits for any more.
var errStopped = errors.New("the statement was given up")

// A run is one statement on one connection, from its first call into C to its
// last. The connection's goroutine works; another one reads or feeds.
type run struct {
	*statement
	mark   string        // begins the statement's text, so that it can be killed
	chunks chan []byte   // what a SELECT gives; closed when the run has ended
	feed   chan []byte   // what an INSERT is given; closed after the last
	stop   chan struct{} // closed when nobody waits any more
	once   sync.Once
	ended  chan struct{} // closed when the connection is free again

	// Set before ended is closed, read after it.
	err     error
	written uint64
}

// start runs s on a connection of the pool. It returns as soon as a
// connection is free.
func (e *Engine) start(ctx context.Context, s *statement) (*run, error) {
	c, err := e.acquire(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{
		statement: s,
		mark:      fmt.Sprintf("/* tieout %d */ ", e.serial.Add(1)),
		chunks:    make(chan []byte),
		feed:      make(chan []byte),
		stop:      make(chan struct{}),
		ended:     make(chan struct{}),
	}
	e.running.add(r)
	c.jobs <- func() {
		defer func() {
			e.running.remove(r)
			close(r.chunks)
			close(r.ended)
			e.pool <- c
		}()
		r.err = r.execute(c)
		// A statement that failed or was given up stays on its connection
		// until the next one, and a DROP ... SYNC of its table would wait for
		// that; SET and the like are meant to stay, and must not.
		if r.err != nil || r.session() {
			c.renew()
		}
	}
	return r, nil
}

// giveUp says that nobody waits any more. The engine stops the statement on
// its own time; the connection goes back to the pool when it has.
func (e *Engine) giveUp(r *run) {
	r.once.Do(func() {
		close(r.stop)
		e.running.with(r, func() { e.killers.Go(func() { e.kill(r) }) })
	})
}

// kill asks the engine to end the statement until it has ended.
func (e *Engine) kill(r *run) {
	tick := time.NewTicker(killEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.ended:
			return
		case <-tick.C:
			// ASYNC, because a SYNC kill waits for a statement that may be
			// waiting for its reader.
			e.control.do(func() {
				_, _ = e.control.exec("KILL QUERY WHERE startsWith(query, "+quoteText(strings.TrimSpace(r.mark))+") ASYNC", "Null")
			})
		}
	}
}

func (r *run) stopped() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// execute runs on the connection's goroutine.
func (r *run) execute(c *conn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = raise(codeAborted, "ABORTED", fmt.Sprint("panic in the engine's binding: ", p))
		}
	}()
	if r.stopped() {
		return errStopped
	}
	if err := c.prepare(r.database, r.settings); err != nil {
		return err
	}
	switch {
	case r.insert:
		return r.write(c)
	case r.streams():
		return r.read(c)
	default:
		return r.whole(c)
	}
}

// whole runs a statement whose result is one piece.
func (r *run) whole(c *conn) error {
	out, err := c.lib.take(c.lib.start(c.lib.query, c.raw, r.mark+r.sql, r.format, r.params))
	if err != nil {
		return err
	}
	r.give(out)
	return nil
}

// read runs a SELECT and hands over its blocks one at a time, so that no more
// than two of them are ever in memory.
func (r *run) read(c *conn) error {
	stream := c.lib.start(c.lib.streamQuery, c.raw, r.mark+r.sql, r.format, r.params)
	if stream == nil {
		return errNoResult
	}
	defer c.lib.resultDestroy(stream)
	if text := c.lib.resultError(stream); text != "" {
		return newException(text)
	}
	for {
		chunk, err := c.lib.take(c.lib.streamFetch(c.raw, stream))
		if err != nil {
			return err
		}
		if len(chunk) == 0 {
			return nil
		}
		if !r.give(chunk) {
			c.lib.streamCancel(c.raw, stream)
			return errStopped
		}
	}
}

// give hands over a chunk, and reports whether somebody took it.
func (r *run) give(chunk []byte) bool {
	if len(chunk) == 0 {
		return true
	}
	select {
	case r.chunks <- chunk:
		return true
	case <-r.stop:
		return false
	}
}

// write runs an INSERT and passes on what it is fed. The engine commits only
// when everything was fed.
func (r *run) write(c *conn) error {
	format, _ := r.source()
	stream := c.lib.start(c.lib.insertOpen, c.raw, r.mark+r.head, format, r.params)
	if stream == nil {
		return errNoResult
	}
	defer c.lib.insertDestroy(stream)
	if text := c.lib.insertError(stream); text != "" {
		return newException(text)
	}
	for {
		select {
		case <-r.stop:
			c.lib.insertCancel(stream)
			return errStopped
		case chunk, more := <-r.feed:
			if !more {
				return r.commit(c, stream)
			}
			state := c.lib.insertAppend(stream, unsafe.Pointer(unsafe.SliceData(chunk)), uintptr(len(chunk)))
			if state != 0 {
				return r.commit(c, stream) // only to learn why: the stream has failed
			}
		}
	}
}

func (r *run) commit(c *conn, stream unsafe.Pointer) error {
	if r.stopped() {
		c.lib.insertCancel(stream)
		return errStopped
	}
	result := c.lib.insertDone(stream)
	if result != nil {
		r.written = c.lib.resultWritten(result)
	}
	_, err := c.lib.take(result)
	return err
}

// feedSize is how much of a body is read at a time.
const feedSize = 256 << 10

// feedFrom passes rows on to an INSERT until they end, the INSERT does, or ctx
// does. It gives the run up unless every row was fed.
func (e *Engine) feedFrom(ctx context.Context, r *run, rows io.Reader) error {
	for {
		chunk := make([]byte, feedSize)
		n, err := fill(rows, chunk)
		if n > 0 {
			select {
			case r.feed <- chunk[:n]:
			case <-r.ended:
				return nil
			case <-ctx.Done():
				e.giveUp(r)
				return ctx.Err()
			}
		}
		if err == nil {
			continue
		}
		if err == io.EOF { //nolint:errorlint // a wrapped EOF is a broken body, not its end
			close(r.feed)
			return nil
		}
		e.giveUp(r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("read the rows: %w", err)
	}
}

// fill reads until chunk is full or rows end. Unlike io.ReadFull it passes on
// the reader's own error, so that a body that broke off is not taken for one
// that ended.
func fill(rows io.Reader, chunk []byte) (n int, err error) {
	for n < len(chunk) && err == nil {
		var m int
		m, err = rows.Read(chunk[n:])
		n += m
	}
	return n, err
}
