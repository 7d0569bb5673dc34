package quickbookstest_test

import (
	"fmt"
	"net/http"
	"testing"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// How much of a load test the simulator itself costs: one bill of a batch of 30.
func BenchmarkBatch(b *testing.B) {
	w := open(b, preferring(qbt.Preferences{WarnDuplicateBillNumber: true}))
	vendor := w.vendor("Ana")
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		items := make([]m, 0, 30)
		for i := range 30 {
			n++
			items = append(items, creating(fmt.Sprint("b", i), "Bill", bill(vendor, m{"DocNumber": fmt.Sprint("D", n)})))
		}
		if rep := w.post(fmt.Sprint("/batch?requestid=r", n), batchOf(items...)); rep.status != http.StatusOK {
			b.Fatal(string(rep.raw))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/bill")
}

// A look-up by vendor and number among 10,000 bills.
func BenchmarkLookup(b *testing.B) {
	w := open(b, qbt.Config{})
	vendor := w.vendor("Ana")
	for i := range 10_000 {
		w.made("Bill", bill(vendor, m{"DocNumber": fmt.Sprint("D", i)}))
	}
	for b.Loop() {
		if w.query("select * from Bill where VendorRef = '"+vendor+"' and DocNumber = 'D77'").at("QueryResponse.Bill.0.DocNumber") != "D77" {
			b.Fatal("not found")
		}
	}
}
