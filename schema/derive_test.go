package schema_test

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

func TestSumOf_KeepsPartsApart(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, schema.SumOf("ab", "c"), schema.SumOf("a", "bc"))
	require.NotEqual(t, schema.SumOf(), schema.SumOf(""))
	require.NotEqual(t, schema.SumOf("a"), schema.SumOf("a", ""))
	require.True(t, schema.Sum{}.IsZero())
	require.False(t, schema.SumOf().IsZero())
	require.Len(t, schema.SumOf("a").String(), 64)
}

func TestSum_Short(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sum := schema.SumOf(rapid.String().Draw(t, "text"))
		n := rapid.IntRange(1, 60).Draw(t, "n")
		short := sum.Short(n)
		require.Len(t, short, min(n, 43))
		require.True(t, strings.HasSuffix(sum.Short(43), short))
		require.Equal(t, short, sum.Short(n))
		for _, c := range short {
			require.Contains(t, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", string(c))
		}
		// All 43 characters are the whole number.
		number, ok := new(big.Int).SetString(sum.Short(43), 62)
		require.True(t, ok)
		require.Equal(t, sum[:], number.FillBytes(make([]byte, 32)))
	})
	require.Equal(t, strings.Repeat("0", 43), schema.Sum{}.Short(50))
}

// wholeDraft has something in every field.
func wholeDraft() schema.Draft {
	return schema.Draft{
		Company: "acme", Invoice: "1", Content: schema.SumOf("content"), State: schema.DraftHeld,
		Holds: []schema.Hold{{Reason: schema.HoldCurrency, Detail: "detail", NextStep: "next", Owner: schema.OwnerFinance}},
		Payee: "worker:7:USD", PayeeName: "Ana", Vendor: "56", DocNumber: "INV-1", TxnDate: schema.NewDate(2026, 8, 31),
		DueDate: schema.NewDate(2026, 9, 15), Currency: "USD", Rate: "1.1", Payable: "33", Total: schema.NewMoney(100, "USD"),
		Kind: schema.DocumentVendorCredit, Location: "4",
		Lines: []schema.DraftLine{{
			ItemID: "1", Concept: "BONUS", Description: "Bonus", Amount: schema.NewMoney(100, "USD"), Account: "7", Class: "3", Rule: "r", RuleVersion: 1,
		}},
		Memo: "memo", RecordedAt: time.Date(2026, 8, 31, 0, 0, 0, 0, time.UTC),
	}
}

func TestDraft_Seal(t *testing.T) {
	t.Parallel()
	id := wholeDraft().Seal().ID
	require.Regexp(t, `^d_[0-9A-Za-z]{24}$`, string(id))
	require.Equal(t, id, wholeDraft().Seal().Seal().ID, "sealing again changes nothing")

	later := wholeDraft()
	later.RecordedAt = later.RecordedAt.Add(time.Hour)
	require.Equal(t, id, later.Seal().ID, "when it was recorded does not matter")

	// Every field that is set above matters; a field added later has to be
	// hashed, or named here.
	seen := map[schema.DraftID]string{id: "unchanged"}
	each := func(path string, alter func(d *schema.Draft)) {
		d := wholeDraft()
		alter(&d)
		sealed := d.Seal().ID
		require.NotContains(t, seen, sealed, "%s collides with %s", path, seen[sealed])
		seen[sealed] = path
	}
	for _, part := range []func(d *schema.Draft) reflect.Value{
		func(d *schema.Draft) reflect.Value { return reflect.ValueOf(d).Elem() },
		func(d *schema.Draft) reflect.Value { return reflect.ValueOf(&d.Holds[0]).Elem() },
		func(d *schema.Draft) reflect.Value { return reflect.ValueOf(&d.Lines[0]).Elem() },
	} {
		whole := wholeDraft()
		fields := part(&whole).Type()
		for i := range fields.NumField() {
			name := fields.Field(i).Name
			if name == "ID" || name == "RecordedAt" {
				continue
			}
			require.False(t, part(&whole).Field(i).IsZero(), "%s.%s has to be set for this test", fields.Name(), name)
			each(fields.Name()+"."+name, func(d *schema.Draft) { alter(part(d).Field(i)) })
		}
	}
	each("a line more", func(d *schema.Draft) { d.Lines = append(d.Lines, d.Lines[0]) })
	each("a hold more", func(d *schema.Draft) { d.Holds = append(d.Holds, d.Holds[0]) })
	each("another currency of the same count", func(d *schema.Draft) { d.Total = schema.NewMoney(100, "EUR") })
}

// alter gives a field another value.
func alter(field reflect.Value) {
	switch field.Kind() {
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Int:
		field.SetInt(field.Int() + 1)
	case reflect.Bool:
		field.SetBool(!field.Bool())
	default: // sums, dates, money, lists: nothing is another value than something
		field.SetZero()
	}
}

func TestInvoice_Sums(t *testing.T) {
	t.Parallel()
	invoice := func() schema.Invoice {
		day := func(n int) schema.Date { return schema.NewDate(2026, 8, n) }
		return schema.Invoice{
			Company: "acme", ID: "1", Number: "INV-1", Status: schema.StatusPaid, PlatformFee: true, Contract: "c", Worker: "w",
			WorkerEmail: "e", ExternalID: "x", IssueDate: day(1), DueDate: day(2), PeriodStart: day(3), PeriodEnd: day(4),
			PaidAt: instant(5), Currency: "USD", Total: schema.NewMoney(1, "USD"), USDTotal: schema.NewMoney(2, "USD"), Rate: "1.1",
			PaymentGroup: "g", PDFURL: "u", Problems: []schema.Problem{{Field: "f", Value: "v", Detail: "d"}}, UpdatedAt: instant(6),
			Lines: []schema.Line{{
				ItemID: "1", Concept: "BONUS", Description: "d", Quantity: "1", Amount: schema.NewMoney(1, "USD"),
				USDAmount: schema.NewMoney(2, "USD"), AttachmentURL: "a",
			}},
			Source: "m", BillDate: day(7), RecordedAt: instant(8),
		}
	}
	original := invoice()
	fields := reflect.TypeFor[schema.Invoice]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		changed := invoice()
		alter(reflect.ValueOf(&changed).Elem().Field(i))
		sameContent, sameSum := changed.ContentSum() == original.ContentSum(), changed.Sum() == original.Sum()
		switch name {
		case "UpdatedAt", "Source", "RecordedAt":
			require.True(t, sameContent && sameSum, "%s says nothing", name)
		case "Status", "PaidAt", "BillDate", "PDFURL":
			require.True(t, sameContent && !sameSum, "%s is no content, and matters", name)
		default:
			require.False(t, sameContent || sameSum, "%s is content", name)
		}
	}
	lines := reflect.TypeFor[schema.Line]()
	for i := range lines.NumField() {
		changed := invoice()
		alter(reflect.ValueOf(&changed.Lines[0]).Elem().Field(i))
		name := lines.Field(i).Name
		require.Equal(t, name == "AttachmentURL", original.ContentSum() == changed.ContentSum(), "line field %s", name)
		require.NotEqual(t, original.Sum(), changed.Sum(), "line field %s", name)
	}
}

func TestContract_SumIgnoresWhenAndWhence(t *testing.T) {
	t.Parallel()
	contract := schema.Contract{ID: "1", FirstName: "Ana", UpdatedAt: instant(1), Source: "m", RecordedAt: instant(2)}
	fields := reflect.TypeFor[schema.Contract]()
	for i := range fields.NumField() {
		changed := contract
		alter(reflect.ValueOf(&changed).Elem().Field(i))
		if fields.Field(i).Type == reflect.TypeFor[schema.Date]() {
			reflect.ValueOf(&changed).Elem().Field(i).Set(reflect.ValueOf(schema.NewDate(2026, 1, 1)))
		}
		switch name := fields.Field(i).Name; name {
		case "UpdatedAt", "Source", "RecordedAt":
			require.Equal(t, contract.Sum(), changed.Sum(), name)
		default:
			require.NotEqual(t, contract.Sum(), changed.Sum(), name)
		}
	}
}

func TestPayee_SumIgnoresWhenAndWho(t *testing.T) {
	t.Parallel()
	payee := schema.Payee{Key: "worker:7:USD", RecordedAt: instant(1)}
	fields := reflect.TypeFor[schema.Payee]()
	for i := range fields.NumField() {
		changed := payee
		alter(reflect.ValueOf(&changed).Elem().Field(i))
		switch name := fields.Field(i).Name; name {
		case "By", "RecordedAt":
			require.Equal(t, payee.Sum(), changed.Sum(), name)
		default:
			require.NotEqual(t, payee.Sum(), changed.Sum(), name)
		}
	}
}

func TestDelivery_Sums(t *testing.T) {
	t.Parallel()
	d := schema.Delivery{Company: "acme", ID: "a", Body: []byte("body")}
	e := schema.Delivery{Company: "other", ID: "b", Body: []byte("body")}
	require.Equal(t, d.Sum(), e.Sum())
	require.Equal(t, schema.DeliveryID("sha256:"+d.Sum().String()), schema.BodyID(d.Body))
	require.Equal(t, "sha256:230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5", fmt.Sprint(schema.BodyID([]byte("body"))))
}
