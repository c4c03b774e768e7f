-- step 1
-- Who takes coupons from members; see merchants.h.
CREATE TABLE merchant (
    merchant_id INTEGER PRIMARY KEY,
    union_path  TEXT    NOT NULL,
    credit_code TEXT    NOT NULL,
    manager_id  INTEGER NOT NULL,
    state       INTEGER NOT NULL,  -- coupon.MerchantState
    entered     INTEGER NOT NULL,  -- by an official
    by_company  INTEGER NOT NULL,
    applied_by  INTEGER NOT NULL,
    applied_at  INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    about       TEXT    NOT NULL,
    reason      TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX merchant_code ON merchant (credit_code, union_path) WHERE state IN (1, 2);
CREATE INDEX merchant_manager ON merchant (manager_id, merchant_id);
