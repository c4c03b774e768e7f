-- step 1
CREATE TABLE points_gift (
    gift_id     INTEGER PRIMARY KEY,
    ledger_id   INTEGER NOT NULL,
    points      INTEGER NOT NULL CHECK (points > 0),  -- for each
    valid_days  INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    state       INTEGER NOT NULL,  -- coupon.GiftState
    proposed_by INTEGER NOT NULL,
    proposed_at INTEGER NOT NULL,
    decided_by  INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX points_gift_of_ledger ON points_gift (ledger_id, state, gift_id);
CREATE TABLE points_gift_member (
    gift_id   INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    PRIMARY KEY (gift_id, member_id)
) STRICT, WITHOUT ROWID;
