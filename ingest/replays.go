package ingest

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/tieout/tieout/schema"
)

// replayEntries is how many deliveries each of the two generations remembers:
// some 20 MB in all, and at 2,000 deliveries a second half a minute each. What is
// forgotten is stored again, and made one downstream.
const replayEntries = 1 << 16

// replays remembers deliveries that became durable lately, so that whoever sends
// one again and again fills no journal. A delivery with a known id and another body
// is none: it is a conflict, and kept. It is safe for concurrent use.
type replays struct {
	seed   maphash.Seed
	window time.Duration

	mu         sync.Mutex
	young, old map[replayKey]remembered
	since      time.Time // when young was begun
}

type replayKey struct {
	company schema.CompanyID
	id      schema.DeliveryID
}

// remembered is a sum of a body, and when it became durable, in Unix nanoseconds.
type remembered struct {
	body uint64
	at   int64
}

// newReplays returns nil, which remembers nothing, for a negative window.
func newReplays(window time.Duration) *replays {
	if window < 0 {
		return nil
	}
	return &replays{seed: maphash.MakeSeed(), window: window, young: map[replayKey]remembered{}, old: map[replayKey]remembered{}}
}

// sighting is one delivery as replays knows it.
type sighting struct {
	key  replayKey
	body uint64
}

func (r *replays) sighting(company schema.CompanyID, id schema.DeliveryID, body []byte) sighting {
	if r == nil {
		return sighting{}
	}
	return sighting{replayKey{company, id}, maphash.Bytes(r.seed, body)}
}

// known reports whether the very same delivery is durable already, and whether one
// of the same id with another body is.
func (r *replays) known(s sighting, now time.Time) (same, conflict bool) {
	if r == nil {
		return false, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first, ok := r.young[s.key]
	if !ok {
		first, ok = r.old[s.key]
	}
	if !ok || now.Sub(time.Unix(0, first.at)) > r.window {
		return false, false
	}
	return first.body == s.body, first.body != s.body
}

// remember notes a delivery that became durable. The first body of an id stays.
func (r *replays) remember(s sighting, now time.Time) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= r.window || len(r.young) >= replayEntries {
		r.old, r.young, r.since = r.young, r.old, now
		clear(r.young)
	}
	if _, there := r.young[s.key]; !there {
		r.young[s.key] = remembered{s.body, now.UnixNano()}
	}
}
