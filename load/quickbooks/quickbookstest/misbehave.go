package quickbookstest

import (
	"cmp"
	"fmt"
	"net/http"
	"time"
)

// lateWrite is a request that is carried out when its time comes.
type lateWrite struct {
	due  time.Time
	call *call
}

// before plays what goes wrong before anything is done. When done is true the
// answer is final.
func (s *Server) before(c *call, t Trouble) (a answer, done bool) {
	switch t.Kind {
	case LoseBefore:
		panic(http.ErrAbortHandler)
	case CommitLate:
		s.postpone(c, t.Delay)
		panic(http.ErrAbortHandler)
	case Delay:
		// A client that stops waiting does not stop the server.
		if t.Delay >= serverTimeout {
			c.wait(serverTimeout)
			return statusPage(http.StatusGatewayTimeout), true
		}
		c.wait(t.Delay)
	case Throttle:
		return s.gatewayRefusal(c), true
	case ServerError:
		return statusPage(t.status(http.StatusServiceUnavailable)), true
	case HTMLPage:
		status := t.status(http.StatusBadGateway)
		return page(status, fmt.Sprint(status, " ", http.StatusText(status))), true
	case FaultOn200:
		f := refuse(cmp.Or(t.Code, "10000"), t.Detail, "")
		f.status = http.StatusOK
		return s.locked(func() answer { return c.faulted(f) }), true
	case Unauthorized:
		s.killToken(c)
	case ItemFault:
		if c.kind == "token" || c.kind == "revoke" {
			return refusedGrant(cmp.Or(t.Code, "invalid_grant"), t.Detail), true
		}
		c.items = append(c.items, t)
	default: // the others go wrong afterwards
	}
	return answer{}, false
}

// after plays what goes wrong once everything is done.
func (s *Server) after(c *call, t Trouble, a answer) answer {
	switch t.Kind {
	case LoseAfter:
		panic(http.ErrAbortHandler)
	case DelayAfter:
		c.wait(min(t.Delay, serverTimeout))
		if t.Delay >= serverTimeout {
			return statusPage(http.StatusGatewayTimeout)
		}
	case ErrorAfter:
		failed := statusPage(t.status(http.StatusServiceUnavailable))
		failed.header = a.header
		return failed
	case Truncate:
		a.cut = true
	default: // the others went wrong before
	}
	return a
}

func (s *Server) locked(do func() answer) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return do()
}

func (s *Server) gatewayRefusal(c *call) answer {
	return s.locked(func() answer {
		s.stats.Throttled++
		return c.faulted(c.tooMany())
	})
}

// killToken ends the access token that the call came with.
func (s *Server) killToken(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := c.header.Get("Authorization")
	if t := s.grants.access[value[min(len(value), len("Bearer ")):]]; t != nil {
		t.until = s.now()
	}
}

// postpone remembers a call, to be carried out when d has passed. Tokens and
// throttles do not matter then: the call had passed them.
func (s *Server) postpone(c *call, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.rest) == 0 || c.authenticate() != nil {
		return
	}
	s.late = append(s.late, lateWrite{s.now().Add(d), c})
}

// runLate carries out the calls whose time has come. It runs before anything
// else can look at the books.
func (s *Server) runLate() {
	kept := s.late[:0:0]
	for _, l := range s.late {
		if s.now().Before(l.due) {
			kept = append(kept, l)
			continue
		}
		l.call.company()
	}
	s.late = kept
}

// wait lets d pass, or returns when the client has gone. It keeps to the
// configured clock's own timers only inside a synctest bubble; elsewhere time is
// real.
func (c *call) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.gone:
	}
}

// itemFault is the fault that a trouble has for the item, which it meets once.
func (c *call) itemFault(id string) *Fault {
	for i, t := range c.items {
		if t.Item == "" || t.Item == id {
			c.items = append(c.items[:i:i], c.items[i+1:]...)
			return refuse(cmp.Or(t.Code, "6000"), t.Detail, "")
		}
	}
	return nil
}
