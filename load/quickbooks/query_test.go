package quickbooks_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

// literal reads one literal of the query language from the start of s, as
// QuickBooks documents it, and returns what follows.
func literal(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, "'") {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '\'':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "O'Neil", `\`, `\'`, `'' OR Id = '1`, `x\\'`, "a&b#c%d+e", "日本語", "\n\t", `' ORDERBY Id --`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, rest, ok := literal(quickbooks.Quote(text))
		require.True(t, ok)
		require.Empty(t, rest, "the literal must end where it ends")
		require.Equal(t, text, value)
	})
}

func TestStatement(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		want       string
		conditions []quickbooks.Condition
	}{
		{"All", "SELECT * FROM Bill ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000", nil},
		{
			"BothConditions", `SELECT * FROM Bill WHERE VendorRef = '56' AND DocNumber = 'O\'Neil' ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000`,
			[]quickbooks.Condition{quickbooks.Equal("VendorRef", "56"), quickbooks.Equal("DocNumber", "O'Neil")},
		},
		{
			"Lists", `SELECT * FROM Bill WHERE Id IN ('1', '2') AND Active IN (true, false) ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000`,
			[]quickbooks.Condition{quickbooks.OneOf("Id", "1", "2"), quickbooks.ActiveOrNot()},
		},
		{
			"Ranges", `SELECT * FROM Bill WHERE TxnDate >= '2026-11-01' AND TxnDate <= '2026-11-30' ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000`,
			[]quickbooks.Condition{quickbooks.AtLeast("TxnDate", "2026-11-01"), quickbooks.AtMost("TxnDate", "2026-11-30")},
		},
		{"NoIDs", `SELECT * FROM Bill WHERE Id IN ('') ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000`, []quickbooks.Condition{quickbooks.OneOf("Id")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := quickbooks.Statement[quickbooks.Bill](1, 1000, tc.conditions...)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
	_, err := quickbooks.Statement[quickbooks.Bill](1, 1, quickbooks.Equal("Id = '1' OR Id", "2"))
	require.ErrorIs(t, err, quickbooks.ErrRefused)
}

// shelf answers queries from a list of vendor ids, page by page; change may alter
// the list after a page.
type shelf struct {
	ids    []int
	pages  int
	change func(page int, s *shelf)
}

var window = regexp.MustCompile(`STARTPOSITION (\d+) MAXRESULTS (\d+)$`)

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := window.FindStringSubmatch(r.URL.Query().Get("query"))
	start, _ := strconv.Atoi(m[1])
	rows, _ := strconv.Atoi(m[2])
	var page []string
	for i := start - 1; i < min(start-1+rows, len(s.ids)); i++ {
		page = append(page, fmt.Sprintf(`{"Id":"%d","DisplayName":"Vendor %d"}`, s.ids[i], s.ids[i]))
	}
	s.pages++
	if s.change != nil {
		s.change(s.pages, s)
	}
	if len(page) == 0 {
		io.WriteString(w, `{"QueryResponse":{},"time":"x"}`)
		return
	}
	fmt.Fprintf(w, `{"QueryResponse":{"Vendor":[%s],"startPosition":%d,"maxResults":%d},"time":"x"}`, strings.Join(page, ","), start, len(page))
}

func numbers(n int) []int {
	ids := make([]int, n)
	for i := range ids {
		ids[i] = i + 1
	}
	return ids
}

func TestClient_Query_Pages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ rows, pages int }{
		"Nothing": {0, 1}, "One": {1, 1}, "AlmostAPage": {999, 1}, "ExactlyAPage": {1000, 2}, "Many": {5000, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{ids: numbers(tc.rows)}
			got, err := quickbooks.Collect(setup(t, s).client.Vendors(t.Context()))
			require.NoError(t, err)
			require.Len(t, got, tc.rows)
			for i, v := range got {
				require.Equal(t, strconv.Itoa(i+1), v.ID)
			}
			require.Equal(t, tc.pages, s.pages)
		})
	}

	// A record deleted meanwhile moves all later ones forward.
	for name, gone := range map[string]int{"FewVanish": 7, "MoreVanishThanTheOverlap": 400} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{ids: numbers(3000), change: func(page int, s *shelf) {
				if page == 1 {
					s.ids = s.ids[gone:]
				}
			}}
			got, err := quickbooks.Collect(setup(t, s).client.Vendors(t.Context()))
			require.NoError(t, err)
			var ids []int
			for _, v := range got {
				id, _ := strconv.Atoi(v.ID)
				ids = append(ids, id)
			}
			slices.Sort(ids)
			require.Equal(t, numbers(3000), ids, "each once, none passed over")
		})
	}

	t.Run("StopsWhenTheReaderDoes", func(t *testing.T) {
		t.Parallel()
		s := &shelf{ids: numbers(3000)}
		for range setup(t, s).client.Vendors(t.Context()) {
			break
		}
		require.Equal(t, 1, s.pages)
	})

	t.Run("EndsAtItsFirstError", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(response{status: 400, body: faultBody("4001", "")}))
		got, err := quickbooks.Collect(b.client.Accounts(t.Context()))
		require.Empty(t, got)
		require.Equal(t, quickbooks.Fix, quickbooks.DecisionOf(err))
	})

	for name, body := range map[string]string{
		"NoResponse": `{"time":"x"}`, "RowsAreNoList": `{"QueryResponse":{"Vendor":{"Id":"1"}}}`, "AmountIsNoNumber": `{"QueryResponse":{"Vendor":[{"Balance":"x"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := quickbooks.Collect(setup(t, answers(ok(body))).client.Vendors(t.Context()))
			require.ErrorAs(t, err, new(*quickbooks.NoAnswer))
		})
	}
}

func TestClient_LookUps(t *testing.T) {
	t.Parallel()
	const empty = `{"QueryResponse":{},"time":"x"}`
	asked := func(t *testing.T, ask func(*quickbooks.Client) error) []request {
		t.Helper()
		api := answers(ok(empty))
		require.NoError(t, ask(setup(t, api).client))
		return api.requests()
	}

	t.Run("ByVendorAndNumber", func(t *testing.T) {
		t.Parallel()
		seen := asked(t, func(c *quickbooks.Client) error {
			_, err := quickbooks.Collect(c.BillsNumbered(t.Context(), "56", "A&B #1 + 'x' 100%"))
			return err
		})
		require.Equal(t, []string{`SELECT * FROM Bill WHERE VendorRef = '56' AND DocNumber = 'A&B #1 + \'x\' 100%' ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000`}, seen[0].query["query"])
		require.Equal(t, []string{"75"}, seen[0].query["minorversion"])
	})

	t.Run("ByVendorAndDates", func(t *testing.T) {
		t.Parallel()
		day := time.Date(2026, 11, 2, 23, 0, 0, 0, time.UTC)
		seen := asked(t, func(c *quickbooks.Client) error {
			_, err := quickbooks.Collect(c.BillsDated(t.Context(), "56", day, day.AddDate(0, 0, 3)))
			return err
		})
		require.Contains(t, seen[0].query["query"][0], `TxnDate >= '2026-11-02' AND TxnDate <= '2026-11-05'`)
	})

	t.Run("ManyIDsTakeFewReads", func(t *testing.T) {
		t.Parallel()
		ids := make([]string, 450)
		for i := range ids {
			ids[i] = strconv.Itoa(100000 + i)
		}
		seen := asked(t, func(c *quickbooks.Client) error {
			_, err := quickbooks.Collect(c.Bills(t.Context(), ids...))
			return err
		})
		require.Len(t, seen, 3)
		require.Equal(t, "POST", seen[0].method, "a long query goes into the body")
		require.Equal(t, "application/text", seen[0].contentType)
		require.Contains(t, seen[0].body, "'100199'")
		require.Equal(t, "GET", seen[2].method)
		require.Contains(t, seen[2].query["query"][0], "'100449'")
	})

	t.Run("NoIDsTakeNone", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, asked(t, func(c *quickbooks.Client) error {
			_, err := quickbooks.Collect(c.Bills(t.Context()))
			return err
		}))
	})
}

// What the statement says must arrive, whatever it holds.
func FuzzQuery_Arrives(f *testing.F) {
	f.Add("A&B #1 + 'x' 100%")
	f.Add("\x00\xff=;")
	f.Fuzz(func(t *testing.T, number string) {
		var raw string
		b := setup(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw = r.URL.RawQuery
			if r.Method == http.MethodPost {
				body, _ := io.ReadAll(r.Body)
				raw = url.Values{"query": {string(body)}}.Encode()
			}
			io.WriteString(w, `{"QueryResponse":{}}`)
		}))
		_, err := quickbooks.Collect(b.client.BillsNumbered(t.Context(), "56", number))
		require.NoError(t, err)
		got, err := url.ParseQuery(raw)
		require.NoError(t, err)
		_, tail, _ := strings.Cut(got.Get("query"), "DocNumber = ")
		value, _, found := literal(tail)
		require.True(t, found)
		require.Equal(t, number, value)
	})
}
