package quickbookstest

import (
	"time"
	_ "time/tzdata" // Pacific time must not depend on the machine's files
)

// pacific is the zone of Intuit's company files.
func pacific() *time.Location {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err) // the zone is linked in above
	}
	return zone
}

// stamp writes a time as the company file does: in Pacific time.
func (s *Server) stamp(t time.Time) string { return t.In(s.zone).Format("2006-01-02T15:04:05-07:00") }

// answerTime is the "time" of an answer, to the millisecond.
func (s *Server) answerTime() string {
	return s.now().In(s.zone).Format("2006-01-02T15:04:05.000-07:00")
}

// now is the simulated time: the configured clock plus what it was moved by.
func (s *Server) now() time.Time { return s.cfg.Now().Add(s.ahead) }

// Now returns the simulated time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Advance moves the simulated time by d, forward or back.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	s.runLate()
}
