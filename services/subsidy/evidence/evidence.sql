-- step 1
-- What the files of the vault are evidence of; see evidence.h.
CREATE TABLE evidence (
    evidence_id    INTEGER PRIMARY KEY,  -- the vault's file
    application_id INTEGER NOT NULL,
    objection_id   INTEGER NOT NULL,     -- it is with an objection to that; 0: with the application itself
    field          TEXT    NOT NULL,     -- of the form
    kind           INTEGER NOT NULL,     -- FileKind
    hash           BLOB    NOT NULL      -- of what it says, as a blind index; empty: not known yet, or not any more
) STRICT;
CREATE INDEX evidence_of ON evidence (application_id, objection_id, evidence_id);
CREATE INDEX evidence_same ON evidence (hash) WHERE hash <> x'';
