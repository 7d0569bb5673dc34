package ingest

import (
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

// IsJSON reports whether a content type is JSON.
func IsJSON(contentType []byte) bool { return isJSON(contentType) }
