package reports

import (
	"fmt"
	"strings"

	"github.com/tieout/tieout/schema"
)

// correctedItems lists the settled items that somebody had to decide about since
// they were posted: whoever signs the report wants to know who did, and why.
func correctedItems(report schema.Report) string {
	var page strings.Builder
	listed := 0
	for _, item := range report.Items {
		if !item.State.Settled() || len(item.Corrections) == 0 || item.Cause == "" {
			continue
		}
		if listed++; listed == 1 {
			page.WriteString("\nChanged after posting, and settled\n")
		}
		if listed > mostExceptions {
			continue
		}
		fmt.Fprintf(&page, "\n  %s  %s  %s %s  %s\n", clean(number(item)), clean(item.Worker), amount(item.Amount), item.Currency, item.State)
		page.WriteString(wrapped("why", item.Cause))
		page.WriteString(corrections(item))
	}
	if more := listed - mostExceptions; more > 0 {
		fmt.Fprintf(&page, "  … and %d more; --format json lists all\n", more)
	}
	return page.String()
}

// corrections lists the documents that correct an item, one a line.
func corrections(item schema.Item) string {
	var page strings.Builder
	for _, c := range item.Corrections {
		if c.Kind == "" {
			continue // nothing is to be posted; the cause says why
		}
		name := c.Kind.Name()
		if c.QuickBooksID != "" {
			name += " " + string(c.QuickBooksID)
		}
		over, err := c.Kind.Signed(c.Amount.Money()) // "vendor credit over 60.00", as people say it
		if err != nil {
			over = c.Amount.Money()
		}
		line := fmt.Sprintf("%s over %s %s: %s", name, amount(schema.Amount(over)), c.Currency, stands(c.State))
		if c.ApprovedBy != "" && c.State != schema.CorrectionAccepted {
			line += ", approved by " + c.ApprovedBy
		}
		page.WriteString(wrapped("doc", line))
	}
	return page.String()
}

// stands says where a document is, for a person.
func stands(s schema.CorrectionState) string {
	switch s {
	case schema.CorrectionApproved:
		return "to be posted"
	case schema.CorrectionUncertain:
		return "sent, no answer yet"
	case schema.CorrectionPosted:
		return "posted, not read back yet"
	case schema.CorrectionDiffers:
		return "not as it was posted"
	case schema.CorrectionAccepted:
		return "not posted, on purpose"
	default:
		return string(s)
	}
}
