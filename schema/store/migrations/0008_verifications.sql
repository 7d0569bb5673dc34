-- A row is one reading back of a posted document, compared field by field. The total
-- is what QuickBooks held, in minor units of the currency beside it.
--
-- Repeats: one row per reading, and a row may be there twice; the newest of a
-- kind, subject and document by (recorded_at, seq) holds.
--
-- Serves: the newest verifications of given subjects, and through the projection
-- the subjects verified since an instant of the server's clock.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS verifications {{.OnCluster}}
(
    company             LowCardinality(String),
    kind                LowCardinality(String),
    subject             String CODEC(ZSTD),
    draft               String,
    document            String,
    result              LowCardinality(String),
    difference_field    Array(String),
    difference_expected Array(String),
    difference_found    Array(String),
    total               Int64,
    total_currency      LowCardinality(String),
    sync_token          String,
    recorded_at         DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq                 UInt64 CODEC(Delta, ZSTD),
    stored_at           DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    PROJECTION since (SELECT company, kind, stored_at, subject ORDER BY company, kind, stored_at)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, kind, subject, recorded_at, seq)
SETTINGS {{.Settings 256}};
