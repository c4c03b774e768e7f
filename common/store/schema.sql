-- The tables that every store has beside its service's own.
-- A step stays as it is, also a comment that names a file by its old place: sqlite_master keeps its words.
-- step 1
CREATE TABLE journal (
    seq   INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,  -- milliseconds since 1970
    kind  INTEGER NOT NULL,  -- field number in the service's Event
    actor INTEGER NOT NULL,  -- member id, 0 for the system
    body  BLOB    NOT NULL,  -- the packed Event: ids and facts, no personal data
    hash  BLOB    NOT NULL   -- see common/journal.h
) STRICT;

CREATE TABLE stored_answer (
    member_id   INTEGER NOT NULL,
    method      TEXT    NOT NULL,
    key         BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    answer      BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (member_id, method, key)
) STRICT;
CREATE INDEX stored_answer_at ON stored_answer (at);

CREATE TABLE cursor (
    source TEXT    PRIMARY KEY,  -- the queue whose journal is followed
    seq    INTEGER NOT NULL
) STRICT;

-- step 2
-- How many steps of its own each part has made; see common/store/store.h.
CREATE TABLE part_version (
    name  TEXT    PRIMARY KEY,
    steps INTEGER NOT NULL
) STRICT;

-- step 3
-- Where this store's ids begin: one row. What has a smaller id is of partition 0 (common/store/ids.h).
CREATE TABLE ids (
    partition INTEGER PRIMARY KEY,
    first     INTEGER NOT NULL
) STRICT;

-- step 4
-- The hash of the row that a cursor stands at, so that another journal in its source's place is seen.
ALTER TABLE cursor ADD COLUMN hash BLOB;

-- step 5
-- 1: the answer is sealed under its Idempotency-Key (common/rpc/rpc_stored.c); 0: it is older.
ALTER TABLE stored_answer ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;

-- step 6
-- Rows of a source up to this are not given again to a part, or under the name '' to all that
-- have no row of their own; see common/daemon/hearing.h.
CREATE TABLE heard (
    source TEXT    NOT NULL,
    part   TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (source, part)
) STRICT;

-- step 7
-- The files that hold the old part of the journal (common/store/archive.h).
CREATE TABLE segment (
    number  INTEGER PRIMARY KEY,
    first   INTEGER NOT NULL UNIQUE,  -- row of the journal
    last    INTEGER NOT NULL,
    hash    BLOB    NOT NULL,  -- SHA-256 of the whole file
    head    BLOB    NOT NULL,  -- hash of its last row
    kept    TEXT    NOT NULL,  -- kinds whose rows stay in the table: each between blanks
    cleared INTEGER NOT NULL   -- rows up to here are no more in the table, but for those
) STRICT;
