package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// TestMemory posts and reads back more and more bills, in virtual time and against
// the documented throttles, between a store and a company that keep a bit of each:
// what the heap holds then is the loader's. It is not parallel, because the heap is
// everybody's.
//
//nolint:paralleltest // see above
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		marks := memoryMarks(measuring())
		bills := marks[len(marks)-1] + 2000 // so that the last look is in the middle of posting, too
		heap := map[int]uint64{}
		s := &shelves{Memory: storetest.NewMemory(), history: newHistory(nil), open: map[string]schema.Posting{}, posted: make([]bool, bills), read: make([]bool, bills)}
		s.reached = func(posted int) {
			for _, mark := range marks {
				if posted == mark {
					var m runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&m)
					heap[mark] = m.HeapAlloc
				}
			}
		}
		require.NoError(t, s.RecordBooks(t.Context(), schema.Books{
			Company: company, Realm: "1", Country: "US", HomeCurrency: "USD", ReadAt: time.Now(),
		}))
		log := slog.New(slog.DiscardHandler)
		loader := load.New(s, companyOf(t, s.history, log), load.Config{Company: company, Now: time.Now}, log, nil)

		result, err := loader.RunOnce(t.Context())

		require.NoError(t, err)
		require.Equal(t, bills, result.Bills.Posted)
		require.Equal(t, bills, result.Exact)
		first, last := heap[marks[0]], heap[marks[len(marks)-1]]
		require.Less(t, last, first+2<<20, "%v", heap)
		said := make([]string, len(marks))
		for i, mark := range marks {
			said[i] = fmt.Sprintf("%.1f MiB after %s", float64(heap[mark])/(1<<20), figures.Number(mark))
		}
		t.Attr("measured", strings.Join(said, ", "))
		t.Attr("share", ratio(float64(last), float64(first)))
	})
}

// measuring reports whether the benchmark asks, which has the patience for more.
func measuring() bool { return os.Getenv(measuringVariable) != "" }

// shelves are a store of bills of which it keeps next to nothing: what a bill says
// follows from its number, and what became of it is two bits.
type shelves struct {
	*storetest.Memory
	history history
	reached func(posted int)

	mu           sync.Mutex
	open         map[string]schema.Posting
	posted, read []bool
	count        int
	due, unread  int // all before them are posted, or read back
}

func (s *shelves) DueBills(_ context.Context, _ schema.CompanyID, _ time.Time, limit int) ([]schema.Draft, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []schema.Draft
	for s.due < len(s.posted) && s.posted[s.due] {
		s.due++
	}
	for n := s.due; n < len(s.posted) && len(found) < limit; n++ {
		if i := s.history.invoice(n); !s.posted[n] && s.open[string(i.ID)].State == "" {
			found = append(found, s.history.draft(i, n))
		}
	}
	return found, nil
}

func (s *shelves) OpenPostings(context.Context, schema.CompanyID, schema.PostingKind) ([]schema.Posting, error) {
	return nil, nil // nothing is lost here
}

func (s *shelves) LatestPostings(
	_ context.Context, _ schema.CompanyID, _ schema.PostingKind, subjects []string,
) (map[string]schema.Posting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]schema.Posting{}
	for _, subject := range subjects {
		if p, ok := s.open[subject]; ok {
			found[subject] = p
		}
	}
	return found, nil
}

func (s *shelves) RecordPostings(_ context.Context, postings []schema.Posting) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range postings {
		n, err := numberOf(p.Subject)
		switch {
		case err != nil:
			return err
		case p.State == schema.PostingNamed:
			s.open[p.Subject] = p
		case p.State != schema.PostingPosted || s.posted[n]:
			return fmt.Errorf("invoice %s: %s %+v", p.Subject, p.State, p.Fault)
		default:
			delete(s.open, p.Subject)
			s.posted[n] = true
			s.count++
			s.reached(s.count)
		}
	}
	return nil
}

func (s *shelves) Unverified(_ context.Context, _ schema.CompanyID, limit int) ([]schema.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []schema.Position
	for s.unread < len(s.read) && s.read[s.unread] {
		s.unread++
	}
	for n := s.unread; n < len(s.read) && len(found) < limit; n++ {
		if s.posted[n] && !s.read[n] {
			d := s.history.draft(s.history.invoice(n), n)
			found = append(found, schema.Position{Draft: d, Posting: schema.Posting{
				Company: company, Kind: schema.PostBill, Subject: string(d.Invoice), Draft: d.ID, State: schema.PostingPosted,
				Document: schema.DocumentID(d.Invoice),
			}})
		}
	}
	return found, nil
}

func (s *shelves) RecordVerifications(_ context.Context, verifications []schema.Verification) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range verifications {
		n, err := numberOf(string(v.Document))
		if err != nil {
			return err
		}
		s.read[n] = true
	}
	return nil
}

func (s *shelves) RecordBookBills(context.Context, []schema.BookBill) error { return nil }

// numberOf is the place of an invoice in its history.
func numberOf(id string) (int, error) {
	n, err := strconv.Atoi(id)
	return n - 1_000_000, err
}

// companyOf is a company of which nothing is kept: a bill has the id of its invoice,
// and is told again from that.
func companyOf(t *testing.T, h history, log *slog.Logger) *quickbooks.Client {
	t.Helper()
	const address = "https://books.example"
	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		APIURL: address, AuthorizeURL: address + "/a", TokenURL: address + "/t", RevokeURL: address + "/r",
		ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}, &http.Client{Transport: forgetful{h}}, time.Now, quickbooks.NewMetrics(nil))
	require.NoError(t, err)
	never := time.Now().AddDate(1, 0, 0)
	kept := &tokens{token: quickbooks.Token{
		RealmID: "1", AccessToken: "access", RefreshToken: "refresh", AccessExpires: never, RefreshExpires: never,
	}}
	return quickbooks.NewClient(quickbooks.NewSession(oauth, kept, kept, "1", log), log, nil)
}

type forgetful struct{ history history }

func (f forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	var answer any
	var err error
	switch {
	case strings.HasSuffix(r.URL.Path, "/batch"):
		time.Sleep(answersTake)
		answer, err = f.batch(r)
	case strings.HasSuffix(r.URL.Path, "/query"):
		var text []byte
		if text, err = io.ReadAll(r.Body); err == nil {
			answer, err = f.query(string(text))
		}
	default:
		err = fmt.Errorf("%s is not played", r.URL)
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answer)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(string(text))), ContentLength: int64(len(text)),
	}, err
}

// batch creates bills, and refuses what QuickBooks would.
func (f forgetful) batch(r *http.Request) (any, error) {
	type item struct {
		BID       string          `json:"bId"`
		Operation string          `json:"operation,omitempty"`
		Bill      quickbooks.Bill `json:"Bill"`
	}
	var request struct{ BatchItemRequest []item }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, err
	}
	items := request.BatchItemRequest
	if id := r.URL.Query().Get("requestid"); id == "" || len(id) > 36 || len(items) > 30 {
		return nil, fmt.Errorf("request %q of %d items", id, len(items))
	}
	for n := range items {
		if items[n].Operation != "create" || items[n].BID == "" || len(items[n].BID) > 10 {
			return nil, fmt.Errorf("item %q: %s", items[n].BID, items[n].Operation)
		}
		items[n].Operation = ""
		items[n].Bill.ID = strings.TrimPrefix(items[n].Bill.DocNumber, "INV-0")
		items[n].Bill.SyncToken = "0"
	}
	return map[string]any{"BatchItemResponse": items, "time": "2026-08-31T12:00:00.000-07:00"}, nil
}

// query answers bills by their ids.
func (f forgetful) query(text string) (any, error) {
	var bills []quickbooks.Bill
	for _, id := range regexp.MustCompile(`'(\d+)'`).FindAllStringSubmatch(text, -1) {
		n, err := numberOf(id[1])
		if err != nil {
			return nil, err
		}
		d := f.history.draft(f.history.invoice(n), n)
		bill := quickbooks.Bill{
			ID: id[1], SyncToken: "0", VendorRef: quickbooks.Ref{Value: string(d.Vendor)}, DocNumber: d.DocNumber,
			TxnDate: d.TxnDate.String(), DueDate: d.DueDate.String(), APAccountRef: quickbooks.Ref{Value: string(d.Payable)},
			TotalAmt: quickbooks.FromMinor(d.Total.Minor(), 2), Balance: quickbooks.FromMinor(d.Total.Minor(), 2),
		}
		for _, line := range d.Lines {
			bill.Line = append(bill.Line, quickbooks.BillLine{
				Amount: quickbooks.FromMinor(line.Amount.Minor(), 2), DetailType: quickbooks.AccountLine,
				Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: string(line.Account)}},
			})
		}
		bills = append(bills, bill)
	}
	return map[string]any{
		"QueryResponse": map[string]any{"Bill": bills, "startPosition": 1, "maxResults": len(bills)}, "time": "2026-08-31T12:00:00.000-07:00",
	}, nil
}
