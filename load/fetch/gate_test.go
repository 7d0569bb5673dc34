// What the system is told just before it connects is not reachable from outside.
package fetch

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGate_Control(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ everybody, vouched bool }{
		"93.184.215.14:443":       {true, true},
		"[2606:4700::1111]:443":   {true, true},
		"127.0.0.1:443":           {false, true},
		"[::1]:443":               {false, true},
		"10.1.2.3:80":             {false, true},
		"[fd12::1]:80":            {false, true},
		"100.64.1.1:80":           {false, true},
		"[::ffff:10.0.0.1]:80":    {false, true},
		"169.254.169.254:80":      {false, false},
		"[fe80::1]:80":            {false, false},
		"[fe80::1%eth0]:80":       {false, false},
		"[fd00:ec2::254]:80":      {false, false},
		"100.100.100.200:80":      {false, false},
		"0.0.0.0:80":              {false, false},
		"[::]:80":                 {false, false},
		"224.0.0.1:80":            {false, false},
		"[64:ff9b::a9fe:a9fe]:80": {false, false},
		"/var/run/docker.sock":    {false, false},
		"localhost:80":            {false, false},
	}
	for address, want := range cases {
		require.Equal(t, want.everybody, newGate(false).control("tcp", address, nil) == nil, address)
		require.Equal(t, want.vouched, newGate(true).control("tcp", address, nil) == nil, address)
	}
}
