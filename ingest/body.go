package ingest

import (
	"errors"
	"io"
	"net"
	"sync"

	"github.com/gofiber/fiber/v2"
)

const (
	// Of every body, the HTTP server reads so much before it asks us.
	prefetched = 8 << 10
	// Buffers up to this size are used again.
	pooledBuffer = 64 << 10
)

// Buffers are used again: bodies would be most of what a receiver allocates.
var idleBuffers = sync.Pool{New: func() any { //nolint:gochecknoglobals // a cache without meaning
	buffer := make([]byte, 0, prefetched)
	return &buffer
}}

// body reads one request's body into a buffer, within what its company may hold.
type body struct {
	bytes  []byte
	pooled *[]byte
	held   int64
	whole  bool // nothing of it is left on the connection
}

// read reads the body, which headed found not to be too long. Its error is the answer to give.
func (b *body) read(c *fiber.Ctx, r *Receiver, from *source) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil { // neither a length nor chunks: there is none
		b.whole = true
		return nil
	}
	b.pooled = idleBuffers.Get().(*[]byte)
	b.bytes = (*b.pooled)[:0]
	length := c.Request().Header.ContentLength()
	if length < 0 {
		return b.chunks(stream, r, from)
	}
	if length > prefetched && !b.hold(r, from, length) {
		return errBuffers
	}
	if cap(b.bytes) < length {
		b.bytes = make([]byte, 0, length)
	}
	b.bytes = b.bytes[:length]
	if n, err := io.ReadFull(stream, b.bytes); err != nil && n < length {
		return broken(err)
	}
	b.whole = true
	return nil
}

// chunks reads a body whose length is not known before its end.
func (b *body) chunks(stream io.Reader, r *Receiver, from *source) error {
	for {
		if len(b.bytes) == cap(b.bytes) {
			size := min(2*cap(b.bytes), r.cfg.BodyLimit+1)
			if size <= len(b.bytes) {
				return fiber.ErrRequestEntityTooLarge
			}
			if !b.hold(r, from, size) {
				return errBuffers
			}
			b.bytes = append(make([]byte, 0, size), b.bytes...)
		}
		n, err := stream.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if len(b.bytes) > r.cfg.BodyLimit {
			return fiber.ErrRequestEntityTooLarge
		}
		if errors.Is(err, io.EOF) {
			b.whole = true
			return nil
		}
		if err != nil {
			return broken(err)
		}
	}
}

// hold makes what the body may hold size, if there is room.
func (b *body) hold(r *Receiver, from *source, size int) bool {
	more := int64(size) - b.held
	if !r.buffers.take(&from.holds.bytes, more) {
		return false
	}
	b.held += more
	return true
}

// release gives back what the body holds. Nobody may use its bytes any more.
func (b *body) release(r *Receiver, from *source) {
	if b.held > 0 {
		r.buffers.give(&from.holds.bytes, b.held)
	}
	if b.pooled == nil {
		return
	}
	if cap(b.bytes) > cap(*b.pooled) && cap(b.bytes) <= pooledBuffer {
		*b.pooled = b.bytes[:0]
	}
	idleBuffers.Put(b.pooled)
}

// broken is the answer to a body that did not come whole.
func broken(err error) error {
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
		return fiber.ErrRequestTimeout
	}
	return fiber.ErrBadRequest
}

// leave closes the connection behind the answer when some of the body is still on
// it: what follows would be taken for the next request.
func leave(c *fiber.Ctx) {
	length := c.Request().Header.ContentLength()
	if c.Context().RequestBodyStream() == nil || length >= 0 && length <= prefetched {
		return
	}
	c.Response().SetConnectionClose()
	linger(c)
}
