-- A row is what was known of one record that we create in QuickBooks, after a
-- change of what is known.
--
-- Repeats: one row per change, and a row may be there twice; the newest of a
-- subject by (recorded_at, seq) holds. retry_at is 1970 when the posting must not
-- be tried again unchanged.
--
-- Serves: the newest postings of given subjects, and through the projection the
-- subjects with a change since an instant of the server's clock.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS postings {{.OnCluster}}
(
    company       LowCardinality(String),
    kind          LowCardinality(String),
    subject       String CODEC(ZSTD),
    draft         String,
    form          LowCardinality(String),
    request       String CODEC(ZSTD),
    item          String,
    batch         String CODEC(ZSTD),
    body          String CODEC(ZSTD(3)),
    attempt       Int64,
    state         LowCardinality(String),
    document      String,
    sync_token    String,
    fault_code    LowCardinality(String),
    fault_detail  String CODEC(ZSTD),
    fault_meaning String CODEC(ZSTD),
    fault_next    String CODEC(ZSTD),
    fault_owner   LowCardinality(String),
    trace_id      String CODEC(ZSTD),
    retry_at      DateTime64(6, 'UTC') CODEC(ZSTD),
    recorded_at   DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq           UInt64 CODEC(Delta, ZSTD),
    stored_at     DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    PROJECTION since (SELECT company, kind, stored_at, subject ORDER BY company, kind, stored_at)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, kind, subject, recorded_at, seq)
SETTINGS {{.Settings 256}};
