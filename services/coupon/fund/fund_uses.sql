-- step 1
-- What each release has of its fund; see fund_uses.h.
CREATE TABLE fund_use (
    release_id  INTEGER PRIMARY KEY REFERENCES release,
    fund_id     INTEGER NOT NULL REFERENCES fund,
    stage       INTEGER NOT NULL,  -- fund_uses.h
    cost_fen    INTEGER NOT NULL,  -- promised when it was published
    kept_fen    INTEGER NOT NULL,  -- of that still promised, or spent
    day_fen     INTEGER NOT NULL,
    from_day    INTEGER NOT NULL,  -- days since 1970 in China
    days        INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL   -- the last row that tells of it; 0: none before it is published
) STRICT;
CREATE INDEX fund_use_fund ON fund_use (fund_id, release_id);
CREATE INDEX fund_use_stage ON fund_use (stage, release_id) WHERE stage < 3;
-- step 2 rows
-- When none of its coupons is good any more; of what was there before, that those are spent anywhere is enough.
ALTER TABLE fund_use ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
UPDATE fund_use SET due_at = (SELECT opens_at + (days + valid_days) * 86400000 FROM release
                              WHERE release.release_id = fund_use.release_id);
