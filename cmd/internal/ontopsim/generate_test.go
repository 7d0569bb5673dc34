package ontopsim_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

func generate(t require.TestingT, cfg ontopsim.Config) ontopsim.History {
	history, err := ontopsim.Generate(cfg)
	require.NoError(t, err)
	return history
}

// read decodes the events, and folds what they say of every invoice and contract
// in the order in which they arrive.
type read struct {
	messages  []ontop.Message
	invoices  map[schema.InvoiceID]schema.Invoice
	contracts map[schema.ContractID]schema.Contract
}

func readBack(t require.TestingT, events []ontopsim.Event) read {
	r := read{invoices: map[schema.InvoiceID]schema.Invoice{}, contracts: map[schema.ContractID]schema.Contract{}}
	for _, event := range events {
		m, err := ontop.Decode(schema.Delivery{Company: "acme", ID: schema.DeliveryID(event.ID), ReceivedAt: event.At, Body: event.Body})
		require.NoError(t, err, string(event.Body))
		require.Empty(t, m.Troubles, string(event.Body))
		r.messages = append(r.messages, m)
		for _, invoice := range m.Invoices {
			known, ok := r.invoices[invoice.ID]
			if ok {
				invoice = known.Fold(invoice)
			}
			r.invoices[invoice.ID] = invoice
		}
		for _, contract := range m.Contracts {
			known, ok := r.contracts[contract.ID]
			if ok {
				contract = known.Fold(contract)
			}
			r.contracts[contract.ID] = contract
		}
	}
	return r
}

func TestGenerate_IsAFunctionOfItsConfig(t *testing.T) {
	t.Parallel()
	one, same := generate(t, ontopsim.Config{Seed: 7}), generate(t, ontopsim.Config{Seed: 7})
	require.Equal(t, one, same)
	other := generate(t, ontopsim.Config{Seed: 8})
	require.NotEqual(t, one.Events, other.Events)
	ids := map[string]bool{}
	for _, event := range one.Events {
		ids[event.ID] = true
	}
	for _, event := range other.Events {
		require.False(t, ids[event.ID], "webhook-ids of different seeds differ")
	}
}

// Whatever the configuration, what the bodies say agrees with what was counted
// while they were made up.
func TestGenerate_ExpectedIsWhatTheBodiesSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		cfg := ontopsim.Config{
			Seed: rapid.Uint64().Draw(rt, "seed"), Workers: rapid.IntRange(1, 20).Draw(rt, "workers"),
			Months: rapid.IntRange(1, 5).Draw(rt, "months"), Each: rapid.IntRange(1, 3).Draw(rt, "each"),
			Currencies: rapid.SliceOfN(rapid.SampledFrom([]schema.Currency{"USD", "EUR", "COP", "JPY", "KWD", "GBP", "INR"}), 1, 4).Draw(rt, "currencies"),
			Troubles:   rapid.SliceOfDistinct(rapid.SampledFrom(ontopsim.Troubles()), rapid.ID[ontopsim.Trouble]).Draw(rt, "troubles"),
		}
		history := generate(rt, cfg)
		got := readBack(rt, history.Events)
		want := history.Expected

		require.Len(rt, got.invoices, len(want.Invoices))
		for _, expected := range want.Invoices {
			invoice := got.invoices[expected.ID]
			require.Equal(rt, expected.Number, invoice.Number)
			require.Equal(rt, expected.Status, invoice.Status)
			require.Equal(rt, expected.IssueDate, invoice.IssueDate)
			require.Equal(rt, expected.Contract, invoice.Contract)
			require.Equal(rt, expected.Worker, invoice.Worker)
			require.Equal(rt, expected.PlatformFee, invoice.PlatformFee)
			require.Equal(rt, expected.Trouble.Unreadable(), len(invoice.Problems) > 0, "%v", invoice.Problems)
			if expected.Currency == schema.NoCurrency {
				require.Equal(rt, schema.Money{}, invoice.Total)
				continue
			}
			require.Equal(rt, expected.Total, invoice.Total)
			if !expected.Trouble.Unreadable() {
				require.Equal(rt, expected.Trouble != ontopsim.TotalMismatch, sumOf(rt, invoice) == invoice.Total, "lines add up, or not on purpose")
			}
		}
		require.Len(rt, got.contracts, len(want.Contracts))
		for _, id := range want.Contracts {
			require.Contains(rt, got.contracts, id)
		}
		require.Len(rt, history.Events, want.Deliveries+want.Repeated)
		require.True(rt, slices.IsSortedFunc(history.Events, func(a, b ontopsim.Event) int { return a.At.Compare(b.At) }))
	})
}

func sumOf(t require.TestingT, invoice schema.Invoice) schema.Money {
	sum := schema.NewMoney(0, invoice.Currency)
	for _, line := range invoice.Lines {
		var err error
		sum, err = sum.Add(line.Amount)
		require.NoError(t, err)
	}
	return sum
}

func TestGenerate_CoversWhatOntopSends(t *testing.T) {
	t.Parallel()
	history := generate(t, ontopsim.Config{})
	got := readBack(t, history.Events)

	types, contracts, concepts, currencies := map[ontop.EventType]bool{}, map[string]bool{}, map[string]bool{}, map[schema.Currency]bool{}
	for _, m := range got.messages {
		types[m.Type] = true
	}
	for _, eventType := range ontop.EventTypes() {
		require.True(t, types[eventType], "no %s", eventType)
	}
	for _, contract := range got.contracts {
		contracts[contract.Type+" "+string(contract.Signing)] = true
		require.Len(t, contract.Country, 2)
	}
	require.Len(t, contracts, 16, "every contract type with every signing: %v", contracts)
	businesses := map[string]bool{}
	for _, contract := range got.contracts {
		businesses[contract.WorkerType] = true
	}
	require.Equal(t, map[string]bool{"Worker": true, "Business": true}, businesses)
	for _, invoice := range got.invoices {
		currencies[invoice.Currency] = true
		for _, line := range invoice.Lines {
			concepts[line.Concept] = true
		}
	}
	for _, concept := range ontop.Concepts() {
		require.True(t, concepts[concept], "no %s", concept)
	}
	for _, currency := range []schema.Currency{"USD", "EUR", "COP", "BRL", "MXN", "JPY", ""} {
		require.True(t, currencies[currency], "no invoice in %q", currency)
	}
}

func TestGenerate_SingleCurrency(t *testing.T) {
	t.Parallel()
	history := generate(t, ontopsim.Config{Currencies: []schema.Currency{"USD"}, Troubles: []ontopsim.Trouble{}})
	totals, err := history.Expected.Totals()
	require.NoError(t, err)
	for _, total := range totals {
		require.Equal(t, schema.Currency("USD"), total.Currency)
	}
	require.Len(t, history.Expected.Invoices, 3*16+3, "an invoice for each worker and month, and a fee for each month")
	require.Zero(t, history.Expected.Repeated+history.Expected.Noted+history.Expected.Unknown)
}

// Amounts in dollars are those of the lines at the locked rate, rounded half
// away from zero, and their sum; a share of a month is rounded the same way.
func TestGenerate_RoundsAsPeopleDo(t *testing.T) {
	t.Parallel()
	got := readBack(t, generate(t, ontopsim.Config{Seed: 3, Workers: 40, Troubles: []ontopsim.Trouble{}}).Events)
	prorated := 0
	for _, invoice := range got.invoices {
		rate, ok := new(big.Rat).SetString(invoice.Rate.String())
		require.True(t, ok, "%q", invoice.Rate)
		sum := schema.NewMoney(0, "USD")
		for _, line := range invoice.Lines {
			require.Equal(t, rounded(new(big.Rat).Mul(amount(line.Amount), new(big.Rat).Mul(rate, big.NewRat(100, 1)))), line.USDAmount.Minor(), "%v", line)
			var err error
			sum, err = sum.Add(line.USDAmount)
			require.NoError(t, err)
			if line.Concept == "PRORATED_PAYMENT" {
				prorated++
				require.Equal(t, schema.NewDate(2026, 6, 24), invoice.PeriodStart)
				require.Equal(t, "Base pay, 7 of 30 days", line.Description)
			}
		}
		require.Equal(t, sum, invoice.USDTotal)
	}
	require.Positive(t, prorated)
}

func amount(m schema.Money) *big.Rat {
	r, _ := new(big.Rat).SetString(m.Decimal())
	return r
}

func rounded(r *big.Rat) int64 {
	half := big.NewRat(1, 2)
	if r.Sign() < 0 {
		return -rounded(new(big.Rat).Neg(r))
	}
	sum := new(big.Rat).Add(r, half)
	return new(big.Int).Quo(sum.Num(), sum.Denom()).Int64()
}

func TestExpected_Totals(t *testing.T) {
	t.Parallel()
	history := generate(t, ontopsim.Config{Seed: 5})
	totals, err := history.Expected.Totals()
	require.NoError(t, err)

	count := 0
	sums := map[string]int64{}
	for _, total := range totals {
		count += total.Count
		sums[fmt.Sprint(total.Period, total.Currency, total.Status)] += total.Sum.Minor()
	}
	require.Equal(t, len(history.Expected.Invoices), count)
	again := map[string]int64{}
	for id, invoice := range readBack(t, history.Events).invoices {
		if len(invoice.Problems) == 0 {
			again[fmt.Sprint(invoice.IssueDate.Period(), invoice.Currency, invoice.Status)] += invoice.Total.Minor()
		}
		require.NotEmpty(t, id)
	}
	for key, minor := range sums {
		require.Equal(t, again[key], minor, key)
	}
	require.True(t, slices.IsSortedFunc(totals, func(a, b ontopsim.Total) int {
		return strings.Compare(a.Period.String()+string(a.Currency), b.Period.String()+string(b.Currency))
	}))
}

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	require.NoError(t, ontopsim.Config{}.Validate())
	_, err := ontopsim.Generate(ontopsim.Config{
		Workers: -1, Months: -2, Currencies: []schema.Currency{"usd"}, Troubles: []ontopsim.Trouble{"weather"}, Each: -3,
	})
	for _, want := range []string{
		"generate history: ", "workers: must not be negative, is -1", "months: must not be negative, is -2", `currency "usd"`,
		`troubles: there is no "weather"`, "each: must not be negative",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, ontopsim.Config{Months: 601}.Validate(), "at most 600")
	require.ErrorContains(t, ontopsim.Config{Currencies: []schema.Currency{}}.Validate(), "at least one")
}

func TestConfig_Months(t *testing.T) {
	t.Parallel()
	last, err := schema.ParsePeriod("2026-02")
	require.NoError(t, err)
	history := generate(t, ontopsim.Config{Months: 4, LastMonth: last, Troubles: []ontopsim.Trouble{}})
	periods := map[string]bool{}
	for _, invoice := range history.Expected.Invoices {
		periods[invoice.IssueDate.Period().String()] = true
	}
	require.Equal(t, map[string]bool{"2025-11": true, "2025-12": true, "2026-01": true, "2026-02": true}, periods)
	require.Equal(t, time.October, history.Events[0].At.Month(), "contracts come before the first invoices")
}
