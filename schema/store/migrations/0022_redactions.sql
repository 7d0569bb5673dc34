-- A row says that personal data is being taken, or was taken, out of a batch of stored
-- deliveries: which fields, of how many, and who asked for it.
--
-- Repeats: one row when a batch begins and one when it is done, under one (company,
-- id); the newest by (recorded_at, seq) holds. No row is ever removed.
--
-- Serves: the redactions of a company, the newest first; there are some a month.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS redactions {{.OnCluster}}
(
    company     LowCardinality(String),
    id          String,
    fields      Array(String) CODEC(ZSTD),
    before      DateTime64(6, 'UTC'),
    reached     DateTime64(6, 'UTC'),
    deliveries  Int64,
    redacted    Int64,
    left_alone  Int64,
    unreadable  Int64,
    done        Bool,
    decided_by  String,
    recorded_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq         UInt64 CODEC(Delta, ZSTD)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, recorded_at, id, seq)
SETTINGS {{.Settings 256}};
