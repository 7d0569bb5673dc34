package load_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// deed is one thing that a bookkeeper or we do to the books.
type deed struct {
	kind  string
	which int
	hours int
}

func deeds() *rapid.Generator[deed] {
	return rapid.Custom(func(t *rapid.T) deed {
		return deed{
			kind: rapid.SampledFrom([]string{
				"post", "post", "enter", "enter", "number", "date", "note", "delete", "merge", "look", "sweep", "lose",
			}).Draw(t, "kind"),
			which: rapid.IntRange(0, 9).Draw(t, "which"),
			hours: rapid.SampledFrom([]int{0, 1, 24, 24 * 31}).Draw(t, "hours"),
		}
	})
}

// Whatever a bookkeeper does between our looks, and wherever one of them fails, the
// mirror then holds what the books hold, and knows which documents are ours.
func TestLoader_MirrorEqualsTheBooks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(deeds(), 1, 14).Draw(rt, "deeds")
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = play(t, all) })
		if failure != nil {
			rt.Fatalf("%v", failure)
		}
	})
}

func play(t *testing.T, all []deed) error {
	t.Helper()
	b := setup(t)
	b.mirror()
	// A connection that is not used for 100 days ends, which is no failure of the
	// mirror: nobody here is idle for so long.
	const mostIdle = 90 * 24
	idle := 0
	for n, d := range all {
		b.do(n, d)
		if d.kind == "post" || d.kind == "look" || d.kind == "sweep" {
			idle = 0
		}
		if idle+d.hours > mostIdle {
			d.hours = 0
		}
		idle += d.hours
		sleep(time.Duration(d.hours)*time.Hour + time.Second)
	}
	b.store.Inject(nil)
	b.cycle()
	b.mirror()
	return b.alike()
}

func (b *bench) do(n int, d deed) {
	b.t.Helper()
	bills, vendors := b.bills(), b.vendors()
	switch d.kind {
	case "post":
		draft := b.draft(n+1, today, func(d *schema.Draft) { d.Vendor = schema.VendorID(vendors[0].ID) })
		b.record(draft)
		b.cycle()
	case "enter":
		draft := b.draft(1000+n, today, func(d *schema.Draft) { d.Vendor = schema.VendorID(vendors[0].ID) })
		b.handBill(draft, nil)
	case "merge":
		id, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": fmt.Sprintf("Vendor %d", n)})
		require.NoError(b.t, err)
		require.NoError(b.t, b.sim.Merge("", "Vendor", vendors[0].ID, id))
	case "look":
		b.mirror()
	case "sweep":
		_, err := b.loader.Sweep(b.t.Context())
		require.NoError(b.t, err)
	case "lose":
		b.failOnce([]string{"RecordBookBills", "RecordMirrored", "RecordVerifications", "BookBills", "RecordBooks"}[d.which%5], d.which > 4)
		b.loader.Mirror(b.t.Context()) // whatever it says: what counts is the end
		b.store.Inject(nil)
	default:
		if len(bills) == 0 {
			return
		}
		id := bills[d.which%len(bills)].ID
		if d.kind == "delete" {
			require.NoError(b.t, b.sim.Delete("", "Bill", id))
			return
		}
		require.NoError(b.t, b.sim.Edit("", "Bill", id, map[string]map[string]any{
			"number": {"DocNumber": fmt.Sprintf("edited %d", n)},
			"date":   {"TxnDate": schema.DateOf(time.Now()).AddDays(-20 * d.which).String()},
			"note":   {"PrivateNote": "rewritten"},
		}[d.kind]))
	}
}

// alike compares the mirror with a dump of the books.
func (b *bench) alike() error {
	mirrored, books := b.mirrored(), b.bills()
	there := map[string]quickbooks.Bill{}
	for _, bill := range books {
		there[bill.ID] = bill
		m, ok := mirrored[schema.DocumentID(bill.ID)]
		total, err := schema.ParseMoney(bill.TotalAmt.String(), "USD")
		require.NoError(b.t, err)
		switch {
		case !ok || m.Deleted:
			return fmt.Errorf("bill %s is not in the mirror: %+v", bill.ID, m)
		case m.DocNumber != bill.DocNumber, string(m.Vendor) != bill.VendorRef.Value, m.TxnDate.String() != bill.TxnDate,
			m.SyncToken != bill.SyncToken, m.Total != total:
			return fmt.Errorf("bill %+v is mirrored as %+v", bill, m)
		}
	}
	for id, m := range mirrored {
		if _, ok := there[string(id)]; !ok && !m.Deleted {
			return fmt.Errorf("bill %s is gone and still in the mirror", id)
		}
	}
	for position, err := range b.store.OpenPositions(b.t.Context(), acme) {
		return fmt.Errorf("invoice %s is not posted: %w", position.Invoice.ID, err)
	}
	return nil
}
