package quickbookstest

import "slices"

// kind is one entity of the API: its table of attributes and its rules.
type kind struct {
	name   string // "Bill"; the path is the same in lower case
	plural string // what a bad reference calls it: "Names", "Accounts", ...
	series string // which series of ids it takes part in
	fields []field

	person   bool // customers, vendors and employees share one space of names
	listed   bool // has Active: deactivated, never deleted
	dated    bool // has TxnDate: subject to the closing date
	readOnly bool // the simulator offers no writes
	noQuery  bool

	// create fills defaults of a new object, before the rules.
	create func(w *write)
	// rules checks the object as it would be stored, and completes it.
	rules func(w *write) *Fault
	// stored runs after the object is in the books.
	stored func(w *write, rec *record)
	// mayDelete says why a record cannot go.
	mayDelete func(r *realm, rec *record) *Fault
	// void empties a record that stays in the books; nil where there is no void.
	void func(w *write, rec *record)
	// buried runs after a record is gone.
	buried func(r *realm, rec *record)
}

func kinds() map[string]*kind {
	all := make(map[string]*kind)
	for _, k := range []*kind{
		vendorKind(), customerKind(), employeeKind(),
		accountKind(), classKind(), departmentKind(), termKind(), itemKind(), currencyKind(),
		billKind(), vendorCreditKind(), billPaymentKind(), transferKind(), attachableKind(),
	} {
		k.fields = append(commonFields(), k.fields...)
		all[k.name] = k
	}
	return all
}

// attribute finds a row by its dotted path in the table.
func (k *kind) attribute(path []string) (field, bool) {
	fields := k.fields
	for depth, name := range path {
		i := slices.IndexFunc(fields, func(f field) bool { return equalFold(f.name, name) })
		if i < 0 {
			return field{}, false
		}
		if depth == len(path)-1 {
			return fields[i], true
		}
		fields = fields[i].sub
	}
	return field{}, false
}
