-- A row is what was known of a payee, and of the vendor that stands for it, after a
-- change.
--
-- Repeats: one row per change, and a row may be there twice; the newest of a key by
-- (recorded_at, seq) holds.
--
-- Serves: all payees of a company.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS payees {{.OnCluster}}
(
    company     LowCardinality(String),
    key         String,
    state       LowCardinality(String),
    vendor      String,
    origin      LowCardinality(String),
    name        String,
    email       String,
    country     LowCardinality(String),
    business    Bool,
    detail      String,
    decided_by  String,
    recorded_at DateTime64(6, 'UTC'),
    seq         UInt64
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, key, recorded_at, seq)
SETTINGS {{.Settings 1024}};
