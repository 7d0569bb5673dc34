-- A row is all of a company's rules at one time, the rules as parallel arrays.
--
-- Repeats: one row per change of any rule, and a row may be there twice; the newest
-- of a company by (recorded_at, seq) replaces the older ones as a whole.
--
-- Serves: the rules in force at an instant.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS rules {{.OnCluster}}
(
    company            LowCardinality(String),
    version            Int64,
    rule_id            Array(String),
    rule_version       Array(Int64),
    rule_concept       Array(String),
    rule_account       Array(String),
    rule_name          Array(String),
    rule_class         Array(String),
    rule_class_name    Array(String),
    rule_location      Array(String),
    rule_location_name Array(String),
    imported_by        String,
    recorded_at        DateTime64(6, 'UTC'),
    seq                UInt64
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, recorded_at, seq)
SETTINGS {{.Settings 256}};
