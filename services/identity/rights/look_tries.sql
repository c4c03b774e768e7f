-- step 1
-- Looks at the person of a case; see look_tries.h.
CREATE TABLE look_try (
    look_case INTEGER NOT NULL,  -- Identity__LookCase
    case_id   INTEGER NOT NULL,
    looks     INTEGER NOT NULL,
    since     INTEGER NOT NULL,  -- the first of them
    PRIMARY KEY (look_case, case_id)
) STRICT;
CREATE INDEX look_try_since ON look_try (since);
