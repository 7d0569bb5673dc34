package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	t.Run("RunsEverythingByDefault", func(t *testing.T) {
		t.Parallel()
		o, err := parse(nil, &strings.Builder{})
		require.NoError(t, err)
		require.Len(t, o.names, len(parts()))
	})
	t.Run("RunsWhatIsNamed", func(t *testing.T) {
		t.Parallel()
		o, err := parse([]string{"-run", "load,cycle"}, &strings.Builder{})
		require.NoError(t, err)
		require.Equal(t, []string{"load", "cycle"}, o.names)
	})
	t.Run("RunsAllOfAGroup", func(t *testing.T) {
		t.Parallel()
		o, err := parse([]string{"-run", "intake,load"}, &strings.Builder{})
		require.NoError(t, err)
		require.Equal(t, []string{"intake/closed", "intake/open", "intake/away", "intake/drain", "intake/single", "load"}, o.names)
	})
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"ANameThatIsNone":       {[]string{"-run", "lunch"}, `there is no part "lunch"; there are intake/closed, intake/open`},
		"AnArgument":            {[]string{"load"}, `unexpected argument "load"`},
		"AProfileOfEverything":  {[]string{"-cpuprofile", "x"}, "need one part"},
		"EverythingInOneSingle": {[]string{"-single"}, "need one part"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(c.args, &strings.Builder{})
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestRun_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var out, complaints strings.Builder
	require.Equal(t, 2, run([]string{"-run", "lunch"}, &out, &complaints))
	require.Empty(t, out.String())
	require.Contains(t, complaints.String(), "bench: there is no part")
	require.Zero(t, run([]string{"-h"}, &out, &complaints))
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	found := attributes("=== RUN   TestThrottle\n=== ATTR  TestThrottle/1000BillsBy30 measured 34 batches in 8s\n" +
		"=== ATTR  TestThrottle/1000BillsBy30 share –\n    === ATTR  TestThrottle/1000BillsBy1 share 0.98\n=== ATTR  broken\nok\n")
	require.Equal(t, map[string]map[string]string{
		"1000BillsBy30": {"measured": "34 batches in 8s", "share": "–"}, "1000BillsBy1": {"share": "0.98"},
	}, found)
}
