-- step 1
-- Uploads of tables; see imports.h.
CREATE TABLE import (
    import_id  INTEGER PRIMARY KEY,
    member_id  INTEGER NOT NULL,  -- who has begun it
    kind       INTEGER NOT NULL,  -- Identity__ImportKind
    union_id   INTEGER NOT NULL,  -- whose table it is
    removal    INTEGER NOT NULL,  -- Identity__RosterRemoval
    size       INTEGER NOT NULL,
    state      INTEGER NOT NULL,  -- Identity__ImportState
    begun_at   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,  -- since when in this state
    pages      INTEGER NOT NULL,  -- of rows that were looked at in this state
    wrapped    BLOB NOT NULL,     -- the key of its parts; empty: destroyed
    told       BLOB NOT NULL      -- sealed: what is known of the file, an Import; empty: past its time
) STRICT;
CREATE INDEX import_member ON import (member_id, import_id);
CREATE INDEX import_state ON import (state, changed_at);
CREATE TABLE import_part (
    import_id INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    sealed    BLOB NOT NULL,      -- under the import's key
    PRIMARY KEY (import_id, part)
) STRICT;
-- What became of the rows of a page, an ImportReport.
CREATE TABLE import_page (
    import_id INTEGER NOT NULL,
    page      INTEGER NOT NULL,
    report    BLOB NOT NULL,
    PRIMARY KEY (import_id, page)
) STRICT;
-- step 2
ALTER TABLE import RENAME COLUMN removal TO detail;  -- what else its kind asks for
