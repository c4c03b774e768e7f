-- step 1
CREATE TABLE release (
    release_id    INTEGER PRIMARY KEY,
    title         TEXT    NOT NULL,
    union_path    TEXT    NOT NULL,
    face_fen      INTEGER NOT NULL CHECK (face_fen > 0),
    threshold_fen INTEGER NOT NULL,
    stock_per_day INTEGER NOT NULL CHECK (stock_per_day > 0),
    opens_at      INTEGER NOT NULL,
    days          INTEGER NOT NULL,
    allowance     INTEGER NOT NULL,
    min_level     INTEGER NOT NULL,
    eligible_path TEXT    NOT NULL,
    trades        INTEGER NOT NULL,  -- bit n set: trade n; 0: all
    valid_days    INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    closed_at     INTEGER NOT NULL DEFAULT 0,
    granted       INTEGER NOT NULL DEFAULT 0  -- over all its days; written when it closes
) STRICT;

-- Appended to in the order of coupon_id; see coupon.h.
CREATE TABLE claim (
    coupon_id  INTEGER PRIMARY KEY,
    release_id INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    code       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    key        BLOB    NOT NULL  -- the claim's Idempotency-Key, 16 bytes or none
) STRICT;

-- A member's coupons, filled behind the claims while the daemon is idle.
CREATE TABLE claim_of_member (
    member_id INTEGER NOT NULL,
    coupon_id INTEGER NOT NULL,
    PRIMARY KEY (member_id, coupon_id)
) STRICT;

CREATE TABLE progress (
    name TEXT    PRIMARY KEY,
    upto INTEGER NOT NULL
) STRICT;
INSERT INTO progress (name, upto) VALUES ('claim_of_member', 0);
