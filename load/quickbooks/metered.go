package quickbooks

// Metered is how many calls succeeded, in the two classes in which Intuit meters
// apps since its App Partner Program (in the United States from July 2025,
// elsewhere from November 2025). Only successful calls to production companies
// count at Intuit; here those to a sandbox are counted as well.
type Metered struct {
	// Core calls are free: single creates, and uploads.
	Core int64

	// CorePlus calls count against the app's monthly quota, which on Intuit's
	// free tier is 500,000 for all companies together: every read of a record,
	// every page of a query, every question for changes, and every batch. Sources
	// disagree about batches that only write; too many is the safe mistake.
	CorePlus int64
}

// Metered returns the calls counted since the client was made. The metric
// tieout_quickbooks_metered_calls_total counts the same for a whole process.
func (c *Client) Metered() Metered { return Metered{Core: c.core.Load(), CorePlus: c.corePlus.Load()} }
