-- step 1
-- Until when it waits for whoever may object, and whether both numbers have answered codes, so that it need not.
ALTER TABLE merge ADD COLUMN wait_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE merge ADD COLUMN by_codes INTEGER NOT NULL DEFAULT 0;
