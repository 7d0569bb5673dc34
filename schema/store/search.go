package store

import (
	"context"
	"fmt"
	"maps"

	"github.com/tieout/tieout/schema"
)

// work is a kind of work and how to look for it. What is left to do is found among
// the members of its watermark and what changed since, at a cost that follows the
// two: see watermark.go.
type work struct {
	name string // of its watermark
	kind schema.PostingKind
	// changed selects the ids of the subjects that anything was recorded about
	// since the watermark, which the projections find. It must reach whatever
	// rows reads, but for facts that cannot make settled work unsettled.
	changed string
	// rows define where each candidate stands, as standing, one row for each, with
	// the columns id and unsettled. They are read after a definition of candidates.
	rows string
}

// memberRows selects what the watermark names.
const memberRows = `
	SELECT arrayJoin(members) AS id FROM watermarks
	WHERE company = {company:String} AND name = {name:String} AND epoch = {epoch:UInt64}
		AND at = fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT`

// listedCandidates names candidates when they are few, which keeps the statement
// small. Else they are named by what selects them, as a scalar, which the engine
// computes once however often the name is used.
const listedCandidates = ` WITH candidates AS (SELECT arrayJoin({ids:Array(String)}) AS id), `

func (w work) changedCandidates() string {
	return ` WITH candidates AS (SELECT arrayJoin((SELECT groupArray(id) FROM (` + memberRows + w.changed + `))) AS id), `
}

// advanceSearch moves the watermark and names as members what is left to do.
const advanceSearch = `
	SELECT {company:String}, {name:String}, {epoch:UInt64}, fromUnixTimestamp64Micro({reach:Int64}, 'UTC'), groupArray(id)
	FROM standing
	WHERE unsettled
	HAVING count() <= {max_members:Int64}`

// search is how to ask where candidates stand: the definition and its parameters.
type search struct {
	rows    string
	params  params
	nothing bool // there are no candidates
}

// search finds the candidates, and moves the watermark when that is due. Without
// candidates it stays where it is: behind it lies nothing that has to be read again.
func (s *Store) search(ctx context.Context, company schema.CompanyID, w work) (search, error) {
	key := watermarkKey{company: company, name: w.name}
	mark, err := s.watermark(ctx, key)
	if err != nil {
		return search{}, err
	}
	p := s.searchParams(key, mark).with("kind", string(w.kind))
	ids, err := s.texts(ctx, `SELECT id FROM (`+memberRows+w.changed+`) LIMIT {limit:Int64}`, p.with("limit", int64(maxIDs+1)))
	if err != nil || len(ids) == 0 {
		return search{nothing: true}, err
	}
	found := search{rows: w.changedCandidates() + w.rows, params: p}
	if len(ids) <= maxIDs {
		found.rows, found.params = listedCandidates+w.rows, p.with("ids", ids)
	}
	if !s.dueToAdvance(key, mark) {
		return found, nil
	}
	if err := s.advance(ctx, key, found.rows+advanceSearch, found.params); err != nil {
		return search{}, err
	}
	return found, nil
}

// searchTexts runs a query over standing that selects one column of texts.
func (s *Store) searchTexts(
	ctx context.Context, company schema.CompanyID, w work, query string, more params,
) ([]string, error) {
	found, err := s.search(ctx, company, w)
	if err != nil || found.nothing {
		return nil, err
	}
	p := maps.Clone(found.params)
	maps.Copy(p, more)
	return s.texts(ctx, found.rows+query, p)
}

// texts runs a query that selects one column of texts.
func (s *Store) texts(ctx context.Context, query string, p params) ([]string, error) {
	var texts []string
	var text string
	if err := s.each(ctx, query, p, []any{&text}, func() { texts = append(texts, text) }); err != nil {
		return nil, fmt.Errorf("find subjects: %w", err)
	}
	return texts, nil
}
