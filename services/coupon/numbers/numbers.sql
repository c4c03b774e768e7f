-- step 1
-- How often it was asked for coupons, and what came of it; see numbers.h.
CREATE TABLE number (
    release_id INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    trade      INTEGER NOT NULL,  -- rpc.Trade of who asked
    place      TEXT    NOT NULL,  -- the path of her union, or of one above it
    what       INTEGER NOT NULL,  -- 0: granted; -1: she had hers; else coupon.Reason
    n          INTEGER NOT NULL,
    PRIMARY KEY (release_id, day, trade, place, what)
) STRICT, WITHOUT ROWID;
CREATE TABLE number_sold_out (
    release_id INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    at         INTEGER NOT NULL,  -- when its last one was taken
    PRIMARY KEY (release_id, day)
) STRICT, WITHOUT ROWID;
-- step 2 rows
-- What was spent before it was counted: `what` -2.
INSERT INTO number (release_id, day, trade, place, what, n)
SELECT redemption.release_id, day, 0, '', -2, count(*) FROM redemption JOIN claim USING (coupon_id)
WHERE redemption.state = 2 GROUP BY redemption.release_id, day;
