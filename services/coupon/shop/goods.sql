-- step 1
CREATE TABLE goods (
    goods_id   INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    state      INTEGER NOT NULL,  -- coupon.GoodsState
    stock      INTEGER NOT NULL,
    sold       INTEGER NOT NULL DEFAULT 0 CHECK (sold BETWEEN 0 AND stock),
    ledger_id  INTEGER NOT NULL,
    points     INTEGER NOT NULL,
    price_fen  INTEGER NOT NULL,
    per_person INTEGER NOT NULL,  -- 0: any
    packed     BLOB    NOT NULL   -- coupon.Goods
) STRICT;
CREATE INDEX goods_of_union ON goods (union_path, state, goods_id);
-- What a bundle is of.
CREATE TABLE goods_part (
    bundle_id INTEGER NOT NULL,
    goods_id  INTEGER NOT NULL,
    count     INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (bundle_id, goods_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX goods_part_of ON goods_part (goods_id);
