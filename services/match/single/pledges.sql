-- step 1
-- Single pledges that stand; see pledges.h.
CREATE TABLE pledge (
    handle      INTEGER PRIMARY KEY,
    until       INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL   -- the row that said so
) STRICT;
