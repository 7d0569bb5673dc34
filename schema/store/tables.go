package store

// tables are all tables that facts are recorded in.
type tables struct {
	deliveries, outcomes, contracts, invoices, drafts, decisions, postings, verifications,
	rules, payees, books, bookBills, mirrors, connections, secrets, leases, watermarks, tasks, metered, reviews,
	redacted, redactions table
}

// newTables lists the columns that are inserted, in the order of the rows, with
// their types spelled as the server spells them.
func newTables() tables {
	return tables{
		deliveries:    newTable("deliveries", deliveryColumns),
		outcomes:      newTable("outcomes", outcomeColumns),
		contracts:     newTable("contracts", contractColumns+seqColumn),
		invoices:      newTable("invoices", invoiceColumns+invoiceLineColumns+seqColumn),
		drafts:        newTable("drafts", draftColumns+seqColumn),
		decisions:     newTable("decisions", decisionColumns+seqColumn),
		postings:      newTable("postings", postingColumns+postingBodyColumn+seqColumn),
		verifications: newTable("verifications", verificationColumns+seqColumn),
		rules:         newTable("rules", ruleColumns+seqColumn),
		payees:        newTable("payees", payeeColumns+seqColumn),
		books:         newTable("books", bookColumns+seqColumn),
		bookBills:     newTable("bookbills", bookBillColumns+seqColumn),
		mirrors:       newTable("mirrors", mirrorColumns+seqColumn),
		connections:   newTable("connections", connectionColumns+seqColumn),
		secrets:       newTable("secrets", secretColumns+seqColumn),
		leases:        newTable("leases", leaseColumns+seqColumn),
		watermarks:    newTable("watermarks", watermarkColumns),
		tasks:         newTable("tasks", taskColumns+seqColumn),
		metered:       newTable("metered", meteredColumns+seqColumn),
		reviews:       newTable("reviews", reviewColumns+seqColumn),
		redacted:      newTable("deliveries", deliveryColumns+redactedColumns),
		redactions:    newTable("redactions", redactionColumns+seqColumn),
	}
}

// seqColumn is the last column of every table whose newest row holds.
const seqColumn = `
	seq UInt64`

// all returns every table.
func (t tables) all() []table {
	return []table{
		t.deliveries, t.outcomes, t.contracts, t.invoices, t.drafts, t.decisions, t.postings, t.verifications,
		t.rules, t.payees, t.books, t.bookBills, t.mirrors, t.connections, t.secrets, t.leases, t.watermarks, t.tasks, t.metered,
		t.reviews, t.redacted, t.redactions,
	}
}
