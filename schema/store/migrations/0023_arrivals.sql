-- A row of deliveries says how it came in: arrival is the sender's address, what proved
-- whose it is, and the header of the request without secrets, as schema.ParseArrival
-- reads it. Empty for what was imported.
--
-- Repeats: the copies of a delivery differ in it; that of the copy received first is shown.
--
-- Serves: one delivery by id.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE deliveries {{.OnCluster}} ADD COLUMN IF NOT EXISTS arrival String CODEC(ZSTD(3));
