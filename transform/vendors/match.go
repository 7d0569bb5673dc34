package vendors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// match returns the vendor that w plainly is, and by what; else no origin. Doubt
// says what keeps a likely match from being a plain one: then only a person may
// decide, also where vendors are created without asking.
func (r *Resolver) match(w Wanted) (vendor schema.Vendor, origin schema.Origin, doubt string) {
	c := w.Key.Currency()
	if email := Fold(w.Email); email != "" {
		found := r.directory.byEmail[lookup{email, c}]
		switch {
		case len(found) > 1:
			return vendor, "", fmt.Sprintf("the e-mail %s is that of %d vendors: %s", w.Email, len(found), naming(found, ", "))
		case len(found) == 1:
			if doubt := r.claimed(w, found[0]); doubt != "" {
				return vendor, "", doubt
			}
			return found[0], schema.OriginEmail, ""
		}
	}
	plain := w.name()
	suffixed := DisplayName(plain, currencySuffix(c, r.books))
	found := r.directory.named(c, plain, suffixed)
	switch {
	case len(found) > 1:
		return vendor, "", fmt.Sprintf("%d vendors have the name: %s", len(found), naming(found, ", "))
	case len(found) == 0:
		return vendor, "", r.asleep(c, plain, suffixed)
	}
	if doubt := r.claimed(w, found[0]); doubt != "" {
		return vendor, "", doubt
	}
	if others := r.namesakes(w); len(others) > 0 {
		return vendor, "", fmt.Sprintf("%s may be this payee or %s, which has the same name", naming(found, ""), join(others))
	}
	return found[0], schema.OriginName, ""
}

// claimed says who else is linked to the vendor. Payees with one e-mail are one
// person, who may have several ids at Ontop.
func (r *Resolver) claimed(w Wanted, vendor schema.Vendor) string {
	var others []schema.PayeeKey
	for _, key := range r.claims[vendor.ID] {
		email := r.stored[key].Email
		if resolution, done := r.resolved[key]; done {
			email = resolution.Payee.Email
		}
		if key != w.Key && (w.Email == "" || Fold(email) != Fold(w.Email)) {
			others = append(others, key)
		}
	}
	if len(others) == 0 {
		return ""
	}
	slices.Sort(others)
	return fmt.Sprintf("%s matches, and is linked to %s already", naming([]schema.Vendor{vendor}, ""), join(others))
}

// asleep says that an inactive vendor has one of names.
func (r *Resolver) asleep(c schema.Currency, names ...string) string {
	for _, name := range names {
		vendor, taken := r.directory.taken[Fold(name)]
		if taken && !vendor.Active && vendor.Currency == c {
			return naming([]schema.Vendor{vendor}, "") + " has the name, and is inactive in QuickBooks"
		}
	}
	return ""
}

// proposal says why a vendor is to be created, and which are like it.
func (r *Resolver) proposal(w Wanted) string {
	sought := fmt.Sprintf("the name %q", w.name())
	if w.Email != "" {
		sought = "the e-mail " + strings.TrimSpace(w.Email) + " or " + sought
	}
	detail := fmt.Sprintf("no active vendor in %s has %s", w.Key.Currency(), sought)
	if near := r.directory.like(w.name(), w.Key.Currency()); len(near) > 0 {
		detail += "; alike: " + naming(near, ", ")
	}
	return detail
}

func join(keys []schema.PayeeKey) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = string(key)
	}
	return strings.Join(texts, ", ")
}
