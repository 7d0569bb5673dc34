package quickbooks_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// together sends a bad record and a good one in one batch, and checks that the
// good one is made and the bad one answered well.
func (s *stage) together(entity string, bad, good fields) *quickbooks.Fault {
	s.Helper()
	before := s.sim.Count("", entity)
	answers, err := s.client.Batch(s.Context(), "stage-2", []quickbooks.BatchItem{
		{BID: "bad", Entity: entity, Body: s.encoded(bad)}, {BID: "good", Entity: entity, Body: s.encoded(good)},
	})
	require.NoError(s, err)
	require.NoError(s, answers.Items[1].Err, "one bad record stops no other")
	require.Equal(s, before+1, s.sim.Count("", entity), "nothing of the bad one is there")
	var fault *quickbooks.Fault
	require.ErrorAs(s, answers.Items[0].Err, &fault)
	require.True(s, fault.Entry().Known)
	require.Equal(s, quickbooks.OneRecord, fault.Scope())
	require.Contains(s, []quickbooks.Decision{quickbooks.Person, quickbooks.Fix, quickbooks.LookUp}, fault.Decision(), "never again unchanged")
	require.NotContains(s, fault.Error(), "Ana", "names stay out of logs")
	return fault
}

func TestClient_VendorNamesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		display, code, element string
		decision               quickbooks.Decision
	}{
		"Colon":             {"Ana: Lima", "2040", "DisplayName", quickbooks.Fix},
		"Tab":               {"Ana\tLima", "2040", "DisplayName", quickbooks.Fix},
		"Newline":           {"Ana\nLima", "2040", "DisplayName", quickbooks.Fix},
		"Emoji":             {"Ana 🌻", "2040", "DisplayName", quickbooks.Fix},
		"Polish":            {"Łukasz Ana", "2040", "DisplayName", quickbooks.Fix},
		"SixHundredLetters": {strings.Repeat("Ana", 200), "2050", "DisplayName", quickbooks.Fix},
		"Nothing":           {"", "6080", "", quickbooks.Fix},
		"OnlySpaces":        {"   ", "6080", "", quickbooks.Fix},
		"Taken":             {"ana", "6240", "", quickbooks.LookUp},
		"TakenWithSpaces":   {" Ana ", "6240", "", quickbooks.LookUp},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fault := plain(t).together("Vendor", fields{"DisplayName": tc.display}, fields{"DisplayName": "Bea"})
				require.Equal(t, tc.code, fault.Code)
				require.Equal(t, tc.element, fault.Element)
				require.Equal(t, tc.decision, fault.Decision())
			})
		})
	}

	t.Run("EveryLetterIsTakenOutsideTheUnitedStates", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := staged(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{Country: "GB"}}})
			for i, display := range []string{"Łukasz 🌻", strings.Repeat("é", 500), "O'Neil & Söhne \\ \"Co\""} {
				s.requestID = fmt.Sprintf("stage-%d", i)
				require.NoError(t, s.create("Vendor", fields{"DisplayName": display}), display)
				found, err := quickbooks.Collect(quickbooks.Query[quickbooks.Vendor](t.Context(), s.client, quickbooks.Equal("DisplayName", display)))
				require.NoError(t, err)
				require.Len(t, found, 1, display)
				require.Equal(t, display, found[0].DisplayName)
			}
		})
	})
}

// Whoever has the name is named by number, and it may be nobody that a bill can
// go to.
func TestClient_NameOfAnEmployee(t *testing.T) {
	t.Parallel()
	for name, active := range map[string]bool{"Working": true, "Released": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := plain(t)
				employee, err := s.sim.Create("", "Employee", fields{"DisplayName": "Cai Ana"})
				require.NoError(t, err)
				if !active {
					require.NoError(t, s.sim.Deactivate("", "Employee", employee))
				}
				fault := s.together("Vendor", fields{"DisplayName": "Cai Ana"}, fields{"DisplayName": "Bea"})
				require.Equal(t, "6240", fault.Code)
				id, found := fault.NameHolder()
				require.True(t, found)
				require.Equal(t, employee, id)
				_, err = s.client.Vendor(t.Context(), id)
				require.Equal(t, quickbooks.Person, quickbooks.DecisionOf(err), "it is no vendor: a person decides")
			})
		})
	}
}

func TestClient_BillsThatDoNotFit(t *testing.T) {
	t.Parallel()
	multi := quickbookstest.Preferences{MultiCurrency: true}
	for name, tc := range map[string]struct {
		company quickbookstest.Preferences
		rules   quickbookstest.Rules
		prepare func(*stage) fields
		code    string
		person  bool // a person has to act; otherwise the data is wrong
	}{
		"MergedVendor": {prepare: func(s *stage) fields {
			kept, err := s.sim.Create("", "Vendor", fields{"DisplayName": "Ana Lima"})
			require.NoError(s, err)
			gone := s.ana
			require.NoError(s, s.sim.Merge("", "Vendor", gone, kept))
			_, err = s.client.Vendor(s.Context(), gone)
			require.Equal(s, quickbooks.Person, quickbooks.DecisionOf(err))
			moved, err := s.client.Bill(s.Context(), s.billID)
			require.NoError(s, err)
			require.Equal(s, kept, moved.VendorRef.Value, "what was posted follows")
			s.ana = kept
			return fields{"VendorRef": ref(gone)}
		}, code: "2500", person: true},
		"InactiveVendor": {prepare: func(s *stage) fields {
			bea, err := s.sim.Create("", "Vendor", fields{"DisplayName": "Bea"})
			require.NoError(s, err)
			require.NoError(s, s.sim.Deactivate("", "Vendor", bea))
			return fields{"VendorRef": ref(bea)}
		}, code: "2500", person: true},
		"InactiveVendorAsOthersSawIt": {rules: quickbookstest.Rules{InactiveReference: "610"}, prepare: func(s *stage) fields {
			bea, err := s.sim.Create("", "Vendor", fields{"DisplayName": "Bea"})
			require.NoError(s, err)
			require.NoError(s, s.sim.Deactivate("", "Vendor", bea))
			return fields{"VendorRef": ref(bea)}
		}, code: "610", person: true},
		"InactiveAccount": {prepare: func(s *stage) fields {
			require.NoError(s, s.sim.Deactivate("", "Account", "9"))
			return fields{"Line": []fields{line(nil, fields{"AccountRef": ref("9")})}}
		}, code: "2500", person: true},
		"ClosedPeriod": {
			company: quickbookstest.Preferences{BookCloseDate: "2026-10-31"},
			prepare: func(*stage) fields { return fields{"TxnDate": "2026-10-31"} }, code: "6210", person: true,
		},
		"CurrencyOfACompanyWithOne":      {prepare: func(*stage) fields { return fields{"CurrencyRef": ref("EUR")} }, code: "5030", person: true},
		"CurrencyThatIsNotTurnedOn":      {company: multi, prepare: func(*stage) fields { return fields{"CurrencyRef": ref("PLN")} }, code: "2220", person: true},
		"CurrencyThatDoesNotExist":       {company: multi, prepare: func(*stage) fields { return fields{"CurrencyRef": ref("XQX")} }, code: "2220", person: true},
		"CurrencyThatIsNotTheVendors":    {company: multi, prepare: func(*stage) fields { return fields{"CurrencyRef": ref("EUR")} }, code: "6000", person: true},
		"ThreeDecimalsWhereThereAreTwo":  {prepare: func(*stage) fields { return amountOf("10.005") }, code: "2140"},
		"MoreThanTenDigits":              {prepare: func(*stage) fields { return amountOf("10000000000") }, code: "2140"},
		"NumberOfTwentyTwoCharacters":    {prepare: func(*stage) fields { return fields{"DocNumber": strings.Repeat("1", 22)} }, code: "2050"},
		"NoteOfFourThousandAndOneLetter": {prepare: func(*stage) fields { return fields{"PrivateNote": strings.Repeat("n", 4001)} }, code: "2050"},
		"BillOfNothingAtAll":             {prepare: func(*stage) fields { return fields{"Line": []fields{}} }, code: "2020"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := staged(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{Preferences: tc.company}}, Rules: tc.rules})
				changes := tc.prepare(s)
				fault := s.together("Bill", s.bill(changes), s.bill(nil))
				require.Equal(t, tc.code, fault.Code, fault.Detail)
				want := quickbooks.Fix
				if tc.person {
					want = quickbooks.Person
				}
				require.Equal(t, want, fault.Decision())
			})
		})
	}
}

func amountOf(amount string) fields {
	return fields{"Line": []fields{line(fields{"Amount": json.Number(amount)}, nil)}}
}

// A currency's own decimals count, and no fixed two.
func TestClient_DecimalsOfTheCurrency(t *testing.T) {
	t.Parallel()
	for currency, tc := range map[string]struct{ fits, tooFine string }{
		"USD": {"10.05", "10.005"}, "JPY": {"10", "10.5"}, "KWD": {"10.005", "10.0005"}, "COP": {"10.05", "10.005"},
	} {
		t.Run(currency, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := inCompany(t, quickbookstest.Preferences{MultiCurrency: true})
				id, err := s.sim.Create("", "Vendor", fields{"DisplayName": "Cai", "CurrencyRef": ref(currency)})
				require.NoError(t, err)
				head := fields{"VendorRef": ref(id), "CurrencyRef": ref(currency), "APAccountRef": ref(s.payable(currency)), "ExchangeRate": 1}
				fault := s.together("Bill", s.bill(merged(head, amountOf(tc.tooFine))), s.bill(merged(head, amountOf(tc.fits))))
				require.Equal(t, "2140", fault.Code)
			})
		})
	}
}
