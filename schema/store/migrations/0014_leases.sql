-- A row is a holder's claim on a name until an instant, or, with an instant in the
-- past, its withdrawal.
--
-- Repeats: one row per claim, renewal or release; the newest of a name and holder
-- by (recorded_at, seq) holds. Claims say nothing about money: rows of whole months
-- that nobody can claim by any more are dropped.
--
-- Serves: the claims on a name within the last day.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS leases {{.OnCluster}}
(
    name        LowCardinality(String),
    holder      String,
    until       DateTime64(6, 'UTC'),
    recorded_at DateTime64(6, 'UTC'),
    seq         UInt64
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (name, recorded_at, holder, seq)
TTL toDateTime(recorded_at) + INTERVAL 3 MONTH
SETTINGS {{.Settings 1024}}, ttl_only_drop_parts = 1;
