package quickbooks_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// batchOf sends bills numbered so in one batch.
func (s *stage) batchOf(requestID string, numbers ...string) (quickbooks.BatchAnswers, error) {
	s.Helper()
	var items []quickbooks.BatchItem
	for i, number := range numbers {
		items = append(items, simulatedBill(s.T, "b"+string(rune('1'+i)), s.ana, number))
	}
	return s.client.Batch(s.Context(), requestID, items)
}

// reconnect is an administrator letting us in again.
func (s *stage) reconnect(ctx context.Context) {
	s.Helper()
	g := s.sim.Grant("", "")
	session := quickbooks.NewSession(s.bench.oauth, s.bench.store, s.bench.lock, g.Realm, s.bench.logger())
	require.NoError(s, session.Adopt(ctx, quickbooks.Token{
		RealmID: g.Realm, AccessToken: quickbooks.Secret(g.AccessToken), RefreshToken: quickbooks.Secret(g.RefreshToken),
		AccessExpires: g.AccessUntil, RefreshExpires: g.RefreshUntil,
	}))
	s.client = quickbooks.NewClient(session, s.bench.logger(), nil)
}

// The company shuts us out at the worst moments. What was written stays known,
// nothing is written twice, and nobody goes on knocking.
func TestClient_ShutOut(t *testing.T) {
	t.Parallel()

	// ends checks what a batch is told when the company does not let us in.
	ends := func(t *testing.T, err error, want quickbooks.Decision) {
		t.Helper()
		require.Equal(t, want, quickbooks.DecisionOf(err), "%v", err)
		var fault *quickbooks.Fault
		require.ErrorAs(t, err, &fault)
		require.Equal(t, quickbooks.WholeCompany, fault.Scope())
		require.NotEmpty(t, fault.Sentence())
		require.NotEmpty(t, fault.Entry().NextStep)
		require.NotEmpty(t, fault.TID)
	}

	t.Run("RevokedBetweenBatches", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := plain(t)
			_, err := s.batchOf("r1", "A-1", "A-2")
			require.NoError(t, err)
			s.sim.Disconnect(s.client.Realm())
			s.sim.ResetStats()
			_, err = s.batchOf("r2", "A-3", "A-4")
			ends(t, err, quickbooks.Reauthorise)
			require.ErrorIs(t, err, quickbooks.ErrReauthorise)
			require.Equal(t, 3, s.sim.Count("", "Bill"), "the first batch, and Ana's own")
			require.Equal(t, 1, s.sim.Stats().Requests["batch"])
			require.Equal(t, 1, s.sim.Stats().Requests["token"], "one try to renew")
			_, err = s.batchOf("r2", "A-3", "A-4")
			require.Equal(t, quickbooks.Reauthorise, quickbooks.DecisionOf(err))
			require.Equal(t, 1, s.sim.Stats().Requests["token"], "a dead token is not tried again")

			s.reconnect(t.Context())
			_, err = s.batchOf("r2", "A-3", "A-4")
			require.NoError(t, err)
			require.Equal(t, 5, s.sim.Count("", "Bill"))
		})
	})

	t.Run("TokenEndsInsideABatch", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := plain(t)
			s.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.Unauthorized, On: "batch"})
			answers, err := s.batchOf("r1", "A-1", "A-2")
			require.NoError(t, err, "it is renewed and sent again under the same request id")
			require.NoError(t, answers.Items[0].Err)
			require.Equal(t, 3, s.sim.Count("", "Bill"))
		})
	})

	// The batch is carried out, its answer is lost, and then nobody lets us look.
	t.Run("RevokedWhileABatchIsUnderWay", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := plain(t)
			s.sim.Next(quickbookstest.Lose())
			_, err := s.batchOf("r1", "A-1", "A-2")
			require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(err))
			s.sim.Disconnect(s.client.Realm())
			_, err = quickbooks.Collect(s.client.BillsNumbered(t.Context(), s.ana, "A-1"))
			ends(t, err, quickbooks.Reauthorise)

			s.reconnect(t.Context())
			found, err := quickbooks.Collect(s.client.BillsNumbered(t.Context(), s.ana, "A-1"))
			require.NoError(t, err)
			require.Len(t, found, 1, "it was there all the time")
			_, err = s.batchOf("r1", "A-1", "A-2")
			require.NoError(t, err)
			require.Equal(t, 3, s.sim.Count("", "Bill"), "and sent again it is recognised")
		})
	})

	for name, tc := range map[string]struct {
		code   string
		writes bool // reading still works
	}{
		"AdministratorRemoved": {"120", false},
		"RightsCut":            {"5020", true},
		"SubscriptionLapsed":   {"6190", true},
		"CompanyLocked":        {"140", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := plain(t)
				require.NoError(t, s.sim.Refuse("", tc.code, tc.writes))
				began := time.Now()
				s.sim.ResetStats()
				_, err := s.batchOf("r1", "A-1", "A-2")
				ends(t, err, quickbooks.Person)
				require.Equal(t, 1, s.sim.Stats().Requests["batch"], "no second try helps")
				require.Zero(t, s.sim.Stats().Requests["token"], "and no new token")
				require.Less(t, time.Since(began), time.Second)
				require.Equal(t, 1, s.sim.Count("", "Bill"), "none of the batch was carried out")
				_, err = s.client.Bill(t.Context(), s.billID)
				require.Equal(t, tc.writes, err == nil, "%v", err)

				require.NoError(t, s.sim.Refuse("", "", false))
				_, err = s.batchOf("r1", "A-1", "A-2")
				require.NoError(t, err, "once it is settled, the same batch goes through")
			})
		})
	}

	t.Run("OneItemOfABatchIsToldSo", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := plain(t)
			s.sim.Next(quickbookstest.Code("b2", "3200"))
			answers, err := s.batchOf("r1", "A-1", "A-2")
			require.NoError(t, err)
			require.NoError(t, answers.Items[0].Err)
			var fault *quickbooks.Fault
			require.ErrorAs(t, answers.Items[1].Err, &fault)
			require.Equal(t, quickbooks.Reauthorise, fault.Decision())
			require.Equal(t, quickbooks.WholeCompany, fault.Scope())
		})
	})
}
