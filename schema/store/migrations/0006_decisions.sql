-- A row is what a person said about an invoice.
--
-- Repeats: one row per decision, and a row may be there twice; the newest of an
-- invoice by (recorded_at, seq) holds.
--
-- Serves: the newest decisions on given invoices, and through the projection the
-- invoices decided on since an instant of the server's clock.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS decisions {{.OnCluster}}
(
    company     LowCardinality(String),
    invoice     String,
    kind        LowCardinality(String),
    reason      String,
    decided_by  String,
    recorded_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq         UInt64 CODEC(Delta, ZSTD),
    stored_at   DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    PROJECTION since (SELECT company, stored_at, invoice ORDER BY company, stored_at)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, invoice, recorded_at, seq)
SETTINGS {{.Settings 256}};
