package ingest

import (
	"errors"
	"log/slog"
	"time"
)

// Env is what every part of this package needs from the program around it.
type Env struct {
	// Now is the clock. It must be set.
	Now func() time.Time

	// Log receives events. Defaults to none.
	Log *slog.Logger

	// Metrics is shared by all parts. Defaults to metrics that nobody sees.
	Metrics *Metrics

	// Tracer is told of the requests for deliveries. Defaults to none.
	Tracer Tracer
}

var errNoClock = errors.New("env.now: must be set")

func (e Env) withDefaults() (Env, error) {
	if e.Now == nil {
		return e, errNoClock
	}
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	if e.Metrics == nil {
		e.Metrics = NewMetrics(nil)
	}
	return e, nil
}
