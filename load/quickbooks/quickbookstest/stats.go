package quickbookstest

import (
	"maps"
)

// Stats counts what a server was asked. Requests that a trouble refused are
// counted too.
type Stats struct {
	Requests     map[string]int `json:"requests"` // by kind: see [Trouble].On
	Throttled    int            `json:"throttled"`
	Unauthorized int            `json:"unauthorized"`
	BatchItems   int            `json:"batch_items"`
	Replayed     int            `json:"replayed"` // writes answered from memory
	Refreshed    int            `json:"refreshed"`
	Troubled     int            `json:"troubled"` // requests that met a trouble

	// Core and CorePlus are metered calls: only those that succeeded count.
	Core     int `json:"core"`
	CorePlus int `json:"core_plus"`

	// CorePlusByMonth counts metered calls by app and month, "client 2026-11".
	CorePlusByMonth map[string]int `json:"core_plus_by_month"`
}

func newStats() Stats {
	return Stats{Requests: make(map[string]int), CorePlusByMonth: make(map[string]int)}
}

// Stats returns the counters so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := s.stats
	copied.Requests = maps.Clone(s.stats.Requests)
	copied.CorePlusByMonth = maps.Clone(s.stats.CorePlusByMonth)
	return copied
}

// ResetStats sets the counters to zero. The quota's month starts afresh.
func (s *Server) ResetStats() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = newStats()
}

// metered reports whether the call counts as CorePlus: data going out. Sources
// disagree about a batch, hence Limits.FreeBatches.
func (c *call) metered() bool {
	switch c.kind {
	case "read", "query", "cdc":
		return true
	case "batch":
		return !c.server.cfg.Limits.FreeBatches
	default:
		return false
	}
}

func (s *Stats) meter(c *call) {
	if !c.metered() {
		s.Core++
		return
	}
	s.CorePlus++
	s.CorePlusByMonth[monthOf(c)]++
}

func (s *Stats) quotaUsed(c *call) int { return s.CorePlusByMonth[monthOf(c)] }

// monthOf is the key of the quota that a call counts against. Assumed: months
// are Pacific.
func monthOf(c *call) string {
	return c.app + " " + c.server.now().In(c.server.zone).Format("2006-01")
}
