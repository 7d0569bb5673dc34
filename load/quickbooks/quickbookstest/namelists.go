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
	parent, fault := w.resolve(w.obj, "ParentRef", w.kind.name)
	if fault != nil {
		return fault
	}
	if parent != nil {
		if parent == w.old {
			return refuse("6000", "A record cannot be its own parent", "ParentRef")
		}
		full = textAt(parent.obj, "FullyQualifiedName") + ":" + full
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
