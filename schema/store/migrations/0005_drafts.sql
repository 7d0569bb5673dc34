-- A row is the document that an invoice becomes, or what keeps it from becoming one.
-- Amounts are in minor units of the currency beside them; dates are numbers written
-- YYYYMMDD, 0 for none.
--
-- Repeats: one row per draft that was made, and a row may be there twice; the
-- newest of an invoice by (recorded_at, seq) holds.
--
-- Serves: the newest drafts of given invoices, one draft by invoice and id, and
-- through the projections the invoices drafted since an instant of the server's
-- clock, and who was drafted under a document number.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS drafts {{.OnCluster}}
(
    company          LowCardinality(String),
    invoice          String CODEC(ZSTD),
    id               String,
    content          FixedString(32),
    state            LowCardinality(String),
    kind             LowCardinality(String),
    hold_reason      Array(String) CODEC(ZSTD),
    hold_detail      Array(String) CODEC(ZSTD),
    hold_next_step   Array(String) CODEC(ZSTD),
    hold_owner       Array(String) CODEC(ZSTD),
    payee            String CODEC(ZSTD),
    payee_name       String CODEC(ZSTD),
    vendor           String,
    doc_number       String,
    txn_date         UInt32,
    due_date         UInt32,
    currency         LowCardinality(String),
    rate             String,
    payable          String,
    location         String,
    total            Int64,
    total_currency   LowCardinality(String),
    line_item_id     Array(String) CODEC(ZSTD),
    line_concept     Array(String) CODEC(ZSTD),
    line_description Array(String) CODEC(ZSTD),
    line_amount      Array(Int64),
    line_currency    Array(String),
    line_account     Array(String),
    line_class       Array(String),
    line_rule        Array(String) CODEC(ZSTD),
    line_rule_version Array(Int64),
    memo             String CODEC(ZSTD),
    recorded_at      DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq              UInt64 CODEC(Delta, ZSTD),
    stored_at        DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    PROJECTION since (SELECT company, stored_at, invoice ORDER BY company, stored_at),
    PROJECTION numbers (SELECT company, doc_number, payee, invoice, recorded_at, seq ORDER BY company, doc_number)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, invoice, recorded_at, seq)
SETTINGS {{.Settings 256}};
