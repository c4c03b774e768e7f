-- step 1
-- Who is here; see singles.h.
CREATE TABLE single (
    handle      INTEGER PRIMARY KEY,
    joined_at   INTEGER NOT NULL,
    birth_year  INTEGER NOT NULL,
    sex         INTEGER NOT NULL,
    paused      INTEGER NOT NULL,
    hides       INTEGER NOT NULL,  -- from colleagues
    colleagues  BLOB NOT NULL,     -- keyed hash of her union
    journal_seq INTEGER NOT NULL   -- the row that last said so
) STRICT;
