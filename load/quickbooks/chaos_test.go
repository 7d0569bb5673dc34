package quickbooks_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// Every numbered row of the catalogue, answered for one item of a batch, comes
// back as that fault with that decision, and the other item is not touched.
func TestSimulator_EveryFaultOfTheCatalogue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, _ := connected(t, quickbookstest.Config{})
		n := 0
		for _, row := range quickbooks.Catalogue() {
			if row.Code[0] < '1' || row.Code[0] > '9' {
				continue // OAuth's words and bare statuses never come for an item
			}
			n++
			sim.Next(quickbookstest.Trouble{
				Kind: quickbookstest.ItemFault, On: "batch", Item: "bad", Code: row.Code, Detail: "Detail: " + row.When,
			})
			got, err := client.Batch(t.Context(), fmt.Sprintf("r%d", n), []quickbooks.BatchItem{
				vendor(t, "bad", fmt.Sprintf("Bad %d", n)), vendor(t, "good", fmt.Sprintf("Good %d", n)),
			})
			require.NoError(t, err)
			fault, ok := errors.AsType[*quickbooks.Fault](got.Items[0].Err)
			require.True(t, ok, row.Code)
			require.Equal(t, row, fault.Entry(), row.Code)
			require.NoError(t, got.Items[1].Err, row.Code)
		}
		require.Greater(t, n, 90)
		require.Equal(t, n, sim.Count(client.Realm(), "Vendor"), "the good ones, and no other")
	})
}

// What the client says must agree with the books, whatever goes wrong: a success
// is there, a fault is not, and only without an answer may it be either.
func TestSimulator_ChaosNeverLies(t *testing.T) {
	t.Parallel()
	odds := quickbookstest.Odds{
		quickbookstest.LoseBefore: 0.08, quickbookstest.LoseAfter: 0.08, quickbookstest.Truncate: 0.05,
		quickbookstest.Throttle: 0.08, quickbookstest.ServerError: 0.05, quickbookstest.ErrorAfter: 0.05,
		quickbookstest.Unauthorized: 0.08, quickbookstest.HTMLPage: 0.05, quickbookstest.DelayAfter: 0.05,
	}
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("Seed%d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, sim, _ := connected(t, quickbookstest.Config{Seed: seed})
				sim.Chaos(seed, odds, quickbookstest.Trouble{On: "api", Delay: 5 * time.Minute})
				there, ends := 0, map[quickbooks.Decision]int{}
				for i := range 60 {
					item := vendor(t, "v1", fmt.Sprintf("Vendor %d", i))
					got, err := client.Batch(t.Context(), fmt.Sprintf("r%d", i), []quickbooks.BatchItem{item})
					if err == nil {
						err = got.Items[0].Err
					}
					now := sim.Count(client.Realm(), "Vendor")
					decision := quickbooks.DecisionOf(err)
					ends[decision]++
					switch decision {
					case "":
						require.Equal(t, there+1, now, "a success is in the books")
					case quickbooks.LookUp:
						require.LessOrEqual(t, now-there, 1)
						// The same pair of ids must end as one record.
						sim.Chaos(seed, nil, quickbookstest.Trouble{})
						_, err := client.Batch(t.Context(), fmt.Sprintf("r%d", i), []quickbooks.BatchItem{item})
						require.NoError(t, err)
						now = sim.Count(client.Realm(), "Vendor")
						require.Equal(t, there+1, now)
						sim.Chaos(seed*1000+uint64(i), odds, quickbookstest.Trouble{On: "api", Delay: 5 * time.Minute})
					default:
						require.Equal(t, there, now, "%v", err)
					}
					there = now
				}
				require.Positive(t, ends[""])
				require.Positive(t, ends[quickbooks.LookUp])
			})
		})
	}
}

// Ten thousand bills in virtual time: nearly all of the allowed rate, and the
// strict throttle of the simulator never fires.
func TestSimulator_TenThousandBills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, _ := connected(t, quickbookstest.Config{})
		made, err := client.Batch(t.Context(), "v", []quickbooks.BatchItem{vendor(t, "v1", "Ana")})
		require.NoError(t, err)
		template := simulatedBill(t, "b0", made.Items[0].ID, "")
		began := time.Now()
		const bills = 10_000
		for sent := 0; sent < bills; {
			var items []quickbooks.BatchItem
			for ; len(items) < client.BatchSize() && sent < bills; sent++ {
				item := template
				item.BID = fmt.Sprintf("b%d", sent)
				items = append(items, item)
			}
			got, err := client.Batch(t.Context(), "acme-202611", items)
			require.NoError(t, err)
			for _, item := range got.Items {
				require.NoError(t, item.Err)
			}
		}
		require.Equal(t, bills, sim.Count(client.Realm(), "Bill"))
		require.Zero(t, sim.Stats().Throttled)
		// With the vendor's there are 335 batches. The last of them cannot go
		// before eight windows of 40 have passed.
		const ideal = 335 / 40 * time.Minute
		require.LessOrEqual(t, time.Since(began), ideal*100/95)
	})
}
