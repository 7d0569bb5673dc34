package quickbookstest

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// vendorKind has the documented lengths.
func vendorKind() *kind {
	return &kind{
		name: "Vendor", plural: "Names", series: "name", person: true, listed: true,
		fields: append(
			personFields(),
			text("AcctNum", 100),
			text("TaxIdentifier", 20),
			flag("Vendor1099"),
			flag("T4AEligible"), flag("T5018Eligible"),
			text("BusinessNumber", 10),
			amount("BillRate"), amount("CostRate"),
			reference("TermRef"), reference("APAccountRef"),
			ignored("VendorPaymentBankDetail"), ignored("Source"), ignored("OtherContactInfo"),
			ignored("HasTPAR"), ignored("TaxReportingBasis"), ignored("GSTIN"), ignored("GSTRegistrationType"),
		),
		create: defaultCurrency,
		rules:  vendorRules,
	}
}

// personFields stand on customers, vendors and employees alike.
func personFields() []field {
	return []field{
		text("DisplayName", 500, filterable, sortable, nameLike, whole),
		text("Title", 16, nameLike),
		text("GivenName", 100, filterable, sortable, nameLike),
		text("MiddleName", 100, filterable, sortable, nameLike),
		text("FamilyName", 100, filterable, sortable, nameLike),
		text("Suffix", 16, filterable, nameLike),
		text("CompanyName", 100, filterable, sortable),
		text("PrintOnCheckName", 100, filterable, nameLike, whole),
		flag("Active", filterable),
		amount("Balance", readOnly, filterable, sortable),
		reference("CurrencyRef"),
		group("PrimaryEmailAddr", text("Address", 100, emailForm)),
		phone("PrimaryPhone"), phone("AlternatePhone"), phone("Mobile"), phone("Fax"),
		group("WebAddr", text("URI", 1000, webForm)),
		address("BillAddr"), address("ShipAddr"), address("PrimaryAddr"),
		text("Notes", 1024),
		ignored("CustomField"), ignored("V4IDPseudonym"),
	}
}

func phone(name string) field { return group(name, text("FreeFormNumber", 30)) }

func address(name string) field {
	return group(
		name, ignored("Id"),
		text("Line1", 500), text("Line2", 500), text("Line3", 500), text("Line4", 500), text("Line5", 500),
		text("City", 255), text("Country", 255), text("CountrySubDivisionCode", 255), text("PostalCode", 30),
		text("Lat", 0), text("Long", 0), text("Note", 0), ignored("CountryCode"),
	)
}

func vendorRules(w *write) *Fault {
	if id := textAt(w.sent, "TaxIdentifier"); id != "" {
		w.obj["TaxIdentifier"] = masked(id)
	}
	if w.obj["Vendor1099"] == nil {
		w.obj["Vendor1099"] = false
	}
	if _, fault := w.resolve(w.obj, "TermRef", "Term"); fault != nil {
		return fault
	}
	if _, fault := w.resolve(w.obj, "APAccountRef", "Account"); fault != nil {
		return fault
	}
	return personRules(w)
}

// personRules hold for customers, vendors and employees.
func personRules(w *write) *Fault {
	if fault := w.named(); fault != nil {
		return fault
	}
	if textAt(w.obj, "PrintOnCheckName") == "" {
		w.obj["PrintOnCheckName"] = cut(textAt(w.obj, "DisplayName"), 100)
	}
	for _, name := range []string{"BillAddr", "ShipAddr", "PrimaryAddr"} {
		if fault := w.address(name); fault != nil {
			return fault
		}
	}
	if w.obj["Balance"] == nil {
		w.obj["Balance"] = count(0)
	}
	return w.personCurrency()
}

// named builds a missing DisplayName from the parts of the name.
func (w *write) named() *Fault {
	if strings.TrimSpace(textAt(w.obj, "DisplayName")) != "" {
		return nil
	}
	var parts []string
	for _, name := range []string{"Title", "GivenName", "MiddleName", "FamilyName", "Suffix"} {
		if part := textAt(w.obj, name); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return refuse("6080", "At least one of DisplayName, Title, GivenName, MiddleName, FamilyName or Suffix is required", "")
	}
	w.obj["DisplayName"] = strings.Join(parts, " ")
	return w.nameFree(textAt(w.obj, "DisplayName"))
}

func (w *write) address(name string) *Fault {
	addr, ok := w.obj[name].(object)
	if !ok {
		return nil
	}
	lines := 0
	for _, line := range []string{"Line1", "Line2", "Line3", "Line4", "Line5"} {
		lines += utf8.RuneCountInString(textAt(addr, line))
	}
	if lines > 2000 {
		return refuse("2050", "String length specified does not match the supported length. Min:0 Max:2000 supported. Supplied length:"+count(lines).String(), name)
	}
	if country := textAt(addr, "Country"); country != "" {
		w.obj[name] = with(addr, "Country", iso3(country))
	}
	return nil
}

// iso3 is the three-letter code that addresses are answered with. Documented for
// the company's own address and announced for others; assumed for vendors. A
// name that the simulator does not know is left alone.
func iso3(country string) string {
	names := map[string]string{
		"united states": "US", "united states of america": "US", "brazil": "BR", "brasil": "BR", "colombia": "CO",
		"argentina": "AR", "mexico": "MX", "méxico": "MX", "germany": "DE", "france": "FR", "spain": "ES",
		"united kingdom": "GB", "canada": "CA", "australia": "AU", "poland": "PL", "romania": "RO",
		"philippines": "PH", "india": "IN", "nigeria": "NG", "chile": "CL", "peru": "PE", "portugal": "PT",
	}
	code := country
	if known, ok := names[strings.ToLower(country)]; ok {
		code = known
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return country
	}
	return region.ISO3()
}

// masked hides all but the last four characters. Assumed: the X are as many as
// what they hide.
func masked(id string) string {
	runes := []rune(id)
	for i := 0; i < len(runes)-4; i++ {
		runes[i] = 'X'
	}
	return string(runes)
}

func cut(s string, limit int) string {
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit])
	}
	return s
}
