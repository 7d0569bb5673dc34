-- A row is a contract as it stood after a change.
--
-- Repeats: one row per change, and a row may be there twice; the newest of an id
-- by (recorded_at, seq) holds. updated_at counts microseconds from 1970 and dates
-- are numbers written YYYYMMDD, 0 for none, since the sender's may lie outside
-- the years that the engine's own types can hold.
--
-- Serves: the contracts with given ids, and through the projection those that
-- name a given worker.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS contracts {{.OnCluster}}
(
    company      LowCardinality(String),
    id           String,
    worker       String,
    worker_email String,
    external_id  String,
    worker_type  LowCardinality(String),
    first_name   String,
    last_name    String,
    legal_name   String,
    country      LowCardinality(String),
    job_title    String,
    department   String,
    entity       String,
    type         LowCardinality(String),
    signing      LowCardinality(String),
    currency     LowCardinality(String),
    start_date   UInt32,
    end_date     UInt32,
    status       LowCardinality(String),
    updated_at   Int64,
    source       String,
    recorded_at  DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq          UInt64 CODEC(Delta, ZSTD),

    PROJECTION workers (SELECT company, worker, id ORDER BY company, worker)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, id, recorded_at, seq)
SETTINGS {{.Settings 256}};
