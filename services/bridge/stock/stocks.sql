-- step 1
-- The stocks of WeChat's coupons that coupon's journal has ordered (stocks.h).
CREATE TABLE stock (
    release_id  INTEGER PRIMARY KEY,  -- which it is behind
    form        BLOB    NOT NULL,     -- coupon.StockOrdered by which it is created
    until       INTEGER NOT NULL,     -- of no use from then on
    state       INTEGER NOT NULL,     -- bridge.StockState
    step        INTEGER NOT NULL,     -- coupon.BackingStep that is to be done; 0: none
    turn        INTEGER NOT NULL,     -- of the order that said so last
    reason      INTEGER NOT NULL,
    code        TEXT    NOT NULL,     -- the provider's word
    number      TEXT    NOT NULL,     -- by which the provider knows it; "" before it does
    tries       INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,     -- when the step is tried next
    journal_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX stock_due ON stock (due_at) WHERE step > 0;
CREATE INDEX stock_state ON stock (state, release_id);
CREATE INDEX stock_until ON stock (until) WHERE state BETWEEN 2 AND 4;
CREATE UNIQUE INDEX stock_number ON stock (number) WHERE number <> '';

-- step 2 rows
-- Files of what was used of it are asked for each day (flows.h).
ALTER TABLE stock ADD COLUMN flow_at INTEGER NOT NULL DEFAULT 0;
UPDATE stock SET flow_at = 1 WHERE number <> '';
CREATE INDEX stock_flow ON stock (flow_at) WHERE flow_at > 0;
