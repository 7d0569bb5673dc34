package app

// nudge wakes one waiter, and forgets further wake-ups while one is pending.
type nudge chan struct{}

func newNudge() nudge { return make(nudge, 1) }

// Now wakes the waiter. It never blocks and may be called from anywhere.
func (n nudge) Now() {
	select {
	case n <- struct{}{}:
	default:
	}
}

// Taken reports whether the waiter was woken, without waiting, and forgets it.
func (n nudge) Taken() bool {
	select {
	case <-n:
		return true
	default:
		return false
	}
}
