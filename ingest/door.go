package ingest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// The HTTP server needs some workers more than there are connections: one that
	// just closed a connection is not free yet.
	spareWorkers = 64
	// Connections that are told why they are turned away, at a time. More are
	// only closed.
	mostTurnedAway = 64
)

// door accepts connections, which can be closed gently, up to a limit. Others are
// turned away, so that nobody waits for a place that nobody leaves.
type door struct {
	net.Listener
	limit   int64
	plain   bool // not TLS: an answer can be given without a handshake
	metrics *Metrics

	open       atomic.Int64
	turning    atomic.Int64
	turnedAway sync.WaitGroup
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if d.open.Add(1) <= d.limit {
			d.metrics.connections.Inc()
			return &lingeringConn{Conn: conn, closed: sync.OnceFunc(func() {
				d.open.Add(-1)
				d.metrics.connections.Dec()
			})}, nil
		}
		d.open.Add(-1)
		d.metrics.shed[shedConnection].Inc()
		d.turnAway(conn)
	}
}

// turnAway closes a connection, and says why if that is cheap.
func (d *door) turnAway(conn net.Conn) {
	if !d.plain {
		conn.Close()
		return
	}
	if d.turning.Add(1) > mostTurnedAway {
		d.turning.Add(-1)
		conn.Close()
		return
	}
	d.metrics.answered(http.StatusServiceUnavailable)
	d.turnedAway.Go(func() {
		defer d.turning.Add(-1)
		last := &lingeringConn{Conn: conn, closed: func() {}}
		defer last.Close()
		if conn.SetWriteDeadline(time.Now().Add(lingerFor)) != nil { //nolint:forbidigo // the kernel's deadlines follow the real clock
			return
		}
		text := say(http.StatusServiceUnavailable)
		_, err := io.WriteString(conn, fmt.Sprintf("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"+
			"Retry-After: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", retrySoon, len(text), text))
		last.gently.Store(err == nil)
	})
}
