package probe_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// What no simulator plays, because tieout could not live with it, is recognised
// all the same.
func TestRun_Bent(t *testing.T) {
	t.Parallel()
	const readBack = "FROM Bill WHERE Id IN"
	for name, play := range map[string]struct {
		cfg      quickbookstest.Config
		bend     bend
		throttle bool
		found    map[string]string
		effect   probe.Effect
		note     string
	}{
		"MemoIsReworded": {
			bend: rewrite(readBack, "Ontop invoice", "ONTOP INVOICE"), effect: probe.Bearable,
			found: map[string]string{"read-back": "texts_differ"}, note: "PrivateNote",
		},
		"MemoIsCut": {
			bend: rewrite(readBack, "[tieout d_", "[d_"), effect: probe.Harmful,
			found: map[string]string{"read-back": "mark_lost", "long-texts": "mark_lost"}, note: "PrivateNote",
		},
		"DescriptionIsReworded": {
			bend: rewrite(readBack, "line 3:", "line 3"), effect: probe.Bearable,
			found: map[string]string{"read-back": "texts_differ", "long-texts": "as_sent"}, note: "Line 3 Description",
		},
		"AmountIsRounded": {
			bend: rewrite(readBack, "1234.56", "1234.6"), effect: probe.Harmful,
			found: map[string]string{"read-back": "fields_differ"}, note: `Line 1 Amount was sent as "1234.56" and came back as "1234.6"`,
		},
		"LinesChangeTheirOrder": {
			bend: rewrite(readBack, `"Amount":7,`, `"Amount":99.9,`, `"Amount":99.9,`, `"Amount":7,`), effect: probe.Harmful,
			found: map[string]string{"read-back": "fields_differ"}, note: "Line 3 Amount",
		},
		"NumberIsTrimmed": {
			bend: rewrite(readBack, `"DocNumber":"tieout`, `"DocNumber":" tieout`), effect: probe.Harmful,
			found: map[string]string{"read-back": "fields_differ", "long-texts": "fields_differ"}, note: "DocNumber",
		},
		"RateIsRounded": {
			cfg:  quickbookstest.Config{Realms: company(func(r *quickbookstest.Realm) { r.MultiCurrency = true })},
			bend: rewrite(readBack, "1.234567", "1.23457"), effect: probe.Harmful,
			found: map[string]string{"read-back-foreign": "fields_differ"}, note: "ExchangeRate",
		},
		"VendorCannotBeFilteredOn": {
			bend: ask("WHERE VendorRef", "WHERE NoSuchField = '1'"), effect: probe.Harmful,
			found: map[string]string{"query-vendor-and-number": "refused_4001", "query-vendor-and-date": "refused_4001"},
		},
		"ConditionsAreIgnored": {
			bend: ask(" WHERE DocNumber IN", ""), effect: probe.Harmful,
			found: map[string]string{"query-numbers": "found_too_much"}, note: "bills were found",
		},
		"OneWordIsNotUnderstood": {
			bend: ask("Vendor ORDERBY", "Vendor ORDERED BY Id"), effect: probe.Harmful,
			found: map[string]string{"query-order-by": "two_words"},
		},
		"TwoWordsAreNotUnderstood": {
			bend: ask("Vendor ORDER BY", "Vendor ORDERED BY Id"), effect: probe.Relied,
			found: map[string]string{"query-order-by": "one_word"},
		},
		"NeitherIsUnderstood": {
			bend: ask("Vendor ORDER", "Vendor ORDERED BY Id"), effect: probe.Harmful,
			found: map[string]string{"query-order-by": "neither"},
		},
		"BackslashIsPlain": {
			bend: func(r *http.Request, send func(*http.Request) *http.Response) *http.Response {
				q := r.URL.Query()
				statement := q.Get("query")
				switch {
				case strings.Contains(statement, `\\`):
					q.Set("query", "SELECT * FROM Bill WHERE DocNumber = 'none'")
				case strings.Contains(statement, `\`) && !strings.Contains(statement, `\'`):
					q.Set("query", strings.ReplaceAll(statement, `\`, `\\`))
				}
				r = r.Clone(r.Context())
				r.URL.RawQuery = q.Encode()
				return send(r)
			},
			effect: probe.Harmful, found: map[string]string{"query-backslash": "found_single", "query-quote": "found"},
		},
		"CaseMatters": {
			bend: ask("WHERE DocNumber = 'TIEOUT", "WHERE DocNumber = 'none'"), effect: probe.Relied,
			found: map[string]string{"query-case": "not_found"},
		},
		"ChangesHideDeletions": {
			bend: rewrite("/cdc", `"Deleted"`, `"Changed"`), effect: probe.Harmful,
			found: map[string]string{"deleted-change": "not_shown"},
		},
		"HolderIsAnother": {
			bend: rewrite("/vendor", ": Id=", ": Id=9"), effect: probe.Harmful,
			found: map[string]string{"name-of-customer": "refused_naming_another"}, note: "the holder is",
		},
		"DuplicateNamesAnother": {
			cfg:  quickbookstest.Config{Realms: company(func(r *quickbookstest.Realm) { r.WarnDuplicateBillNumber = true })},
			bend: rewrite("/bill", "TxnId=", "TxnId=9"), effect: probe.Harmful,
			found: map[string]string{"duplicate-number-wording": "names_another"}, note: "the first bill is",
		},
		"DuplicateNamesNobody": {
			cfg:  quickbookstest.Config{Realms: company(func(r *quickbookstest.Realm) { r.WarnDuplicateBillNumber = true })},
			bend: rewrite("/bill", "TxnId=", "No. "), effect: probe.Bearable,
			found: map[string]string{"duplicate-number-wording": "names_nobody"},
		},
		"PreferencesSayOffButItIsOn": {
			cfg:   quickbookstest.Config{Realms: company(func(r *quickbookstest.Realm) { r.WarnDuplicateBillNumber = true })},
			bend:  rewrite("/preferences", `"WarnDuplicateBillNumber","Value":"true"`, `"WarnDuplicateBillNumber","Value":"false"`),
			found: map[string]string{"duplicate-number": "off_refused"}, effect: probe.Bearable,
		},
		"PreferencesSayOnButItIsOff": {
			bend:  rewrite("/preferences", `"WarnDuplicateBillNumber","Value":"false"`, `"WarnDuplicateBillNumber","Value":"true"`),
			found: map[string]string{"duplicate-number": "on_accepted"}, effect: probe.Bearable,
		},
		"ClosingDateIsNotKept": {
			bend:  rewrite("/preferences", `"AccountingInfoPrefs":{`, `"AccountingInfoPrefs":{"BookCloseDate":"1999-06-30",`),
			found: map[string]string{"closed-period": "accepted"}, effect: probe.Bearable,
		},
		"InactiveVendorsAreRenamed": {
			bend:  rewrite("/vendor/", " (deleted)", " (inactive)"),
			found: map[string]string{"inactive-vendor-name": "renamed"}, effect: probe.Bearable,
		},
		"DeletedBillsAreAnswered": {
			bend: func(r *http.Request, send func(*http.Request) *http.Response) *http.Response {
				resp := send(r)
				if resp != nil && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/bill/") && resp.StatusCode != http.StatusOK {
					resp.StatusCode, resp.Body = http.StatusOK, http.NoBody
					return rewritten(resp, `{"Bill":{"Id":"1","status":"Deleted"}}`)
				}
				return resp
			},
			found: map[string]string{"deleted-read": "answered"}, effect: probe.Harmful,
		},
		"RetryAfterIsSent": {
			bend: func(r *http.Request, send func(*http.Request) *http.Response) *http.Response {
				resp := send(r)
				if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
					resp.Header.Set("Retry-After", "30")
				}
				return resp
			},
			throttle: true, found: map[string]string{"throttle-retry-after": "header"}, effect: probe.Relied,
		},
		"BatchesAreAnsweredInPart": {
			bend:  rewrite("/batch", `"QueryResponse":{"Vendor"`, `"Nothing":{"Vendor"`),
			found: map[string]string{"batch-of-30": "answered_in_part"}, effect: probe.Unforeseen,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := bent(t, play.cfg, play.bend)
				report, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now, Throttle: play.throttle})
				require.NoError(t, err)
				for experiment, answer := range play.found {
					f := found(t, report, experiment)
					require.Equal(t, answer, f.Found, "%s %s", experiment, f.Reason)
				}
				first := ""
				for experiment, answer := range play.found {
					if answer != "as_sent" && answer != "found" {
						first = experiment
					}
				}
				f := found(t, report, first)
				require.Equal(t, play.effect, f.Effect)
				require.Contains(t, notes(f), play.note)
			})
		})
	}
}

// A filter that QuickBooks ignores must not make the clean-up reach for records
// of others.
func TestRun_CleanUpBelievesNoFilter(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]bend{
		"Names": ask(" WHERE DisplayName LIKE", ""), "Accounts": ask(" WHERE Name LIKE", ""), "Bills": ask(" WHERE VendorRef = ", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, books := bent(t, quickbookstest.Config{}, b)
				vendor, err := books.Create("", "Vendor", map[string]any{"DisplayName": "Ana"})
				require.NoError(t, err)
				bill, err := books.Create("", "Bill", map[string]any{
					"VendorRef": map[string]any{"value": vendor},
					"Line": []any{map[string]any{
						"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail",
						"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
					}},
				})
				require.NoError(t, err)
				_, err = probe.Run(t.Context(), client, probe.Config{Now: time.Now})
				require.NoError(t, err)
				require.NotEmpty(t, entity(t, books, "Bill", bill))
				require.Contains(t, entity(t, books, "Vendor", vendor), `"Active":true`)
				require.Contains(t, entity(t, books, "Account", "8"), `"Active":true`)
			})
		})
	}
}

// notes are the remarks of a finding's evidence.
func notes(f probe.Finding) string {
	var all []string
	for _, e := range f.Evidence {
		all = append(all, e.Note)
	}
	return strings.Join(all, "\n")
}
