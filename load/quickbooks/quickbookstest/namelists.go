package quickbookstest

import "strings"

func customerKind() *kind {
	return &kind{
		name: "Customer", plural: "Names", series: "name", person: true, listed: true,
		fields: append(personFields(), flag("Taxable"), flag("Job"), ignored("FullyQualifiedName"), ignored("BalanceWithJobs"),
			ignored("ParentRef"), ignored("Level"), ignored("BillWithParent"), ignored("PreferredDeliveryMethod"),
			ignored("SalesTermRef"), ignored("PaymentMethodRef"), ignored("DefaultTaxCodeRef"), ignored("IsProject"), ignored("ClientEntityId")),
		create: defaultCurrency,
		rules:  personRules,
	}
}

// employeeKind carries what is needed to hold a name. Assumed: employees have
// the home currency.
func employeeKind() *kind {
	return &kind{
		name: "Employee", plural: "Names", series: "name", person: true, listed: true,
		fields: append(personFields(), text("EmployeeNumber", 100), date("HiredDate"), date("ReleasedDate")),
		create: defaultCurrency,
		rules:  personRules,
	}
}

func classKind() *kind      { return listKind("Class", "Klasses") }
func departmentKind() *kind { return listKind("Department", "Depts") }

// listKind is a list of names that may stand under one another.
func listKind(name, plural string) *kind {
	return &kind{
		name: name, plural: plural, series: name, listed: true,
		fields: []field{
			text("Name", 100, required, filterable, sortable, noQuote),
			text("FullyQualifiedName", 0, readOnly, filterable, sortable),
			flag("Active", filterable),
			flag("SubClass"), flag("SubDepartment"),
			reference("ParentRef", filterable),
		},
		rules: qualify,
	}
}

// qualify builds the full name out of the parent's, and keeps it unique in its
// list. A list of its own: it does not share names with vendors.
func qualify(w *write) *Fault {
	full := trimDeleted(textAt(w.obj, "Name"))
	if w.obj["Sub"+w.kind.name] == true && refAt(w.obj, "ParentRef") == "" {
		return refuse("6150", "ParentRef is required when Sub"+w.kind.name+" is true", "ParentRef")
	}
	parent, fault := w.parent()
	if fault != nil {
		return fault
	}
	if parent != nil {
		full = textAt(parent.obj, "FullyQualifiedName") + ":" + full
	}
	if strings.Count(full, ":") >= maxLevels {
		return refuse("6180", "Names nest up to 5 levels", "ParentRef")
	}
	for _, other := range w.r.tables[w.kind.name].all {
		if other != w.old && !other.deleted && strings.EqualFold(trimDeleted(textAt(other.obj, "FullyQualifiedName")), full) {
			return refuse("6240", "The name supplied already exists. : Id="+other.id, "Name")
		}
	}
	if w.obj["Active"] == false && w.old != nil {
		full += deletedSuffix
	}
	w.obj["FullyQualifiedName"] = full
	return nil
}

// maxLevels is how deep names nest, as documented.
const maxLevels = 5

// parent is what a record of a list stands under, or nil. One that is not there
// has a code of its own, and so has a record under itself.
func (w *write) parent() (*record, *Fault) {
	id := refAt(w.obj, "ParentRef")
	if numeric(id) && w.find(w.kind.name, id) == nil {
		return nil, refuse("700", "The parent is not a valid reference. Supplied value:"+id, "ParentRef")
	}
	parent, fault := w.resolve(w.obj, "ParentRef", w.kind.name)
	if parent != nil && parent == w.old {
		return nil, refuse("900", "A record cannot be its own parent", "ParentRef")
	}
	return parent, fault
}

// termKind is the list of payment terms, seeded and only read.
func termKind() *kind {
	return &kind{
		name: "Term", plural: "Terms", series: "Term", listed: true, readOnly: true,
		fields: []field{
			text("Name", 31, filterable, sortable), flag("Active", filterable),
			text("Type", 0), wholeNumber("DueDays", filterable),
		},
	}
}

// itemKind is enough of an item to stand on a bill line, seeded and only read.
func itemKind() *kind {
	return &kind{
		name: "Item", plural: "Items", series: "Item", listed: true, readOnly: true,
		fields: []field{
			text("Name", 100, filterable, sortable), flag("Active", filterable), text("Type", 0, filterable),
			amount("UnitPrice"), reference("ExpenseAccountRef"),
		},
	}
}
