-- step 1
-- Who a thing is for; see audience.h. What says nothing of a rule has 0 there.
CREATE TABLE audience (
    audience_id   INTEGER PRIMARY KEY,         -- that of the service's record which is for them
    path          TEXT    NOT NULL,            -- of the union
    level         INTEGER NOT NULL,
    trades        INTEGER NOT NULL DEFAULT 0,  -- bit n set: trade n; 0: all
    born_from     INTEGER NOT NULL DEFAULT 0,
    born_until    INTEGER NOT NULL DEFAULT 0,
    age_from      INTEGER NOT NULL DEFAULT 0,
    age_until     INTEGER NOT NULL DEFAULT 0,
    sex           INTEGER NOT NULL DEFAULT 0,
    birthday      INTEGER NOT NULL DEFAULT 0,
    since_day     INTEGER NOT NULL DEFAULT 0,  -- YYYYMMDD
    member_months INTEGER NOT NULL DEFAULT 0
) STRICT;
-- step 2
ALTER TABLE audience ADD COLUMN new_within_days INTEGER NOT NULL DEFAULT 0;
