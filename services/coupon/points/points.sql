-- step 1
-- Points that came together; see points.h.
CREATE TABLE points_lot (
    lot_id     INTEGER PRIMARY KEY,
    ledger_id  INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    points     INTEGER NOT NULL,
    rest       INTEGER NOT NULL CHECK (rest BETWEEN 0 AND points),
    taken_back INTEGER NOT NULL DEFAULT 0,  -- of the points: was not earned
    over       INTEGER NOT NULL DEFAULT 0,  -- nothing comes back to it: 1 it was not earned, 2 her account ended
    earned_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rule_id    INTEGER NOT NULL,            -- 0: by hand
    series_id  INTEGER NOT NULL,            -- of the rule
    service    INTEGER NOT NULL,            -- whose deed, by its number in points.c; 0: none
    deed_id    INTEGER NOT NULL
) STRICT;
CREATE INDEX points_lot_held ON points_lot (member_id, ledger_id, expires_at) WHERE rest > 0;
CREATE INDEX points_lot_due ON points_lot (expires_at) WHERE rest > 0;
CREATE INDEX points_lot_of_deed ON points_lot (deed_id) WHERE deed_id > 0;
CREATE INDEX points_lot_of_series ON points_lot (member_id, series_id, earned_at) WHERE series_id > 0;
-- What came and went.
CREATE TABLE points_entry (
    entry_id  INTEGER PRIMARY KEY,
    ledger_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    kind      INTEGER NOT NULL,  -- coupon.PointsKind
    points    INTEGER NOT NULL,  -- below zero: they went
    cause_id  INTEGER NOT NULL,  -- the rule, the gift, what they were spent for, the lot
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX points_entry_of_member ON points_entry (member_id, ledger_id, entry_id);
-- From which lots somebody has spent.
CREATE TABLE points_taken (
    entry_id INTEGER NOT NULL,
    lot_id   INTEGER NOT NULL,
    points   INTEGER NOT NULL CHECK (points > 0),
    back     INTEGER NOT NULL DEFAULT 0,  -- 1: the spending was reversed
    PRIMARY KEY (entry_id, lot_id)
) STRICT, WITHOUT ROWID;
