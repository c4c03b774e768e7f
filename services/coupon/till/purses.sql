-- step 1
-- The numbers that stand for a member, or one coupon of hers, in the codes that she shows at counters; see purses.h.
CREATE TABLE purse (
    subject   INTEGER PRIMARY KEY,  -- random
    member_id INTEGER NOT NULL,
    coupon_id INTEGER NOT NULL,     -- 0: all that she has
    UNIQUE (member_id, coupon_id)
) STRICT;
