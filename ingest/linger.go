package ingest

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// A sender who is refused before all of the request was read goes on sending. If the
// connection were closed at once, the system would answer what still comes with a
// reset, which can overtake the answer and hide it: the sender would see a broken
// connection, try again for days, and nobody would know why.
const (
	lingerFor   = time.Second
	lingerBytes = 8 << 20
)

// lingeringConn reads away what still comes when it is closed after linger.
type lingeringConn struct {
	net.Conn
	gently atomic.Bool
	closed func() // called once
}

// Close implements net.Conn.
func (c *lingeringConn) Close() error {
	defer c.closed()
	if half, ok := c.Conn.(*net.TCPConn); ok && c.gently.Swap(false) {
		if half.CloseWrite() == nil && half.SetReadDeadline(time.Now().Add(lingerFor)) == nil { //nolint:forbidigo // the kernel's deadlines follow the real clock
			// Whatever it is and however it ends: it is thrown away.
			_, _ = io.Copy(io.Discard, io.LimitReader(half, lingerBytes))
		}
	}
	return c.Conn.Close()
}

// linger makes the request's connection close gently.
func linger(c *fiber.Ctx) {
	conn := c.Context().Conn()
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if conn, ok := conn.(*lingeringConn); ok {
		conn.gently.Store(true)
	}
}
