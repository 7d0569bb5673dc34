package quickbookstest

import (
	"time"
)

// windows are the moving windows of one company.
type windows struct {
	perMinute []time.Time            // every call, per company
	perSecond map[string][]time.Time // per app
	batches   []time.Time            // per company
	perApp    map[string][]time.Time // batches, per app
}

// throttled counts a call against the limits, or refuses it. A refused call
// does not count (assumed), so that a client that waits gets in.
func (c *call) throttled() *Fault {
	limits := c.server.cfg.Limits
	if limits.CorePlus != 0 && c.metered() && c.server.stats.quotaUsed(c) >= max(0, limits.CorePlus) {
		return c.tooMany()
	}
	if limits.Off {
		return nil
	}
	w, now := &c.realm.windows, c.server.now()
	if w.perSecond == nil {
		w.perSecond, w.perApp = make(map[string][]time.Time), make(map[string][]time.Time)
	}
	w.perMinute = since(w.perMinute, now.Add(-time.Minute))
	w.batches = since(w.batches, now.Add(-time.Minute))
	w.perSecond[c.app] = since(w.perSecond[c.app], now.Add(-time.Second))
	w.perApp[c.app] = since(w.perApp[c.app], now.Add(-time.Minute))

	weight := 1
	if limits.CountItems && c.kind == "batch" {
		weight = c.batchSize()
	}
	full := len(w.perMinute)+weight > limits.PerMinute || len(w.perSecond[c.app]) >= limits.PerSecond
	if c.kind == "batch" {
		full = full || len(w.batches) >= limits.BatchPerRealm || len(w.perApp[c.app]) >= limits.BatchPerApp
	}
	if full {
		return c.tooMany()
	}
	for range weight {
		w.perMinute = append(w.perMinute, now)
	}
	w.perSecond[c.app] = append(w.perSecond[c.app], now)
	if c.kind == "batch" {
		w.batches = append(w.batches, now)
		w.perApp[c.app] = append(w.perApp[c.app], now)
	}
	return nil
}

func (c *call) batchSize() int {
	body, err := decode(c.body)
	if err != nil {
		return 1
	}
	items, _ := body["BatchItemRequest"].([]any)
	return max(1, len(items))
}

func (c *call) tooMany() *Fault {
	f := refuse("3001", "The request limit was reached.  Try again later", "")
	f.status = c.server.cfg.Limits.Status
	return f
}

// since drops what lies at or before start. A clock that was moved back leaves
// nothing in the future.
func since(times []time.Time, start time.Time) []time.Time {
	i := 0
	for i < len(times) && !times[i].After(start) {
		i++
	}
	return times[i:]
}
