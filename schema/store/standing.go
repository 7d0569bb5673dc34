package store

import (
	"context"

	"github.com/tieout/tieout/schema"
)

// invoiceWork is what is left to do about the documents of invoices.
func invoiceWork() work {
	return work{name: unsettledWork, changed: changedInvoices, rows: invoiceRows}
}

// changedInvoices selects the invoices that anything was recorded about since the
// watermark.
const changedInvoices = changedBills + `
	UNION DISTINCT
	SELECT invoice FROM decisions
	WHERE company = {company:String} AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT
	SELECT subject FROM verifications
	WHERE company = {company:String} AND kind = 'bill' AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')`

// changedBills selects the invoices that changed, or whose documents did, since the
// watermark.
const changedBills = `
	SELECT id FROM invoices
	WHERE company = {company:String} AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT
	SELECT invoice FROM drafts
	WHERE company = {company:String} AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT
	SELECT subject FROM postings
	WHERE company = {company:String} AND kind = 'bill' AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')`

// invoiceRows defines where each candidate stands. There is one row per invoice,
// made of the newest of each kind of fact.
//
//   - open: it has no live posting, is not cancelled and drafted so, and nobody
//     decided to skip it
//   - unverified: it was posted or adopted, and that document was never read back
//   - unsettled: any of these, or a posting whose outcome is not known
//   - ready: its newest draft may be posted, unless that draft was declined
//   - tries: the postings of its newest draft, the newest first
//   - released: that draft was declined for good, and somebody released it since
//
// The kinds of fact are numbered: 1 posting, 2 draft, 3 decision, 4 invoice,
// 5 verification.
const invoiceRows = `
		facts AS
		(
			SELECT 1 AS fact, subject AS id, toString(state) AS word, document, draft, '' AS content, 0 AS txn_date,
				emptyArrayString() AS reasons, retry_at, recorded_at, (recorded_at, seq) AS version
			FROM postings WHERE company = {company:String} AND kind = 'bill' AND subject IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 2, invoice, toString(state), '', id, toString(content), txn_date, hold_reason, recorded_at, recorded_at, (recorded_at, seq)
			FROM drafts WHERE company = {company:String} AND invoice IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 3, invoice, toString(kind), '', '', '', 0, [], recorded_at, recorded_at, (recorded_at, seq)
			FROM decisions WHERE company = {company:String} AND invoice IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 4, id, '', '', '', toString(content), 0, [], recorded_at, recorded_at, (recorded_at, seq)
			FROM invoices WHERE company = {company:String} AND id IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 5, subject, '', document, '', '', 0, [], recorded_at, recorded_at, (recorded_at, seq)
			FROM verifications WHERE company = {company:String} AND kind = 'bill' AND subject IN (SELECT id FROM candidates)
		),
		newest AS
		(
			SELECT id,
				argMaxIf((word, document), version, fact = 1) AS posting,
				maxIf(facts.recorded_at, fact = 1) AS posting_at,
				groupArrayIf((draft, version, retry_at), fact = 1) AS postings,
				argMaxIf((draft, word, content, txn_date, reasons), version, fact = 2) AS newest_draft,
				maxIf(facts.recorded_at, fact = 2) AS draft_at,
				argMaxIf(word, version, fact = 3) AS decision,
				maxIf(facts.recorded_at, fact = 3) AS decision_at,
				argMaxIf(content, version, fact = 4) AS invoice_content,
				countIf(fact = 4) > 0 AS has_invoice,
				minIf(facts.recorded_at, fact = 4) AS invoice_at,
				groupUniqArrayIf(document, fact = 5) AS verified
			FROM facts
			GROUP BY id
		),
		standing AS
		(
			SELECT *,
				posting.1 AS posting_state, posting.2 AS posting_document,
				newest_draft.1 AS draft_id, newest_draft.2 AS draft_state, newest_draft.3 AS draft_content,
				newest_draft.4 AS draft_date, newest_draft.5 AS draft_reasons,
				posting_state NOT IN ('', 'declined') AS live,
				posting_state IN ('posted', 'adopted') AND NOT has(verified, posting_document) AS unverified,
				NOT live AND decision != 'skip'
					AND NOT (draft_state = 'cancelled' AND has_invoice AND draft_content = invoice_content) AS open,
				open OR unverified OR posting_state IN ('named', 'uncertain') AS unsettled,
				draft_state = 'ready' AND NOT live AND decision NOT IN ('hold', 'skip') AS ready,
				arrayReverseSort(p -> p.2, arrayFilter(p -> p.1 = draft_id, postings)) AS tries,
				ready AND decision = 'release' AND notEmpty(tries) AND tries[1].3 = toDateTime64(0, 6, 'UTC')
					AND decision_at > tries[1].2.1 AS released
			FROM newest
		)`

// unsettled runs a query over where invoices stand that selects ids.
func (s *Store) unsettled(ctx context.Context, company schema.CompanyID, query string, more params) ([]string, error) {
	return s.searchTexts(ctx, company, invoiceWork(), query, more)
}
