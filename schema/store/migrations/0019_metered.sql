-- A row says how many calls of a company's QuickBooks a process had made in a month,
-- by Intuit's classes. month is a number written YYYYMM, in UTC.
--
-- Repeats: one row per cycle that called, and a row may be there twice. Counts of a
-- holder only grow: the largest of a company, month and holder hold, and the sum of
-- those is the month's.
--
-- Serves: what a month has cost so far, by company.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS metered {{.OnCluster}}
(
    company     LowCardinality(String),
    month       UInt32,
    holder      LowCardinality(String),
    core        Int64 CODEC(Delta, ZSTD),
    core_plus   Int64 CODEC(Delta, ZSTD),
    recorded_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq         UInt64 CODEC(Delta, ZSTD)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, month, holder, recorded_at, seq)
SETTINGS {{.Settings 1024}};
