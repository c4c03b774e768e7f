-- step 1
-- Officials list also what is decided.
DROP INDEX trade_waiting;
CREATE INDEX trade_union ON trade (union_id, state, trade_id);
