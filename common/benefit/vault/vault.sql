-- step 1
-- Sealed files of persons; see vault.h.
CREATE TABLE vault_file (
    file_id     INTEGER PRIMARY KEY,
    subject_id  INTEGER NOT NULL,  -- what it is about, as the service counts
    group_id    INTEGER NOT NULL,  -- in which of its campaigns or schemes
    place_id    INTEGER NOT NULL,  -- from which of its places
    member_id   INTEGER NOT NULL,
    version     INTEGER NOT NULL,  -- of the subject's, from 1; 0 while it is not ready
    size        INTEGER NOT NULL,  -- bytes of the file
    state       INTEGER NOT NULL,  -- enum vault_state
    begun_at    INTEGER NOT NULL,
    ready_at    INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL,
    wrapped     BLOB    NOT NULL,  -- its data key under the service's; empty when destroyed
    notes       BLOB    NOT NULL   -- what is said beside it, sealed
) STRICT;
CREATE INDEX vault_file_subject ON vault_file (subject_id, state);
CREATE INDEX vault_file_member ON vault_file (member_id, file_id);
CREATE INDEX vault_file_begun ON vault_file (begun_at) WHERE state = 1;
CREATE INDEX vault_file_read ON vault_file (ready_at) WHERE state IN (2, 3);
CREATE TABLE vault_part (
    file_id INTEGER NOT NULL REFERENCES vault_file,
    part    INTEGER NOT NULL,
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (file_id, part)
) STRICT;
CREATE TABLE vault_look (
    look_id    INTEGER PRIMARY KEY,
    file_id    INTEGER NOT NULL REFERENCES vault_file,
    at         INTEGER NOT NULL,
    session_id INTEGER NOT NULL
) STRICT;
CREATE INDEX vault_look_file ON vault_look (file_id, look_id);
-- Whose consent to being shown her files stands, by identity's journal.
CREATE TABLE vault_consent (
    member_id INTEGER PRIMARY KEY,
    version   INTEGER NOT NULL
) STRICT;
CREATE TABLE vault_policy (
    version     INTEGER PRIMARY KEY,
    in_force_at INTEGER NOT NULL
) STRICT;
