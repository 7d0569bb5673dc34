package ontopsim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// paid is an invoice that Ontop paid.
type paid struct {
	invoice schema.Invoice
	at      time.Time
}

// money tells of every payment of an invoice that a worker gets, an hour after the
// invoice was said to be paid, and of a top-up of the wallet a month.
func (g *generator) money() {
	for n, p := range g.paid {
		if p.invoice.Total.Sign() <= 0 || p.invoice.Worker == "" || p.invoice.Currency == schema.NoCurrency {
			continue
		}
		id := strconv.Itoa(70_000 + n)
		g.pay(id, p.invoice.Worker, p.invoice.WorkerEmail, p.invoice.USDTotal, p.at.Add(-time.Second))
		g.expected.Payments = append(g.expected.Payments, Payment{ID: id, Invoice: p.invoice.ID, USD: p.invoice.USDTotal})
	}
	for n, month := range g.months {
		amount := schema.NewMoney(int64(5_000_000+n*100), "USD")
		g.topUp(strconv.Itoa(52_000+n), amount, month.First().AddDays(1).Time().Add(8*time.Hour))
	}
}

// pay sends that Ontop paid somebody.
func (g *generator) pay(id string, worker schema.WorkerID, email string, usd schema.Money, at time.Time) {
	g.send(g.newID("msg"), at.Add(time.Hour), ontop.Envelope{EventType: ontop.PaymentMade, Data: ontop.PaymentRecord{
		PaymentID: ontop.ID(id), ClientID: ontop.ID(g.cfg.ClientID), WorkerID: ontop.ID(worker),
		PaylistID: ontop.ID(strconv.Itoa(9_000 + g.sent)), IdempotencyKey: ontop.Text(g.newID("key")[:20]), Email: ontop.Text(email),
		TransactionStatus: "SUCCESS", TransactionAmount: ontop.Decimal(usd.Decimal()),
		TransactionDateTime: ontop.Decimal(fmt.Sprintf("%d.%09d", at.Unix(), g.random.Int64N(1_000_000_000))),
	}})
}

// topUp sends that money came into the wallet.
func (g *generator) topUp(id string, usd schema.Money, at time.Time) {
	g.send(g.newID("msg"), at, ontop.Envelope{EventType: ontop.ClientWalletTopUp, Data: ontop.TopUpRecord{
		TransactionID: ontop.ID(id), TransactionType: "TRANSFER", Amount: ontop.Decimal(usd.Decimal()), ReferenceID: ontop.Text(g.newID("WIRE")[:16]),
	}})
	g.expected.TopUps = append(g.expected.TopUps, TopUp{ID: id, USD: usd})
}
