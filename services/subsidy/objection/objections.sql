-- step 1
-- What is objected to those who are shown; see objections.h.
CREATE TABLE objection (
    objection_id   INTEGER PRIMARY KEY,
    application_id INTEGER NOT NULL,
    union_path     TEXT    NOT NULL,  -- that pays
    member_id      INTEGER NOT NULL,  -- who objects
    state          INTEGER NOT NULL,  -- ObjectionState
    text           BLOB    NOT NULL,  -- sealed
    raised_at      INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    decided_at     INTEGER NOT NULL,  -- 0: not yet
    proposed       INTEGER NOT NULL,  -- Proposed
    remark         BLOB    NOT NULL,  -- sealed
    journal_seq    INTEGER NOT NULL   -- the last row that tells of it
) STRICT;
CREATE UNIQUE INDEX objection_of ON objection (application_id, member_id);
CREATE INDEX objection_hers ON objection (member_id, objection_id);
CREATE INDEX objection_union ON objection (union_path, objection_id);
-- step 2
-- What is not decided in its days goes to the union above.
ALTER TABLE objection ADD COLUMN overdue INTEGER NOT NULL DEFAULT 0;  -- how often it did
CREATE INDEX objection_due ON objection (due_at) WHERE state = 1;
