package store

import (
	"context"
	"fmt"

	"github.com/tieout/tieout/schema"
)

// Sent reports whether anything of a company may ever have been sent to QuickBooks:
// whether any posting was named.
func (s *Store) Sent(ctx context.Context, company schema.CompanyID) (bool, error) {
	const query = `SELECT 1 FROM postings WHERE company = {company:String} AND state != 'declined' LIMIT 1`
	var one uint8
	if err := s.each(ctx, query, params{"company": string(company)}, []any{&one}, func() {}); err != nil {
		return false, fmt.Errorf("look for postings: %w", err)
	}
	return one == 1, nil
}
