package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// Bodies are read by stretches of time where most of a stretch is wanted, and by
// ids elsewhere; every delivery must have its own in both ways.
func TestStore_PendingHasEveryBody(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]int{"WhereAllIsWanted": 1, "WhereHalfIsWanted": 2, "WhereLittleIsWanted": 6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const wanted = 1200
			s := openStore(t, embedded(t))
			var staged []schema.Delivery
			var outcomes []schema.Outcome
			for n := range wanted * every {
				d := schema.Delivery{
					Company: "acme", ID: schema.DeliveryID(fmt.Sprintf("msg_%06d", n)), Channel: schema.ChannelWebhook,
					ReceivedAt: begin().Add(time.Duration(n/3) * time.Second), Body: fmt.Appendf(nil, `{"n":%d}`, n),
				}
				staged = append(staged, d)
				if n%every != 0 {
					outcomes = append(outcomes, schema.Outcome{
						Company: "acme", Delivery: d.ID, Body: d.Sum(), Kind: schema.OutcomeNoted, ReceivedAt: d.ReceivedAt, RecordedAt: begin(),
					})
				}
			}
			require.NoError(t, s.Stage(t.Context(), schema.Block{ID: "first", Deliveries: staged}))
			require.NoError(t, s.Stage(t.Context(), schema.Block{ID: "again", Deliveries: staged[:100]}))
			require.NoError(t, s.RecordOutcomes(t.Context(), outcomes))

			found, err := s.Pending(t.Context(), "acme", 2*wanted)

			require.NoError(t, err)
			require.Len(t, found, wanted)
			for i, d := range found {
				require.Equal(t, staged[i*every], d.Delivery)
			}
		})
	}
}
