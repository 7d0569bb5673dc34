-- A row of outcomes has the fingerprint of its (delivery, body), as deliveries have it.
-- Rows from before this column get theirs as they are read.
--
-- Repeats: all outcomes of a delivery have one fingerprint.
--
-- Serves: what was recorded lately, through the projection, so that a search for work
-- reads neither texts nor history.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE outcomes {{.OnCluster}} ADD COLUMN IF NOT EXISTS fingerprint UInt128 DEFAULT reinterpretAsUInt128(sipHash128(delivery, body)) CODEC(NONE),
    ADD PROJECTION IF NOT EXISTS since (SELECT company, recorded_at, fingerprint ORDER BY company, recorded_at);
