package ingest

import "sync/atomic"

// shares bounds what all companies hold at a time, and what each may hold of it:
// half where there are several, so that one that is slow or noisy leaves room for
// the others. It is safe for concurrent use.
type shares struct {
	limit int64
	each  atomic.Int64
	held  atomic.Int64
}

func newShares(limit int) *shares {
	s := &shares{limit: int64(limit)}
	s.each.Store(s.limit)
	return s
}

// among sets how many companies share.
func (s *shares) among(companies int) {
	if companies > 1 {
		s.each.Store(max(s.limit/2, 1))
		return
	}
	s.each.Store(s.limit)
}

// room reports whether the company that holds mine may take one more now.
func (s *shares) room(mine *atomic.Int64) bool {
	return mine.Load() < s.each.Load() && s.held.Load() < s.limit
}

// take holds n more for the company that holds mine, if there is room. Whoever
// took gives back.
func (s *shares) take(mine *atomic.Int64, n int64) bool {
	if mine.Add(n) > s.each.Load() {
		mine.Add(-n)
		return false
	}
	if s.held.Add(n) > s.limit {
		s.give(mine, n)
		return false
	}
	return true
}

// give gives back what was taken.
func (s *shares) give(mine *atomic.Int64, n int64) {
	s.held.Add(-n)
	mine.Add(-n)
}
