-- step 1
-- Money that releases are paid from; see funds.h.
CREATE TABLE fund (
    fund_id     INTEGER PRIMARY KEY,
    union_path  TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    source      INTEGER NOT NULL,  -- coupon.FundSource
    source_name TEXT    NOT NULL,
    state       INTEGER NOT NULL,  -- coupon.FundState
    fen         INTEGER NOT NULL,  -- the terms that hold: what was ever put into it,
    day_fen     INTEGER NOT NULL,  -- its releases of one day together; 0: no ceiling
    for_below   INTEGER NOT NULL,
    proposed    BLOB    NOT NULL,  -- coupon.FundTerms that wait for the second hand; empty: none
    created_at  INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL   -- the last row that tells of it
) STRICT;
CREATE INDEX fund_union ON fund (union_path, fund_id);
