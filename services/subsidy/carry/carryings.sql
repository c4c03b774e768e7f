-- step 1
-- Who was given a scheme in one period is carried over into the next; see carryings.h.
CREATE TABLE carrying (
    family_id   INTEGER NOT NULL,
    period_at   INTEGER NOT NULL,   -- when the period began into which they come
    scheme_id   INTEGER NOT NULL,   -- the version under which they do
    after_id    INTEGER NOT NULL,   -- applications up to it were looked at
    n_carried   INTEGER NOT NULL,
    n_left      INTEGER NOT NULL,
    done        INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL,   -- the last row that tells of it
    PRIMARY KEY (family_id, period_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX carrying_live ON carrying (done) WHERE done = 0;
