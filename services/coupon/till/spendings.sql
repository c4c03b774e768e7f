-- step 1
-- Where, when and for what the coupons of a release may be spent; see spendings.h.
CREATE TABLE spending (
    release_id INTEGER PRIMARY KEY REFERENCES release,
    union_path TEXT    NOT NULL,  -- of the union whose merchants take them; "" of any, and where it names none
    packed     BLOB    NOT NULL   -- coupon.Spending
) STRICT;
