-- A row is what QuickBooks held of one bill or vendor credit when it was looked at,
-- whoever entered it. Amounts are in minor units of the currency beside them; dates
-- are numbers written YYYYMMDD, 0 for none.
--
-- Repeats: one row per change that was seen, and a row may be there twice; the
-- newest of a document by (seen_at, seq) holds.
--
-- Serves: given documents, and through the projection those dated between two days.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS bookbills {{.OnCluster}}
(
    company    LowCardinality(String),
    realm      LowCardinality(String),
    kind       LowCardinality(String),
    document   String,
    vendor     String,
    doc_number String CODEC(ZSTD),
    txn_date   UInt32,
    due_date   UInt32,
    total      Int64,
    balance    Int64,
    currency   LowCardinality(String),
    payable    String,
    draft      String CODEC(ZSTD),
    invoice    String CODEC(ZSTD),
    sync_token String,
    updated_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    deleted    Bool,
    seen_at    DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq        UInt64 CODEC(Delta, ZSTD),

    PROJECTION dated (SELECT company, txn_date, document ORDER BY company, txn_date)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(seen_at)
ORDER BY (company, document, seen_at, seq)
SETTINGS {{.Settings 256}};
