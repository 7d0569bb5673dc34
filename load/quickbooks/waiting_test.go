package quickbooks_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// Whoever waits can be stopped, wherever that is, and then nothing was sent.
func TestClient_WaitingCanBeStopped(t *testing.T) {
	t.Parallel()

	stopped := func(t *testing.T, b *bench, api *play) {
		t.Helper()
		before := len(api.requests())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := b.client.Batch(ctx, "r", []quickbooks.BatchItem{bill(t, "b1")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorAs(t, err, new(*quickbooks.NoAnswer))
		require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err))
		require.Len(t, api.requests(), before)
	}

	t.Run("ForTheLockOfTheToken", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(ok(companyAnswer))
			b := setup(t, api)
			b.store.token.AccessExpires = time.Now()
			unlock, err := b.lock.Lock(t.Context(), "somebody else")
			require.NoError(t, err)
			stopped(t, b, api)
			unlock()
		})
	})

	t.Run("ForAnotherGoroutineThatRenews", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(ok(companyAnswer))
			b := setup(t, api)
			b.store.token.AccessExpires = time.Now()
			slow := rotated(2)
			slow.take = 25 * time.Second
			b.tokens.script = []response{slow}
			var other sync.WaitGroup
			defer other.Wait()
			other.Go(func() { b.session.Token(t.Context()) })
			synctest.Wait()
			stopped(t, b, api)
		})
	})

	t.Run("ForTheEndOfAPause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(throttled(), ok(companyAnswer))
			b := setup(t, api)
			var other sync.WaitGroup
			defer other.Wait()
			other.Go(func() { b.client.CompanyInfo(t.Context()) })
			synctest.Wait()
			stopped(t, b, api)
		})
	})

	t.Run("ForAPlaceAmongThoseUnderWay", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			slow := ok(companyAnswer)
			slow.take = time.Minute
			api := answers(slow)
			b := setup(t, api, func(c *quickbooks.Config) { c.Limits.Concurrent = 1 })
			var other sync.WaitGroup
			defer other.Wait()
			other.Go(func() { b.client.CompanyInfo(t.Context()) })
			synctest.Wait()
			stopped(t, b, api)
		})
	})
}

// An exchange that has begun is finished and stored, even if whoever asked for it
// goes away: an answer that nobody stores would end the connection.
func TestSession_FinishesWhatItBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, answers(ok(companyAnswer)))
		b.store.token.AccessExpires = time.Now()
		slow := rotated(2)
		slow.take = 5 * time.Second
		b.tokens.script = []response{slow}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		b.session.Token(ctx)
		require.Equal(t, "planted-refresh-2", b.store.stored().RefreshToken.Reveal())
	})
}

// failingStore never answers.
type failingStore struct{}

var errStore = errors.New("store is away")

func (failingStore) Load(context.Context, string) (quickbooks.Token, error) {
	return quickbooks.Token{}, errStore
}

func (failingStore) Save(context.Context, quickbooks.Token) error { return errStore }

// failingLock never locks.
type failingLock struct{}

func (failingLock) Lock(context.Context, string) (func(), error) { return nil, errStore }

// A store or a lock that is away is trouble of ours: the connection stands.
func TestSession_StoreOrLockIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(ok(companyAnswer)))
	for _, session := range []*quickbooks.Session{
		quickbooks.NewSession(b.oauth, failingStore{}, newLock(), realm, b.logger()),
		quickbooks.NewSession(b.oauth, b.expired(), failingLock{}, realm, b.logger()),
	} {
		client := quickbooks.NewClient(session, b.logger(), nil)
		_, err := client.Batch(t.Context(), "r", []quickbooks.BatchItem{bill(t, "b1")})
		require.ErrorIs(t, err, errStore)
		require.NotErrorIs(t, err, quickbooks.ErrReauthorise)
		require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err))
		require.ErrorIs(t, session.Disconnect(t.Context()), errStore)
		require.Equal(t, realm, session.Realm())
	}
	require.Empty(t, b.tokens.requests())
}

// expired is the bench's store with an access token that ran out.
func (b *bench) expired() *memStore {
	old := freshToken()
	old.AccessExpires = time.Now().Add(-time.Hour)
	return &memStore{token: old}
}

func TestThrottle_RetryAfterAsADate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wish := throttled()
		wish.header = map[string]string{"Retry-After": time.Now().Add(3 * time.Minute).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}
		api := answers(wish, ok(companyAnswer))
		_, err := setup(t, api).client.CompanyInfo(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, api.requests()[1].at.Sub(api.requests()[0].at), 179*time.Second)
	})
}

func TestSimulator_ClassesAndDepartments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := connected(t, quickbookstest.Config{})
		classes, err := quickbooks.Collect(quickbooks.Query[quickbooks.Class](t.Context(), client, quickbooks.ActiveOrNot()))
		require.NoError(t, err)
		active := map[bool]int{}
		for _, class := range classes {
			active[class.IsActive()]++
		}
		require.Equal(t, map[bool]int{true: 2, false: 1}, active)
		departments, err := quickbooks.Collect(quickbooks.Query[quickbooks.Department](t.Context(), client))
		require.NoError(t, err)
		require.Len(t, departments, 2)
		require.True(t, departments[0].IsActive())
	})
}
