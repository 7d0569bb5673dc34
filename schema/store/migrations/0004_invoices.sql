-- A row is an invoice as it stood after a change. Amounts are in minor units of the
-- currency beside them.
--
-- Repeats: one row per change, and a row may be there twice; the newest of an id
-- by (recorded_at, seq) holds. updated_at and paid_at count microseconds from 1970
-- and dates are numbers written YYYYMMDD, 0 for none, since the sender's may lie
-- outside the years that the engine's own types can hold.
--
-- Serves: invoices by id, the invoices of a month by bill_date, and through the
-- projections, which the engine keeps in step with every part, those recorded since
-- an instant of the server's clock, and those that name a given worker.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS invoices {{.OnCluster}}
(
    company         LowCardinality(String),
    id              String CODEC(ZSTD),
    number          String,
    status          LowCardinality(String),
    platform_fee    Bool,
    contract        String,
    worker          String,
    worker_email    String CODEC(ZSTD),
    external_id     String,
    issue_date      UInt32,
    due_date        UInt32,
    period_start    UInt32,
    period_end      UInt32,
    paid_at         Int64,
    currency        LowCardinality(String),
    total           Int64,
    total_currency  LowCardinality(String),
    usd_total       Int64,
    usd_currency    LowCardinality(String),
    rate            String,
    payment_group   String,
    pdf_url         String CODEC(ZSTD),
    line_item_id      Array(String) CODEC(ZSTD),
    line_concept      Array(String) CODEC(ZSTD),
    line_description  Array(String) CODEC(ZSTD),
    line_quantity     Array(String),
    line_amount       Array(Int64),
    line_currency     Array(String),
    line_usd_amount   Array(Int64),
    line_usd_currency Array(String),
    line_attachment   Array(String) CODEC(ZSTD),
    problem_field   Array(String),
    problem_value   Array(String),
    problem_detail  Array(String),
    updated_at      Int64,
    source          String CODEC(ZSTD),
    bill_date       UInt32,
    content         FixedString(32),
    recorded_at     DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq             UInt64 CODEC(Delta, ZSTD),
    stored_at       DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    PROJECTION since (SELECT company, stored_at, id ORDER BY company, stored_at),
    PROJECTION workers (SELECT company, worker, id ORDER BY company, worker)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, id, recorded_at, seq)
SETTINGS {{.Settings 256}};
