-- step 1
-- Whose codes a release gives; see codes.h.
CREATE TABLE code_terms (
    release_id INTEGER PRIMARY KEY,
    partner    TEXT    NOT NULL,
    how_to     TEXT    NOT NULL,
    imported   INTEGER NOT NULL DEFAULT 0, -- codes that were ever imported
    free       INTEGER NOT NULL DEFAULT 0, -- of these nobody has
    voided     INTEGER NOT NULL DEFAULT 0  -- are good no more
) STRICT;
CREATE TABLE partner_code (
    code_id    INTEGER PRIMARY KEY,
    release_id INTEGER NOT NULL,
    found      BLOB    NOT NULL,           -- blind index of the code
    sealed     BLOB    NOT NULL,           -- the code and, behind a line feed, what is asked besides
    state      INTEGER NOT NULL DEFAULT 0, -- 0: free, 1: handed out, 2: good no more
    coupon_id  INTEGER NOT NULL DEFAULT 0  -- with which it was handed out
) STRICT;
CREATE UNIQUE INDEX partner_code_found ON partner_code (found);
CREATE INDEX partner_code_release ON partner_code (release_id, state, code_id);
CREATE UNIQUE INDEX partner_code_coupon ON partner_code (coupon_id) WHERE state = 1;
-- That a code is good no more, by two hands.
CREATE TABLE code_void (
    void_id     INTEGER PRIMARY KEY,
    release_id  INTEGER NOT NULL,
    code_id     INTEGER NOT NULL,
    coupon_id   INTEGER NOT NULL,
    remark      TEXT    NOT NULL,
    state       INTEGER NOT NULL,  -- coupon.CodeVoidState
    proposed_at INTEGER NOT NULL,
    until       INTEGER NOT NULL
) STRICT;
CREATE INDEX code_void_release ON code_void (release_id, void_id);
