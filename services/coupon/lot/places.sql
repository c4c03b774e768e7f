-- step 1
-- What was given to whom, in the order of giving.
CREATE TABLE place_given (
    coupon_id INTEGER PRIMARY KEY,
    lot_id    INTEGER NOT NULL REFERENCES lot_day,
    place     INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    state     INTEGER NOT NULL,  -- coupon.EntryState
    accept_by INTEGER NOT NULL   -- 0: she need not
) STRICT;
CREATE UNIQUE INDEX place_given_of ON place_given (lot_id, place);
CREATE INDEX place_given_due ON place_given (accept_by) WHERE state = 6;
