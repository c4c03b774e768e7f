-- step 1
-- Places given by lot; see lottery.h. A lot has the id of the service's record that it is of.

-- A chain of secrets, one for each day; the last day's is sealed.
CREATE TABLE lottery_chain (
    chain_id   INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL,
    days       INTEGER NOT NULL,
    anchor     BLOB    NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;

-- From the announcement on.
CREATE TABLE lottery (
    lot_id        INTEGER PRIMARY KEY,
    stage         INTEGER NOT NULL,  -- lottery.Stage, and of it
    state         INTEGER NOT NULL,  -- enum draw_state
    void_from     INTEGER NOT NULL,  -- likewise
    void_reason   TEXT    NOT NULL DEFAULT '',
    opens_at      INTEGER NOT NULL,
    closes_at     INTEGER NOT NULL,
    terms         BLOB    NOT NULL,
    commitment    BLOB    NOT NULL,
    steps         INTEGER NOT NULL,
    chain_id      INTEGER NOT NULL,  -- 0: none
    sealed_secret BLOB    NOT NULL,
    sealed_key    BLOB    NOT NULL,  -- of the tickets
    last_entry    INTEGER NOT NULL DEFAULT 0,  -- nothing after it is in the list; set when nobody enters any more
    root          BLOB    NOT NULL DEFAULT x'',
    n_entries     INTEGER NOT NULL DEFAULT 0,
    frozen_at     INTEGER NOT NULL DEFAULT 0,
    unsigned_seq  INTEGER NOT NULL DEFAULT 0,  -- see struct lot
    value         TEXT    NOT NULL DEFAULT '',
    value_by      INTEGER NOT NULL DEFAULT 0,
    confirmed_by  INTEGER NOT NULL DEFAULT 0,
    secret        BLOB    NOT NULL DEFAULT x'',  -- once it is told
    seated        INTEGER NOT NULL DEFAULT 0,  -- entries up to this id have their place below
    wins          INTEGER NOT NULL DEFAULT 0,  -- places within the quotas, once drawn
    granted       INTEGER NOT NULL DEFAULT 0   -- how many of those the service has given
) STRICT;
CREATE UNIQUE INDEX lottery_day ON lottery (chain_id, steps) WHERE chain_id > 0;
-- Something is to be done for it, now or later.
CREATE INDEX lottery_live ON lottery (lot_id)
    WHERE stage < 6 OR (stage = 6 AND granted < wins) OR (stage = 8 AND void_from >= 3 AND length(secret) = 0);

CREATE TABLE lottery_entry (
    entry_id     INTEGER PRIMARY KEY,  -- in the order of time
    lot_id       INTEGER NOT NULL REFERENCES lottery,
    member_id    INTEGER NOT NULL,
    ticket       BLOB    NOT NULL,
    stratum      INTEGER NOT NULL,
    weight       INTEGER NOT NULL DEFAULT 1,
    at           INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX lottery_entry_member ON lottery_entry (member_id, lot_id) WHERE withdrawn_at = 0;

-- Every place that was given: winners, then the waiting list.
CREATE TABLE lottery_place (
    lot_id    INTEGER NOT NULL REFERENCES lottery,
    stratum   INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    PRIMARY KEY (lot_id, stratum, place)
) STRICT;
CREATE UNIQUE INDEX lottery_place_member ON lottery_place (lot_id, member_id);
CREATE TABLE lottery_outcome (
    lot_id   INTEGER NOT NULL REFERENCES lottery,
    stratum  INTEGER NOT NULL,
    entrants INTEGER NOT NULL,
    places   INTEGER NOT NULL,
    cutoff   BLOB    NOT NULL,
    promoted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (lot_id, stratum)
) STRICT;

-- What was tried against a lot's rules, or to change what was announced without one: each person's first try of a kind.
CREATE TABLE lottery_attempt (
    lot_id    INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,  -- lottery.Attempt
    at        INTEGER NOT NULL,
    PRIMARY KEY (lot_id, member_id, attempt)
) STRICT;

-- step 2
-- How many are in, so that nobody counts the entries of an open lot; -1: not counted yet, of a lot of before.
ALTER TABLE lottery ADD COLUMN entered INTEGER NOT NULL DEFAULT -1;
