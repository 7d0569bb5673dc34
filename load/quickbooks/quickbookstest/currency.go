package quickbookstest

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// currencyKind is the list of currencies that a multicurrency company has
// turned on.
func currencyKind() *kind {
	return &kind{
		name: "CompanyCurrency", plural: "Currencies", series: "currency", listed: true,
		fields: []field{
			text("Code", 3, required, filterable, sortable),
			text("Name", 100, filterable, sortable),
			flag("Active", filterable),
			ignored("CustomField"),
		},
		rules: func(w *write) *Fault {
			if !w.r.MultiCurrency {
				return featureOff("Multicurrency", "Code")
			}
			return knownCurrency(textAt(w.obj, "Code"), "Code")
		},
	}
}

func featureOff(feature, element string) *Fault {
	return refuse("5030", feature+" is not turned on for this company", element)
}

func knownCurrency(code, element string) *Fault {
	if _, err := currency.ParseISO(code); err != nil || code != strings.ToUpper(code) {
		return refuse("2220", "Invalid currency code "+code, element)
	}
	return nil
}

// decimals is how many digits amounts of the currency carry behind the point, by
// ISO 4217. The library follows CLDR, which has the fewer digits of daily life
// for some currencies that are booked with two, or three.
func decimals(code string) int32 {
	switch code {
	case "AFN", "ALL", "AMD", "COP", "GYD", "IDR", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "MNT", "MRU", "MUR",
		"PKR", "RSD", "SOS", "SYP", "TZS", "UZS", "YER":
		return 2
	case "IQD":
		return 3
	}
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return int32(scale) //nolint:gosec // at most 4
}

// defaultCurrency gives a new person the home currency.
func defaultCurrency(w *write) {
	if refAt(w.obj, "CurrencyRef") == "" {
		w.obj["CurrencyRef"] = ref(w.r.HomeCurrency, "")
	}
}

// personCurrency checks a person's currency. It is fixed at creation; one that
// the company lacks is added, as documented.
func (w *write) personCurrency() *Fault {
	code := refAt(w.obj, "CurrencyRef")
	if w.old != nil {
		fixed := refAt(w.old.obj, "CurrencyRef")
		if code != "" && code != fixed { // assumed: the code of the refusal
			return refuse("6000", "The currency of a name cannot be changed once it is set", "CurrencyRef")
		}
		w.obj["CurrencyRef"] = w.old.obj["CurrencyRef"]
		return nil
	}
	if fault := knownCurrency(code, "CurrencyRef"); fault != nil {
		return fault
	}
	if code != w.r.HomeCurrency && !w.r.MultiCurrency {
		return featureOff("Multicurrency", "CurrencyRef") // assumed
	}
	w.r.addCurrency(code)
	w.obj["CurrencyRef"] = ref(code, currencyName(code))
	return nil
}

// addCurrency turns a currency on. Assumed: QuickBooks opens an A/P account in
// it at once.
func (r *realm) addCurrency(code string) {
	if code == r.HomeCurrency || r.hasCurrency(code) {
		return
	}
	r.insert(r.server.kinds["CompanyCurrency"], object{"Code": code, "Name": currencyName(code), "Active": true}, 0)
	r.insert(r.server.kinds["Account"], accountObject(accountSeed{
		name: "Accounts Payable (A/P) - " + code, kind: "Accounts Payable", sub: "AccountsPayable", class: "Liability",
		currency: code, active: true,
	}), 0)
}

func (r *realm) hasCurrency(code string) bool {
	if code == r.HomeCurrency {
		return true
	}
	return slices.ContainsFunc(r.tables["CompanyCurrency"].all, func(rec *record) bool {
		return !rec.deleted && rec.active() && textAt(rec.obj, "Code") == code
	})
}

func currencyName(code string) string {
	names := map[string]string{
		"USD": "United States Dollar", "EUR": "Euro", "GBP": "British Pound Sterling", "BRL": "Brazilian Real",
		"COP": "Colombian Peso", "MXN": "Mexican Peso", "ARS": "Argentine Peso", "CAD": "Canadian Dollar",
		"JPY": "Japanese Yen", "CLP": "Chilean Peso", "AUD": "Australian Dollar",
	}
	if name, ok := names[code]; ok {
		return name
	}
	return code
}

// exchange sets CurrencyRef and ExchangeRate of a transaction, and returns the
// currency.
func (w *write) exchange() (string, *Fault) {
	code := refAt(w.obj, "CurrencyRef")
	if !w.r.MultiCurrency {
		if code != "" && code != w.r.HomeCurrency {
			return "", featureOff("Multicurrency", "CurrencyRef")
		}
		delete(w.obj, "ExchangeRate")
		w.obj["CurrencyRef"] = ref(w.r.HomeCurrency, currencyName(w.r.HomeCurrency))
		return w.r.HomeCurrency, nil
	}
	if code == "" {
		return "", missing("CurrencyRef")
	}
	if fault := knownCurrency(code, "CurrencyRef"); fault != nil {
		return "", fault
	}
	if !w.r.hasCurrency(code) {
		return "", refuse("2220", "Currency "+code+" is not active in this company", "CurrencyRef")
	}
	w.obj["CurrencyRef"] = ref(code, currencyName(code))
	rate, fault := w.rate(code)
	w.obj["ExchangeRate"] = number(rate)
	return code, fault
}

// rate is the rate that is booked. A rate left out becomes 1, which is what was
// reported, or the company's with Rules.CompanyRate.
func (w *write) rate(code string) (decimal.Decimal, *Fault) {
	one := decimal.NewFromInt(1)
	if code == w.r.HomeCurrency {
		return one, nil
	}
	if w.obj["ExchangeRate"] == nil {
		if rate, err := decimal.NewFromString(w.r.Rates[code]); err == nil && w.r.server.cfg.Rules.CompanyRate {
			return rate, nil
		}
		return one, nil
	}
	rate := amountAt(w.obj, "ExchangeRate")
	if !rate.IsPositive() {
		return rate, refuse("2090", "The exchange rate must be above zero", "ExchangeRate")
	}
	return rate, nil
}
