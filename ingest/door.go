package ingest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
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

// door accepts connections, which can be closed gently, up to a limit, and up to
// another from one address that is no proxy's. Others are turned away, so that nobody
// waits for a place that nobody leaves.
type door struct {
	net.Listener
	limit   int64
	share   int64 // of one address
	plain   bool  // not TLS: an answer can be given without a handshake
	proxies []netip.Prefix
	metrics *Metrics

	open       atomic.Int64
	turning    atomic.Int64
	turnedAway sync.WaitGroup

	mu   sync.Mutex
	from map[netip.Addr]int64 // open connections, by who opened them
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer := d.peer(conn)
		if d.enter(peer) {
			d.metrics.connections.Inc()
			return &lingeringConn{Conn: conn, closed: sync.OnceFunc(func() {
				d.leave(peer)
				d.metrics.connections.Dec()
			})}, nil
		}
		d.metrics.shed[shedConnection].Inc()
		d.turnAway(conn)
	}
}

// peer returns who opened the connection: an IPv4 address, or the network of 64 bits
// that one subscriber of IPv6 has. For a proxy it is no address.
func (d *door) peer(conn net.Conn) netip.Addr {
	addr := addressOf(conn.RemoteAddr())
	if !addr.IsValid() || contains(d.proxies, addr) {
		return netip.Addr{}
	}
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return addr
}

// enter reports whether there is a place for one more connection of the peer, and
// takes it.
func (d *door) enter(peer netip.Addr) bool {
	if d.open.Add(1) > d.limit {
		d.open.Add(-1)
		return false
	}
	if !peer.IsValid() {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.from[peer] >= d.share {
		d.open.Add(-1)
		return false
	}
	if d.from == nil {
		d.from = make(map[netip.Addr]int64)
	}
	d.from[peer]++
	return true
}

// leave gives the place of a connection of the peer back.
func (d *door) leave(peer netip.Addr) {
	d.open.Add(-1)
	if !peer.IsValid() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.from[peer]--; d.from[peer] == 0 {
		delete(d.from, peer)
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
