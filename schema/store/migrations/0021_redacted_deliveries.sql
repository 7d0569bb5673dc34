-- A row of deliveries may be written anew with personal data taken out of its body:
-- redacted_at is when that was done, and 1970 for a body as it arrived. All else of the
-- row stays, body_sum too, which is the hash of the body as it arrived.
--
-- Repeats: between the writing of the new row and the deletion of the old one, both are
-- there under one (company, block, pos); the one with the latest redacted_at holds.
--
-- Serves: which form of a row holds, and when it lost what it lost.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE deliveries {{.OnCluster}} ADD COLUMN IF NOT EXISTS redacted_at DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC') CODEC(Delta, ZSTD);
