package vendors_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/vendors"
)

// What finance reads about a payee without a vendor, by what was decided.
func TestResolver_SaysWhatToDo(t *testing.T) {
	t.Parallel()
	jane := worker("77", "Jane Doe", "")
	record := func(state schema.PayeeState, detail string) *schema.Payee {
		return &schema.Payee{Company: "acme", Key: jane.Key, State: state, Name: "Jane Doe", Detail: detail, By: "ana", RecordedAt: readAt}
	}
	for name, test := range map[string]struct {
		creation schema.VendorCreation
		stored   *schema.Payee
		next     string
		owner    schema.Owner
	}{
		"ApproveOrLink": {
			schema.CreateAfterReview, nil, `approve creating "Jane Doe" (tieout vendors approve worker:77:USD), or link the payee to an existing vendor ` +
				"(tieout vendors link worker:77:USD VENDOR-ID)", schema.OwnerFinance,
		},
		"CreateItYourself": {
			schema.CreateNever, nil, "create the vendor in QuickBooks, or link the payee to an existing one (tieout vendors link worker:77:USD VENDOR-ID)", schema.OwnerFinance,
		},
		"WaitForIt":         {schema.CreateAutomatically, nil, "nothing; the next run creates it", schema.OwnerNobody},
		"WaitForWhatIsSaid": {schema.CreateNever, record(schema.PayeeApproved, ""), "nothing; the next run creates it", schema.OwnerNobody},
		"TakeAnotherName": {
			schema.CreateAutomatically, record(schema.PayeeDeclined, "the name is taken"),
			"link the payee to an existing vendor (tieout vendors link worker:77:USD VENDOR-ID), or approve it under another name " +
				"(tieout vendors approve worker:77:USD --name NAME)", schema.OwnerFinance,
		},
		"AskWhoProposedIt": {
			schema.CreateAutomatically, record(schema.PayeeProposed, "is this Jane?"),
			`approve creating "Jane Doe" (tieout vendors approve worker:77:USD), or link the payee to an existing vendor ` +
				"(tieout vendors link worker:77:USD VENDOR-ID)", schema.OwnerFinance,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := stored{}
			if test.stored != nil {
				known[jane.Key] = *test.stored
			}
			got := vendors.NewResolver("acme", books(), schema.Policy{CreateVendors: test.creation}, known).Resolve(jane)
			require.Equal(t, schema.HoldUnresolvedVendor, got.Hold.Reason)
			require.Equal(t, test.next, got.Hold.NextStep)
			require.Equal(t, test.owner, got.Hold.Owner)
			require.Contains(t, got.Hold.Detail, "worker:77:USD")
			require.Equal(t, test.stored == nil, got.Changed)
			if test.stored != nil {
				require.Contains(t, got.Hold.Detail, test.stored.Detail)
			}
		})
	}
}

// A policy that changes decides anew about what nobody has decided.
func TestResolver_FollowsThePolicy(t *testing.T) {
	t.Parallel()
	jane := worker("77", "Jane Doe", "")
	proposed := vendors.NewResolver("acme", books(), review(), nil).Resolve(jane).Payee
	proposed.RecordedAt = readAt

	got := vendors.NewResolver("acme", books(), schema.Policy{CreateVendors: schema.CreateAutomatically}, stored{jane.Key: proposed}).Resolve(jane)
	require.True(t, got.Changed)
	require.Equal(t, schema.PayeeApproved, got.Payee.State)
	require.Equal(t, "Jane Doe", got.Payee.Name)
	require.Equal(t, readAt, got.Payee.RecordedAt, "whoever records it sees what it replaces")

	never := vendors.NewResolver("acme", books(), schema.Policy{CreateVendors: schema.CreateNever}, stored{jane.Key: proposed}).Resolve(jane)
	require.False(t, never.Changed)
}

// Whether a payee is one whose name was misspelt by a letter is for a person to
// say, and the proposal names the vendor for them.
func TestResolver_NamesWhoMayBeMeant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.SampledFrom([]string{"Alexandra", "Maximilian", "Guillermo"}).Draw(t, "first")
		last := rapid.SampledFrom([]string{"Hernandez", "Oppenheimer", "Featherstone"}).Draw(t, "last")
		full := []rune(first + " " + last)
		at := rapid.IntRange(4, len(full)-1).Draw(t, "at")
		if full[at] == ' ' {
			at++
		}
		full[at] = 'q'
		got := vendors.NewResolver("acme", books(vendor("1", first+" "+last, ""), vendor("2", "Zoltan Kis", "")), review(), nil).
			Resolve(worker("77", string(full), ""))
		require.Equal(t, schema.PayeeProposed, got.Payee.State)
		require.Contains(t, got.Payee.Detail, fmt.Sprintf("alike: %q (vendor 1)", first+" "+last))
		require.NotContains(t, got.Payee.Detail, "vendor 2")
	})
}

func TestResolver_NamesAtMostThreeWhoAreAlike(t *testing.T) {
	t.Parallel()
	var list []schema.Vendor
	for i := range 3000 {
		list = append(list, vendor(schema.VendorID(fmt.Sprintf("%04d", i)), fmt.Sprintf("Jane Doe %c%d", 'a'+i%26, i), ""))
	}
	got := vendors.NewResolver("acme", books(list...), review(), nil).Resolve(worker("77", "Jane Doe", ""))
	require.Len(t, got.Payee.Detail, len(`no active vendor in USD has the name "Jane Doe"; alike: `)+
		len(`"Jane Doe a0" (vendor 0000), "Jane Doe b1" (vendor 0001), "Jane Doe c2" (vendor 0002)`))
}

// The platform is a payee like any other, in each currency of its own.
func TestResolver_ResolvesThePlatform(t *testing.T) {
	t.Parallel()
	ontop := func(c schema.Currency) vendors.Wanted {
		return vendors.Wanted{Key: schema.NewPayeeKey(schema.PayeePlatform, "", "", c), Name: "Ontop", Business: true}
	}
	r := vendors.NewResolver("acme", books(vendor("58", "ONTOP", "")), review(), nil)
	require.Equal(t, schema.VendorID("58"), r.Resolve(ontop("USD")).Payee.Vendor)
	euro := r.Resolve(ontop("EUR")).Payee
	require.Equal(t, schema.PayeeProposed, euro.State)
	require.Equal(t, "Ontop (EUR)", euro.Name)
	require.True(t, euro.Business)

	single := books()
	single.MultiCurrency = false
	require.Equal(t, "Ontop", vendors.NewResolver("acme", single, review(), nil).Resolve(ontop("USD")).Payee.Name)
}

// A vendor that we created a moment ago is not in the books yet, and is used all
// the same; one that has been missing for longer is not.
func TestResolver_TrustsFreshLinks(t *testing.T) {
	t.Parallel()
	jane := worker("77", "Jane Doe", "")
	for minutes, usable := range map[int]bool{-60: false, -10: false, -9: true, 0: true, 60: true} {
		link := schema.Payee{
			Company: "acme", Key: jane.Key, State: schema.PayeeLinked, Vendor: "9", Name: "Jane Doe", Origin: schema.OriginCreated,
			By: vendors.By, RecordedAt: readAt.Add(time.Duration(minutes) * time.Minute),
		}
		got := vendors.NewResolver("acme", books(), review(), stored{jane.Key: link}).Resolve(jane)
		require.Equal(t, usable, got.Hold.Reason == "", "%d minutes after the books", minutes)
		require.False(t, got.Changed)
	}
}
