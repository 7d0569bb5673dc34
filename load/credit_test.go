package load_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// Classes and locations of the simulated company.
const (
	engineering   = schema.ClassID("1")
	closedProject = schema.ClassID("3")
	remote        = schema.LocationID("1")
)

// credit makes a draft a vendor credit: what an invoice of a deduction of 1000 and
// a train of 19.99 becomes.
func credit(d *schema.Draft) {
	d.Kind, d.DueDate = schema.DocumentVendorCredit, schema.Date{}
	d.Lines[1].Amount = schema.NewMoney(-d.Lines[1].Amount.Minor(), d.Currency)
}

func segments(d *schema.Draft) {
	d.Location = remote
	d.Lines[0].Class = engineering
}

func tracking(r *quickbookstest.Realm) { r.ClassPerLine, r.Departments = true, true }

func (b *bench) credits() []quickbooks.VendorCredit {
	return records[quickbooks.VendorCredit](b, "VendorCredit")
}

// noteOf is the note of the document that a posting sent.
func noteOf(t *testing.T, p schema.Posting) string {
	t.Helper()
	var body quickbooks.Bill
	require.NoError(t, json.Unmarshal(p.Body, &body))
	return body.PrivateNote
}

// inside runs a test in a bubble of its own.
func inside(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

func TestLoader_VendorCreditBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, withRealm(func(r *quickbookstest.Realm) {
			tracking(r)
			r.MultiCurrency = true
		}))
		d := b.draft(1, credit, segments)
		b.record(d)

		b.cycle()

		body := string(b.bill(d).Body)
		mark := body[strings.Index(body, "[tieout "):]
		fields := strings.Fields(mark[:strings.Index(mark, "]")])
		body = strings.ReplaceAll(strings.ReplaceAll(body, fields[1], "DRAFT"), fields[2], "MARK")
		require.Equal(t, `{"VendorRef":{"value":"`+string(b.vendor)+`"},"DocNumber":"INV-1","TxnDate":"2026-08-31",`+
			`"CurrencyRef":{"value":"USD"},"APAccountRef":{"value":"33"},"DepartmentRef":{"value":"1"},`+
			`"PrivateNote":"August\n[tieout DRAFT MARK]",`+
			`"Line":[{"Description":"Base pay","Amount":1000.01,"DetailType":"AccountBasedExpenseLineDetail",`+
			`"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"8"},"ClassRef":{"value":"1"}}},`+
			`{"Description":"Train","Amount":-19.99,"DetailType":"AccountBasedExpenseLineDetail",`+
			`"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"11"}}}]}`, body)
	})
}

func TestLoader_VendorCredits(t *testing.T) {
	t.Parallel()

	inside(t, "ArePostedBesideBillsAndReadBack", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(tracking))
		owed, owing := b.draft(1, segments), b.draft(2, credit, segments)
		b.record(owed, owing)

		result := b.cycle()

		require.Equal(t, 2, result.Bills.Posted)
		require.Equal(t, 2, result.Exact, "%+v", b.verification(owing))
		require.Equal(t, 1, b.sim.Stats().Requests["batch"], "in one batch")
		require.Len(t, b.bills(), 1)
		require.Len(t, b.credits(), 1)
		require.Equal(t, string(b.bill(owing).Document), b.credits()[0].ID)
		require.Equal(t, schema.DocumentVendorCredit, b.bill(owing).Form)
		require.Equal(t, schema.NewMoney(98_003, "USD"), b.verification(owing).Total, "a credit's own amounts are above zero")
		require.Zero(t, b.cycle(), "a second cycle has nothing to do")
	})

	for name, trouble := range map[string]quickbookstest.TroubleKind{
		"ALostAnswerIsLookedUpAndAdopted": quickbookstest.LoseAfter,
		"ACutAnswerIsLookedUpAndAdopted":  quickbookstest.Truncate,
	} {
		inside(t, name, func(t *testing.T) {
			t.Helper()
			b := setup(t)
			d := b.draft(1, credit)
			b.record(d)
			b.sim.Next(quickbookstest.Trouble{Kind: trouble, On: "batch"})
			b.cycle()
			require.Equal(t, schema.PostingUncertain, b.bill(d).State)
			time.Sleep(time.Minute)
			before := b.sim.Stats().Requests["query"]

			result := b.cycle()

			require.Equal(t, 1, result.Bills.Adopted)
			require.Equal(t, 1, result.Exact)
			require.Len(t, b.credits(), 1)
			require.Equal(t, 2, b.sim.Stats().Requests["query"]-before, "one look-up, and one to read back")
		})
	}

	inside(t, "ALostRequestIsSentAgain", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, credit)
		b.record(d)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})
		b.cycle()
		time.Sleep(time.Minute)

		b.cycle()

		require.Equal(t, schema.PostingPosted, b.bill(d).State)
		require.Equal(t, 2, b.bill(d).Attempt)
		require.Len(t, b.credits(), 1)
	})

	inside(t, "AnotherCurrencyThanTheVendorsIsDeclined", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true }))
		d := b.draft(1, credit, func(d *schema.Draft) {
			d.Currency, d.Rate = "EUR", "1.08"
			for i, line := range d.Lines {
				d.Lines[i].Amount = schema.NewMoney(line.Amount.Minor(), "EUR")
			}
		})
		b.record(d)

		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		require.Equal(t, "6000", b.bill(d).Fault.Code)
		require.Empty(t, b.credits())
	})

	inside(t, "WhereNegativeLinesAreRefusedAPersonIsTold", func(t *testing.T) {
		t.Helper()
		b := setup(t, withSim(func(c *quickbookstest.Config) { c.Rules.RefuseNegative = true }))
		d, whole := b.draft(1, credit), b.draft(2, credit, func(d *schema.Draft) { d.Lines = d.Lines[:1] })
		b.record(d, whole)

		b.cycle()

		require.Equal(t, "2290", b.bill(d).Fault.Code)
		require.Equal(t, schema.OwnerFinance, b.bill(d).Fault.Owner)
		require.Equal(t, schema.PostingPosted, b.bill(whole).State, "one without such a line is taken")
	})

	inside(t, "OneThatIsNotAboveZeroIsNeverSent", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, credit, func(d *schema.Draft) { d.Lines = d.Lines[1:] })
		b.record(d)

		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		require.Contains(t, b.bill(d).Fault.Detail, "a vendor credit of -19.99 USD")
		require.Zero(t, b.bill(d).Attempt)
	})
}

// An invoice has one document. Where it was drafted as the other kind before, both
// kinds are looked among, so that a bill that is there after all keeps a credit
// from being posted, and the other way round.
func TestLoader_AnInvoiceHasOneDocument(t *testing.T) {
	t.Parallel()
	both := map[string]struct{ first, second func(*schema.Draft) }{
		"ACreditAfterABill": {func(*schema.Draft) {}, credit},
		"ABillAfterACredit": {credit, func(*schema.Draft) {}},
	}
	for name, c := range both {
		inside(t, name, func(t *testing.T) {
			t.Helper()
			b := setup(t)
			first, second := b.draft(1, c.first), b.draft(1, c.second)
			b.record(first)
			b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "6210"})
			b.cycle()
			require.Equal(t, schema.PostingDeclined, b.bill(first).State)
			// Another loader was luckier with the first draft: its document is
			// there, with the mark of the invoice.
			entity := "Bill"
			if first.Kind == schema.DocumentVendorCredit {
				entity = "VendorCredit"
			}
			b.byHand(entity, first, map[string]any{"PrivateNote": noteOf(t, b.bill(first))})
			second.RecordedAt = time.Now().UTC()
			b.record(second)

			b.cycle()

			p := b.bill(second)
			require.Equal(t, second.ID, p.Draft)
			require.Equal(t, schema.PostingDeclined, p.State)
			require.Equal(t, "possible_duplicate", p.Fault.Code)
			require.Contains(t, p.Fault.Detail, first.Kind.Name())
			require.Len(t, b.bills(), 1-len(b.credits()), "one document")
		})
		inside(t, name+"ThatIsNotThere", func(t *testing.T) {
			t.Helper()
			b := setup(t)
			first, second := b.draft(1, c.first), b.draft(1, c.second)
			b.record(first)
			b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: "6210"})
			b.cycle()
			second.RecordedAt = time.Now().UTC()
			b.record(second)

			b.cycle()

			require.Equal(t, schema.PostingPosted, b.bill(second).State)
			require.Equal(t, schema.VerifiedExact, b.verification(second).Result)
			require.Len(t, b.bills(), 1-len(b.credits()), "one document")
		})
	}

	inside(t, "AHandEnteredCreditOfTheNumberIsPutBeforeAPerson", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, credit)
		b.record(d)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})
		b.cycle()
		id := b.byHand("VendorCredit", d, nil)
		time.Sleep(10 * time.Minute)

		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		require.Contains(t, b.bill(d).Fault.Detail, "vendor credit "+id)
		require.Len(t, b.credits(), 1)
	})

	inside(t, "AHandEnteredBillOfTheNumberIsNoDuplicateOfACredit", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, credit)
		b.record(d)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})
		b.cycle()
		b.byHand("Bill", d, nil)
		time.Sleep(10 * time.Minute)

		b.cycle()

		require.Equal(t, schema.PostingPosted, b.bill(d).State)
	})
}

func TestLoader_ClassAndLocation(t *testing.T) {
	t.Parallel()
	declined := map[string]struct {
		realm  func(*quickbookstest.Realm)
		change func(*schema.Draft)
		code   string
	}{
		"WhereClassesAreOff":    {func(r *quickbookstest.Realm) { r.Departments = true }, segments, "5030"},
		"WhereLocationsAreOff":  {func(r *quickbookstest.Realm) { r.ClassPerLine = true }, segments, "5030"},
		"OfAnInactiveClass":     {tracking, func(d *schema.Draft) { d.Lines[0].Class = closedProject }, "2500"},
		"OfAnUnknownLocation":   {tracking, func(d *schema.Draft) { d.Location = "99" }, "2500"},
		"OnACreditWithoutClass": {func(*quickbookstest.Realm) {}, func(d *schema.Draft) { credit(d); segments(d) }, "5030"},
	}
	for name, c := range declined {
		inside(t, "AreDeclined"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t, withRealm(c.realm))
			bad, good := b.draft(1, c.change), b.draft(2)
			b.record(bad, good)

			b.cycle()

			require.Equal(t, schema.PostingDeclined, b.bill(bad).State)
			require.Equal(t, c.code, b.bill(bad).Fault.Code)
			require.NotEmpty(t, b.bill(bad).Fault.Next)
			require.Equal(t, schema.PostingPosted, b.bill(good).State)
		})
	}

	edited := map[string]struct {
		fields map[string]any
		want   schema.Difference
	}{
		"OtherLocation": {
			map[string]any{"DepartmentRef": map[string]any{"value": "2"}},
			schema.Difference{Field: schema.FieldLocation, Expected: "1", Found: "2"},
		},
		"OtherClass": {
			map[string]any{"Line": []any{map[string]any{
				"Id": "1", "Amount": 1000.01, "DetailType": "AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail": map[string]any{
					"AccountRef": map[string]any{"value": "8"}, "ClassRef": map[string]any{"value": "2"},
				},
			}}},
			schema.Difference{Field: schema.FieldClass, Expected: "1", Found: "2"},
		},
		"NoClass": {
			map[string]any{"Line": []any{map[string]any{
				"Id": "1", "Amount": 1000.01, "DetailType": "AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
			}}},
			schema.Difference{Field: schema.FieldClass, Expected: "1", Found: ""},
		},
	}
	for name, c := range edited {
		inside(t, "AreReadBackWith"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t, withRealm(tracking))
			d := b.draft(1, segments, func(d *schema.Draft) { d.Lines = d.Lines[:1] })
			b.record(d)
			_, err := b.loader.Bills(t.Context())
			require.NoError(t, err)
			require.NoError(t, b.sim.Edit("", "Bill", string(b.bill(d).Document), c.fields))

			_, err = b.loader.Verify(t.Context())

			require.NoError(t, err)
			require.Equal(t, schema.VerifiedDivergent, b.verification(d).Result)
			require.Equal(t, []schema.Difference{c.want}, b.verification(d).Differences)
		})
	}

	inside(t, "AreReadWithTheBooksWhereTracked", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(tracking))
		books, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		require.True(t, books.ClassPerLine)
		require.True(t, books.TracksLocations)
		require.Contains(t, books.Classes, schema.Class{ID: engineering, Name: "Engineering", Active: true})
		require.Contains(t, books.Classes, schema.Class{ID: closedProject, Name: "Closed project (deleted)"})
		require.Contains(t, books.Locations, schema.Location{ID: remote, Name: "Remote", Active: true})
	})

	inside(t, "AreNotReadWhereNotTracked", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		books, err := b.loader.RefreshBooks(t.Context())
		require.NoError(t, err)
		require.False(t, books.ClassPerLine || books.TracksLocations)
		require.Empty(t, books.Classes)
		require.Empty(t, books.Locations)
	})
}

// What somebody entered by hand is alike only if it is of the same kind.
func TestLoader_CreditsEnteredByHand(t *testing.T) {
	t.Parallel()
	for entity, want := range map[string]schema.PostingState{
		"VendorCredit": schema.PostingDeclined, "Bill": schema.PostingPosted,
	} {
		inside(t, "A"+entity+"OfTheSameAmount", func(t *testing.T) {
			t.Helper()
			b := setup(t)
			d := b.draft(1, credit, today)
			id := b.byHand(entity, d, map[string]any{"DocNumber": "typed in"})
			b.mirror()
			b.record(d)

			b.cycle()

			p := b.bill(d)
			require.Equal(t, want, p.State)
			if want == schema.PostingDeclined {
				require.Equal(t, schema.FaultPossibleDuplicate, p.Fault.Code)
				require.Contains(t, p.Fault.Meaning, id)
				require.Contains(t, p.Fault.Meaning, "vendor credit")
			}
		})
	}
}

func TestLoader_CountsVendorCreditsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, reg := setup(t), prometheus.NewRegistry()
		b.record(b.draft(1, credit), b.draft(2), b.draft(3))
		loader := load.New(b.store, b.newClient(), load.Config{Company: acme, Now: time.Now}, slog.New(slog.DiscardHandler), load.NewMetrics(reg))

		_, err := loader.RunOnce(t.Context())

		require.NoError(t, err)
		got := gather(t, reg)
		require.InDelta(t, 1, got["tieout_load_postings_total vendor_credit posted"], 0)
		require.InDelta(t, 2, got["tieout_load_postings_total bill posted"], 0)
	})
}
