-- A row says that a company was connected to QuickBooks, or no longer is.
--
-- Repeats: one row per change, and a row may be there twice; the newest of a
-- company by (recorded_at, seq) holds.
--
-- Serves: the state of a company's connection.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS connections {{.OnCluster}}
(
    company     LowCardinality(String),
    realm       String,
    name        String,
    state       LowCardinality(String),
    detail      String,
    changed_by  String,
    recorded_at DateTime64(6, 'UTC'),
    seq         UInt64
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, recorded_at, seq)
SETTINGS {{.Settings 1024}};
