-- step 1
-- Money that schemes are paid from; see funds.h.
CREATE TABLE fund (
    fund_id     INTEGER PRIMARY KEY,
    union_path  TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    year        INTEGER NOT NULL,  -- 0: of none
    fen         INTEGER NOT NULL CHECK (fen > 0),
    state       INTEGER NOT NULL,  -- FundState
    created_at  INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL   -- the last row that tells of it
) STRICT;
CREATE INDEX fund_union ON fund (union_path, fund_id);
