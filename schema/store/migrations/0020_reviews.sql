-- A row is a later word about one delivery (company, delivery, body) than its outcome:
-- what a replay made of it, or that a person dismissed it.
--
-- Repeats: one row per replay that found something else and per dismissal, and a row
-- may be there twice; the newest of a delivery by (recorded_at, seq) holds.
--
-- Serves: the newest reviews of given deliveries, and which deliveries of a company
-- have any.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS reviews {{.OnCluster}}
(
    company     LowCardinality(String),
    delivery    String CODEC(ZSTD),
    body        FixedString(32),
    kind        LowCardinality(String),
    event_type  String CODEC(ZSTD),
    detail      String CODEC(ZSTD),
    subjects    Array(String) CODEC(ZSTD),
    received_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    dismissed   Bool,
    reason      String CODEC(ZSTD),
    decided_by  String CODEC(ZSTD),
    recorded_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq         UInt64 CODEC(Delta, ZSTD)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, delivery, body, recorded_at, seq)
SETTINGS {{.Settings 256}};
