package ingest

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// ReceiverConfig tunes a [Receiver]. The zero ReceiverConfig is ready to use.
type ReceiverConfig struct {
	// BodyLimit is the most bytes of a body; above it the answer is 413.
	//
	// Defaults to 1 MiB. Ontop's bodies have a few KiB.
	BodyLimit int

	// BufferLimit is the most bytes of bodies above 8 KiB that are held at a
	// time; above it such a body is answered 503 before it is read. One company
	// of several may hold half of it.
	//
	// Defaults to 64 MiB. Smaller bodies are bounded by Connections.
	BufferLimit int

	// InFlight is the most requests that are verified and made durable at a
	// time; others are answered 503 at once. One company of several may hold
	// half of them.
	//
	// Defaults to 1024: at 20,000 deliveries a second, 50 milliseconds of work.
	InFlight int

	// HeaderLimit is the most bytes of a request's line and header; above it
	// the answer is 431. Every connection holds as much memory.
	//
	// Defaults to 8 KiB.
	HeaderLimit int

	// ReadTimeout bounds the reading of one request, from its first byte, and
	// the handshake of TLS.
	//
	// Defaults to 10 seconds.
	ReadTimeout time.Duration

	// WriteTimeout bounds the writing of one answer.
	//
	// Defaults to 10 seconds.
	WriteTimeout time.Duration

	// IdleTimeout is how long a connection is kept for the next request.
	//
	// Defaults to 60 seconds.
	IdleTimeout time.Duration

	// Connections is the most connections at a time; others are answered 503
	// and closed, or only closed where TLS is asked for.
	//
	// Defaults to 4096.
	Connections int

	// ConnectionsPerAddress is the most of them from one address, or from one
	// network of 64 bits of IPv6. Proxies are not counted.
	//
	// Defaults to half of Connections.
	ConnectionsPerAddress int

	// ReplayWindow is how long a delivery is remembered that became durable. One
	// that comes again within it, byte for byte, is answered 202 and not stored
	// again. Above some thousands a second it is remembered for less. A negative
	// window remembers nothing.
	//
	// Defaults to 10 minutes: twice what a signed time may be off.
	ReplayWindow time.Duration

	// Proxies are our own, in front of the receiver: their X-Forwarded-For is
	// believed. None means that whoever connects is the sender.
	Proxies []netip.Prefix

	// TLS, when set, ends TLS here. Its GetConfigForClient may replace
	// certificates while requests go on.
	TLS *tls.Config

	// AccessLog logs every request at level info, without its body. Otherwise
	// that is done at level debug.
	AccessLog bool

	// ShutdownTimeout bounds how long requests in flight are waited for.
	//
	// Defaults to 10 seconds.
	ShutdownTimeout time.Duration
}

func (c ReceiverConfig) withDefaults() ReceiverConfig {
	c.BodyLimit = cmp.Or(c.BodyLimit, 1<<20)
	c.BufferLimit = cmp.Or(c.BufferLimit, 64<<20)
	c.InFlight = cmp.Or(c.InFlight, 1024)
	c.HeaderLimit = cmp.Or(c.HeaderLimit, 8<<10)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 10*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 10*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, time.Minute)
	c.Connections = cmp.Or(c.Connections, 4096)
	c.ConnectionsPerAddress = cmp.Or(c.ConnectionsPerAddress, (c.Connections+1)/2)
	c.ReplayWindow = cmp.Or(c.ReplayWindow, 10*time.Minute)
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 10*time.Second)
	return c
}

// Validate reports every bad setting at once, each by its key.
func (c ReceiverConfig) Validate() error {
	err := notNegative("public", []setting{
		{"body_limit", int64(c.BodyLimit)},
		{"buffer_limit", int64(c.BufferLimit)},
		{"in_flight", int64(c.InFlight)},
		{"header_limit", int64(c.HeaderLimit)},
		{"read_timeout", int64(c.ReadTimeout)},
		{"write_timeout", int64(c.WriteTimeout)},
		{"idle_timeout", int64(c.IdleTimeout)},
		{"connections", int64(c.Connections)},
		{"connections_per_address", int64(c.ConnectionsPerAddress)},
		{"shutdown_timeout", int64(c.ShutdownTimeout)},
	})
	d := c.withDefaults()
	if d.BodyLimit > maxBody {
		err = errors.Join(err, fmt.Errorf("public.body_limit: must be at most %d, is %d", maxBody, d.BodyLimit))
	}
	if d.BufferLimit < 2*d.BodyLimit {
		err = errors.Join(err, fmt.Errorf("public.buffer_limit: must hold two bodies of %d bytes, is %d", d.BodyLimit, d.BufferLimit))
	}
	return err
}
