-- step 1
-- Purchases that coupons pay a part of, and the coupons; see sales.h.
CREATE TABLE sale (
    sale_id        INTEGER PRIMARY KEY,
    branch_id      INTEGER NOT NULL REFERENCES branch,
    merchant_id    INTEGER NOT NULL,
    device_id      INTEGER NOT NULL REFERENCES door_device,
    member_id      INTEGER NOT NULL,  -- whose coupons they are; 0: nobody's
    state          INTEGER NOT NULL,  -- coupon.SaleState
    purchase_fen   INTEGER NOT NULL,
    discount_fen   INTEGER NOT NULL,
    goods          INTEGER NOT NULL,  -- coupon.GoodsClass
    at             INTEGER NOT NULL,  -- of the purchase
    until          INTEGER NOT NULL,  -- its coupons are kept for it
    decided_at     INTEGER NOT NULL,  -- redeemed, or not
    reversed_at    INTEGER NOT NULL,
    offline        INTEGER NOT NULL,
    refusal        INTEGER NOT NULL,  -- coupon.Reason
    sale_ref       TEXT    NOT NULL,
    reverse_reason TEXT    NOT NULL,
    journal_seq    INTEGER NOT NULL,  -- the last row about it
    UNIQUE (device_id, sale_ref)
) STRICT;
CREATE INDEX sale_branch ON sale (branch_id, sale_id);
CREATE INDEX sale_open ON sale (until) WHERE state = 1;
CREATE INDEX sale_offline ON sale (device_id, at) WHERE offline = 1 AND state = 2;
CREATE TABLE redemption (
    redemption_id INTEGER PRIMARY KEY,
    sale_id       INTEGER NOT NULL REFERENCES sale,
    coupon_id     INTEGER NOT NULL REFERENCES claim,
    release_id    INTEGER NOT NULL,
    member_id     INTEGER NOT NULL,  -- under whose number the coupon is
    fen           INTEGER NOT NULL,  -- that it takes off
    union_fen     INTEGER NOT NULL,  -- of that, what the union bears
    state         INTEGER NOT NULL,  -- of its purchase
    journal_seq   INTEGER NOT NULL   -- the last row that tells of it
) STRICT;
-- A coupon is kept for one purchase, or spent by one, over all counters.
CREATE UNIQUE INDEX redemption_coupon ON redemption (coupon_id) WHERE state IN (1, 2);
CREATE INDEX redemption_sale ON redemption (sale_id, redemption_id);
CREATE INDEX redemption_member ON redemption (member_id, redemption_id);
-- step 2
-- What was spent of a release, when its fund asks for it (fund/fund_uses.h).
CREATE INDEX redemption_release ON redemption (release_id) WHERE state = 2;
-- step 3 rows
-- Where and when it was spent, and which statement stands for it (settlement/settlements.h).
ALTER TABLE redemption ADD COLUMN merchant_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE redemption ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE redemption ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
UPDATE redemption SET (merchant_id, at) = (SELECT merchant_id, at FROM sale WHERE sale.sale_id = redemption.sale_id);
CREATE INDEX redemption_due ON redemption (merchant_id, at, redemption_id, union_fen) WHERE state = 2 AND settled = 0;
CREATE INDEX redemption_undone ON redemption (merchant_id, redemption_id) WHERE state = 3 AND settled > 0;
-- step 4
-- A purchase's are found by the ids behind its own (sales.h), what a release has spent is what numbers have counted.
DROP INDEX redemption_sale;
DROP INDEX redemption_release;
-- step 5
-- That a coupon is kept or spent once is seen to by the index that a member's are found by: it is under her number for
-- ever. What was undone is found beside it.
DROP INDEX redemption_coupon;
DROP INDEX redemption_member;
CREATE UNIQUE INDEX redemption_live ON redemption (member_id, coupon_id) WHERE state IN (1, 2);
CREATE INDEX redemption_undone_of ON redemption (member_id, redemption_id) WHERE state = 3;
