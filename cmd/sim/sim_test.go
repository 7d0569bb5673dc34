package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

func call(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = execute(t.Context(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestExecute(t *testing.T) {
	t.Parallel()

	t.Run("ListsWhatItPretends", func(t *testing.T) {
		t.Parallel()
		code, out, _ := call(t, "--help")
		require.Zero(t, code)
		for _, name := range []string{"quickbooks", "ontop", "demo"} {
			require.Regexp(t, `(?m)^  `+name+` +\S`, out)
		}
	})

	t.Run("SaysWhatIsMissing", func(t *testing.T) {
		t.Parallel()
		code, _, errOut := call(t, "ontop")
		require.Equal(t, 1, code)
		require.Equal(t, "sim: --url and --secret are needed, or --print\n", errOut)
		_, _, errOut = call(t, "ontop", "--print", "--last", "August")
		require.Contains(t, errOut, "--last: ")
		_, _, errOut = call(t, "ontop", "--print", "--currencies", "USD,XX")
		require.Contains(t, errOut, "--currencies: ")
		_, _, errOut = call(t, "ontop", "--file", filepath.Join(t.TempDir(), "absent.ndjson"), "--print")
		require.Contains(t, errOut, "absent.ndjson")
	})
}

func TestOntop(t *testing.T) {
	t.Parallel()
	args := []string{"ontop", "--workers", "2", "--months", "1", "--last", "2026-08", "--clean", "--currencies", "USD"}

	t.Run("PrintsTheSameForTheSameSeed", func(t *testing.T) {
		t.Parallel()
		code, one, _ := call(t, append(args, "--print")...)
		require.Zero(t, code)
		_, two, _ := call(t, append(args, "--print")...)
		require.Equal(t, one, two)
		_, other, _ := call(t, append(args, "--print", "--seed", "2")...)
		require.NotEqual(t, one, other)
	})

	t.Run("ChangesWhatWasPostedByThen", func(t *testing.T) {
		t.Parallel()
		_, before, _ := call(t, append(args, "--print")...)
		_, all, _ := call(t, append(args, "--print", "--changes", "1")...)
		code, changes, _ := call(t, append(args, "--print", "--changes", "1", "--only-changes")...)
		require.Zero(t, code)
		require.Equal(t, len(ontopsim.Changes()), strings.Count(changes, "\n"))
		require.True(t, strings.HasSuffix(all, changes), "they come last")
		require.Greater(t, strings.Count(all, "\n"), strings.Count(before, "\n"))
		_, money, _ := call(t, append(args, "--print", "--money", "--files", "http://files.internal:8080")...)
		require.Contains(t, money, `"event_type":"PAYMENT"`)
		require.Contains(t, money, `"http://files.internal:8080/invoices/`)
	})

	t.Run("PostsAFileAndCountsTheAnswers", func(t *testing.T) {
		t.Parallel()
		_, bodies, _ := call(t, append(args, "--print")...)
		file := filepath.Join(t.TempDir(), "bodies.ndjson")
		require.NoError(t, os.WriteFile(file, []byte(bodies), 0o600))
		var got atomic.Int64
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if got.Add(1) == 1 {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		}))
		defer receiver.Close()
		secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		code, out, errOut := call(t, "ontop", "--url", receiver.URL, "--secret", secret, "--file", file)
		lines := strings.Count(bodies, "\n")
		require.EqualValues(t, lines, got.Load())
		require.Equal(t, 1, code)
		require.Contains(t, out, "1 refused")
		require.Contains(t, errOut, "were not accepted")
		require.NotContains(t, out+errOut, secret)

		code, out, _ = call(t, "ontop", "--url", receiver.URL, "--secret", secret, "--file", file)
		require.Zero(t, code)
		require.Contains(t, out, "answers with status 202")
	})
}

func TestQuickBooks_ServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"quickbooks", "--listen", "127.0.0.1:0", "--realm", "77", "--multicurrency"}, write, io.Discard)
		write.Close()
	}()
	said := make([]byte, 1<<10)
	n, err := read.Read(said)
	require.NoError(t, err)
	address := regexp.MustCompile(`api_url: (\S+)`).FindSubmatch(said[:n])
	require.Len(t, address, 2, "%s", said[:n])
	answer, err := http.Get(string(address[1]) + "/_sim/realms")
	require.NoError(t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Contains(t, string(text), `"77"`)
	stop()
	require.Zero(t, <-ended)
}

// The audit is what the demo's verdict rests on: it has to find what is wrong.
func TestAudit(t *testing.T) {
	t.Parallel()
	august := schema.NewDate(2026, 8, 31)
	setup := func(t *testing.T) (*audit, report, quickbookstest.Books) {
		t.Helper()
		a := newAudit(ontopsim.Expected{Invoices: []ontopsim.Invoice{
			{ID: "1", Currency: "USD", Total: schema.NewMoney(1000, "USD"), IssueDate: august},
			{ID: "2", Currency: "USD", Total: schema.NewMoney(500, "USD"), IssueDate: august},
		}})
		var r report
		require.NoError(t, json.Unmarshal([]byte(`{
			"equation": [{"currency": "USD", "received": "15.00", "verified": "10.00", "residual": "0.00"}],
			"states": {"matched": {"count": 1}, "held_currency": {"count": 1}},
			"items": [{"invoice_id": "1", "quickbooks_id": "7"}, {"invoice_id": "2"}]
		}`), &r))
		books := quickbookstest.Books{}
		raw := []byte(`{"Id":"7","DocNumber":"A","TotalAmt":10.00,"VendorRef":{"value":"1"},"CurrencyRef":{"value":"USD"}}`)
		books.Entities = map[string][]json.RawMessage{"Bill": {raw}}
		return a, r, books
	}

	t.Run("FindsNothingWhereAllIsRight", func(t *testing.T) {
		t.Parallel()
		a, r, books := setup(t)
		a.add(august.Period(), r, 3)
		a.books(books)
		require.Empty(t, a.findings)
		require.Equal(t, []int{1, 0, 1}, []int{a.inBooks, a.settled, a.open})
	})

	t.Run("CountsAVendorCreditBelowZero", func(t *testing.T) {
		t.Parallel()
		a, r, books := setup(t)
		a.expected.Invoices[1].Total = schema.NewMoney(-500, "USD")
		r.Equation[0]["received"], r.Equation[0]["verified"] = "5.00", "5.00"
		r.States = map[schema.State]struct{ Count int }{schema.StateMatched: {Count: 2}}
		books.Entities["VendorCredit"] = []json.RawMessage{bytes.ReplaceAll(books.Entities["Bill"][0], []byte(`10.00,"V`), []byte(`5.00,"V`))}
		books.Entities["VendorCredit"][0] = bytes.Replace(books.Entities["VendorCredit"][0], []byte(`"7","DocNumber":"A"`), []byte(`"8","DocNumber":"B"`), 1)
		r.Items[1].QuickBooksID = "8"
		r.Tied = true
		a.add(august.Period(), r, 0)
		a.books(books)
		require.Empty(t, a.findings)
	})

	for name, c := range map[string]struct {
		spoil func(*report, *quickbookstest.Books)
		code  int
		finds string
	}{
		"TheWrongExitCode":       {func(*report, *quickbookstest.Books) {}, 0, "exit code 0"},
		"AnInvoiceTooFew":        {func(r *report, _ *quickbookstest.Books) { r.Items = r.Items[:1] }, 3, "1 invoices in the report, 2 were sent"},
		"AnotherSum":             {func(r *report, _ *quickbookstest.Books) { r.Equation[0]["received"] = "14.99" }, 3, "received 14.99 USD, sent were 15.00"},
		"AResidual":              {func(r *report, _ *quickbookstest.Books) { r.Equation[0]["residual"] = "0.01" }, 3, "residual 0.01 USD"},
		"ACurrencyThatIsMissing": {func(r *report, _ *quickbookstest.Books) { r.Equation = nil }, 3, "15.00 sent and not reported"},
		"SomethingUnderWay": {func(r *report, _ *quickbookstest.Books) {
			r.States[schema.StateUncertain] = struct{ Count int }{Count: 1}
		}, 3, "still outcome_uncertain"},
		"ABillTwice": {func(_ *report, b *quickbookstest.Books) {
			b.Entities["Bill"] = append(b.Entities["Bill"], b.Entities["Bill"][0])
		}, 3, "bill A is there twice"},
		"ABillThatIsMissing": {func(_ *report, b *quickbookstest.Books) { b.Entities["Bill"] = nil }, 3, "QuickBooks holds 0 bills and vendor credits, reported are 1"},
		"ABillOfNobody":      {func(r *report, _ *quickbookstest.Books) { r.Items[0].QuickBooksID = "9" }, 3, "invoice 1: QuickBooks has no document 9"},
		"AFileOfNobody": {func(_ *report, b *quickbookstest.Books) {
			b.Entities["Attachable"] = []json.RawMessage{[]byte(`{"AttachableRef":[{"EntityRef":{"value":"7"}}]}`)}
		}, 3, "document 7 has 1 files of no invoice"},
		"APaymentThatNobodyMade": {func(_ *report, b *quickbookstest.Books) {
			b.Entities["BillPayment"] = []json.RawMessage{payment("7", "10.00")}
		}, 3, "bill 7: paid, and its invoice is not"},
		"ATransferOfNothing": {func(_ *report, b *quickbookstest.Books) {
			b.Entities["Transfer"] = []json.RawMessage{[]byte(`{}`)}
		}, 3, "QuickBooks holds 1 transfers, of 0 top-ups"},
		"ACentInTheBooks": {func(_ *report, b *quickbookstest.Books) {
			b.Entities["Bill"][0] = bytes.Replace(b.Entities["Bill"][0], []byte("10.00"), []byte("10.01"), 1)
		}, 3, "QuickBooks holds 10.01 USD, reported are 10.00"},
	} {
		t.Run("Finds"+name, func(t *testing.T) {
			t.Parallel()
			a, r, books := setup(t)
			c.spoil(&r, &books)
			a.add(august.Period(), r, c.code)
			a.books(books)
			require.Contains(t, strings.Join(a.findings, "\n"), c.finds)
		})
	}
}

func TestBlock(t *testing.T) {
	t.Parallel()
	page := "880001  one\n    more\n\n880012  two\n    words\n"
	require.Equal(t, "        880012  two\n            words\n", block(page, "880012"))
	require.Empty(t, block(page, "88001"))
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	require.Empty(t, periods(ontopsim.Expected{}))
	got := periods(ontopsim.Expected{Invoices: []ontopsim.Invoice{
		{IssueDate: schema.NewDate(2027, 1, 5)}, {IssueDate: schema.NewDate(2026, 11, 30)},
	}})
	var names []string
	for _, p := range got {
		names = append(names, p.String())
	}
	require.Equal(t, []string{"2026-11", "2026-12", "2027-01"}, names)
}
