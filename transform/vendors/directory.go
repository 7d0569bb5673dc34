package vendors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/adrg/strutil/metrics"

	"github.com/tieout/tieout/schema"
)

// directory finds vendors in one reading of the books.
type directory struct {
	byID    map[schema.VendorID]schema.Vendor
	byEmail map[lookup][]schema.Vendor
	byName  map[lookup][]schema.Vendor
	taken   map[string]schema.Vendor // by folded name, inactive vendors included
	byStart map[start][]folded       // active vendors, for suggestions
}

// start is the beginning of a word in a name, among the vendors of one currency.
type start struct {
	letters  string
	currency schema.Currency
}

// folded is a vendor with its folded name.
type folded struct {
	name   string
	vendor schema.Vendor
}

// lookup is a folded text among the active vendors of one currency.
type lookup struct {
	text     string
	currency schema.Currency
}

func newDirectory(books schema.Books) *directory {
	d := &directory{
		byID:    make(map[schema.VendorID]schema.Vendor, len(books.Vendors)),
		byEmail: make(map[lookup][]schema.Vendor, len(books.Vendors)),
		byName:  make(map[lookup][]schema.Vendor, len(books.Vendors)),
		taken:   make(map[string]schema.Vendor, len(books.Vendors)),
		byStart: map[start][]folded{},
	}
	for _, vendor := range books.Vendors {
		vendor.Currency = cmp.Or(vendor.Currency, books.HomeCurrency)
		d.add(vendor)
	}
	return d
}

func (d *directory) add(vendor schema.Vendor) {
	d.byID[vendor.ID] = vendor
	name := Fold(vendor.Name)
	d.taken[name] = vendor
	if !vendor.Active {
		d.taken[strings.TrimSuffix(name, deletedMark)] = vendor
		return
	}
	d.byName[lookup{name, vendor.Currency}] = append(d.byName[lookup{name, vendor.Currency}], vendor)
	if email := Fold(vendor.Email); email != "" {
		d.byEmail[lookup{email, vendor.Currency}] = append(d.byEmail[lookup{email, vendor.Currency}], vendor)
	}
	for _, start := range starts(name, vendor.Currency) {
		d.byStart[start] = append(d.byStart[start], folded{name, vendor})
	}
}

// named returns the active vendors in c that have one of names.
func (d *directory) named(c schema.Currency, names ...string) []schema.Vendor {
	var found []schema.Vendor
	for i, name := range names {
		if folded := Fold(name); folded != "" && !slices.Contains(names[:i], name) {
			found = append(found, d.byName[lookup{folded, c}]...)
		}
	}
	return found
}

// starts returns the first three letters of each word of a folded name, each
// once: names that are alike share one, and few others do.
func starts(name string, c schema.Currency) []start {
	var out []start
	for word := range strings.FieldsSeq(name) {
		runes := []rune(word)
		s := start{string(runes[:min(3, len(runes))]), c}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// like returns the active vendors in c whose names are nearest to name, at most
// three, the nearest first.
func (d *directory) like(name string, c schema.Currency) []schema.Vendor {
	const (
		most = 3
		// likeness from which Jaro–Winkler pairs "Jon Doe" with "John Doe",
		// and not two people who share a first name.
		enough = 0.87
		// vendors looked at for one start, so that a very common first name
		// in a very large company costs no more than any other.
		bound = 1000
	)
	type candidate struct {
		vendor schema.Vendor
		score  float64
	}
	var near []candidate
	seen := map[schema.VendorID]bool{}
	sought, metric := Fold(name), metrics.NewJaroWinkler()
	for _, start := range starts(sought, c) {
		for _, other := range d.byStart[start][:min(bound, len(d.byStart[start]))] {
			if seen[other.vendor.ID] {
				continue
			}
			seen[other.vendor.ID] = true
			if score := metric.Compare(sought, other.name); score >= enough {
				near = append(near, candidate{other.vendor, score})
			}
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.vendor.ID, b.vendor.ID))
	})
	vendors := make([]schema.Vendor, 0, most)
	for _, c := range near[:min(most, len(near))] {
		vendors = append(vendors, c.vendor)
	}
	return vendors
}

// naming lists vendors for a person.
func naming(vendors []schema.Vendor, join string) string {
	names := make([]string, len(vendors))
	for i, vendor := range vendors {
		names[i] = fmt.Sprintf("%q (vendor %s)", vendor.Name, vendor.ID)
	}
	return strings.Join(names, join)
}
