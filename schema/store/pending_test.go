package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// Whether a delivery is told settled by its fingerprint or by its texts follows from
// clocks: of whoever recorded the outcome, and of the server. What is pending does not.
func TestStore_PendingWhateverClocksSay(t *testing.T) {
	t.Parallel()
	near := embedded(t)
	near.Margin, near.Advance = time.Microsecond, time.Nanosecond
	far := embedded(t) // its watermark never moves, as in a stream
	stores := []storetest.Store{openStore(t, near), openStore(t, far)}
	var histories atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		company := schema.CompanyID(fmt.Sprintf("company-%d", histories.Add(1)))
		memory := storetest.NewMemory()
		both := append([]storetest.Store{memory}, stores[rapid.IntRange(0, 1).Draw(t, "store")])
		for n := range rapid.IntRange(1, 12).Draw(t, "length") {
			d := schema.Delivery{
				Company: company, ID: rapid.SampledFrom([]schema.DeliveryID{"d-1", "d-2", "d-3"}).Draw(t, "id"), Channel: schema.ChannelWebhook,
				Body:       rapid.SampledFrom([][]byte{[]byte("one"), []byte("two")}).Draw(t, "body"),
				ReceivedAt: begin().Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "received")) * time.Hour),
			}
			o := schema.Outcome{
				Company: company, Delivery: d.ID, Body: d.Sum(), ReceivedAt: d.ReceivedAt,
				Kind: rapid.SampledFrom([]schema.OutcomeKind{schema.OutcomeApplied, schema.OutcomeConflict}).Draw(t, "kind"),
				RecordedAt: rapid.SampledFrom([]time.Time{
					begin().AddDate(-2, 0, 0), begin().AddDate(9, 0, 0), time.Now().UTC().Truncate(time.Microsecond),
				}).Draw(t, "recorded"),
			}
			stage, look := rapid.IntRange(0, 2).Draw(t, "step") > 0, rapid.Bool().Draw(t, "look")
			var found [][]schema.Staged
			for _, s := range both {
				if stage {
					require.NoError(t, s.Stage(t.Context(), schema.Block{ID: fmt.Sprint(company, n), Deliveries: []schema.Delivery{d}}))
				} else {
					require.NoError(t, s.RecordOutcomes(t.Context(), []schema.Outcome{o}))
				}
				if look {
					pending, err := s.Pending(t.Context(), company, 9)
					require.NoError(t, err)
					found = append(found, pending)
				}
			}
			if look {
				require.Equal(t, found[0], found[1])
			}
		}
	})
}
