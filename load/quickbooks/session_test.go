package quickbooks_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

func invalidGrant() response { return response{status: 400, body: `{"error":"invalid_grant"}`} }

func unauthorised() response { return response{status: 401, body: gatewayRefusal} }

func TestSession_Token(t *testing.T) {
	t.Parallel()

	t.Run("AsksNobodyWhileTheTokenIsGood", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		_, err := b.session.Token(t.Context())
		require.NoError(t, err)
		require.Empty(t, b.tokens.requests())
	})

	t.Run("RenewsBeforeTheEndAndStoresFirst", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, answers(ok(companyAnswer)))
			time.Sleep(58 * time.Minute) // fake time
			got, err := b.session.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "planted-access-2", got.AccessToken.Reveal())
			require.Equal(t, got, b.store.stored())
			require.Equal(t, time.Now().Add(time.Hour), got.AccessExpires)
			require.Equal(t, time.Now().Add(100*24*time.Hour), got.RefreshExpires)
			require.Equal(t, time.Now().Add(5*365*24*time.Hour), got.RefreshHardExpires)
			form := b.tokens.requests()[0].body
			require.Contains(t, form, "grant_type=refresh_token")
			require.Contains(t, form, firstGrant)
		})
	})

	t.Run("TakesWhatAnotherProcessStored", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, answers(ok(companyAnswer)))
			_, err := b.session.Token(t.Context())
			require.NoError(t, err)
			time.Sleep(59 * time.Minute)
			other := freshToken()
			other.AccessToken = "planted-access-other"
			b.store.Save(t.Context(), other)
			got, err := b.session.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, other, got)
			require.Empty(t, b.tokens.requests())
		})
	})

	t.Run("RefusesTheTokenOfAnotherCompany", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.store.token.RealmID = "999"
		_, err := b.client.CompanyInfo(t.Context())
		require.ErrorContains(t, err, "another company")
	})

	t.Run("SaysWhenNobodyConnected", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.store.token = quickbooks.Token{}
		_, err := b.client.CompanyInfo(t.Context())
		require.ErrorIs(t, err, quickbooks.ErrReauthorise)
		require.Equal(t, quickbooks.Reauthorise, quickbooks.DecisionOf(err))
	})
}

// Two processes with many goroutines each find the token spent at once. QuickBooks
// would end the connection if more than one of them asked.
func TestSession_OneExchangeForEveryone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, answers(ok(companyAnswer)))
		slow := rotated(2)
		slow.take = 3 * time.Second
		b.tokens.script = []response{slow, invalidGrant()}
		sessions := []*quickbooks.Session{b.session, b.newSession()}
		time.Sleep(2 * time.Hour)

		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				got, err := sessions[i%2].Token(t.Context())
				require.NoError(t, err)
				require.Equal(t, "planted-access-2", got.AccessToken.Reveal())
			})
		}
		all.Wait()
		require.Len(t, b.tokens.requests(), 1)
		require.Equal(t, 1, b.store.saves)
	})
}

func TestSession_InvalidGrant(t *testing.T) {
	t.Parallel()
	expired := func() quickbooks.Token {
		old := freshToken()
		old.AccessExpires = time.Now().Add(-time.Hour)
		return old
	}

	t.Run("IsBelievedOnlyAfterReadingTheStoreAgain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{invalidGrant()}
		newer := freshToken()
		newer.AccessToken, newer.RefreshToken = "planted-access-9", "planted-refresh-9"
		b.store.token = newer
		b.store.loads = func(n int) (quickbooks.Token, bool) { return expired(), n == 1 }
		got, err := b.session.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, newer, got)
		require.Len(t, b.tokens.requests(), 1)
	})

	t.Run("TriesTheNewerRefreshTokenOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{invalidGrant(), rotated(7)}
		newer := expired()
		newer.RefreshToken = "planted-refresh-6"
		b.store.token = newer
		b.store.loads = func(n int) (quickbooks.Token, bool) { return expired(), n == 1 }
		got, err := b.session.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "planted-access-7", got.AccessToken.Reveal())
		require.Contains(t, b.tokens.requests()[1].body, "planted-refresh-6")
	})

	// Intuit answers the same refresh token for a day, so a process that lost a
	// race meets a refusal of a value that stays good.
	t.Run("ARefusedValueMayStillBeGood", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, answers(ok(companyAnswer)))
			b.tokens.script = []response{invalidGrant(), rotated(3)}
			b.store.token = expired()
			_, err := b.session.Token(t.Context())
			require.ErrorIs(t, err, quickbooks.ErrReauthorise)

			winner := freshToken() // the same refresh token
			winner.AccessToken = "planted-access-winner"
			b.store.Save(t.Context(), winner)
			got, err := b.session.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, winner, got)
			time.Sleep(2 * time.Hour)
			got, err = b.session.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "planted-access-3", got.AccessToken.Reveal())
		})
	})

	t.Run("SeesTheWinnersTokenBesideTheSameRefreshToken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{invalidGrant()}
		b.store.token = freshToken()
		b.store.loads = func(n int) (quickbooks.Token, bool) { return expired(), n == 1 }
		_, err := b.session.Token(t.Context())
		require.NoError(t, err)
	})

	t.Run("NeedsAPersonAndIsNotAskedAgain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{invalidGrant()}
		b.store.token = expired()
		for range 3 {
			_, err := b.client.Batch(t.Context(), "acme", []quickbooks.BatchItem{bill(t, "b1")})
			require.ErrorIs(t, err, quickbooks.ErrReauthorise)
		}
		require.Len(t, b.tokens.requests(), 1)
		require.Zero(t, b.store.saves, "the stored token must not be wiped")

		require.NoError(t, b.session.Adopt(t.Context(), freshToken()))
		_, err := b.session.Token(t.Context())
		require.NoError(t, err, "connecting again heals it")
	})

	t.Run("WrongAppCredentialsAreAnotherMatter", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{{status: 401, body: `{"error":"invalid_client"}`}}
		b.store.token = expired()
		_, err := b.client.CompanyInfo(t.Context())
		require.NotErrorIs(t, err, quickbooks.ErrReauthorise)
		require.Equal(t, quickbooks.Person, quickbooks.DecisionOf(err))
	})
}

func TestSession_TokenEndpointDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := answers(ok(`{"BatchItemResponse":[]}`))
		b := setup(t, api)
		b.tokens.script = []response{{status: 503}, {status: 503}, rotated(2)}
		b.store.token.AccessExpires = time.Now()
		_, err := b.client.Batch(t.Context(), "acme", []quickbooks.BatchItem{bill(t, "b1")})
		var unsent *quickbooks.NoAnswer
		require.ErrorAs(t, err, &unsent)
		require.True(t, unsent.NeverSent)
		require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err), "the write did not leave, so nothing is looked up")
		require.Empty(t, api.requests())

		_, err = b.client.CompanyInfo(t.Context())
		require.Error(t, err, "the API answers a batch here")
		require.Equal(t, "planted-access-2", b.store.stored().AccessToken.Reveal(), "and reads wait for the endpoint")
	})
}

// A token that could not be stored is not used, and not lost either.
func TestSession_StoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := answers(ok(companyAnswer))
		b := setup(t, api, func(c *quickbooks.Config) { c.ReadTries = 1 })
		b.tokens.script = []response{rotated(2), invalidGrant()}
		b.store.token.AccessExpires = time.Now()
		b.store.fail = 4
		_, err := b.client.CompanyInfo(t.Context())
		require.Error(t, err)
		require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err))
		require.Empty(t, api.requests())

		_, err = b.client.CompanyInfo(t.Context())
		require.NoError(t, err)
		require.Len(t, b.tokens.requests(), 1, "the exchanged token is stored now, not exchanged again")
		require.Equal(t, "planted-refresh-2", b.store.stored().RefreshToken.Reveal())
	})
}

// One that waited so long for the store that its access part ran out is stored
// all the same, and then renewed.
func TestSession_StoreFailsForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{rotated(2), rotated(3)}
		b.store.token.AccessExpires = time.Now()
		b.store.fail = 4
		_, err := b.session.Token(t.Context())
		require.Error(t, err)
		time.Sleep(2 * time.Hour)
		got, err := b.session.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "planted-access-3", got.AccessToken.Reveal())
		require.Contains(t, b.tokens.requests()[1].body, "planted-refresh-2", "the newest refresh token was exchanged")
	})
}

func TestSession_Unauthorised(t *testing.T) {
	t.Parallel()
	item := func(t *testing.T) []quickbooks.BatchItem {
		t.Helper()
		return []quickbooks.BatchItem{bill(t, "b1")}
	}

	t.Run("RenewsOnceAndSendsTheSameAgain", func(t *testing.T) {
		t.Parallel()
		api := answers(unauthorised(), ok(`{"BatchItemResponse":[{"bId":"b1","Bill":{"Id":"9"}}]}`))
		b := setup(t, api)
		got, err := b.client.Batch(t.Context(), "acme-202611", item(t))
		require.NoError(t, err)
		require.NoError(t, got.Items[0].Err)
		seen := api.requests()
		require.Len(t, seen, 2)
		require.Equal(t, "Bearer "+firstAccess, seen[0].auth)
		require.Equal(t, "Bearer planted-access-2", seen[1].auth)
		require.Equal(t, seen[0].body, seen[1].body)
		require.Equal(t, seen[0].query, seen[1].query)
	})

	t.Run("NeedsAPersonTheSecondTime", func(t *testing.T) {
		t.Parallel()
		api := answers(unauthorised())
		_, err := setup(t, api).client.Batch(t.Context(), "acme", item(t))
		require.ErrorIs(t, err, quickbooks.ErrReauthorise)
		require.Len(t, api.requests(), 2)
	})

	t.Run("AStoredTokenThatIsDeadTooIsNoReasonToAskAPerson", func(t *testing.T) {
		t.Parallel()
		api := answers(unauthorised(), unauthorised(), ok(companyAnswer))
		b := setup(t, api)
		_, err := b.session.Token(t.Context())
		require.NoError(t, err)
		other := freshToken()
		other.AccessToken = "planted-access-other"
		require.NoError(t, b.store.Save(t.Context(), other))
		_, err = b.client.CompanyInfo(t.Context())
		require.NoError(t, err)
		seen := api.requests()
		require.Len(t, seen, 3)
		require.Equal(t, "Bearer planted-access-other", seen[1].auth)
		require.Equal(t, "Bearer planted-access-2", seen[2].auth)

		api = answers(unauthorised())
		b = setup(t, api)
		_, err = b.session.Token(t.Context())
		require.NoError(t, err)
		require.NoError(t, b.store.Save(t.Context(), other))
		_, err = b.client.CompanyInfo(t.Context())
		require.ErrorIs(t, err, quickbooks.ErrReauthorise, "one from Intuit itself that is refused is")
		require.Len(t, api.requests(), 3)
	})

	t.Run("ManyAtOnceShareOneRenewal", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			late := unauthorised()
			late.take = time.Second
			api := answers(late, late, late, late, late, ok(companyAnswer))
			b := setup(t, api)
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					_, err := b.client.CompanyInfo(t.Context())
					require.NoError(t, err)
				})
			}
			all.Wait()
			require.Len(t, b.tokens.requests(), 1)
		})
	})

	t.Run("AUserWithoutRightsIsNotHelpedByANewToken", func(t *testing.T) {
		t.Parallel()
		api := answers(response{status: 401, body: faultBody("120", "")})
		b := setup(t, api)
		_, err := b.client.Batch(t.Context(), "acme", item(t))
		require.Equal(t, quickbooks.Person, quickbooks.DecisionOf(err))
		require.Empty(t, b.tokens.requests())
	})

	t.Run("ALostSecondAnswerIsUnknown", func(t *testing.T) {
		t.Parallel()
		api := answers(unauthorised(), response{status: 504})
		_, err := setup(t, api).client.Batch(t.Context(), "acme", item(t))
		require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(err))
	})
}

func TestSession_AdoptRefusesAnotherCompany(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(ok(companyAnswer)))
	other := freshToken()
	other.RealmID = "999"
	require.ErrorContains(t, b.session.Adopt(t.Context(), other), "999")
	require.Zero(t, b.store.saves)
}

func TestSession_Disconnect(t *testing.T) {
	t.Parallel()

	t.Run("RevokesAndForgets", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{ok("")}
		require.NoError(t, b.session.Disconnect(t.Context()))
		require.Contains(t, b.tokens.requests()[0].body, firstGrant)
		require.True(t, strings.HasPrefix(b.tokens.requests()[0].auth, "Basic "))
		require.False(t, b.store.stored().Connected())
		_, err := b.client.CompanyInfo(t.Context())
		require.ErrorIs(t, err, quickbooks.ErrReauthorise)
		require.NoError(t, b.session.Disconnect(t.Context()), "twice is no error")
	})

	t.Run("ForgetsEvenIfIntuitCannotBeReached", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(companyAnswer)))
		b.tokens.script = []response{{status: 503}}
		require.Error(t, b.session.Disconnect(t.Context()))
		require.False(t, b.store.stored().Connected())
	})

	t.Run("IsNoErrorWhenIntuitEndedItBefore", func(t *testing.T) {
		t.Parallel()
		for name, answer := range map[string]response{
			"InWords": invalidGrant(), "WithoutAWord": {status: 400}, "Otherwise": {status: 400, body: `{"error":"invalid_request"}`},
		} {
			b := setup(t, answers(ok(companyAnswer)))
			b.tokens.script = []response{answer}
			require.NoError(t, b.session.Disconnect(t.Context()), name)
			require.False(t, b.store.stored().Connected(), name)
		}
	})

	t.Run("SaysWhenTheAppItselfIsRefused", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{400, 401} {
			b := setup(t, answers(ok(companyAnswer)))
			b.tokens.script = []response{{status: status, body: `{"error":"invalid_client"}`}}
			err := b.session.Disconnect(t.Context())
			require.Equal(t, quickbooks.Person, quickbooks.DecisionOf(err), "the connection may still be there")
			require.False(t, b.store.stored().Connected())
		}
	})
}
