package quickbooks_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// billed is a provocation by posting a bill with something wrong in its head.
func billed(changes fields) act {
	return func(t *testing.T) error { t.Helper(); return plain(t).post(changes) }
}

// lined is a provocation by a line with something wrong in it or its detail.
func lined(changes, detail fields) act {
	return func(t *testing.T) error { t.Helper(); return plain(t).postLine(changes, detail) }
}

// named is a provocation by creating a vendor, or a record of another list.
func named(entity string, record fields) act {
	return func(t *testing.T) error { t.Helper(); return plain(t).create(entity, record) }
}

// provokedValues are values of a wrong form.
func provokedValues() map[string]act {
	return map[string]act{
		"2010": billed(fields{"Colour": "red"}),
		"2020": billed(fields{"Line": nil}),
		"2030": billed(fields{"VendorRef": ref("Ana")}),
		"2040": named("Vendor", fields{"DisplayName": "Ana: Lima"}),
		"2050": billed(fields{"DocNumber": strings.Repeat("7", 22)}),
		"2060": billed(fields{"TxnDate": "02/11/2026"}),
		"2070": billed(fields{"TxnDate": "2026-02-30"}),
		"2080": lined(fields{"LineNum": "one"}, nil),
		"2090": func(t *testing.T) error { // a payment of less than nothing
			t.Helper()
			s := plain(t)
			return s.create("BillPayment", s.payment(s.ana, fields{"TotalAmt": -1}))
		},
		"2100": lined(fields{"Amount": "much"}, nil),
		"2110": lined(fields{"Amount": json.Number("1e300")}, nil),
		"2140": lined(fields{"Amount": json.Number("10.005")}, nil),
		"2170": lined(nil, fields{"BillableStatus": "HasBeenBilled"}),
		"2200": named("Vendor", fields{"DisplayName": "Bea", "WebAddr": fields{"URI": "my page"}}),
		"2210": named("Vendor", fields{"DisplayName": "Bea", "PrimaryEmailAddr": fields{"Address": "bea at home"}}),
		"2220": func(t *testing.T) error { // a currency that nobody turned on
			t.Helper()
			s := inCompany(t, quickbookstest.Preferences{MultiCurrency: true})
			return s.post(fields{"CurrencyRef": ref("PLN")})
		},
		"2230": named("Vendor", fields{"DisplayName": "Bea", "Vendor1099": "perhaps"}),
		"2240": lined(fields{"LineNum": 1 << 40}, nil),
		"2250": billed(fields{"Line": []fields{{"DetailType": "DescriptionOnly", "Description": "words alone"}}}),
		"2290": func(t *testing.T) error {
			t.Helper()
			s := withRules(t, quickbookstest.Rules{RefuseNegative: true})
			return s.post(fields{"Line": []fields{line(nil, nil), line(fields{"Amount": -1}, nil)}})
		},
		"2500": billed(fields{"VendorRef": ref("999")}),
	}
}

// provokedNames are vendors and lists.
func provokedNames() map[string]act {
	nested := func(t *testing.T) error {
		t.Helper()
		s := plain(t)
		parent := ""
		for range 5 {
			record := fields{"Name": "Level"}
			if parent != "" {
				record["ParentRef"] = ref(parent)
			}
			id, err := s.sim.Create("", "Department", record)
			require.NoError(t, err)
			parent = id
		}
		return s.create("Department", fields{"Name": "Level", "ParentRef": ref(parent)})
	}
	return map[string]act{
		"700": named("Department", fields{"Name": "Lost", "ParentRef": ref("999")}),
		"900": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			return s.raw("department", "", fields{"Id": "1", "SyncToken": "0", "sparse": true, "ParentRef": ref("1")})
		},
		"6010": named("Account", fields{"Name": "Mystery"}),
		"6060": named("Account", fields{"Name": "Till", "AccountType": "Bank", "OpeningBalance": 100}),
		"6080": named("Vendor", fields{"CompanyName": "Nameless Ltd"}),
		"6150": named("Account", fields{"Name": "Below", "AccountType": "Expense", "SubAccount": true}),
		"6180": nested,
		"6240": named("Vendor", fields{"DisplayName": "ANA"}),
	}
}

// provokedUploads are attachments.
func provokedUploads() map[string]act {
	uploaded := func(rules quickbookstest.Rules, change func(*quickbooks.Attachment)) act {
		return func(t *testing.T) error {
			t.Helper()
			s := withRules(t, rules)
			file := invoicePDF()
			file.EntityID = s.billID
			change(&file)
			_, err := s.client.Upload(t.Context(), "stage-a1", file)
			return err
		}
	}
	return map[string]act{
		"6030": uploaded(quickbookstest.Rules{MaxUpload: 100}, func(*quickbooks.Attachment) {}),
		"6040": func(t *testing.T) error { // no multipart body at all
			t.Helper()
			_, err := plain(t).client.Raw(t.Context(), quickbooks.RawRequest{
				Method: http.MethodPost, Path: "upload", Body: []byte("{}"), ContentType: "application/json", Write: true,
			})
			return err
		},
		"6041": uploaded(quickbookstest.Rules{}, func(a *quickbooks.Attachment) { a.FileName = "invoice.exe" }),
		"6050": uploaded(quickbookstest.Rules{}, func(a *quickbooks.Attachment) { a.Entity = "Unicorn" }),
	}
}
