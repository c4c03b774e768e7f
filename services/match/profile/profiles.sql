-- step 1
-- What each single tells of herself; see profiles.h.
CREATE TABLE profile (
    handle      INTEGER PRIMARY KEY,
    sealed      BLOB NOT NULL,     -- a Profile
    journal_seq INTEGER NOT NULL   -- the row that last said that it changed
) STRICT;
