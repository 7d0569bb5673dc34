package quickbooks_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// state is a provocation by the company being in a state: locked, lapsed, moved.
func state(code string) act {
	return func(t *testing.T) error {
		t.Helper()
		s := plain(t)
		require.NoError(t, s.sim.Refuse("", code, false))
		return s.post(nil)
	}
}

// away is a company that Intuit is working on. A read waits; a write that met it
// may have happened.
func away(code string) act {
	return func(t *testing.T) error {
		t.Helper()
		s := plain(t)
		require.NoError(t, s.sim.Refuse("", code, false))
		require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(s.post(nil)))
		_, err := s.client.Bill(t.Context(), s.billID)
		require.Equal(t, 2, s.sim.Stats().Requests["write"]+s.sim.Stats().Requests["read"], "neither is sent twice")
		return err
	}
}

func provokedAccess() map[string]act {
	return map[string]act{
		"120":  state("120"), // the connecting user is removed
		"130":  away("130"),
		"140":  state("140"),
		"150":  away("150"),
		"5020": state("5020"), // the connecting user's rights are cut
		"6190": func(t *testing.T) error { // reading still works when the subscription lapsed
			t.Helper()
			s := plain(t)
			require.NoError(t, s.sim.Refuse("", "6190", true))
			_, err := s.client.Bill(t.Context(), s.billID)
			require.NoError(t, err)
			return s.post(nil)
		},
		"10200": state("10200"),
		"3001": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			s.sim.SetQuota(-1) // batches are metered
			_, err := s.client.Batch(t.Context(), "r1", []quickbooks.BatchItem{vendor(t, "v1", "Bea")})
			return err
		},
		"3100": func(t *testing.T) error { // the tokens of one company, the number of another
			t.Helper()
			s := staged(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{ID: "11"}, {ID: "22"}}})
			s.bench.store.token.RealmID = "22"
			session := quickbooks.NewSession(s.bench.oauth, s.bench.store, s.bench.lock, "22", s.bench.logger())
			_, err := quickbooks.NewClient(session, s.bench.logger(), nil).Preferences(t.Context())
			return err
		},
		"3200": func(t *testing.T) error { // also the new token is refused
			t.Helper()
			s := plain(t)
			s.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.Unauthorized, On: "write", Times: 2})
			err := s.post(nil)
			require.ErrorIs(t, err, quickbooks.ErrReauthorise)
			return err
		},
		"invalid_grant": func(t *testing.T) error { // disconnected from inside QuickBooks
			t.Helper()
			s := plain(t)
			s.sim.Disconnect(s.client.Realm())
			err := s.post(nil)
			require.ErrorIs(t, err, quickbooks.ErrReauthorise)
			return err
		},
		"invalid_client": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			wrong, err := quickbooks.NewOAuth(quickbooks.Config{
				Environment: quickbooks.Sandbox, ClientID: quickbookstest.DefaultClientID, ClientSecret: "rotated since",
			}, s.sim.Client(), s.sim.Now, nil)
			require.NoError(t, err)
			_, err = wrong.Refresh(t.Context(), s.bench.store.stored())
			return err
		},
		"access_denied": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			address := s.bench.oauth.AuthorizeURL("state-1", "") + "&sim_realm=deny"
			resp, err := s.sim.Client().Get(address)
			require.NoError(t, err)
			defer resp.Body.Close()
			_, err = quickbooks.ParseCallback(resp.Header.Get("Location"), "state-1")
			return err
		},
		"invalid_scope": func(t *testing.T) error { // the app is not registered for accounting
			t.Helper()
			s := staged(t, quickbookstest.Config{Apps: []quickbookstest.App{{
				ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
				Scopes: []string{"com.intuit.quickbooks.payment"},
			}}})
			resp, err := s.sim.Client().Get(s.bench.oauth.AuthorizeURL("state-1", ""))
			require.NoError(t, err)
			defer resp.Body.Close()
			_, err = quickbooks.ParseCallback(resp.Header.Get("Location"), "state-1")
			return err
		},
		"http 404": func(t *testing.T) error { // a wrong address in the settings
			t.Helper()
			s := plain(t)
			astray, err := quickbooks.NewOAuth(quickbooks.Config{
				Environment: quickbooks.Sandbox, APIURL: "https://sandbox-quickbooks.api.intuit.com/elsewhere",
				ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
			}, s.sim.Client(), s.sim.Now, nil)
			require.NoError(t, err)
			session := quickbooks.NewSession(astray, s.bench.store, s.bench.lock, s.client.Realm(), s.bench.logger())
			_, err = quickbooks.NewClient(session, s.bench.logger(), nil).Preferences(t.Context())
			return err
		},
	}
}

// provokedRequests are requests that QuickBooks does not understand, or takes for
// one that it had.
func provokedRequests() map[string]act {
	replays := func(replay quickbookstest.Replay, second fields) act {
		return func(t *testing.T) error {
			t.Helper()
			s := staged(t, quickbookstest.Config{Replay: replay})
			require.NoError(t, s.post(nil))
			return s.post(second)
		}
	}
	return map[string]act{
		"500": func(t *testing.T) error { t.Helper(); return plain(t).create("Term", fields{"Name": "Net 90"}) },
		"600": replays(quickbookstest.Replay{Changed: quickbookstest.ChangedFaults}, fields{"DocNumber": "other"}),
		"6000: unexpected error occurred while accessing or saving": replays(quickbookstest.Replay{Answers6000: true}, nil),
		"1040": func(t *testing.T) error {
			t.Helper()
			s := withRules(t, quickbookstest.Rules{MaxBatch: 1})
			_, err := s.client.Batch(t.Context(), "r1", []quickbooks.BatchItem{vendor(t, "v1", "Bea"), vendor(t, "v2", "Cai")})
			return err
		},
		"2130": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			return s.raw("bill", "requestid=a+request+id", s.bill(nil))
		},
		"4000": func(t *testing.T) error { t.Helper(); return plain(t).asks("select from where") },
		"4001": func(t *testing.T) error {
			t.Helper()
			_, err := quickbooks.Collect(quickbooks.Query[quickbooks.Bill](t.Context(), plain(t).client, quickbooks.Equal("PrivateNote", "x")))
			return err
		},
		"10100": func(t *testing.T) error { // 30 times the whole chart of accounts in one answer
			t.Helper()
			s := inCompany(t, quickbookstest.Preferences{MultiCurrency: true})
			var items []quickbooks.BatchItem
			for i := range 30 {
				item, err := quickbooks.QueryItem[quickbooks.Account](fmt.Sprintf("q%d", i), 1000)
				require.NoError(t, err)
				items = append(items, item)
			}
			answers, err := s.client.Batch(t.Context(), "r1", items)
			require.NoError(t, err)
			for _, item := range answers.Items {
				if item.Err != nil {
					return item.Err
				}
			}
			return nil
		},
	}
}
