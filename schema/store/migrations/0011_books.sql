-- A row is one reading of a company's chart in QuickBooks, accounts, vendors,
-- classes and locations as parallel arrays. close_date is a number written YYYYMMDD, 0 for none.
--
-- Repeats: one row per reading, and a row may be there twice; the newest of a
-- company by (read_at, seq) holds.
--
-- Serves: the chart as it was last read before an instant.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS books {{.OnCluster}}
(
    company          LowCardinality(String),
    realm            String,
    name             String,
    country          LowCardinality(String),
    home_currency    LowCardinality(String),
    multi_currency   Bool,
    close_date       UInt32,
    class_per_line   Bool,
    tracks_locations Bool,
    account_id       Array(String) CODEC(ZSTD),
    account_name     Array(String) CODEC(ZSTD),
    account_type     Array(String) CODEC(ZSTD),
    account_sub_type Array(String) CODEC(ZSTD),
    account_currency Array(String) CODEC(ZSTD),
    account_active   Array(Bool) CODEC(ZSTD),
    vendor_id        Array(String) CODEC(ZSTD),
    vendor_name      Array(String) CODEC(ZSTD),
    vendor_email     Array(String) CODEC(ZSTD),
    vendor_currency  Array(String) CODEC(ZSTD),
    vendor_active    Array(Bool) CODEC(ZSTD),
    class_id         Array(String) CODEC(ZSTD),
    class_name       Array(String) CODEC(ZSTD),
    class_active     Array(Bool) CODEC(ZSTD),
    location_id      Array(String) CODEC(ZSTD),
    location_name    Array(String) CODEC(ZSTD),
    location_active  Array(Bool) CODEC(ZSTD),
    read_at          DateTime64(6, 'UTC'),
    seq              UInt64
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(read_at)
ORDER BY (company, read_at, seq)
SETTINGS {{.Settings 16}};
