-- A row is one more record that is to be made in QuickBooks, besides vendors and the
-- documents of invoices, as it stood after a change. body is JSON: what is particular
-- to the kind, with amounts as decimal texts and their currencies. content and
-- cancelled are what a correction says of its invoice.
--
-- Repeats: one row per change, and a row may be there twice; the newest of a kind
-- and subject by (recorded_at, seq) holds.
--
-- Serves: the newest tasks of given subjects, and through the projections the
-- subjects of a kind with a change since an instant of the server's clock, and those
-- about given invoices.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS tasks {{.OnCluster}}
(
    company        LowCardinality(String),
    kind           LowCardinality(String),
    subject        String CODEC(ZSTD),
    id             String,
    invoice        String CODEC(ZSTD),
    state          LowCardinality(String),
    hold_reason    LowCardinality(String),
    hold_detail    String CODEC(ZSTD),
    hold_next_step String CODEC(ZSTD),
    hold_owner     LowCardinality(String),
    reason         String CODEC(ZSTD),
    decided_by     String CODEC(ZSTD),
    content        FixedString(32),
    cancelled      Bool,
    body           String CODEC(ZSTD(3)),
    recorded_at    DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    seq            UInt64 CODEC(Delta, ZSTD),
    stored_at      DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD),

    PROJECTION since (SELECT company, kind, stored_at, subject, invoice ORDER BY company, kind, stored_at),
    PROJECTION invoices (SELECT company, kind, invoice, subject, recorded_at ORDER BY company, kind, invoice)
)
ENGINE = {{.Engine}}
PARTITION BY toYYYYMM(recorded_at)
ORDER BY (company, kind, subject, recorded_at, seq)
SETTINGS {{.Settings 256}};
