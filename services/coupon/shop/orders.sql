-- step 1
CREATE TABLE shop_order (
    order_id   INTEGER PRIMARY KEY,
    goods_id   INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    count      INTEGER NOT NULL CHECK (count > 0),
    points     INTEGER NOT NULL,
    entry_id   INTEGER NOT NULL,            -- by which points are given back; 0: none were taken
    price_fen  INTEGER NOT NULL,
    off_fen    INTEGER NOT NULL,
    state      INTEGER NOT NULL,            -- coupon.OrderState
    corner_id  INTEGER NOT NULL,            -- 0: it is posted
    serial     INTEGER NOT NULL UNIQUE,     -- by which its codes name it
    at         INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL DEFAULT 0,
    ended_by   INTEGER NOT NULL DEFAULT 0,  -- who handed it over, posted or refused it
    back       INTEGER NOT NULL DEFAULT 0,  -- points that came back
    tracking   TEXT    NOT NULL DEFAULT '',
    reason     TEXT    NOT NULL DEFAULT '',
    sealed     BLOB    NOT NULL             -- coupon.Address, under the shop's key; empty: none, or not any more
) STRICT;
CREATE INDEX shop_order_of_member ON shop_order (member_id, order_id);
CREATE INDEX shop_order_of_goods ON shop_order (goods_id, state, order_id);
CREATE INDEX shop_order_due ON shop_order (until_at) WHERE state = 1 AND corner_id > 0;
CREATE INDEX shop_order_sealed ON shop_order (ended_at) WHERE sealed <> x'' AND ended_at > 0;
-- Who has looked at an address.
CREATE TABLE shop_look (
    look_id   INTEGER PRIMARY KEY,
    order_id  INTEGER NOT NULL,
    member_id INTEGER NOT NULL,  -- whose
    looked_by INTEGER NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX shop_look_of_order ON shop_look (order_id);
CREATE INDEX shop_look_of_member ON shop_look (member_id, look_id);
-- step 2 rows
-- What was handed over of the shop before numbers/numbers.h counted it: `what` -2 and, what it came to, -7; of days since 1970.
INSERT INTO number (release_id, day, trade, place, what, n)
SELECT goods_id, (at + 28800000) / 86400000, 0, '', -2, count(*) FROM shop_order WHERE state IN (2, 3) GROUP BY 1, 2;
INSERT INTO number (release_id, day, trade, place, what, n)
SELECT goods_id, (at + 28800000) / 86400000, 0, '', -7, sum(price_fen - off_fen) FROM shop_order WHERE state IN (2, 3)
GROUP BY 1, 2;
