package rules

import (
	"cmp"

	"github.com/tieout/tieout/schema"
)

// resolveSegments fills in the class and the location of a rule that names them.
func resolveSegments(rule *schema.Rule, books schema.Books) Mistakes {
	var mistakes Mistakes
	wrong := func(field, value, detail, next string) {
		mistakes = append(mistakes, Mistake{Rule: rule.ID, Field: field, Value: clip(value), Detail: detail, Next: next})
	}
	if text := string(rule.Class); text != "" {
		class, detail, next := findSegment(books.Classes, func(c schema.Class) name {
			return name{string(c.ID), c.Name, c.Active}
		}, text, "class")
		switch {
		case !books.ClassPerLine:
			wrong("class", text, "cannot be given, because QuickBooks does not track classes by line in this company",
				"turn that on there (account and settings, advanced, categories), or leave the class out")
		case detail != "":
			wrong("class", text, detail, next)
		}
		rule.Class, rule.ClassName = class.ID, class.Name
	}
	if text := string(rule.Location); text != "" {
		location, detail, next := findSegment(books.Locations, func(l schema.Location) name {
			return name{string(l.ID), l.Name, l.Active}
		}, text, "location")
		switch {
		case !books.TracksLocations:
			wrong("location", text, "cannot be given, because QuickBooks does not track locations in this company",
				"turn that on there (account and settings, advanced, categories), or leave the location out")
		case detail != "":
			wrong("location", text, detail, next)
		}
		rule.Location, rule.LocationName = location.ID, location.Name
	}
	return mistakes
}

// findSegment returns the class or location that text names, or what is wrong and
// the way out. What says which of the two it is.
func findSegment[T any](all []T, nameOf func(T) name, text, what string) (segment T, detail, next string) {
	found := matching(all, nameOf, text)
	switch {
	case len(found) == 0:
		return segment, "is no " + what + " in QuickBooks",
			cmp.Or(nearest(all, nameOf, text), "create it in QuickBooks, or use a "+what+"'s full name or id")
	case len(found) > 1:
		return segment, "could be " + what + " " + naming(found, nameOf), "write the id of the one that is meant"
	case !nameOf(found[0]).active:
		return segment, "is inactive in QuickBooks", "make it active again there, or use another " + what
	}
	return found[0], "", ""
}
