-- step 1
-- Until when it waits for whoever may object, and whether both numbers have answered codes, so that it need not.
ALTER TABLE merge ADD COLUMN wait_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE merge ADD COLUMN by_codes INTEGER NOT NULL DEFAULT 0;
-- step 2
-- Officials list also what is decided.
DROP INDEX merge_waiting;
CREATE INDEX merge_union ON merge (union_id, state, merge_id);
