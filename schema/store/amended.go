package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/tieout/tieout/schema"
)

// amendedInvoices is which invoices the books no longer say.
func amendedInvoices() work {
	return work{name: amendedWork, changed: changedCorrections, rows: amendedRows}
}

// changedCorrections selects the invoices that changed since the watermark, or whose
// documents or corrections did.
const changedCorrections = changedBills + `
	UNION DISTINCT
	SELECT invoice FROM tasks
	WHERE company = {company:String} AND kind = 'correction' AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT
	SELECT invoice FROM tasks
	WHERE company = {company:String} AND kind = 'correction' AND subject IN
	(
		SELECT subject FROM postings
		WHERE company = {company:String} AND kind = 'correction' AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	)`

// amendedRows defines where each candidate stands: unsettled is what
// [schema.Position.Amended] says of it.
//
// First every correction by its subject: the task that its live posting names, or the
// newest one; then those of an invoice that count. place orders them as Amended does.
// The kinds of fact are numbered: in correction_facts 1 posting, 2 task, and in facts
// 1 posting, 2 draft, 3 invoice.
const amendedRows = `
		correction_facts AS
		(
			SELECT 1 AS fact, subject, draft, (toString(state), '', '', false) AS says, (recorded_at, seq) AS version
			FROM postings WHERE company = {company:String} AND kind = 'correction' AND subject IN
			(
				SELECT subject FROM tasks WHERE company = {company:String} AND kind = 'correction' AND invoice IN (SELECT id FROM candidates)
			)
			UNION ALL
			SELECT 2, subject, id, (toString(state), invoice, toString(content), cancelled), (recorded_at, seq)
			FROM tasks WHERE company = {company:String} AND kind = 'correction' AND subject IN
			(
				SELECT subject FROM tasks WHERE company = {company:String} AND kind = 'correction' AND invoice IN (SELECT id FROM candidates)
			)
		),
		corrections AS
		(
			SELECT subject,
				argMaxIf((says.1, draft), version, fact = 1) AS posting,
				posting.1 NOT IN ('', 'declined') AS live,
				arrayReverseSort(groupArrayIf((version, draft, says), fact = 2)) AS tasks,
				arrayFilter(t -> live AND t.2 = posting.2, tasks) AS named,
				if(empty(named), tasks, named)[1].3 AS task,
				arrayMap(n -> toUInt32OrZero(n), extractGroups(subject, '(?:^|:)([0-9]+)\\.([0-9]+)$')) AS place
			FROM correction_facts
			GROUP BY subject
		),
		counted AS
		(
			SELECT task.2 AS id,
				count() > 0 AS some,
				argMax(task.3, (place, subject)) AS last,
				countIf(task.1 != 'accepted' OR live) > 0 AS corrected,
				argMaxIf(task.3, (place, subject), task.1 != 'accepted' OR live) AS said,
				max(task.4) AS cancelled,
				groupArrayIf(task.3, task.1 IN ('proposed', 'held') AND NOT live) AS waiting
			FROM corrections
			WHERE task.1 != 'withdrawn' OR live
			GROUP BY id
		),
		facts AS
		(
			SELECT 1 AS fact, subject AS id, toString(state) AS word, draft, '' AS content, (recorded_at, seq) AS version
			FROM postings WHERE company = {company:String} AND kind = 'bill' AND subject IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 2, invoice, '', id, toString(content), (recorded_at, seq)
			FROM drafts WHERE company = {company:String} AND invoice IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 3, id, toString(status), '', toString(content), (recorded_at, seq)
			FROM invoices WHERE company = {company:String} AND id IN (SELECT id FROM candidates)
		),
		posted AS
		(
			SELECT id,
				argMaxIf((word, draft), version, fact = 1) AS posting,
				arrayReverseSort(groupArrayIf((version, draft, content), fact = 2)) AS drafts,
				arrayFilter(d -> d.2 = posting.2, drafts) AS named,
				if(empty(named), drafts, named)[1].3 AS drafted,
				argMaxIf((word, content), version, fact = 3) AS invoice
			FROM facts
			GROUP BY id
			HAVING posting.1 IN ('posted', 'adopted') AND countIf(fact = 3) > 0
		),
		standing AS
		(
			SELECT id,
				if(corrected, said, drafted) AS books,
				if(some, last, drafted) AS newest,
				invoice.1 = 'CANCELLED' AND NOT cancelled
					OR invoice.2 != books AND invoice.2 != newest
					OR arrayExists(content -> content != invoice.2, waiting) AS unsettled
			FROM posted LEFT JOIN counted ON posted.id = counted.id
		)`

// Amended yields, by id, every invoice of which [schema.Position.Amended] is true. It
// comes whole, lines included. It costs what changed about invoices, their documents
// and corrections, and as much as it yields: invoices that the books say cost nothing.
func (s *Store) Amended(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error] {
	return func(yield func(schema.Position, error) bool) {
		ids, err := s.searchTexts(ctx, company, amendedInvoices(), ` SELECT id FROM standing WHERE unsettled ORDER BY id`, nil)
		if err != nil {
			yield(schema.Position{}, fmt.Errorf("find amended invoices: %w", err))
			return
		}
		all := span{company: company, ids: ids, asOf: endOfTime}
		s.positions(ctx, all, withLines|withBodies, func(p schema.Position, err error) bool {
			// Between the two queries it may have been corrected.
			if err == nil && !p.Amended() {
				return true
			}
			return yield(p, err)
		})
	}
}
