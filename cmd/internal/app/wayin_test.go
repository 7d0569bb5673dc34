package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/wayin"
	"github.com/tieout/tieout/schema"
)

func TestApp_ProveWayIn(t *testing.T) {
	t.Parallel()

	t.Run("FollowsATestEventThatCountsNowhere", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.ready(t)
		receive(t.Context(), t, a, month(t, 4))
		w.cycle(t, a)
		before, err := a.Report(t.Context(), acme, schema.DateOf(w.now().UTC()).Period(), a.Now())
		require.NoError(t, err)
		stop := w.serve(t, a)
		defer stop()

		told := 0
		proof, err := a.ProveWayIn(t.Context(), acme, app.WayIn{Follow: 20 * time.Second}, func(wayin.Step) { told++ })
		require.NoError(t, err)
		require.True(t, proof.Proven, "%+v", proof.Steps)
		require.True(t, proof.Direct)
		require.Equal(t, "http://"+w.cfg.Public.Listen+"/webhooks/ontop/acme", proof.URL)
		require.Len(t, proof.Steps, told)
		found, err := a.Delivered(t.Context(), acme, proof.ID)
		require.NoError(t, err)
		require.Equal(t, schema.OutcomeTest, found[0].Stands().Kind)
		require.False(t, found[0].NeedsPerson())

		after, err := a.Report(t.Context(), acme, schema.DateOf(w.now().UTC()).Period(), a.Now())
		require.NoError(t, err)
		require.Equal(t, before.Equation, after.Equation)
		require.Equal(t, before.Tied, after.Tied)
		require.Equal(t, 1, after.Intake.Outcomes[schema.OutcomeTest])
	})

	t.Run("SaysThatAnotherSecretIsBelieved", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.ready(t)
		stop := w.serve(t, a)
		defer stop()
		other := &world{cfg: w.cfg, log: w.log, store: w.store}
		other.cfg.Companies = append(other.cfg.Companies[:0:0], w.cfg.Companies...)
		other.cfg.Companies[0].Ontop.Secrets = append(other.cfg.Companies[0].Ontop.Secrets[:0:0], w.cfg.Companies[0].Ontop.Secrets...)
		other.cfg.Companies[0].Ontop.Secrets[0].Secret = newSecret()
		b := other.open(t)
		proof, err := b.ProveWayIn(t.Context(), acme, app.WayIn{}, func(wayin.Step) {})
		require.NoError(t, err)
		require.False(t, proof.Proven)
		step := proof.Steps[len(proof.Steps)-1]
		require.Equal(t, wayin.StepAnswered, step.Name)
		require.Contains(t, step.Trouble.Cause, "the server counted signature")
	})

	t.Run("UsesThePublicAddress", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.cfg.Public.URL = "https://hooks.invalid/"
		a := w.open(t)
		proof, err := a.ProveWayIn(t.Context(), acme, app.WayIn{}, func(wayin.Step) {})
		require.NoError(t, err)
		require.False(t, proof.Direct)
		require.Equal(t, "https://hooks.invalid/webhooks/ontop/acme", proof.URL)
		_, err = a.ProveWayIn(t.Context(), "nobody", app.WayIn{}, nil)
		require.Error(t, err)
	})
}
