package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const contractColumns = `
	company LowCardinality(String)
	id String
	worker String
	worker_email String
	external_id String
	worker_type LowCardinality(String)
	first_name String
	last_name String
	legal_name String
	country LowCardinality(String)
	job_title String
	department String
	entity String
	type LowCardinality(String)
	signing LowCardinality(String)
	currency LowCardinality(String)
	start_date UInt32
	end_date UInt32
	status LowCardinality(String)
	updated_at Int64
	source String
	recorded_at DateTime64(6, 'UTC')`

// RecordContracts appends contracts, each as it stands after a change.
func (s *Store) RecordContracts(ctx context.Context, contracts []schema.Contract) error {
	return record(ctx, s, s.tables.contracts, contracts, func(c schema.Contract) []any {
		return []any{
			string(c.Company), string(c.ID), string(c.Worker), c.WorkerEmail, c.ExternalID, c.WorkerType, c.FirstName, c.LastName,
			c.LegalName, c.Country, c.JobTitle, c.Department, c.Entity, c.Type, string(c.Signing), string(c.Currency),
			day(c.StartDate), day(c.EndDate), c.Status, micros(c.UpdatedAt), string(c.Source), stored(c.RecordedAt),
		}
	})
}

// Contracts returns the newest record of each contract. Unknown ids are absent.
func (s *Store) Contracts(
	ctx context.Context, company schema.CompanyID, ids []schema.ContractID,
) (map[schema.ContractID]schema.Contract, error) {
	const query = `
		SELECT company, id, worker, worker_email, external_id, worker_type, first_name, last_name, legal_name, country,
			job_title, department, entity, type, signing, currency, start_date, end_date, status, updated_at, source, recorded_at
		FROM contracts
		WHERE company = {company:String} AND id IN {ids:Array(String)}
		ORDER BY id, recorded_at DESC, seq DESC
		LIMIT 1 BY id`
	found := make(map[schema.ContractID]schema.Contract, len(ids))
	var c schema.Contract
	var start, end uint32
	var updated int64
	var recorded time.Time
	dests := []any{
		(*string)(&c.Company), (*string)(&c.ID), (*string)(&c.Worker), &c.WorkerEmail, &c.ExternalID, &c.WorkerType, &c.FirstName,
		&c.LastName, &c.LegalName, &c.Country, &c.JobTitle, &c.Department, &c.Entity, &c.Type, (*string)(&c.Signing),
		(*string)(&c.Currency), &start, &end, &c.Status, &updated, (*string)(&c.Source), &recorded,
	}
	err := byIDs(ids, func(ids []string) error {
		return s.each(ctx, query, params{"company": string(company), "ids": ids}, dests, func() {
			c.StartDate, c.EndDate = fromDay(start), fromDay(end)
			c.UpdatedAt, c.RecordedAt = fromMicros(updated), instant(recorded)
			found[c.ID] = c
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read contracts: %w", err)
	}
	return found, nil
}
