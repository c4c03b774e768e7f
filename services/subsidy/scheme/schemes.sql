-- step 1
-- What a union pays to whom; see schemes.h. Whom it is for is the part's that all benefits share (audience).
CREATE TABLE scheme (
    scheme_id   INTEGER PRIMARY KEY,
    family_id   INTEGER NOT NULL,     -- the first of its versions
    replaces_id INTEGER NOT NULL,     -- the version before; 0: it is the first
    union_path  TEXT    NOT NULL,
    state       INTEGER NOT NULL,     -- SchemeState
    opens_at    INTEGER NOT NULL,
    closes_at   INTEGER NOT NULL,
    terms       BLOB    NOT NULL,     -- subsidy.Scheme, without what stands beside it
    terms_hash  BLOB    NOT NULL,     -- SHA-256 of all that it says
    journal_seq INTEGER NOT NULL      -- the last row that tells of it
) STRICT;
CREATE INDEX scheme_open ON scheme (union_path, scheme_id) WHERE state = 2;
CREATE INDEX scheme_family ON scheme (family_id, scheme_id);
