-- step 1
-- What companies' agents say of their people, for the union to decide; see declarations.h.
CREATE TABLE declaration (
    declaration_id INTEGER PRIMARY KEY,
    union_id       INTEGER NOT NULL REFERENCES unions,
    kind           INTEGER NOT NULL,  -- Identity__DeclarationKind
    state          INTEGER NOT NULL,  -- Identity__DeclarationState
    person         BLOB    NOT NULL,  -- blind index of the resident ID of whom it is about
    trade          INTEGER NOT NULL,
    removal        INTEGER NOT NULL,  -- Identity__RosterRemoval
    asked_by       INTEGER NOT NULL,
    asked_at       INTEGER NOT NULL,
    decided_at     INTEGER NOT NULL DEFAULT 0,
    decided_by     INTEGER NOT NULL DEFAULT 0,
    refusal        INTEGER NOT NULL DEFAULT 0,
    remark         TEXT    NOT NULL DEFAULT '',
    told           BLOB    NOT NULL,  -- of whom it is about, masked, as far as the agent knows her
    sealed         BLOB    NOT NULL   -- what is to be recorded; empty once it is decided
) STRICT;
CREATE UNIQUE INDEX declaration_one ON declaration (union_id, person) WHERE state = 1;
CREATE INDEX declaration_open ON declaration (declaration_id) WHERE state = 1;
CREATE INDEX declaration_union ON declaration (union_id, state, declaration_id);
CREATE INDEX declaration_person ON declaration (person);
CREATE INDEX declaration_decided ON declaration (decided_at) WHERE state > 1;
