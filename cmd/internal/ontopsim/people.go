package ontopsim

import (
	"fmt"

	"github.com/tieout/tieout/schema"
)

// place is where people with a currency live, and what their work is worth.
type place struct {
	currency     schema.Currency
	iso, country string
	monthly      int64 // a usual month's pay, in minor units
	hourly       int64
	rate         int64 // millionths of a dollar for one unit
}

// places has the currencies that are told apart. Others live in the United
// States and earn as people there do.
func places() []place {
	return []place{
		{"USD", "US", "United States", 420_000, 3_500, 1_000_000},
		{"EUR", "ES", "Spain", 380_000, 3_200, 1_085_000},
		{"COP", "CO", "Colombia", 1_400_000_000, 6_500_000, 250},
		{"BRL", "BR", "Brazil", 1_450_000, 12_000, 190_000},
		{"MXN", "MX", "Mexico", 4_800_000, 38_000, 55_000},
		{"JPY", "JP", "Japan", 520_000, 4_200, 6_700},
		{"GBP", "GB", "United Kingdom", 360_000, 3_000, 1_270_000},
		{"CAD", "CA", "Canada", 560_000, 4_700, 730_000},
		{"ARS", "AR", "Argentina", 250_000_000, 1_600_000, 1_000},
		{"INR", "IN", "India", 18_000_000, 90_000, 12_000},
		{"PHP", "PH", "Philippines", 11_000_000, 55_000, 17_500},
	}
}

func placeOf(c schema.Currency) place {
	all := places()
	for _, p := range all {
		if p.currency == c {
			return p
		}
	}
	usual := all[0]
	usual.currency = c
	return usual
}

// worker is somebody with a contract. The contract is what Ontop says of it.
type worker struct {
	contract schema.Contract
	place    place
	pay      int64 // a month's, in minor units
}

// hire makes up the n-th worker, who begins on the first of the months or, every
// fourth, on its 24th, so that the first month is prorated.
func (g *generator) hire(n int, name string) worker {
	where := placeOf(g.cfg.Currencies[n%len(g.cfg.Currencies)])
	first, last := personName(n)
	start := g.months[0].First()
	if n%4 == 0 {
		start = start.AddDays(23)
	}
	c := schema.Contract{
		ID:          schema.ContractID(fmt.Sprint(4_000 + n)),
		Worker:      schema.WorkerID(fmt.Sprint(7_000 + n)),
		WorkerEmail: fmt.Sprintf("worker.%d@example.com", 7_000+n),
		WorkerType:  "Worker",
		FirstName:   first,
		LastName:    last,
		Country:     where.iso,
		JobTitle:    pick(n, "Backend engineer", "Designer", "Support agent", "Data analyst", "Product manager"),
		Department:  pick(n, "Engineering", "Design", "Support", "Finance"),
		Entity:      "Acme Inc",
		Type:        pick(n, "FIXED", "PAY_AS_YOU_GO", "MILESTONE", "EOR"),
		Signing:     pick(n+n/4, schema.SigningPaymentAgent, schema.SigningServiceProvider, schema.SigningContractorOfRecord, schema.SigningEOR),
		Currency:    where.currency,
		StartDate:   start,
		Status:      "ACTIVE",
	}
	if n%3 == 0 {
		c.ExternalID = fmt.Sprintf("E-%04d", n)
	}
	if n%7 == 3 || name != "" {
		c.WorkerType, c.LegalName = "Business", name
		if name == "" {
			c.LegalName = fmt.Sprintf("%s Estudio %d S.A.S.", last, n)
		}
		c.FirstName, c.LastName = "", ""
	}
	// Pay varies by up to a fifth, in whole hundredths of the usual.
	pay := where.monthly / 100 * (80 + g.random.Int64N(41))
	return worker{contract: c, place: where, pay: pay}
}

// personName returns the n-th of a list of different names.
func personName(n int) (first, last string) {
	firsts := [...]string{
		"Ana", "Bruno", "Camila", "Diego", "Elena", "Felipe", "Gabriela", "Hiroshi", "Ines", "João", "Katrin", "Luis", "María", "Noé",
		"Olivia", "Pedro", "Renata", "Sofía", "Tomás", "Yuki",
	}
	lasts := [...]string{
		"Rojas", "Lima", "Ortega", "Tanaka", "Muñoz", "Weber", "Castro", "Silva", "Park", "Vargas", "Nováková", "Mendes", "Okafor",
		"Iglesias", "Duarte", "Sato", "Herrera",
	}
	last = lasts[(n+n/len(firsts))%len(lasts)]
	if round := n / (len(firsts) * len(lasts)); round > 0 {
		last = fmt.Sprintf("%s %d", last, round+1)
	}
	return firsts[n%len(firsts)], last
}

func pick[T any](n int, choices ...T) T { return choices[n%len(choices)] }
