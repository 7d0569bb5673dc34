-- A row says what became of one delivery (company, delivery, body).
--
-- Repeats: a delivery may get several rows; the first by (recorded_at, seq) holds.
--
-- Serves: the outcomes of a few deliveries by id. The granules are small because
-- these look-ups are scattered.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS outcomes {{.OnCluster}}
(
    company     LowCardinality(String),
    delivery    String CODEC(ZSTD),
    body        FixedString(32),
    kind        LowCardinality(String),
    event_type  String CODEC(ZSTD),
    detail      String CODEC(ZSTD),
    subjects    Array(String) CODEC(ZSTD),
    received_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    recorded_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq         UInt64 CODEC(Delta, ZSTD)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, delivery, body, recorded_at, seq)
SETTINGS {{.Settings 256}};
