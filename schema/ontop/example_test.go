package ontop_test

import (
	"fmt"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

func ExampleDecode() {
	m, err := ontop.Decode(schema.Delivery{Company: "acme", ID: "msg_1", Body: []byte(`{
		"event_type": "INVOICE_CONFIRMED",
		"data": [
			{"invoice_id": 880012, "agreement_id": "4101", "issue_date": "2026-05-31", "currency": "USD", "total_amount": 3000.10,
			 "items": [{"concept": "FIXED_PAYMENT", "amount": "3000.10"}]},
			{"invoice_id": 880013, "agreement_id": 4102, "issue_date": "2026-05-31", "currency": "JPY", "total_amount": 5200.5, "items": []},
			{"invoice_number": "INV-3"}
		]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, invoice := range m.Invoices {
		fmt.Println(invoice.ID, invoice.Status, invoice.Total, invoice.Problems)
	}
	fmt.Println(m.Troubles)
	// Output:
	// 880012 CONFIRMED 3000.10 USD []
	// 880013 CONFIRMED 0 JPY [total_amount is 5200.5: has more decimals than JPY has; send it with at most 0]
	// [data[2].invoice_id: is missing; nothing can be kept without it, so send the object again with its id]
}
