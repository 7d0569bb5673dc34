package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// A company shuts us out between two batches. What was posted before stays posted,
// what was not says why and what to do, and goes on by itself once we are let in
// again: nobody releases anything.
func TestShutOut(t *testing.T) {
	t.Parallel()
	refuse := func(code string, writesOnly bool) (shut, open func(*desk)) {
		set := func(code string) func(*desk) {
			return func(d *desk) { require.NoError(d.t, d.books.Refuse("", code, writesOnly)) }
		}
		return set(code), set("")
	}
	lostAdmin, admin := refuse("120", false)
	lapsed, paid := refuse("6190", true)
	for name, c := range map[string]struct {
		shut, open func(*desk)
		err        error
		says       []string
	}{
		"TheConnectionIsRevoked": {
			shut: func(d *desk) { d.books.Disconnect(quickbookstest.DefaultRealm) }, open: (*desk).connect,
			err: load.ErrReauthorise, says: []string{"QuickBooks ended our connection to this company", "Connect the company again", "tried again by itself"},
		},
		"TheUserLostAdminRights": {
			shut: lostAdmin, open: admin, err: load.ErrBlocked, says: []string{"120", "no longer has access", "Ask a current administrator", "tried again by itself"},
		},
		"TheSubscriptionLapsed": {
			shut: lapsed, open: paid, err: load.ErrBlocked, says: []string{"6190", "Settle the subscription in QuickBooks", "tried again by itself"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, nil)
				for n := range 6 {
					d.hires(n, fmt.Sprintf("Worker %d", n), "USD")
					d.bills(n)
				}
				require.NoError(t, d.work())
				for n := range 6 {
					d.bills(n)
				}
				batches := 0
				d.asked = func(r *http.Request) {
					if strings.HasSuffix(r.URL.Path, "/batch") {
						if batches++; batches == 2 {
							c.shut(d)
						}
					}
				}

				err := d.work()

				require.ErrorIs(t, err, c.err)
				d.asked = func(*http.Request) {}
				declined := 0
				for _, i := range d.report().Items {
					if i.State == schema.StateDeclined {
						declined++
						read := i.Cause + " → " + i.NextAction
						t.Log(read)
						for _, text := range c.says {
							require.Contains(t, read, text)
						}
					}
				}
				require.Positive(t, declined)
				require.Equal(t, 8, d.books.Count("", "Bill"), "the first batch was through")

				c.open(d)
				require.NoError(t, d.work())
				d.requireOthersMatch()
				require.True(t, d.report().Tied)
			})
		})
	}
}
