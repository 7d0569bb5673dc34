-- A row says how far the mirror of a company's books reached: every change up to
-- `until` is known. first is a number written YYYYMMDD, 0 for none.
--
-- Repeats: one row per look at the changes, and a row may be there twice; the
-- newest of a company and realm by (recorded_at, seq) holds.
--
-- Serves: where the next look begins, and how old a report's books are.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS mirrors {{.OnCluster}}
(
    company     LowCardinality(String),
    realm       LowCardinality(String),
    until       DateTime64(6, 'UTC'),
    swept_at    DateTime64(6, 'UTC'),
    first       UInt32,
    recorded_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq         UInt64 CODEC(Delta, ZSTD)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, realm, recorded_at, seq)
SETTINGS {{.Settings 256}};
