package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/tieout/tieout/schema"
)

// Company is one sender's side of the receiver.
type Company struct {
	// ID appears in the path.
	ID schema.CompanyID

	// Verifier proves where its deliveries come from. It must be set.
	Verifier Verifier

	// RatePerSecond bounds its verified deliveries; above it the answer is 429.
	//
	// Defaults to 5,000. One company cannot use up another's.
	RatePerSecond int

	// Origins are the addresses that it may send from. None means any.
	Origins []netip.Prefix
}

// source is a company with its token bucket and what it holds.
type source struct {
	Company
	bucket *rate.Limiter
	holds  *holdings
}

// holdings is what the requests of one company hold now.
type holdings struct{ places, bytes atomic.Int64 }

// Reload replaces the companies while requests go on; each request sees either
// the old or the new. Whoever stays keeps its token bucket. On an error nothing
// changes.
func (r *Receiver) Reload(companies []Company) error {
	var old map[schema.CompanyID]*source
	if known := r.sources.Load(); known != nil {
		old = *known
	}
	sources := make(map[schema.CompanyID]*source, len(companies))
	var errs []error
	for _, c := range companies {
		c.RatePerSecond = cmp.Or(c.RatePerSecond, 5000)
		switch {
		case c.ID == "":
			errs = append(errs, errors.New("companies: an id is missing"))
		case sources[c.ID] != nil:
			errs = append(errs, fmt.Errorf("companies.%s: is there twice", c.ID))
		case c.Verifier == nil:
			errs = append(errs, fmt.Errorf("companies.%s: has no verifier", c.ID))
		case c.RatePerSecond < 0:
			errs = append(errs, fmt.Errorf("companies.%s.rate_per_second: must not be negative, is %d", c.ID, c.RatePerSecond))
		}
		sources[c.ID] = newSource(c, old[c.ID])
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for id := range sources {
		for _, cause := range Rejections() {
			r.env.Metrics.unverified.WithLabelValues(string(cause), string(id)) // there from the beginning
		}
	}
	r.places.among(len(sources))
	r.buffers.among(len(sources))
	r.sources.Store(&sources)
	return nil
}

func newSource(c Company, known *source) *source {
	s := &source{Company: c, holds: &holdings{}}
	if known != nil {
		s.holds = known.holds
		if known.RatePerSecond == c.RatePerSecond {
			s.bucket = known.bucket
		}
	}
	if s.bucket == nil {
		s.bucket = rate.NewLimiter(rate.Limit(c.RatePerSecond), c.RatePerSecond)
	}
	return s
}
