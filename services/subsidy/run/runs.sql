-- step 1
-- Runs of payments; see runs.h.
CREATE TABLE run (
    run_id       INTEGER PRIMARY KEY,
    scheme_id    INTEGER NOT NULL,
    union_path   TEXT    NOT NULL,           -- that pays
    state        INTEGER NOT NULL,           -- RunState
    n_lines      INTEGER NOT NULL,
    fen          INTEGER NOT NULL,
    list_hash    BLOB    NOT NULL,
    after_id     INTEGER NOT NULL,           -- applications up to it are on the list, or are not to be
    prepared_at  INTEGER NOT NULL,
    released_at  INTEGER NOT NULL,           -- 0: not yet
    released_day INTEGER NOT NULL,           -- in China, YYYYMMDD
    n_ordered    INTEGER NOT NULL,           -- lines up to it are ordered, or out
    n_paid       INTEGER NOT NULL,
    paid_fen     INTEGER NOT NULL,
    n_back       INTEGER NOT NULL,
    journal_seq  INTEGER NOT NULL            -- the last row that tells of it
) STRICT;
CREATE UNIQUE INDEX run_live ON run (scheme_id) WHERE state IN (1, 2, 3);
CREATE INDEX run_works ON run (state) WHERE state IN (1, 3);
CREATE INDEX run_of_scheme ON run (scheme_id, run_id);
CREATE TABLE run_line (
    run_id         INTEGER NOT NULL,
    nth            INTEGER NOT NULL,  -- from 1 on
    application_id INTEGER NOT NULL,
    fen            INTEGER NOT NULL,
    state          INTEGER NOT NULL,  -- LineState
    order_id       INTEGER NOT NULL,  -- 0: not ordered
    reason         INTEGER NOT NULL,  -- the bridge's, of one that came back
    PRIMARY KEY (run_id, nth)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX run_line_order ON run_line (order_id) WHERE order_id > 0;
CREATE INDEX run_line_of ON run_line (application_id, run_id);
-- Who has decided on somebody on the list, and so does not release it.
CREATE TABLE run_decider (
    run_id INTEGER NOT NULL,
    by_id  INTEGER NOT NULL,
    PRIMARY KEY (run_id, by_id)
) STRICT, WITHOUT ROWID;
-- What each way can carry, as the bridge says.
CREATE TABLE pay_way (
    way           INTEGER PRIMARY KEY,
    open          INTEGER NOT NULL,
    order_min_fen INTEGER NOT NULL,
    order_max_fen INTEGER NOT NULL,
    scenes        INTEGER NOT NULL  -- a bit for each of payout.Scene, from 1000 on
) STRICT;
