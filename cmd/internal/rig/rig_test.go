package rig_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/rig"
)

// newRig sets up a rig whose program is a shell script.
func newRig(t *testing.T, script string) *rig.Rig {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tieout")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	r, err := rig.New(t.Context(), rig.Config{Program: program, Dir: t.TempDir(), ClientID: "999"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func TestRig_ConfigurationIsRight(t *testing.T) {
	t.Parallel()
	r := newRig(t, "true")
	cfg, err := config.Load(r.ConfigFile(), config.Source{})
	require.NoError(t, err)
	require.Len(t, cfg.Companies, 1)
	require.Equal(t, rig.Company, cfg.Companies[0].ID)
	require.Equal(t, r.Secret, cfg.Companies[0].Ontop.Secrets[0].Reveal())
	require.Equal(t, r.Public, "http://"+cfg.Public.Listen)
	require.Equal(t, r.Private, cfg.Private.URL)
	require.Equal(t, filepath.Dir(r.ConfigFile()), filepath.Dir(cfg.KeyFile), "everything is below its folder")
}

func TestRig_SwitchesOnWhatElseThereIs(t *testing.T) {
	t.Parallel()
	files, err := rig.FreePort(t.Context())
	require.NoError(t, err)
	r, err := rig.New(t.Context(), rig.Config{Program: "true", Dir: t.TempDir(), ClientID: "999", Files: files, Money: true})
	require.NoError(t, err)
	cfg, err := config.Load(r.ConfigFile(), config.Source{})
	require.NoError(t, err)
	policy := cfg.Companies[0].Policy
	require.Equal(t, "credit", policy.NegativeTotal, "beside what is usual")
	require.True(t, policy.AttachPDF && policy.RecordPayments && policy.RecordTopUps)
	require.Equal(t, []string{"http://" + files}, policy.FileHosts)
	require.NotEqual(t, policy.PaymentAccount, policy.TopUpAccount)

	get := func() error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+files+"/invoices/1.pdf", nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		require.Equal(t, "application/pdf", answer.Header.Get("Content-Type"))
		return answer.Body.Close()
	}
	require.NoError(t, get())
	require.NoError(t, r.Close())
	require.Error(t, get(), "what was started is ended")
}

func TestRig_QuickBooksGoesAndComesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, "true")
	cfg, err := config.Load(r.ConfigFile(), config.Source{})
	require.NoError(t, err)
	answers := func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, cfg.Companies[0].QuickBooks.APIURL+"/_sim/stats", nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil
	}
	require.True(t, answers())
	require.NoError(t, r.Away())
	require.False(t, answers())
	require.NoError(t, r.Away(), "twice is once")
	require.NoError(t, r.Back(t.Context()))
	require.NoError(t, r.Back(t.Context()))
	require.True(t, answers())
}

func TestRig_Run(t *testing.T) {
	t.Parallel()
	r := newRig(t, `echo "$1"; echo complaint >&2; exit "$2"`)
	for code, complains := range map[int]bool{0: false, 1: true, 2: true, 3: false} {
		out, got, err := r.Run(t.Context(), "said", strconv.Itoa(code))
		require.Equal(t, "said\n", string(out))
		require.Equal(t, code, got)
		if complains {
			require.ErrorContains(t, err, "complaint")
		} else {
			require.NoError(t, err)
		}
	}
}

func TestProcess(t *testing.T) {
	t.Parallel()

	t.Run("SaysThatItEndedTooEarly", func(t *testing.T) {
		t.Parallel()
		_, err := newRig(t, "exit 1").Serve(t.Context())
		require.ErrorContains(t, err, "tieout ended before it was ready: exit status 1")
	})

	t.Run("StopsWithItsExitCode", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, "trap 'exit 0' TERM; echo ready >\"$(dirname \"$3\")/ready\"; while :; do sleep 0.01; done")
		p, err := r.Launch(t.Context())
		require.NoError(t, err)
		ready := filepath.Join(filepath.Dir(r.ConfigFile()), "ready")
		require.Eventually(t, func() bool {
			_, err := os.Stat(ready)
			return err == nil
		}, 10*time.Second, 5*time.Millisecond)
		require.NoError(t, p.Stop(10*time.Second))
	})

	t.Run("IsKilledWhenItDoesNotStop", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, "trap '' TERM; echo ready >\"$(dirname \"$3\")/ready\"; while :; do sleep 0.01; done")
		p, err := r.Launch(t.Context())
		require.NoError(t, err)
		ready := filepath.Join(filepath.Dir(r.ConfigFile()), "ready")
		require.Eventually(t, func() bool {
			_, err := os.Stat(ready)
			return err == nil
		}, 10*time.Second, 5*time.Millisecond)
		require.ErrorContains(t, p.Stop(50*time.Millisecond), "did not stop within 50ms")
		require.NoError(t, p.Kill(), "what has ended can be killed again")
	})
}

func TestFreePort(t *testing.T) {
	t.Parallel()
	address, err := rig.FreePort(t.Context())
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	require.Less(t, n, 32_768, "below what systems give to outgoing connections")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}
