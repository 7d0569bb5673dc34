package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
)

func TestSecretsEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	secret := func(from, to time.Time) config.SigningSecret {
		return config.SigningSecret{NotBefore: from, NotAfter: to}
	}
	never := time.Time{}
	for name, c := range map[string]struct {
		secrets  []config.SigningSecret
		unsigned bool
		want     string // of what is said; nothing when empty
	}{
		"OneForEver":                {secrets: []config.SigningSecret{secret(never, never)}},
		"OneThatEndsInMonths":       {secrets: []config.SigningSecret{secret(never, day(31))}},
		"OneThatEndsSoon":           {secrets: []config.SigningSecret{secret(never, day(29))}, want: "After 2026-09-29 12:00 UTC no secret of acme is believed"},
		"OneThatHasEnded":           {secrets: []config.SigningSecret{secret(never, day(-1))}, want: "No secret of acme is believed now"},
		"OneThatBeginsLater":        {secrets: []config.SigningSecret{secret(day(1), never)}, want: "No secret of acme is believed now"},
		"None":                      {want: "No secret of acme is believed now"},
		"NoneIsAskedFor":            {unsigned: true},
		"TheNextOverlaps":           {secrets: []config.SigningSecret{secret(never, day(5)), secret(day(3), never)}},
		"TheNextIsWrittenFirst":     {secrets: []config.SigningSecret{secret(day(4), never), secret(day(2), day(5)), secret(never, day(3))}},
		"TheNextBeginsAtTheMoment":  {secrets: []config.SigningSecret{secret(never, day(5)), secret(day(5), never)}},
		"TheNextLeavesAGap":         {secrets: []config.SigningSecret{secret(never, day(5)), secret(day(6), never)}, want: "After 2026-09-05 12:00 UTC"},
		"TheLaterOfTwoDecides":      {secrets: []config.SigningSecret{secret(never, day(5)), secret(never, day(9))}, want: "After 2026-09-09 12:00 UTC"},
		"TheOtherHasEndedLongSince": {secrets: []config.SigningSecret{secret(never, day(-9)), secret(never, day(9))}, want: "After 2026-09-09 12:00 UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := app.SecretsEnd("acme", config.Ontop{Secrets: c.secrets, UnsafeAcceptUnsigned: c.unsigned}, now)
			if c.want == "" {
				require.Empty(t, said)
				return
			}
			require.Contains(t, said, c.want)
			require.Contains(t, said, "add the next secret to ontop.secrets", "the way out")
		})
	}
}

// Whoever looks at the status, the metrics or the log is told ahead.
func TestServe_TellsWhenSecretsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	w.cfg.Companies[0].Ontop.Secrets[0].NotAfter = end
	a := w.open(t)
	w.serve(t, a)
	h := &hangup{w: w}
	require.Contains(t, w.log.String(), "secrets of a company end")
	require.InDelta(t, float64(end.Unix()), h.gauge(t, `tieout_ingest_secrets_expiry_timestamp_seconds{company="acme"}`), 0)
	status, err := a.Status(t.Context(), "acme")
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(status.Warnings), "no secret of acme is believed")
}
