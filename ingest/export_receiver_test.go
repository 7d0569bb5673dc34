package ingest

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tieout/tieout/schema"
)

// Replays is what the receiver remembers of deliveries.
type Replays struct{ replays *replays }

// NewReplays remembers for a window.
func NewReplays(window time.Duration) Replays { return Replays{newReplays(window)} }

// Known reports whether a delivery, or another one of its id, is remembered.
func (r Replays) Known(company schema.CompanyID, id schema.DeliveryID, body string, now time.Time) (same, conflict bool) {
	return r.replays.known(r.replays.sighting(company, id, []byte(body)), now)
}

// Remember remembers a delivery.
func (r Replays) Remember(company schema.CompanyID, id schema.DeliveryID, body string, now time.Time) {
	r.replays.remember(r.replays.sighting(company, id, []byte(body)), now)
}

// ReplayEntries is how many deliveries fit into a generation.
const ReplayEntries = replayEntries

// Origin is where a request with these X-Forwarded-For headers came from.
func Origin(peer net.Addr, forwarded []string, proxies []netip.Prefix) netip.Addr {
	var header fasthttp.RequestHeader
	for _, value := range forwarded {
		header.Add("X-Forwarded-For", value)
	}
	return origin(peer, &header, proxies)
}

// ParseTrace returns the trace id and the parent span id of a traceparent.
func ParseTrace(header []byte) (id, span string) {
	t := parseTrace(header)
	return t.id, t.span
}

// Framing is how long the body of a request with this header is, below zero when it
// comes in chunks, and whether the header says so in one way only. What cannot be
// read is no header.
func Framing(head []byte) (length int, chunked, ok bool) {
	var header fasthttp.RequestHeader
	if header.Read(bufio.NewReaderSize(bytes.NewReader(head), 64<<10)) != nil {
		return 0, false, false
	}
	length = header.ContentLength()
	return max(length, 0), length == -1, framed(header.RawHeaders(), header.IsHTTP11())
}

// Framed reports whether a header says in one way only where it ends.
func Framed(raw []byte, http11 bool) bool { return framed(raw, http11) }

// IsJSON reports whether a content type is JSON.
func IsJSON(contentType []byte) bool { return isJSON(contentType) }

// Refusals is what the receiver tells of whom it refuses.
type Refusals struct{ refusals *refusals }

// NewRefusals has told nothing.
func NewRefusals() Refusals { return Refusals{newRefusals()} }

// Due counts a refusal, and returns how many are to be told now.
func (r Refusals) Due(company schema.CompanyID, cause Rejection, now time.Time) int {
	return r.refusals.due(company, cause, now)
}

// NextOf is what an operator does about a refusal.
func NextOf(cause Rejection) string { return cause.next() }
