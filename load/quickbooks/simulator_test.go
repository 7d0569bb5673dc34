package quickbooks_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// connected is a client of the simulated company, with time as the simulator
// sees it.
func connected(t *testing.T, cfg quickbookstest.Config) (*quickbooks.Client, *quickbookstest.Server, *bench) {
	t.Helper()
	cfg.Now = time.Now
	sim := quickbookstest.New(cfg)
	own := quickbooks.Config{
		Environment: quickbooks.Sandbox, ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
		RedirectURL: "https://tieout.test/callback",
	}
	b := setup(t, answers(ok("{}")))
	oauth, err := quickbooks.NewOAuth(own, sim.Client(), time.Now, nil)
	require.NoError(t, err)
	b.oauth = oauth
	g := sim.Grant("", "")
	b.store.token = quickbooks.Token{
		RealmID: g.Realm, AccessToken: quickbooks.Secret(g.AccessToken), RefreshToken: quickbooks.Secret(g.RefreshToken),
		AccessExpires: g.AccessUntil, RefreshExpires: g.RefreshUntil, RefreshHardExpires: g.HardUntil,
	}
	session := quickbooks.NewSession(oauth, b.store, b.lock, g.Realm, b.logger())
	return quickbooks.NewClient(session, b.logger(), nil), sim, b
}

func simulatedBill(t *testing.T, bID, vendorID, number string) quickbooks.BatchItem {
	t.Helper()
	item, err := quickbooks.CreateItem(bID, quickbooks.Bill{
		VendorRef: quickbooks.Ref{Value: vendorID}, DocNumber: number, TxnDate: "2026-11-02",
		Line: []quickbooks.BillLine{{
			Amount: decimal(t, "1234.56"), DetailType: quickbooks.AccountLine, Description: "Work & travel",
			Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: "8"}},
		}},
	})
	require.NoError(t, err)
	return item
}

func TestSimulator_VendorsThenBills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, _ := connected(t, quickbookstest.Config{})

		var vendors []quickbooks.BatchItem
		for i := range 30 {
			vendors = append(vendors, vendor(t, fmt.Sprintf("v%d", i), fmt.Sprintf("Ana O'Neil & Söhne %d", i)))
		}
		made, err := client.Batch(t.Context(), "acme-202611-v", vendors)
		require.NoError(t, err)
		var bills []quickbooks.BatchItem
		for i, answer := range made.Items {
			require.NoError(t, answer.Err)
			bills = append(bills, simulatedBill(t, fmt.Sprintf("b%d", i), answer.ID, fmt.Sprintf("INV-%d", i)))
		}
		posted, err := client.Batch(t.Context(), "acme-202611-b", bills)
		require.NoError(t, err)
		again, err := client.Batch(t.Context(), "acme-202611-b", bills)
		require.NoError(t, err)
		require.Equal(t, 30, sim.Count(client.Realm(), "Bill"), "a replay writes nothing")

		var ids []string
		for i, answer := range posted.Items {
			require.NoError(t, answer.Err)
			require.Equal(t, answer.ID, again.Items[i].ID)
			ids = append(ids, answer.ID)
		}
		back, err := quickbooks.Collect(client.Bills(t.Context(), ids...))
		require.NoError(t, err)
		require.Len(t, back, 30)
		for _, b := range back {
			require.Equal(t, decimal(t, "1234.56"), b.TotalAmt)
			require.Equal(t, "8", b.Line[0].Account.AccountRef.Value)
			require.False(t, b.MetaData.LastUpdatedTime.IsZero())
		}
		found, err := quickbooks.Collect(client.BillsNumbered(t.Context(), made.Items[3].ID, "inv-3"))
		require.NoError(t, err)
		require.Len(t, found, 1)
		day := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
		found, err = quickbooks.Collect(client.BillsDated(t.Context(), made.Items[3].ID, day, day))
		require.NoError(t, err)
		require.Len(t, found, 1)
		all, err := quickbooks.Collect(client.Vendors(t.Context()))
		require.NoError(t, err)
		require.Len(t, all, 30)
		single, err := client.Create(t.Context(), "acme-202611-b", simulatedBill(t, "b3", made.Items[3].ID, "INV-3"))
		require.NoError(t, err)
		require.Equal(t, posted.Items[3].ID, single.ID, "request id and item id name the write, in a batch or alone")
	})
}

func TestSimulator_ReadsTheCompany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := connected(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{
			Preferences: quickbookstest.Preferences{MultiCurrency: true, BookCloseDate: "2026-09-30", WarnDuplicateBillNumber: true},
		}}})
		info, err := client.CompanyInfo(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, info.CompanyName)
		prefs, err := client.Preferences(t.Context())
		require.NoError(t, err)
		require.True(t, prefs.CurrencyPrefs.MultiCurrencyEnabled)
		require.Equal(t, "USD", prefs.CurrencyPrefs.HomeCurrency.Value)
		require.Equal(t, "2026-09-30", prefs.AccountingInfoPrefs.BookCloseDate)
		warns, known := prefs.WarnsDuplicateBillNumber()
		require.True(t, warns && known)
		accounts, err := quickbooks.Collect(client.Accounts(t.Context()))
		require.NoError(t, err)
		inactive := 0
		for _, a := range accounts {
			if !a.IsActive() {
				inactive++
			}
		}
		require.Equal(t, 2, inactive, "a rule may name one, so they are read too")
	})
}

func TestSimulator_Faults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := connected(t, quickbookstest.Config{})
		made, err := client.Batch(t.Context(), "r1", []quickbooks.BatchItem{vendor(t, "v1", "Ana")})
		require.NoError(t, err)
		ana := made.Items[0].ID

		got, err := client.Batch(t.Context(), "r2", []quickbooks.BatchItem{
			vendor(t, "v1", "ANA"), vendor(t, "v2", "A:B"),
			simulatedBill(t, "b1", "999999", "X"), simulatedBill(t, "b2", ana, "A-number-that-is-much-too-long"),
			simulatedBill(t, "b3", ana, "fine"),
		})
		require.NoError(t, err)
		var codes []string
		for _, item := range got.Items {
			if fault, ok := errors.AsType[*quickbooks.Fault](item.Err); ok {
				codes = append(codes, fault.Code)
				require.True(t, fault.Entry().Known, fault.Code)
				if id, named := fault.NameHolder(); fault.Code == "6240" && named {
					require.Equal(t, ana, id)
				}
			}
		}
		require.Equal(t, []string{"6240", "2040", "2500", "2050"}, codes)
		require.NoError(t, got.Items[4].Err, "one bad item does not stop the rest")

		_, err = client.Bill(t.Context(), "424242")
		var fault *quickbooks.Fault
		require.ErrorAs(t, err, &fault)
		require.Equal(t, "610", fault.Code)
	})
}

// The strict throttle of the simulator must never fire against our windows.
func TestSimulator_NeverThrottlesUs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, _ := connected(t, quickbookstest.Config{})
		var all sync.WaitGroup
		began := time.Now()
		for i := range 200 {
			all.Go(func() {
				_, err := client.Batch(t.Context(), fmt.Sprintf("r%d", i), []quickbooks.BatchItem{vendor(t, "v1", fmt.Sprintf("V %d", i))})
				require.NoError(t, err)
			})
		}
		all.Wait()
		require.Zero(t, sim.Stats().Throttled)
		require.Equal(t, 200, sim.Count(client.Realm(), "Vendor"))
		require.Less(t, time.Since(began), 5*time.Minute)
	})
}

func TestSimulator_Troubles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		trouble quickbookstest.Trouble
		end     quickbooks.Decision
		posted  int
	}{
		"AnswerLostAfterwards":  {quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"}, quickbooks.LookUp, 1},
		"ConnectionLostBefore":  {quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"}, quickbooks.LookUp, 0},
		"AnswerCutOff":          {quickbookstest.Trouble{Kind: quickbookstest.Truncate, On: "batch"}, quickbooks.LookUp, 1},
		"FailedAfterwards":      {quickbookstest.Trouble{Kind: quickbookstest.ErrorAfter, On: "batch", Status: 500}, quickbooks.LookUp, 1},
		"PageOfAGateway":        {quickbookstest.Trouble{Kind: quickbookstest.HTMLPage, On: "batch"}, quickbooks.LookUp, 0},
		"SlowerThanWeWait":      {quickbookstest.Trouble{Kind: quickbookstest.DelayAfter, On: "batch", Delay: 10 * time.Minute}, quickbooks.LookUp, 1},
		"SlowButInTime":         {quickbookstest.Trouble{Kind: quickbookstest.Delay, On: "batch", Delay: 100 * time.Second}, "", 1},
		"Throttled":             {quickbookstest.Trouble{Kind: quickbookstest.Throttle, On: "batch"}, "", 1},
		"TokenKilledInMidBatch": {quickbookstest.Trouble{Kind: quickbookstest.Unauthorized, On: "batch"}, "", 1},
		"FaultOn200":            {quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "batch", Code: "6190"}, quickbooks.Person, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, sim, _ := connected(t, quickbookstest.Config{})
				sim.Next(tc.trouble)
				_, err := client.Batch(t.Context(), "r1", []quickbooks.BatchItem{vendor(t, "v1", "Ana")})
				require.Equal(t, tc.end, quickbooks.DecisionOf(err), "%v", err)
				require.Equal(t, tc.posted, sim.Count(client.Realm(), "Vendor"))
			})
		})
	}
}

// Two processes, an access token that runs out, and a company that ends the
// connection when its refresh token is exchanged twice at once.
func TestSimulator_ConcurrentRefreshKeepsTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, sim, b := connected(t, quickbookstest.Config{OAuth: quickbookstest.OAuth{
			RotateEvery: -1, RefreshTakes: 2 * time.Second, RaceRevokes: true,
		}})
		clients := make([]*quickbooks.Client, 2)
		for i := range clients {
			session := quickbooks.NewSession(b.oauth, b.store, b.lock, quickbookstest.DefaultRealm, b.logger())
			clients[i] = quickbooks.NewClient(session, b.logger(), nil)
		}
		for round := 1; round <= 3; round++ {
			time.Sleep(2 * time.Hour)
			var all sync.WaitGroup
			for i := range 12 {
				all.Go(func() {
					_, err := clients[i%2].CompanyInfo(t.Context())
					require.NoError(t, err)
				})
			}
			all.Wait()
			require.Equal(t, round, sim.Stats().Refreshed)
		}
	})
}

func TestSimulator_Connects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, b := connected(t, quickbookstest.Config{})
		const state, verifier = "state-of-128-bits", "a-verifier-that-is-long-enough-for-pkce-43-characters"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.oauth.AuthorizeURL(state, verifier), nil)
		require.NoError(t, err)
		resp, err := sim.Client().Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		back := resp.Header.Get("Location")
		require.NotEmpty(t, back)

		_, err = quickbooks.ParseCallback(back, "another state")
		require.ErrorIs(t, err, quickbooks.ErrState)
		callback, err := quickbooks.ParseCallback(back, state)
		require.NoError(t, err)
		callback.Verifier = verifier
		token, err := b.oauth.Exchange(t.Context(), callback)
		require.NoError(t, err)
		require.Equal(t, client.Realm(), token.RealmID)
		require.Equal(t, time.Now().Add(time.Hour), token.AccessExpires)
		require.False(t, token.RefreshHardExpires.IsZero(), "the hard end is asked for")

		session := quickbooks.NewSession(b.oauth, b.store, b.lock, token.RealmID, b.logger())
		require.NoError(t, session.Adopt(t.Context(), token))
		_, err = quickbooks.NewClient(session, b.logger(), nil).CompanyInfo(t.Context())
		require.NoError(t, err)
		require.NoError(t, session.Disconnect(t.Context()))

		_, err = b.oauth.Exchange(t.Context(), callback)
		var fault *quickbooks.Fault
		require.ErrorAs(t, err, &fault, "a code is good once")
		u, err := url.Parse(b.oauth.AuthorizeURL(state, ""))
		require.NoError(t, err)
		require.NotContains(t, u.Query(), "code_challenge")
	})
}

// When somebody disconnects the app inside QuickBooks, the next call says so.
func TestSimulator_DisconnectedFromTheOtherSide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, b := connected(t, quickbookstest.Config{})
		_, err := client.CompanyInfo(t.Context())
		require.NoError(t, err)
		sim.Disconnect(client.Realm())
		_, err = client.CompanyInfo(t.Context())
		require.ErrorIs(t, err, quickbooks.ErrReauthorise)
		session := quickbooks.NewSession(b.oauth, b.store, b.lock, client.Realm(), b.logger())
		require.NoError(t, session.Disconnect(t.Context()), "to disconnect here as well is no error")
	})
}
