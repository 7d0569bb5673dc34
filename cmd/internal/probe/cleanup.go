package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
)

// cleanUp removes what this run made, and what earlier runs that were cut off
// left behind. It goes on past whatever cannot be removed, and lists that.
func (l *lab) cleanUp(ctx context.Context, report *Report) {
	l.gather(ctx, report)
	// Bills first: a vendor who is owed something may not become inactive.
	slices.SortStableFunc(l.made, func(a, b record) int { return after(a) - after(b) })
	for _, made := range l.made {
		r, removed, err := l.take(ctx, made)
		switch {
		case removed:
			report.Removed[made.entity]++
		case err == nil && r.fault != nil && r.fault.Code == codeGone: // an experiment deleted it
		default:
			report.Left = append(report.Left, remains(made, r, err))
		}
	}
	report.Left = append(report.Left, l.added...)
}

func after(r record) int {
	if r.entity == "Bill" {
		return 0
	}
	return 1
}

// errForeign keeps the probe from ever removing what is not its own.
var errForeign = errors.New("it is not named as the probe names its records")

// take removes one record, after reading that it is ours.
func (l *lab) take(ctx context.Context, made record) (reply, bool, error) {
	fields, r, err := l.fetch(ctx, made.entity, made.id)
	if err != nil || !r.ok() {
		return r, false, err
	}
	naming := map[string]string{"Bill": "PrivateNote", "Account": "Name"}[made.entity]
	if naming == "" {
		naming = "DisplayName"
	}
	switch {
	case !strings.HasPrefix(textOf(fields[naming]), prefix):
		return r, false, errForeign
	case made.entity == "Bill":
		r, err = l.remove(ctx, made.id)
	case string(fields["Active"]) != "false":
		r, err = l.deactivate(ctx, made.entity, made.id)
	}
	return r, err == nil && r.ok(), err
}

const codeGone = "610"

func remains(made record, r reply, err error) string {
	why := r.key()
	switch {
	case errors.Is(err, errForeign):
		why = err.Error()
	case err != nil:
		why = "no answer"
	}
	return fmt.Sprintf("%s %s could not be removed (%s)", strings.ToLower(made.entity), made.id, why)
}

// gather finds records of ours that nobody wrote down: the answer was lost, or a
// run was killed. Each kind is looked for by its name, and bills by their vendors.
func (l *lab) gather(ctx context.Context, report *Report) {
	for _, kind := range []struct{ entity, field string }{
		{"Vendor", "DisplayName"}, {"Customer", "DisplayName"}, {"Employee", "DisplayName"}, {"Account", "Name"},
	} {
		like := strings.TrimSuffix(quickbooks.Quote(prefix), "'") + "%'"
		rows, r, err := l.ask(ctx, "look for what is left", kind.entity,
			"SELECT * FROM "+kind.entity+" WHERE "+kind.field+" LIKE "+like+" MAXRESULTS 1000")
		if err != nil || !r.ok() {
			report.Left = append(report.Left, "whether earlier runs left anything of kind "+kind.entity+" could not be found out")
			continue
		}
		for _, row := range rows {
			if ours(row, kind.field) {
				l.keep(kind.entity, idOf(row))
			}
		}
	}
	for _, vendor := range slices.Clone(l.made) {
		if vendor.entity != "Vendor" {
			continue
		}
		rows, r, err := l.ask(ctx, "look for bills", "Bill",
			"SELECT * FROM Bill WHERE VendorRef = "+quickbooks.Quote(vendor.id)+" MAXRESULTS 1000")
		if err != nil || !r.ok() {
			report.Left = append(report.Left, "whether vendor "+vendor.id+" has more bills could not be found out")
			continue
		}
		for _, row := range rows {
			if ours(row, "PrivateNote") {
				l.keep("Bill", idOf(row))
			}
		}
	}
}

// ours checks the name again: a pattern that QuickBooks reads otherwise must
// never make somebody else's record inactive.
func ours(row json.RawMessage, field string) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal(row, &fields) == nil && strings.HasPrefix(textOf(fields[field]), prefix)
}
