package vendors_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/vendors"
)

var readAt = time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)

func books(list ...schema.Vendor) schema.Books {
	return schema.Books{Company: "acme", HomeCurrency: "USD", MultiCurrency: true, ReadAt: readAt, Vendors: list}
}

func vendor(id schema.VendorID, name, email string) schema.Vendor {
	return schema.Vendor{ID: id, Name: name, Email: email, Currency: "USD", Active: true}
}

func worker(id schema.WorkerID, name, email string) vendors.Wanted {
	return vendors.Wanted{
		Key: schema.NewPayeeKey(schema.PayeeWorker, id, "", "USD"), Name: name, Email: email, Country: "co", Mark: string(id),
	}
}

func in(c schema.Currency, w vendors.Wanted) vendors.Wanted {
	w.Key = schema.NewPayeeKey(schema.PayeeWorker, schema.WorkerID(w.Mark), "", c)
	return w
}

type stored = map[schema.PayeeKey]schema.Payee

func review() schema.Policy { return schema.Policy{CreateVendors: schema.CreateAfterReview} }

func TestResolver_Links(t *testing.T) {
	t.Parallel()
	inactive := vendor("9", "Jane Doe", "jane@x.co")
	inactive.Active = false
	euro := vendor("8", "Jane Doe", "jane@x.co")
	euro.Currency = "EUR"
	unsaid := vendor("7", "Jane Doe", "")
	unsaid.Currency = ""

	for name, test := range map[string]struct {
		books  []schema.Vendor
		want   vendors.Wanted
		vendor schema.VendorID
		origin schema.Origin
	}{
		"ByEMail":                  {[]schema.Vendor{vendor("1", "JD Consulting", "Jane@X.co "), vendor("2", "Jane Doe", "")}, worker("77", "Jane Doe", "jane@x.co"), "1", schema.OriginEmail},
		"ByName":                   {[]schema.Vendor{vendor("2", "jane  DOE", "")}, worker("77", "Jane Doe", "jane@x.co"), "2", schema.OriginName},
		"PastInactiveVendors":      {[]schema.Vendor{inactive, vendor("2", "JD", "jane@x.co")}, worker("77", "Jane Doe", "jane@x.co"), "2", schema.OriginEmail},
		"InTheCurrencyOfThePayee":  {[]schema.Vendor{euro, vendor("2", "Jane Doe", "")}, in("EUR", worker("77", "Jane Doe", "")), "8", schema.OriginName},
		"ByTheNameThatWeWouldGive": {[]schema.Vendor{{ID: "5", Name: "Jane Doe (EUR)", Currency: "EUR", Active: true}}, in("EUR", worker("77", "Jane Doe", "")), "5", schema.OriginName},
		"VendorsWithoutACurrency":  {[]schema.Vendor{unsaid}, worker("77", "Jane Doe", ""), "7", schema.OriginName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := vendors.NewResolver("acme", books(test.books...), review(), nil).Resolve(test.want)
			require.Empty(t, got.Hold.Reason)
			require.True(t, got.Changed)
			require.Equal(t, schema.PayeeLinked, got.Payee.State)
			require.Equal(t, test.vendor, got.Payee.Vendor)
			require.Equal(t, test.origin, got.Payee.Origin)
			require.Equal(t, vendors.By, got.Payee.By)
		})
	}
}

func TestResolver_Proposes(t *testing.T) {
	t.Parallel()
	inactive := vendor("9", "Jane Doe (deleted)", "")
	inactive.Active = false

	for name, test := range map[string]struct {
		books        []schema.Vendor
		want         vendors.Wanted
		name, detail string
	}{
		"WhenNobodyIsAlike": {
			nil, worker("77", "Jane Doe", "jane@x.co"), "Jane Doe",
			`no active vendor in USD has the e-mail jane@x.co or the name "Jane Doe"`,
		},
		"NamingWhoIsAlike": {
			[]schema.Vendor{vendor("1", "John Smith", ""), vendor("2", "Jane M. Doe", ""), vendor("3", "Janet Doe", "")},
			worker("77", "Jane Doe", ""), "Jane Doe",
			`no active vendor in USD has the name "Jane Doe"; alike: "Janet Doe" (vendor 3), "Jane M. Doe" (vendor 2)`,
		},
		"WhenTwoHaveTheEMail": {
			[]schema.Vendor{vendor("1", "A", "j@x.co"), vendor("2", "B", "j@x.co")},
			worker("77", "Jane Doe", "j@x.co"), "Jane Doe",
			`the e-mail j@x.co is that of 2 vendors: "A" (vendor 1), "B" (vendor 2)`,
		},
		"WhenTwoHaveTheName": {
			[]schema.Vendor{vendor("1", "Jane Doe", ""), vendor("2", "JANE DOE", "")},
			worker("77", "Jane Doe", ""), "Jane Doe (77)",
			`2 vendors have the name: "Jane Doe" (vendor 1), "JANE DOE" (vendor 2)`,
		},
		"WhenAnInactiveVendorHasTheName": {
			[]schema.Vendor{inactive},
			worker("77", "Jane Doe", ""), "Jane Doe (77)",
			`"Jane Doe (deleted)" (vendor 9) has the name, and is inactive in QuickBooks`,
		},
		"InTheCurrencyOfThePayee": {
			[]schema.Vendor{vendor("1", "Jane Doe", "")},
			in("EUR", worker("77", "Jane Doe", "")), "Jane Doe (EUR)",
			`no active vendor in EUR has the name "Jane Doe"`,
		},
		"WithANameWhereOntopHasNone": {
			nil, worker("77", "", ""), "Worker 77", `no active vendor in USD has the name "Worker 77"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, policy := range []schema.VendorCreation{schema.CreateAfterReview, schema.CreateNever} {
				got := vendors.NewResolver("acme", books(test.books...), schema.Policy{CreateVendors: policy}, nil).Resolve(test.want)
				require.Equal(t, schema.PayeeProposed, got.Payee.State)
				require.Equal(t, test.name, got.Payee.Name)
				require.Equal(t, test.detail, got.Payee.Detail)
				require.Equal(t, schema.HoldUnresolvedVendor, got.Hold.Reason)
				require.Contains(t, got.Hold.Detail, test.detail)
				require.Equal(t, schema.OwnerFinance, got.Hold.Owner)
				if policy == schema.CreateNever {
					require.Contains(t, got.Hold.NextStep, "create the vendor in QuickBooks")
				} else {
					require.Contains(t, got.Hold.NextStep, "approve creating "+fmt.Sprintf("%q", test.name))
				}
			}
		})
	}
}

func TestResolver_KeepsEMailsThatQuickBooksTakes(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		" jane@x.co ": "jane@x.co", "jane": "", "jane@x": "", "jane@x.co, bob@x.co": "", strings.Repeat("j", 96) + "@x.co": "", "": "",
	} {
		got := vendors.NewResolver("acme", books(), review(), nil).Resolve(worker("77", "Jane Doe", email))
		require.Equal(t, want, got.Payee.Email, "%q", email)
	}
}

func TestResolver_CreatesAutomatically(t *testing.T) {
	t.Parallel()
	automatic := schema.Policy{CreateVendors: schema.CreateAutomatically}

	t.Run("WhenNobodyMatches", func(t *testing.T) {
		t.Parallel()
		got := vendors.NewResolver("acme", books(vendor("1", "Janet Doe", "")), automatic, nil).Resolve(worker("77", "Jane Doe", "jane@x.co"))
		require.Equal(t, schema.Payee{
			Company: "acme", Key: "worker:77:USD", State: schema.PayeeApproved, Name: "Jane Doe", Email: "jane@x.co", Country: "CO", By: vendors.By,
		}, got.Payee)
		require.Equal(t, schema.OwnerNobody, got.Hold.Owner)
	})

	t.Run("ButNeverInDoubt", func(t *testing.T) {
		t.Parallel()
		got := vendors.NewResolver("acme", books(vendor("1", "Jane Doe", ""), vendor("2", "Jane Doe", "")), automatic, nil).
			Resolve(worker("77", "Jane Doe", ""))
		require.Equal(t, schema.PayeeProposed, got.Payee.State)
	})
}

func TestResolver_Namesakes(t *testing.T) {
	t.Parallel()
	one, two := worker("77", "Jane Doe", ""), worker("88", "JANE DOE", "")

	t.Run("GetNamesThatTellThemApart", func(t *testing.T) {
		t.Parallel()
		r := vendors.NewResolver("acme", books(), review(), nil)
		r.Expect(one)
		r.Expect(two)
		require.Equal(t, "Jane Doe (77)", r.Resolve(one).Payee.Name)
		require.Equal(t, "JANE DOE (88)", r.Resolve(two).Payee.Name)
	})

	t.Run("AreNotLinkedByName", func(t *testing.T) {
		t.Parallel()
		r := vendors.NewResolver("acme", books(vendor("1", "Jane Doe", "")), review(), nil)
		r.Expect(one)
		r.Expect(two)
		require.Equal(t, `"Jane Doe" (vendor 1) may be this payee or worker:88:USD, which has the same name`, r.Resolve(one).Payee.Detail)
		require.Equal(t, schema.PayeeProposed, r.Resolve(two).Payee.State)
	})

	t.Run("AreNotLinkedToATakenVendor", func(t *testing.T) {
		t.Parallel()
		r := vendors.NewResolver("acme", books(vendor("1", "Jane Doe", "")), review(), stored{
			one.Key: {Key: one.Key, State: schema.PayeeLinked, Vendor: "1", Name: "Jane Doe", By: "ana"},
		})
		got := r.Resolve(two)
		require.Equal(t, schema.PayeeProposed, got.Payee.State)
		require.Equal(t, `"Jane Doe" (vendor 1) matches, and is linked to worker:77:USD already`, got.Payee.Detail)
	})

	t.Run("KeepTheNamesThatWereProposed", func(t *testing.T) {
		t.Parallel()
		r := vendors.NewResolver("acme", books(), review(), nil)
		first := r.Resolve(one).Payee
		require.Equal(t, "Jane Doe", first.Name)
		second := r.Resolve(two).Payee
		require.Equal(t, "JANE DOE (88)", second.Name)

		again := vendors.NewResolver("acme", books(), review(), stored{one.Key: first, two.Key: second})
		again.Expect(two)
		again.Expect(one)
		require.False(t, again.Resolve(two).Changed)
		require.False(t, again.Resolve(one).Changed)
	})

	t.Run("WithOneEMailShareAVendor", func(t *testing.T) {
		t.Parallel()
		r := vendors.NewResolver("acme", books(vendor("1", "Jane Doe", "j@x.co")), review(), nil)
		require.Equal(t, schema.VendorID("1"), r.Resolve(worker("77", "Jane Doe", "j@x.co")).Payee.Vendor)
		require.Equal(t, schema.VendorID("1"), r.Resolve(worker("88", "Jane Doe", "J@x.co")).Payee.Vendor)
	})
}

func TestResolver_KeepsWhatWasDecided(t *testing.T) {
	t.Parallel()
	jane := worker("77", "Jane Doe", "jane@x.co")
	euro := vendor("1", "Jane", "")
	euro.Currency = "EUR"
	asleep := vendor("1", "Jane", "")
	asleep.Active = false
	linked := schema.Payee{
		Company: "acme", Key: jane.Key, State: schema.PayeeLinked, Vendor: "1", Name: "Jane", Origin: schema.OriginPerson, By: "ana",
		RecordedAt: readAt.Add(-time.Hour),
	}
	fresh := linked
	fresh.RecordedAt = readAt.Add(-time.Minute)

	for name, test := range map[string]struct {
		books  []schema.Vendor
		stored schema.Payee
		detail string
		owner  schema.Owner
	}{
		"ALink":                           {[]schema.Vendor{vendor("1", "Jane", ""), vendor("2", "JD", "jane@x.co")}, linked, "", ""},
		"ALinkToAVendorNewerThanTheBooks": {nil, fresh, "", ""},
		"ALinkToAnInactiveVendor": {
			[]schema.Vendor{asleep}, linked, `vendor 1 "Jane", to which payee worker:77:USD is linked, is inactive in QuickBooks`, schema.OwnerFinance,
		},
		"ALinkToAVendorThatIsGone": {
			nil, linked, `vendor 1 "Jane", to which payee worker:77:USD is linked, is no longer in QuickBooks: it was merged or removed`, schema.OwnerFinance,
		},
		"ALinkToAVendorInAnotherCurrency": {
			[]schema.Vendor{euro}, linked, `vendor 1 "Jane", to which payee worker:77:USD is linked, is in EUR and the invoice in USD`, schema.OwnerFinance,
		},
		"AnApproval": {
			[]schema.Vendor{vendor("2", "JD", "jane@x.co")},
			schema.Payee{Key: jane.Key, State: schema.PayeeApproved, Name: "J", By: "ana"},
			`vendor "J" for payee worker:77:USD is about to be created in QuickBooks`, schema.OwnerNobody,
		},
		"WhatQuickBooksDeclined": {
			nil,
			schema.Payee{Key: jane.Key, State: schema.PayeeDeclined, Name: "J", Detail: "fault 6240: the name is taken", By: vendors.By},
			`QuickBooks declined to create vendor "J" for payee worker:77:USD: fault 6240: the name is taken`, schema.OwnerFinance,
		},
		"AProposalByAPerson": {
			[]schema.Vendor{vendor("2", "JD", "jane@x.co")},
			schema.Payee{Key: jane.Key, State: schema.PayeeProposed, Name: "J", Detail: "ask Bob", By: "ana"},
			`payee worker:77:USD has no vendor: ask Bob`, schema.OwnerFinance,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := vendors.NewResolver("acme", books(test.books...), review(), stored{jane.Key: test.stored}).Resolve(jane)
			require.False(t, got.Changed)
			require.Equal(t, test.stored, got.Payee)
			require.Equal(t, test.detail, got.Hold.Detail)
			require.Equal(t, test.owner, got.Hold.Owner)
		})
	}

	t.Run("ButLooksAgainAfterItsOwnProposal", func(t *testing.T) {
		t.Parallel()
		proposed := vendors.NewResolver("acme", books(), review(), nil).Resolve(jane).Payee
		got := vendors.NewResolver("acme", books(vendor("5", "Jane Doe", "")), review(), stored{jane.Key: proposed}).Resolve(jane)
		require.True(t, got.Changed)
		require.Equal(t, schema.VendorID("5"), got.Payee.Vendor)
	})

	t.Run("AndKnowsNothingBeforeTheBooksAreRead", func(t *testing.T) {
		t.Parallel()
		got := vendors.NewResolver("acme", schema.Books{}, review(), nil).Resolve(jane)
		require.False(t, got.Changed)
		require.Equal(t, schema.OwnerOps, got.Hold.Owner)
		require.Equal(t, "QuickBooks has not been read yet, so no vendor is known", got.Hold.Detail)
	})
}

// However many people share few names, no two are given one name, none is given
// a name of the books, and a second look at the same changes nothing.
func TestResolver_NamesAreUnique(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"Jane Doe", "jane doe", "Bob", "Bob (2)", "Jane Doe (EUR)", "", ":"})
		var list []schema.Vendor
		for i := range rapid.IntRange(0, 4).Draw(t, "vendors") {
			v := vendor(schema.VendorID(fmt.Sprint(i)), names.Draw(t, "vendor"), "")
			v.Active = rapid.Bool().Draw(t, "active")
			list = append(list, v)
		}
		var wanted []vendors.Wanted
		for i := range rapid.IntRange(1, 8).Draw(t, "workers") {
			w := worker(schema.WorkerID(fmt.Sprint(i)), names.Draw(t, "worker"), "")
			wanted = append(wanted, in(rapid.SampledFrom([]schema.Currency{"USD", "EUR"}).Draw(t, "currency"), w))
		}
		known := stored{}
		for round := range 3 {
			r := vendors.NewResolver("acme", books(list...), review(), known)
			for _, w := range wanted {
				r.Expect(w)
			}
			used, next := map[string]bool{}, stored{}
			for _, v := range list {
				used[vendors.Fold(v.Name)] = true
			}
			for _, w := range wanted {
				got := r.Resolve(w)
				again := r.Resolve(w)
				require.Equal(t, got.Payee, again.Payee)
				require.False(t, again.Changed, "a change is reported once")
				next[w.Key] = got.Payee
				if round > 0 {
					require.False(t, got.Changed, "%+v became %+v", known[w.Key], got.Payee)
				}
				if got.Payee.State == schema.PayeeProposed {
					require.NotEmpty(t, got.Payee.Name)
					require.False(t, used[vendors.Fold(got.Payee.Name)], "%q is in use", got.Payee.Name)
					used[vendors.Fold(got.Payee.Name)] = true
				}
			}
			known = next
		}
	})
}

func BenchmarkResolver(b *testing.B) {
	list := make([]schema.Vendor, 10_000)
	for i := range list {
		list[i] = vendor(schema.VendorID(fmt.Sprint(i)), fmt.Sprintf("Vendor%d Name%d", i%97, i), fmt.Sprintf("v%d@x.co", i))
	}
	b.Run("NewResolver10000Vendors", func(b *testing.B) {
		for b.Loop() {
			vendors.NewResolver("acme", books(list...), review(), nil)
		}
	})
	b.Run("Propose", func(b *testing.B) {
		r := vendors.NewResolver("acme", books(list...), review(), nil)
		n := 0
		for b.Loop() {
			n++
			r.Resolve(worker(schema.WorkerID(fmt.Sprint(n)), fmt.Sprintf("Vendor%d Nobody%d", n%97, n), "nobody@x.co"))
		}
	})
}
