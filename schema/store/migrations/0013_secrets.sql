-- A row is a secret, sealed before it came here. An empty one says that the secret
-- was forgotten.
--
-- Repeats: one row per rotation, and a row may be there twice; the newest of a name
-- by (recorded_at, seq) holds.
--
-- Serves: one secret by name.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS secrets {{.OnCluster}}
(
    company     LowCardinality(String),
    name        LowCardinality(String),
    sealed      String,
    recorded_at DateTime64(6, 'UTC'),
    seq         UInt64
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, name, recorded_at, seq)
SETTINGS {{.Settings 1024}};
