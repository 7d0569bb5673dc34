package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tieout/tieout/cmd/internal/config"
)

// secretsWarning is how long ahead the end of a company's secrets is told: whoever has
// to make the next one at Ontop may be away for weeks.
const secretsWarning = 30 * 24 * time.Hour

// believedUntil returns how long, from now on and without a gap, some secret of a
// company is believed: not at all, when that is before now, and the zero time stands
// for ever.
func believedUntil(o config.Ontop, now time.Time) time.Time {
	if o.UnsafeAcceptUnsigned {
		return time.Time{}
	}
	until := now.Add(-1)
	for range o.Secrets { // each time around, another of them may be reached
		for _, s := range o.Secrets {
			if s.NotBefore.After(until.Add(1)) {
				continue
			}
			if s.NotAfter.IsZero() {
				return time.Time{}
			}
			if s.NotAfter.After(until) {
				until = s.NotAfter
			}
		}
	}
	return until
}

// secretsEnd is what a person has to know of how long a company's deliveries are
// believed, or nothing.
func secretsEnd(company string, until, now time.Time) string {
	const help = "add the next secret to ontop.secrets, with not_before where it overlaps, and send SIGHUP to `tieout serve`"
	switch {
	case until.IsZero() || until.Sub(now) > secretsWarning:
		return ""
	case until.Before(now):
		return fmt.Sprintf("No secret of %s is believed now, and every delivery is refused: %s.", company, help)
	}
	return fmt.Sprintf("After %s UTC no secret of %s is believed, and every delivery will be refused: %s before.",
		until.UTC().Format("2006-01-02 15:04"), company, help)
}

// watchSecrets tells, when a configuration comes into force, which companies'
// deliveries are not believed, or will soon not be.
func (s *server) watchSecrets(ctx context.Context, companies []config.Company) {
	now := s.app.Now()
	s.reloading.secrets.Reset()
	for _, c := range companies {
		until := believedUntil(c.Ontop, now)
		if !until.IsZero() {
			s.reloading.secrets.WithLabelValues(c.ID).Set(float64(until.Unix()))
		}
		if text := secretsEnd(c.ID, until, now); text != "" {
			level := slog.LevelWarn
			if until.Before(now) {
				level = slog.LevelError
			}
			s.app.log.LogAttrs(ctx, level, "secrets of a company end",
				slog.String("company", c.ID), slog.Time("ends", until), slog.String("next", text))
		}
	}
}
