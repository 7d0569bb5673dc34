-- A row says of one company and one kind of work: whatever was stored before `at`,
-- an instant of the server's clock, is done, except for the members named here.
--
-- Repeats: one row per advance; of the newest epoch the row with the latest `at`
-- holds. A new epoch that begins at 1970 has everything looked at again.
--
-- Serves: where to begin looking for work.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS watermarks {{.OnCluster}}
(
    company LowCardinality(String),
    name    LowCardinality(String),
    epoch   UInt64,
    at      DateTime64(6, 'UTC'),
    members Array(String) CODEC(ZSTD)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(at)
ORDER BY (company, name, epoch, at)
SETTINGS {{.Settings 256}};
