package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// receiver answers each request with what answer says: a status, or 0 for cutting
// the connection.
func receiver(t *testing.T, answer func(n int64) int) (sender, *atomic.Int64) {
	t.Helper()
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		code := answer(got.Add(1))
		if code == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	return sender{address: strings.TrimPrefix(server.URL, "http://"), requests: requests([]byte("key")), connections: 4}, &got
}

func TestSender_Closed(t *testing.T) {
	t.Parallel()
	t.Run("EntersEveryAnswerInTheLedger", func(t *testing.T) {
		t.Parallel()
		s, got := receiver(t, func(n int64) int {
			if n%5 == 0 {
				return 503
			}
			return 202
		})
		done, err := s.closed(t.Context(), 50*time.Millisecond)
		require.NoError(t, err)
		require.NoError(t, done.check("the receiver", got.Load()))
		require.Equal(t, got.Load(), done.sent)
		require.Equal(t, got.Load()/5, done.refused)
		require.Len(t, done.times, int(done.sent))
		require.Error(t, done.clean())
		require.Positive(t, done.rate())
	})
	t.Run("CountsWhatIsCutOff", func(t *testing.T) {
		t.Parallel()
		s, got := receiver(t, func(n int64) int {
			if n > 40 {
				return 0
			}
			return 202
		})
		done, err := s.closed(t.Context(), time.Minute)
		require.NoError(t, err)
		require.EqualValues(t, 40, done.acked)
		require.EqualValues(t, 4, done.cut, "each connection ends with the first")
		require.NoError(t, done.check("the receiver", got.Load()))
		require.ErrorIs(t, done.check("the receiver", 39), errVoid)
	})
	t.Run("SaysWhyNothingWasAnswered", func(t *testing.T) {
		t.Parallel()
		s, _ := receiver(t, func(int64) int { return 0 })
		_, err := s.closed(t.Context(), time.Minute)
		require.ErrorContains(t, err, "EOF")
	})
}

func TestSender_Open(t *testing.T) {
	t.Parallel()
	t.Run("SendsAtTheRateWhateverTheAnswersTake", func(t *testing.T) {
		t.Parallel()
		s, got := receiver(t, func(int64) int { return 202 })
		done, err := s.open(t.Context(), 1000, 500*time.Millisecond)
		require.NoError(t, err)
		require.InDelta(t, 500, got.Load(), 100)
		require.Equal(t, got.Load(), done.acked)
		require.GreaterOrEqual(t, done.took, 400*time.Millisecond)
	})
	t.Run("CountsTheWaitBeforeSending", func(t *testing.T) {
		t.Parallel()
		const pause = 200 * time.Millisecond
		s, _ := receiver(t, func(n int64) int {
			if n == 1 {
				<-time.After(pause)
			}
			return 202
		})
		s.connections = 1
		done, err := s.open(t.Context(), 1000, 100*time.Millisecond)
		require.NoError(t, err)
		// All others were meant to be sent while the first was not answered.
		require.Greater(t, tailOf(done.times).p50, pause/4)
	})
}
