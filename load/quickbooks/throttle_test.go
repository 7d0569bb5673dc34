package quickbooks_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

// most returns the largest number of requests in any half-open window.
func most(seen []request, window time.Duration) int {
	best := 0
	for i := range seen {
		n := 0
		for j := i; j < len(seen) && seen[j].at.Sub(seen[i].at) < window; j++ {
			n++
		}
		best = max(best, n)
	}
	return best
}

func TestThrottle_Windows(t *testing.T) {
	t.Parallel()

	t.Run("ReadsStayWithinBothWindows", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(ok(companyAnswer))
			b := setup(t, api)
			var all sync.WaitGroup
			for range 1500 {
				all.Go(func() {
					_, err := b.client.CompanyInfo(t.Context())
					require.NoError(t, err)
				})
			}
			all.Wait()
			seen := api.requests()
			require.Len(t, seen, 1500)
			require.LessOrEqual(t, most(seen, time.Second), 10)
			require.LessOrEqual(t, most(seen, time.Minute), 500)
		})
	})

	t.Run("BatchesReachNearlyAllOfTheAllowedRate", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(ok(`{"BatchItemResponse":[]}`))
			b := setup(t, api)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
			defer cancel()
			item := []quickbooks.BatchItem{bill(t, "b1")}
			for ctx.Err() == nil {
				b.client.Batch(ctx, "acme", item)
			}
			seen := api.requests()
			require.LessOrEqual(t, most(seen, time.Minute), 40)
			require.GreaterOrEqual(t, len(seen), 30*40*95/100)
		})
	})

	t.Run("NeverMoreAtOnceThanAllowed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			slow := ok(companyAnswer)
			slow.take = 10 * time.Second
			api := answers(slow)
			b := setup(t, api, func(c *quickbooks.Config) { c.Limits.Concurrent = 3 })
			var all sync.WaitGroup
			for range 9 {
				all.Go(func() { b.client.CompanyInfo(t.Context()) })
			}
			all.Wait()
			require.LessOrEqual(t, most(api.requests(), 10*time.Second), 3)
		})
	})
}

func throttled() response { return response{status: 429, body: xmlThrottle} }

func TestThrottle_Pause(t *testing.T) {
	t.Parallel()

	t.Run("LeavesTheWholeCompanyAloneForAMinute", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(throttled(), ok(companyAnswer))
			b := setup(t, api)
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					_, err := b.client.CompanyInfo(t.Context())
					require.NoError(t, err)
				})
				synctest.Wait()
			}
			all.Wait()
			seen := api.requests()
			require.GreaterOrEqual(t, seen[1].at.Sub(seen[0].at), time.Minute)
			require.Len(t, seen, 6)
		})
	})

	t.Run("HonoursALongerWish", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			wish := throttled()
			wish.header = map[string]string{"Retry-After": "200"}
			api := answers(wish, ok(companyAnswer))
			_, err := setup(t, api).client.CompanyInfo(t.Context())
			require.NoError(t, err)
			require.GreaterOrEqual(t, api.requests()[1].at.Sub(api.requests()[0].at), 200*time.Second)
		})
	})

	t.Run("IgnoresAnAbsurdWish", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			wish := throttled()
			wish.header = map[string]string{"Retry-After": "999999999999"}
			api := answers(wish, ok(companyAnswer))
			_, err := setup(t, api).client.CompanyInfo(t.Context())
			require.NoError(t, err)
			require.LessOrEqual(t, api.requests()[1].at.Sub(api.requests()[0].at), 15*time.Minute)
		})
	})

	t.Run("SendsAThrottledWriteAgainAsItWas", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(throttled(), response{status: 403, body: faultBody("003001", "")},
				ok(`{"BatchItemResponse":[{"bId":"b1","Bill":{"Id":"9"}}]}`))
			got, err := setup(t, api).client.Batch(t.Context(), "acme-202611", []quickbooks.BatchItem{bill(t, "b1")})
			require.NoError(t, err)
			require.Equal(t, "9", got.Items[0].ID)
			seen := api.requests()
			require.Len(t, seen, 3)
			require.Equal(t, seen[0].body, seen[2].body)
			require.Equal(t, []string{"acme-202611"}, seen[2].query["requestid"])
		})
	})

	t.Run("BeginsWhenOneItemOfABatchIsThrottled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(ok(`{"BatchItemResponse":[{"bId":"b1","Fault":{"Error":[{"code":"003001"}]}}]}`), ok(companyAnswer))
			b := setup(t, api)
			got, err := b.client.Batch(t.Context(), "acme", []quickbooks.BatchItem{bill(t, "b1")})
			require.NoError(t, err)
			require.Equal(t, quickbooks.Wait, quickbooks.DecisionOf(got.Items[0].Err))
			_, err = b.client.CompanyInfo(t.Context())
			require.NoError(t, err)
			require.GreaterOrEqual(t, api.requests()[1].at.Sub(api.requests()[0].at), time.Minute)
		})
	})

	t.Run("ReturnsAWriteThatStaysThrottled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			_, err := setup(t, answers(throttled())).client.Batch(t.Context(), "acme", []quickbooks.BatchItem{bill(t, "b1")})
			require.NotErrorIs(t, err, quickbooks.ErrQuota)
			require.Equal(t, quickbooks.Wait, quickbooks.DecisionOf(err))
		})
	})

	t.Run("TakesLastingThrottlesOfReadsForAQuota", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(throttled(), throttled(), throttled(), throttled(), throttled(), ok(companyAnswer), throttled(), ok(companyAnswer))
			b := setup(t, api)
			began := time.Now()
			_, err := b.client.CompanyInfo(t.Context())
			require.ErrorIs(t, err, quickbooks.ErrQuota)
			require.Equal(t, quickbooks.Person, quickbooks.DecisionOf(err))
			require.GreaterOrEqual(t, time.Since(began), 3*time.Minute)
			require.Len(t, api.requests(), 4)
			require.True(t, b.client.QuotaBlocked())

			_, err = b.client.CompanyInfo(t.Context())
			require.ErrorIs(t, err, quickbooks.ErrQuota)
			require.Len(t, api.requests(), 5, "a known block costs one try")

			_, err = b.client.CompanyInfo(t.Context())
			require.NoError(t, err)
			require.False(t, b.client.QuotaBlocked())
			_, err = b.client.CompanyInfo(t.Context())
			require.NoError(t, err, "and then throttles are waited out again")
		})
	})
}
