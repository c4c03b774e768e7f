-- step 1
-- How the lots of a release go; see lots.h.
CREATE TABLE lot_form (
    release_id INTEGER PRIMARY KEY,
    chain_id   INTEGER NOT NULL DEFAULT 0,  -- of the days' secrets, once published; 0: a season
    form       BLOB    NOT NULL             -- coupon.LotForm
) STRICT;
CREATE TABLE lot_day (
    lot_id     INTEGER PRIMARY KEY,  -- as the lottery has it
    release_id INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    stage      INTEGER NOT NULL,  -- lottery.Stage
    repeats    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX lot_day_of ON lot_day (release_id, day);
