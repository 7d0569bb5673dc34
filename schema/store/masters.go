package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const ruleColumns = `
	company LowCardinality(String)
	version Int64
	rule_id Array(String)
	rule_version Array(Int64)
	rule_concept Array(String)
	rule_account Array(String)
	rule_name Array(String)
	rule_class Array(String)
	rule_class_name Array(String)
	rule_location Array(String)
	rule_location_name Array(String)
	imported_by String
	recorded_at DateTime64(6, 'UTC')`

// RecordRules replaces a company's rules as a whole.
func (s *Store) RecordRules(ctx context.Context, rules schema.RuleSet) error {
	return record(ctx, s, s.tables.rules, []schema.RuleSet{rules}, func(r schema.RuleSet) []any {
		return []any{
			string(r.Company), int64(r.Version),
			list(r.Rules, func(r schema.Rule) string { return string(r.ID) }),
			list(r.Rules, func(r schema.Rule) int64 { return int64(r.Version) }),
			list(r.Rules, func(r schema.Rule) string { return r.Concept }),
			list(r.Rules, func(r schema.Rule) string { return string(r.Account) }),
			list(r.Rules, func(r schema.Rule) string { return r.Name }),
			list(r.Rules, func(r schema.Rule) string { return string(r.Class) }),
			list(r.Rules, func(r schema.Rule) string { return r.ClassName }),
			list(r.Rules, func(r schema.Rule) string { return string(r.Location) }),
			list(r.Rules, func(r schema.Rule) string { return r.LocationName }),
			r.By, stored(r.RecordedAt),
		}
	})
}

// Rules returns the newest rules as of asOf; the zero RuleSet when there are none.
func (s *Store) Rules(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.RuleSet, error) {
	const query = `
		SELECT company, version, rule_id, rule_version, rule_concept, rule_account, rule_name,
			rule_class, rule_class_name, rule_location, rule_location_name, imported_by, recorded_at
		FROM rules
		WHERE company = {company:String} AND recorded_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
		ORDER BY recorded_at DESC, seq DESC
		LIMIT 1`
	var set schema.RuleSet
	var version int64
	var ids, concepts, accounts, names, classes, classNames, locations, locationNames []string
	var versions []int64
	var recorded time.Time
	dests := []any{
		(*string)(&set.Company), &version, &ids, &versions, &concepts, &accounts, &names,
		&classes, &classNames, &locations, &locationNames, &set.By, &recorded,
	}
	err := s.each(ctx, query, params{"company": string(company), "as_of": cutoff(asOf)}, dests, func() {
		set.Version, set.RecordedAt = int(version), instant(recorded)
		for n, id := range ids {
			set.Rules = append(set.Rules, schema.Rule{
				ID: schema.RuleID(id), Version: int(versions[n]), Concept: concepts[n],
				Account: schema.AccountID(accounts[n]), Name: names[n],
				Class: schema.ClassID(classes[n]), ClassName: classNames[n],
				Location: schema.LocationID(locations[n]), LocationName: locationNames[n],
			})
		}
	})
	if err != nil {
		return schema.RuleSet{}, fmt.Errorf("read rules: %w", err)
	}
	return set, nil
}

const payeeColumns = `
	company LowCardinality(String)
	key String
	state LowCardinality(String)
	vendor String
	origin LowCardinality(String)
	name String
	email String
	country LowCardinality(String)
	business Bool
	detail String
	decided_by String
	recorded_at DateTime64(6, 'UTC')`

// RecordPayees appends records of payees.
func (s *Store) RecordPayees(ctx context.Context, payees []schema.Payee) error {
	return record(ctx, s, s.tables.payees, payees, func(p schema.Payee) []any {
		return []any{
			string(p.Company), string(p.Key), string(p.State), string(p.Vendor), string(p.Origin), p.Name, p.Email, p.Country,
			p.Business, p.Detail, p.By, stored(p.RecordedAt),
		}
	})
}

// Payees returns the newest record of each payee of a company.
func (s *Store) Payees(ctx context.Context, company schema.CompanyID) (map[schema.PayeeKey]schema.Payee, error) {
	const query = `
		SELECT company, key, state, vendor, origin, name, email, country, business, detail, decided_by, recorded_at
		FROM payees
		WHERE company = {company:String}
		ORDER BY key, recorded_at DESC, seq DESC
		LIMIT 1 BY key`
	found := make(map[schema.PayeeKey]schema.Payee)
	var p schema.Payee
	var recorded time.Time
	dests := []any{
		(*string)(&p.Company), (*string)(&p.Key), (*string)(&p.State), (*string)(&p.Vendor), (*string)(&p.Origin), &p.Name,
		&p.Email, &p.Country, &p.Business, &p.Detail, &p.By, &recorded,
	}
	err := s.each(ctx, query, params{"company": string(company)}, dests, func() {
		p.RecordedAt = instant(recorded)
		found[p.Key] = p
	})
	if err != nil {
		return nil, fmt.Errorf("read payees: %w", err)
	}
	return found, nil
}
