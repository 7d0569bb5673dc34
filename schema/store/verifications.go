package store

import (
	"cmp"
	"context"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	verificationColumns = `
	company LowCardinality(String)
	kind LowCardinality(String)
	subject String
	draft String
	document String
	result LowCardinality(String)
	difference_field Array(String)
	difference_expected Array(String)
	difference_found Array(String)
	total Int64
	total_currency LowCardinality(String)
	sync_token String
	recorded_at DateTime64(6, 'UTC')`

	verificationSelect = `company, kind, subject, draft, document, result,
		` + pack + `difference_field` + packed + `difference_expected` + packed + `difference_found` + unpack + `, total, total_currency, sync_token, recorded_at`
)

// RecordVerifications appends what reading back showed.
func (s *Store) RecordVerifications(ctx context.Context, verifications []schema.Verification) error {
	return record(ctx, s, s.tables.verifications, verifications, func(v schema.Verification) []any {
		return []any{
			string(v.Company), string(cmp.Or(v.Kind, schema.PostBill)), v.Subject, string(v.Draft), string(v.Document), string(v.Result),
			list(v.Differences, func(d schema.Difference) string { return string(d.Field) }),
			list(v.Differences, func(d schema.Difference) string { return d.Expected }),
			list(v.Differences, func(d schema.Difference) string { return d.Found }),
			v.Total.Minor(), string(v.Total.Currency()), v.SyncToken, stored(v.RecordedAt),
		}
	})
}

// newestVerifications visits the newest verification of each document of a span of
// subjects.
func (s *Store) newestVerifications(
	ctx context.Context, kind schema.PostingKind, span span, visit func(schema.Verification),
) error {
	var scan verificationScan
	query := `SELECT ` + verificationSelect + ` FROM verifications WHERE kind = {kind:String} AND ` + span.where("subject") + `
		ORDER BY subject, document, recorded_at DESC, seq DESC LIMIT 1 BY subject, document`
	return s.each(ctx, query, span.params().with("kind", string(kind)), scan.dests(), func() { visit(scan.verification()) })
}

// verificationScan takes verifications from rows, one at a time.
type verificationScan struct {
	v                       schema.Verification
	fields, expected, found packedTexts
	total                   int64
	totalCurrency           schema.Currency
	recorded                time.Time
}

// dests returns where the columns of verificationSelect go.
func (r *verificationScan) dests() []any {
	v := &r.v
	return []any{
		(*string)(&v.Company), (*string)(&v.Kind), &v.Subject, (*string)(&v.Draft), (*string)(&v.Document), (*string)(&v.Result),
		(*string)(&r.fields), (*string)(&r.expected), (*string)(&r.found), &r.total, (*string)(&r.totalCurrency), &v.SyncToken, &r.recorded,
	}
}

// verification returns the verification of the row that was scanned.
func (r *verificationScan) verification() schema.Verification {
	v := r.v
	v.Total, v.RecordedAt, v.Differences = schema.NewMoney(r.total, r.totalCurrency), instant(r.recorded), nil
	expected, found := r.expected.list(), r.found.list()
	for n, field := range r.fields.list() {
		v.Differences = append(v.Differences, schema.Difference{
			Field: schema.Field(field), Expected: expected[n], Found: found[n],
		})
	}
	return v
}
