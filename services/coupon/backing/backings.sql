-- step 1
-- The stock of WeChat's coupons behind a release; see backings.h.
CREATE TABLE backing (
    release_id  INTEGER PRIMARY KEY REFERENCES release,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    no_cash     INTEGER NOT NULL,
    state       INTEGER NOT NULL,  -- coupon.BackingState
    proposed    INTEGER NOT NULL,  -- coupon.BackingStep that waits for its second hand; 0: none
    under_way   INTEGER NOT NULL,  -- coupon.BackingStep that the bridge was told of last; 0: it has been answered
    turn        INTEGER NOT NULL,  -- how many it was told of
    reason      INTEGER NOT NULL,  -- why what was told last was not done; 0: it was
    stock       TEXT    NOT NULL,  -- WeChat's number; "" before there is one
    journal_seq INTEGER NOT NULL   -- the last row that tells of it
) STRICT;
