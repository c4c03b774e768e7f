-- step 1
-- When coupons expire, and how many of each release have; see expiry.h.
CREATE TABLE coupon_due (
    due_at    INTEGER NOT NULL,
    coupon_id INTEGER NOT NULL,
    PRIMARY KEY (due_at, coupon_id)
) STRICT;
CREATE TABLE coupon_expired (
    release_id INTEGER PRIMARY KEY,
    n          INTEGER NOT NULL
) STRICT;
CREATE TABLE expiry_progress (
    name TEXT    PRIMARY KEY,
    upto INTEGER NOT NULL
) STRICT;
