package probe

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/tieout/tieout/load/quickbooks"
)

func throttleExperiments() []Experiment {
	tried := "Send 60 reads at once, which is six times what a second allows."
	return []Experiment{
		{
			Name: "throttle-status", Question: "With which status are requests throttled?", Documented: "429; 403 was seen once.",
			Tried: tried, ReliesOn: "Nothing: the code 3001 is recognised under any status.",
			Answers: []Answer{
				relied("status_429", "With 429."),
				relied("status_403", "With 403."),
				bearable("not_throttled", "60 reads at once were all answered. tieout keeps to the published limits all the same."),
			},
			costly: true, run: throttleStatus,
		},
		{
			Name: "throttle-retry-after", Question: "Does QuickBooks say how long to wait?",
			Documented: "60 seconds; a Retry-After header is not documented.",
			Tried:      tried, ReliesOn: "Nothing: tieout waits 60 seconds, or longer if it is told to.",
			Answers: []Answer{
				relied("no_header", "It does not."),
				relied("header", "It does, in Retry-After."),
			},
			costly: true, run: throttleRetryAfter,
		},
	}
}

// burst is what came of asking for too much.
type burst struct {
	status     int // of the first that was throttled; 0 for none
	throttled  int
	retryAfter bool
	evidence   Evidence
}

const burstSize = 60

// press sends too many reads at once, one time in a run.
func (l *lab) press(ctx context.Context) (*burst, error) {
	if l.burst != nil {
		l.evidence = append(l.evidence, l.burst.evidence)
		return l.burst, nil
	}
	type result struct {
		raw quickbooks.RawAnswer
		err error
	}
	results := make([]result, burstSize)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			raw, err := l.client.Raw(ctx, quickbooks.RawRequest{Method: http.MethodGet, Path: "preferences", Unthrottled: true})
			results[i] = result{raw, err}
		})
	}
	group.Wait()
	b := &burst{evidence: Evidence{Step: "send 60 reads at once"}}
	for _, r := range results {
		fault, ok := errors.AsType[*quickbooks.Fault](r.err)
		switch {
		case r.err == nil || ok && !fault.Throttled():
		case !ok:
			return nil, r.err
		default:
			b.throttled++
			b.retryAfter = b.retryAfter || r.raw.RetryAfter > 0
			if b.status == 0 {
				b.status = fault.HTTPStatus
				b.evidence.Status, b.evidence.Code, b.evidence.TID, b.evidence.Words = fault.HTTPStatus, fault.Code, fault.TID, words(fault)
			}
		}
	}
	l.burst = b
	l.evidence = append(l.evidence, b.evidence)
	l.remark("%d of %d were throttled", b.throttled, burstSize)
	l.burst.evidence = l.evidence[len(l.evidence)-1]
	return b, nil
}

func throttleStatus(ctx context.Context, l *lab) (string, error) {
	b, err := l.press(ctx)
	if err != nil {
		return "", err
	}
	switch b.status {
	case 0:
		return "not_throttled", nil
	case http.StatusTooManyRequests:
		return "status_429", nil
	case http.StatusForbidden:
		return "status_403", nil
	default:
		return "status_other", nil
	}
}

func throttleRetryAfter(ctx context.Context, l *lab) (string, error) {
	b, err := l.press(ctx)
	switch {
	case err != nil:
		return "", err
	case b.throttled == 0:
		return "", notTried{"60 reads at once were all answered."}
	case b.retryAfter:
		return "header", nil
	default:
		return "no_header", nil
	}
}
