-- A row of deliveries has a fingerprint of its (id, body_sum), 128 bits, which the
-- server makes. Rows from before this column get theirs as they are read.
--
-- Repeats: all copies of a delivery have one fingerprint, and so has its outcome.
--
-- Serves: whether a delivery has an outcome, without comparing texts.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE deliveries {{.OnCluster}} ADD COLUMN IF NOT EXISTS fingerprint UInt128 DEFAULT reinterpretAsUInt128(sipHash128(id, body_sum)) CODEC(NONE);
