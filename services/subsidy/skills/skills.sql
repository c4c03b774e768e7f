-- step 1
-- What approved applications have left in files of skills; see skills.h.
CREATE TABLE skill (
    application_id INTEGER PRIMARY KEY,  -- by whose approval it is attested
    member_id      INTEGER NOT NULL,
    union_path     TEXT    NOT NULL,     -- hers, when it was
    kind           INTEGER NOT NULL,     -- SkillKind
    given_year     INTEGER NOT NULL,
    attested_at    INTEGER NOT NULL,
    occupation          BLOB    NOT NULL,     -- blind index of the occupation; empty: none
    level          BLOB    NOT NULL,     -- of the level, likewise
    said           BLOB    NOT NULL,     -- SkillSaid, sealed; empty: her account is closed
    journal_seq    INTEGER NOT NULL      -- the last row that tells of it
) STRICT;
CREATE INDEX skill_hers ON skill (member_id, application_id);
CREATE INDEX skill_place ON skill (union_path, application_id);
CREATE INDEX skill_occupation ON skill (occupation, union_path, application_id) WHERE occupation <> x'';
CREATE INDEX skill_level ON skill (level, union_path, application_id) WHERE level <> x'';
