package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tieout/tieout/schema"
)

// sayAgain is how long a refusal that goes on is not told again. Anybody can cause
// some of them at will, and a log that is full of them is read by nobody.
const sayAgain = 10 * time.Minute

// rejectedRate stands for a verified delivery above the company's rate.
const rejectedRate Rejection = "rate"

// next is what an operator does about a refusal.
func (r Rejection) next() string {
	switch r {
	case RejectedSignature:
		return "compare ontop.secrets with the sender's, then run `tieout deliveries test`"
	case RejectedMissing, RejectedRepeated, RejectedMalformed:
		return "compare ontop.signature and its headers with what the sender does; unless a stranger tries"
	case RejectedExpired, RejectedFuture:
		return "compare this machine's clock with the sender's; unless somebody sends what he overheard"
	case RejectedNoKey:
		return "add a secret that is believed now to ontop.secrets and send SIGHUP: every delivery is refused until then"
	case RejectedOrigin:
		return "compare ontop.origins and public.proxies with where the sender is; unless a stranger tries"
	case rejectedRate:
		return "raise ontop.rate_per_second, unless the sender repeats itself by mistake"
	}
	return "see the log at level debug"
}

// refusals tells which companies' requests are refused and why: at once, and then
// only now and then. What is refused may be lost, for not every sender tries again.
// It is safe for concurrent use.
type refusals struct {
	mu   sync.Mutex
	told map[refusedFor]*toldOf
}

type refusedFor struct {
	company schema.CompanyID
	cause   Rejection
}

// toldOf is when it was told last, and how many were refused since.
type toldOf struct {
	at    time.Time
	since int
}

func newRefusals() *refusals { return &refusals{told: make(map[refusedFor]*toldOf)} }

// due counts one refusal and returns how many there were since it was told last, or 0
// when it is not to be told now.
func (r *refusals) due(company schema.CompanyID, cause Rejection, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.told[refusedFor{company, cause}]
	if of == nil {
		of = &toldOf{at: now.Add(-sayAgain)}
		r.told[refusedFor{company, cause}] = of
	}
	of.since++
	if now.Sub(of.at) < sayAgain {
		return 0
	}
	n := of.since
	of.at, of.since = now, 0
	return n
}

// refused logs a refusal of a company's request, if it is time to.
func (r *Receiver) refused(ctx context.Context, company schema.CompanyID, cause Rejection, now time.Time) {
	n := r.refusals.due(company, cause, now)
	if n == 0 {
		return
	}
	level := slog.LevelWarn
	if cause == RejectedNoKey {
		level = slog.LevelError
	}
	r.env.Log.LogAttrs(ctx, level, "requests for a company are refused", slog.String("company", string(company)),
		slog.String("cause", string(cause)), slog.Int("requests", n), slog.String("next", cause.next()))
}
