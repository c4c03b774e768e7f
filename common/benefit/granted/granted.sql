-- step 1
-- What was given here that counts with others, and what other services have given; see granted.h.
CREATE TABLE granted (
    source_id   INTEGER PRIMARY KEY,  -- of the service's: what was given
    member_id   INTEGER NOT NULL,     -- the number under which it was
    group_key   INTEGER NOT NULL,     -- granted_key; 0: of no group
    ceiling_key INTEGER NOT NULL,     -- likewise
    ceiling_fen INTEGER NOT NULL,
    fen         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    state       INTEGER NOT NULL,     -- granted.GrantState
    journal_seq INTEGER NOT NULL      -- the last row that told of it
) STRICT;
CREATE TABLE granted_elsewhere (
    service     INTEGER NOT NULL,     -- its number in granted.c
    source_id   INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    group_key   INTEGER NOT NULL,
    ceiling_key INTEGER NOT NULL,
    ceiling_fen INTEGER NOT NULL,
    fen         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    PRIMARY KEY (service, source_id)
) STRICT, WITHOUT ROWID;
-- What a form has said of what it gives, under the id of the service's record.
CREATE TABLE granted_counting (
    counting_id INTEGER PRIMARY KEY,
    counting    BLOB    NOT NULL      -- granted.Counting
) STRICT;
-- step 2 rows
-- Up to which row of the journal what it told was given here is in `granted`: one row; see granted_behind.c.
CREATE TABLE granted_upto (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO granted_upto (one, seq) SELECT 1, coalesce(max(seq), 0) FROM journal;
-- What was told behind that row, and is to be in `granted` no more.
CREATE TABLE granted_dropped (
    source_id INTEGER PRIMARY KEY
) STRICT;
