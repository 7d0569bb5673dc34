-- A row is one delivery, byte for byte as it arrived; none is changed or removed, but
-- for personal data that a company has taken out after some time: see 0021.
--
-- Repeats: a block of deliveries is stored once per month that it touches, under a
-- token made of its id; should a row be there twice all the same, (company, block,
-- pos) says so. Senders repeat themselves, so that readers count a delivery
-- (company, id, body_sum) once, as first received.
--
-- Serves: what has no outcome yet (staged_at, set by the server, against a low
-- watermark), the intake of a month (received_at), a block's own rows (a narrow
-- range of received_at), one delivery by id.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS deliveries {{.OnCluster}}
(
    company     LowCardinality(String),
    id          String,
    received_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    channel     LowCardinality(String),
    body        String CODEC(ZSTD(3)),
    body_sum    FixedString(32),
    block       String CODEC(ZSTD),
    pos         UInt32,
    staged_at   DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    INDEX by_staged staged_at TYPE minmax GRANULARITY 1,
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (company, received_at, id)
SETTINGS {{.Settings 1024}};
