package load_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/schema"
)

// mistake is one that the sequences must be able to find. It is made between the
// loader and the world, as if the loader had made it.
type mistake string

const (
	noMistake           mistake = ""
	sendsUnderNewNames  mistake = "EachRequestHasANewName"
	findsNothing        mistake = "NothingIsFoundByALookUp"
	namesAreNotStored   mistake = "NamesAreNotStored"
	answersAreNotStored mistake = "AnswersOfRequestsAreNotStored"
	editsAreLost        mistake = "ChangesOfABookkeeperAreNotRecorded"
	deletionsAreLost    mistake = "DeletionsAreTakenForExact"
	centsAreLost        mistake = "ACentIsLostOnTheWire"
	sendsTwice          mistake = "ARequestWithoutAnswerIsSentAgainAsAnother"
)

func mistakes() []mistake {
	return []mistake{
		sendsUnderNewNames, findsNothing, namesAreNotStored, answersAreNotStored, editsAreLost, deletionsAreLost, centsAreLost,
		sendsTwice,
	}
}

func (m mistake) onTheWire(w http.RoundTripper) http.RoundTripper {
	return &badWire{RoundTripper: w, mistake: m}
}

type badWire struct {
	http.RoundTripper
	mistake mistake
	sent    atomic.Int64
}

func (w *badWire) RoundTrip(r *http.Request) (*http.Response, error) {
	asks := func(what string) bool { return strings.HasSuffix(r.URL.Path, what) }
	if w.mistake == findsNothing && asks("/query") && strings.Contains(r.URL.RawQuery, "DocNumber") {
		return nothing(r, `{"QueryResponse":{},"time":"2000-01-01T00:00:00-08:00"}`), nil
	}
	if w.mistake == findsNothing && asks("/cdc") {
		return nothing(r, `{"CDCResponse":[{"QueryResponse":[{}]}],"time":"2000-01-01T00:00:00-08:00"}`), nil
	}
	if !asks("/batch") {
		return w.RoundTripper.RoundTrip(r)
	}
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	switch w.mistake {
	case sendsUnderNewNames:
		w.rename(r)
	case centsAreLost:
		r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("19.99"), []byte("19.98"), 1)))
	case sendsTwice:
		if answer, err := w.RoundTripper.RoundTrip(r); err == nil {
			return answer, nil
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.rename(r)
	default: // the others are made elsewhere
	}
	return w.RoundTripper.RoundTrip(r)
}

func nothing(r *http.Request, text string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
	}
}

func (w *badWire) rename(r *http.Request) {
	query := r.URL.Query()
	query.Set("requestid", fmt.Sprintf("new%d%p", w.sent.Add(1), w))
	r.URL.RawQuery = query.Encode()
}

func (m mistake) inTheStore(s load.Store) load.Store {
	if m == noMistake {
		return s
	}
	return badStore{s, m}
}

type badStore struct {
	load.Store
	mistake mistake
}

func (s badStore) RecordPostings(ctx context.Context, postings []schema.Posting) error {
	kept := slices.DeleteFunc(slices.Clone(postings), func(p schema.Posting) bool {
		named := p.State == schema.PostingNamed
		return p.Kind == schema.PostBill && (named && s.mistake == namesAreNotStored || !named && s.mistake == answersAreNotStored)
	})
	if len(kept) == 0 {
		return nil
	}
	return s.Store.RecordPostings(ctx, kept)
}

func (s badStore) RecordVerifications(ctx context.Context, verifications []schema.Verification) error {
	kept := slices.Clone(verifications)
	for n, v := range kept {
		if s.mistake == editsAreLost && v.Result == schema.VerifiedDivergent || s.mistake == deletionsAreLost && v.Result == schema.VerifiedMissing {
			kept[n].Result, kept[n].Differences = schema.VerifiedExact, nil
		}
	}
	return s.Store.RecordVerifications(ctx, kept)
}
