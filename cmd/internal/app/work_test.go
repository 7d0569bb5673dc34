package app_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
)

func TestWork(t *testing.T) {
	t.Parallel()

	t.Run("RestsForAsLongAsACycleTook", func(t *testing.T) {
		t.Parallel()
		for takes, rests := range map[time.Duration]time.Duration{
			10 * time.Millisecond: 10 * time.Millisecond, 7 * time.Second: 7 * time.Second, 5 * time.Minute: 30 * time.Second,
		} {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var began []time.Time
				wake := app.Work(ctx, func(context.Context) {
					began = append(began, time.Now())
					time.Sleep(takes)
				})
				for range 10_000 { // a stream
					wake()
					time.Sleep(takes / 1000)
				}
				stop()
				time.Sleep(takes) // a cycle that was begun is ended
				synctest.Wait()
				require.GreaterOrEqual(t, len(began), 5)
				for n := range began[1:] {
					require.InDelta(t, takes+rests, began[n+1].Sub(began[n]), float64(takes/500))
				}
			})
		}
	})

	t.Run("BeginsAtOnceAfterAQuietTime", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			var began []time.Time
			wake := app.Work(ctx, func(context.Context) {
				began = append(began, time.Now())
				time.Sleep(10 * time.Second)
			})
			time.Sleep(time.Minute)
			woken := time.Now()
			wake()
			synctest.Wait()
			require.Equal(t, woken, began[1], "the first is what the last process left")
			stop()
			time.Sleep(10 * time.Second) // a cycle that was begun is ended
			synctest.Wait()
			require.Len(t, began, 2)
		})
	})
}
