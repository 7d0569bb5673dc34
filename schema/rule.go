package schema

import "time"

// Rule says which account the lines of one concept are booked to, and which
// class and location they belong to, where the company tracks those.
type Rule struct {
	ID      RuleID
	Version int       // from 1; grows when what the rule says changes
	Concept string    // matches a line's concept exactly
	Account AccountID // an active expense account of the company
	Name    string    // the account's name when the rule was written, for people

	Class        ClassID    // on the line; optional
	ClassName    string     // when the rule was written
	Location     LocationID // on the whole document; optional
	LocationName string     // when the rule was written
}

// RuleSet is all of a company's rules at one time. A newer set replaces an older
// one as a whole; the older stays stored, since posted lines refer to it.
type RuleSet struct {
	Company    CompanyID
	Version    int // from 1, one more with each change
	Rules      []Rule
	By         string // who imported it
	RecordedAt time.Time
}
