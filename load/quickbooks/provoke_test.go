package quickbooks_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// Every row of the catalogue is met in the simulated company through the real
// client: by doing what QuickBooks answers it to, and only where that cannot be
// done by planting it. Whoever adds a row says here how it is met.
func TestCatalogue_EveryRowIsProvoked(t *testing.T) {
	t.Parallel()
	doing, planting := provocations(), plantedRows()
	for _, row := range quickbooks.Catalogue() {
		act, byDoing := doing[rowKey(row)]
		reason, byPlanting := planting[rowKey(row)]
		t.Run(rowKey(row), func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, byDoing, byPlanting, "say how it is met, in one of the two lists")
			if byPlanting {
				require.NotEmpty(t, reason, "say why it can only be planted")
				act = planted(row)
			}
			synctest.Test(t, func(t *testing.T) { meets(t, row, act(t)) })
		})
		delete(doing, rowKey(row))
		delete(planting, rowKey(row))
	}
	require.Empty(t, doing, "no row is like this")
	require.Empty(t, planting, "no row is like this")
}

func rowKey(row quickbooks.Entry) string {
	return strings.TrimSuffix(row.Code+": "+row.When, ": ")
}

// meets checks that an error is what the row says, in all that finance and the
// loader go by.
func meets(t *testing.T, row quickbooks.Entry, err error) {
	t.Helper()
	fault, ok := errors.AsType[*quickbooks.Fault](err)
	if missing, unknown := errors.AsType[*quickbooks.NoAnswer](err); !ok && unknown {
		fault, ok = missing.Fault, missing.Fault != nil
	}
	require.True(t, ok, "no fault: %v", err)
	require.Equal(t, row, fault.Entry(), "%s %q", fault.Code, fault.Detail)
	require.Equal(t, row.Decision, fault.Decision())
	require.Equal(t, row.Decision, quickbooks.DecisionOf(err))
	require.Equal(t, row.Scope, fault.Scope())
	require.Equal(t, row.Sentence, fault.Sentence())
	require.Contains(t, err.Error(), row.Name, "what is logged is in our words")
	if row.Code != "access_denied" && row.Code != "invalid_scope" { // the browser brings no header
		require.NotEmpty(t, fault.TID, "Intuit's support asks for it")
	}
}

// act is what provokes a row.
type act func(*testing.T) error

func merged[K comparable, V any](parts ...map[K]V) map[K]V {
	all := make(map[K]V)
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// provocations are the rows that are met by doing.
func provocations() map[string]act {
	return merged(
		provokedAccess(), provokedRequests(), provokedValues(), provokedNames(), provokedBills(), provokedRules(), provokedUploads(),
	)
}

// fields is a record as JSON has it.
type fields = map[string]any

func ref(id string) fields { return fields{"value": id} }

// stage is a company with one vendor, Ana, and one bill of hers.
type stage struct {
	*testing.T
	client *quickbooks.Client
	sim    *quickbookstest.Server
	bench  *bench
	ana    string
	billID string

	requestID string // of what create posts
}

func staged(t *testing.T, cfg quickbookstest.Config) *stage {
	t.Helper()
	s := &stage{T: t, requestID: "stage-1"}
	s.client, s.sim, s.bench = connected(t, cfg)
	var err error
	s.ana, err = s.sim.Create("", "Vendor", fields{"DisplayName": "Ana"})
	require.NoError(t, err)
	s.billID, err = s.sim.Create("", "Bill", s.bill(fields{"GlobalTaxCalculation": "TaxExcluded"}))
	require.NoError(t, err)
	return s
}

// inCompany is a stage in a company that keeps its books like this.
func inCompany(t *testing.T, p quickbookstest.Preferences) *stage {
	t.Helper()
	return staged(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{Preferences: p}}})
}

func withRules(t *testing.T, rules quickbookstest.Rules) *stage {
	t.Helper()
	return staged(t, quickbookstest.Config{Rules: rules})
}

func plain(t *testing.T) *stage {
	t.Helper()
	return staged(t, quickbookstest.Config{})
}

// bill is a bill of Ana's that everything accepts, with changes.
func (s *stage) bill(changes fields) fields {
	return merged(fields{
		"VendorRef": ref(s.ana), "TxnDate": "2026-11-02", "APAccountRef": ref("33"), "CurrencyRef": ref("USD"), "Line": []fields{line(nil, nil)},
	}, changes)
}

func line(changes, detail fields) fields {
	return merged(fields{
		"Amount": json.Number("200.00"), "DetailType": quickbooks.AccountLine,
		quickbooks.AccountLine: merged(fields{"AccountRef": ref("8")}, detail),
	}, changes)
}

func (s *stage) encoded(record fields) []byte {
	s.Helper()
	body, err := json.Marshal(record)
	require.NoError(s, err)
	return body
}

// create posts one record, as load does.
func (s *stage) create(entity string, record fields) error {
	s.Helper()
	_, err := s.client.Create(s.Context(), s.requestID, quickbooks.BatchItem{BID: "b1", Entity: entity, Body: s.encoded(record)})
	return err
}

// post posts Ana's bill with changes.
func (s *stage) post(changes fields) error {
	s.Helper()
	return s.create("Bill", s.bill(changes))
}

// postLine posts Ana's bill with a changed line.
func (s *stage) postLine(changes, detail fields) error {
	s.Helper()
	return s.post(fields{"Line": []fields{line(changes, detail)}})
}

// raw sends what the client's own methods refuse, or do not do.
func (s *stage) raw(path, query string, record fields) error {
	s.Helper()
	values, err := url.ParseQuery(query)
	require.NoError(s, err)
	_, err = s.client.Raw(s.Context(), quickbooks.RawRequest{
		Method: http.MethodPost, Path: path, Query: values, Body: s.encoded(record), ContentType: "application/json", Write: true,
	})
	return err
}

// asks sends one query in a batch.
func (s *stage) asks(statement string) error {
	s.Helper()
	answers, err := s.client.Batch(s.Context(), "stage-q", []quickbooks.BatchItem{{BID: "q1", Query: statement}})
	if err != nil {
		return err
	}
	return answers.Items[0].Err
}

// planted is the provocation of a row that the company cannot be brought to.
func planted(row quickbooks.Entry) act {
	return func(t *testing.T) error {
		t.Helper()
		s := plain(t)
		trouble := quickbookstest.Trouble{Kind: quickbookstest.ItemFault, Code: row.Code, Detail: row.When, Times: 20}
		switch {
		case strings.HasPrefix(row.Code, "http "):
			status, err := strconv.Atoi(strings.TrimPrefix(row.Code, "http "))
			require.NoError(t, err)
			trouble.Kind, trouble.On, trouble.Status = quickbookstest.ServerError, "write", status
			s.sim.Next(trouble)
			return s.create("Vendor", fields{"DisplayName": "Bea"})
		case row.Code[0] > '9':
			trouble.On = "token"
			s.sim.Next(trouble)
			_, err := s.bench.oauth.Refresh(t.Context(), s.bench.store.stored())
			return err
		default:
			trouble.On = "batch"
			s.sim.Next(trouble)
			answers, err := s.client.Batch(t.Context(), "stage-1", []quickbooks.BatchItem{vendor(t, "v1", "Bea")})
			require.NoError(t, err)
			return answers.Items[0].Err
		}
	}
}
