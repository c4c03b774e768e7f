-- step 1
CREATE TABLE ledger (
    ledger_id  INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL UNIQUE,  -- in whose name; '' for all
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
-- How many points of each kind of entry there have been; below zero: they went.
CREATE TABLE ledger_total (
    ledger_id INTEGER NOT NULL,
    kind      INTEGER NOT NULL,  -- coupon.PointsKind
    points    INTEGER NOT NULL,
    PRIMARY KEY (ledger_id, kind)
) STRICT, WITHOUT ROWID;
