package load_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

func (b *bench) payee(name string, changes ...func(*schema.Payee)) schema.Payee {
	b.t.Helper()
	p := schema.Payee{
		Company: acme, Key: "worker:9:USD", State: schema.PayeeApproved, Name: name, Email: "grace@example.com",
		By: "finance", RecordedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	for _, change := range changes {
		change(&p)
	}
	require.NoError(b.t, b.store.RecordPayees(b.t.Context(), []schema.Payee{p}))
	return p
}

func (b *bench) payeeNow(key schema.PayeeKey) schema.Payee {
	b.t.Helper()
	all, err := b.store.Payees(b.t.Context(), acme)
	require.NoError(b.t, err)
	return all[key]
}

func TestLoader_Vendors(t *testing.T) {
	t.Parallel()
	inside := func(name string, test func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test)
		})
	}
	noMail := func(p *schema.Payee) { p.Email = "" }

	inside("CreatesAndLinks", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		p := b.payee("Grace Hopper", func(p *schema.Payee) { p.Business = true })

		result := b.cycle()

		require.Equal(t, 1, result.Vendors.Posted)
		linked := b.payeeNow(p.Key)
		require.Equal(t, schema.PayeeLinked, linked.State)
		require.Equal(t, schema.OriginCreated, linked.Origin)
		require.Equal(t, "tieout", linked.By)
		made := b.vendors()[1]
		require.Equal(t, string(linked.Vendor), made.ID)
		require.Equal(t, "Grace Hopper", made.DisplayName)
		require.Equal(t, "Grace Hopper", made.CompanyName)
		require.Equal(t, "grace@example.com", made.PrimaryEmailAddr.Address)
		requireBytes(t, `{"DisplayName":"Grace Hopper","CompanyName":"Grace Hopper","PrimaryEmailAddr":{"Address":"grace@example.com"}}`,
			b.posting(schema.PostVendor, string(p.Key)).Body)
		require.Zero(t, b.cycle())
	})

	inside("SaysTheCurrencyWhereThereAreSeveral", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true }))
		b.payee("Grace Hopper", func(p *schema.Payee) { p.Key = "worker:9:EUR" })

		b.cycle()

		require.Equal(t, "EUR", b.vendors()[1].CurrencyRef.Value)
	})

	inside("ALostAnswerIsFoundByName", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		p := b.payee("Grace Hopper", noMail)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})

		b.cycle()
		require.Equal(t, schema.PayeeApproved, b.payeeNow(p.Key).State)
		b.cycle()

		require.Equal(t, schema.OriginAdopted, b.payeeNow(p.Key).Origin)
		require.Len(t, b.vendors(), 2)
	})

	inside("ALostRequestIsSentAgain", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		p := b.payee("Grace Hopper")
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})

		b.cycle()
		b.cycle()

		require.Equal(t, schema.OriginCreated, b.payeeNow(p.Key).Origin)
		require.Len(t, b.vendors(), 2)
	})

	for name, plain := range map[string]bool{"WithItsId": false, "InTheDocumentedWording": true} {
		inside("TheSameVendorIsAdoptedWhenTheClashComes"+name, func(t *testing.T) {
			t.Helper()
			b := setup(t, withSim(func(c *quickbookstest.Config) { c.Rules.PlainNameTaken = plain }))
			id, err := b.sim.Create("", "Vendor", map[string]any{
				"DisplayName": "grace hopper", "PrimaryEmailAddr": map[string]any{"Address": "Grace@Example.com"},
			})
			require.NoError(t, err)
			p := b.payee("Grace Hopper")

			result := b.cycle()

			require.Equal(t, 1, result.Vendors.Adopted)
			require.Equal(t, schema.VendorID(id), b.payeeNow(p.Key).Vendor)
			require.Equal(t, schema.OriginAdopted, b.payeeNow(p.Key).Origin)
		})
	}

	inside("NobodyElseIsAdopted", func(t *testing.T) {
		t.Helper()
		cases := map[string]struct {
			entity string
			fields map[string]any
			change func(*schema.Payee)
			says   string
		}{
			"ACustomer":                  {entity: "Customer", says: "customer or employee"},
			"AnEmployee":                 {entity: "Employee", fields: map[string]any{"GivenName": "Grace", "FamilyName": "Hopper"}, says: "customer or employee"},
			"AVendorWithAnotherEmail":    {entity: "Vendor", fields: map[string]any{"PrimaryEmailAddr": map[string]any{"Address": "g@other.example"}}, says: "another e-mail"},
			"AVendorWithoutEmail":        {entity: "Vendor", says: "without an e-mail"},
			"AVendorWhenThePayeeHasNone": {entity: "Vendor", change: noMail, says: "without an e-mail"},
		}
		for name, c := range cases {
			t.Log(name)
			b := setup(t)
			fields := map[string]any{"DisplayName": "Grace Hopper"}
			maps.Copy(fields, c.fields)
			_, err := b.sim.Create("", c.entity, fields)
			require.NoError(t, err)
			change := c.change
			if change == nil {
				change = func(*schema.Payee) {}
			}
			p := b.payee("Grace Hopper", change)

			result := b.cycle()

			declined := b.payeeNow(p.Key)
			require.Equal(t, 1, result.Vendors.Declined)
			require.Equal(t, schema.PayeeDeclined, declined.State)
			require.Contains(t, declined.Detail, c.says)
			require.Contains(t, declined.Detail, "under another name")
			require.NotContains(t, declined.Detail, "tieout reads", "it has")
			require.Equal(t, schema.OwnerFinance, b.posting(schema.PostVendor, string(p.Key)).Fault.Owner)
			require.Zero(t, b.cycle(), "it waits for a person")
		}
	})

	inside("AVendorInAnotherCurrencyIsNotAdopted", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true }))
		_, err := b.sim.Create("", "Vendor", map[string]any{
			"DisplayName": "Grace Hopper", "PrimaryEmailAddr": map[string]any{"Address": "grace@example.com"},
			"CurrencyRef": map[string]any{"value": "EUR"},
		})
		require.NoError(t, err)
		p := b.payee("Grace Hopper")

		b.cycle()

		require.Contains(t, b.payeeNow(p.Key).Detail, "another currency")
	})

	inside("TwoPayeesNeverShareAVendor", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		b.payee("Grace Hopper", noMail)
		b.cycle()
		second := b.payee("Grace Hopper", noMail, func(p *schema.Payee) { p.Key = "worker:10:USD" })
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})

		b.cycle()
		time.Sleep(10 * time.Minute)
		b.cycle()

		require.Equal(t, schema.PayeeDeclined, b.payeeNow(second.Key).State)
		require.Contains(t, b.payeeNow(second.Key).Detail, "another payee")
	})

	inside("AnApprovalAfterADeclineTriesAgain", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		customer, err := b.sim.Create("", "Customer", map[string]any{"DisplayName": "Grace Hopper"})
		require.NoError(t, err)
		p := b.payee("Grace Hopper")
		b.cycle()
		require.Equal(t, schema.PayeeDeclined, b.payeeNow(p.Key).State)

		require.NoError(t, b.sim.Edit("", "Customer", customer, map[string]any{"DisplayName": "Hopper Ltd"}))
		time.Sleep(time.Minute)
		b.payee("Grace Hopper")
		b.cycle()

		require.Equal(t, schema.PayeeLinked, b.payeeNow(p.Key).State)
	})

	inside("ANameThatQuickBooksCannotTakeIsDeclined", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		p := b.payee("Grace: Hopper")

		b.cycle()

		require.Equal(t, schema.PayeeDeclined, b.payeeNow(p.Key).State)
		require.Equal(t, "2040", b.posting(schema.PostVendor, string(p.Key)).Fault.Code)
	})

	inside("ACrashBetweenPostingAndLinkingIsMadeUpFor", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		p := b.payee("Grace Hopper")
		b.failOnce("RecordPayees", false)

		_, err := b.loader.RunOnce(t.Context())
		require.Error(t, err)
		require.Equal(t, schema.PayeeApproved, b.payeeNow(p.Key).State)
		b.restart()
		b.cycle()

		require.Equal(t, schema.PayeeLinked, b.payeeNow(p.Key).State)
		require.Len(t, b.vendors(), 2)
	})
}
