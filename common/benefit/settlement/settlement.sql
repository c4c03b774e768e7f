-- step 1
-- What is owed to whom, statement by statement; see settlement.h.
CREATE TABLE statement (
    statement_id INTEGER PRIMARY KEY,
    for_id       INTEGER NOT NULL,  -- of the service's: what it is for
    payee_id     INTEGER NOT NULL,  -- of the service's: who is owed
    state        INTEGER NOT NULL,  -- settlement.State
    n_lines      INTEGER NOT NULL,
    total_fen    INTEGER NOT NULL,
    lines_hash   BLOB    NOT NULL,
    prepared_by  INTEGER NOT NULL,
    prepared_at  INTEGER NOT NULL,
    decided_by   INTEGER NOT NULL,
    decided_at   INTEGER NOT NULL,
    journal_seq  INTEGER NOT NULL   -- the last row about it
) STRICT;
CREATE INDEX statement_for ON statement (for_id, statement_id);
CREATE UNIQUE INDEX statement_open ON statement (for_id, payee_id) WHERE state = 1;
CREATE TABLE statement_line (
    statement_id INTEGER NOT NULL REFERENCES statement,
    line         INTEGER NOT NULL,
    thing_id     INTEGER NOT NULL,  -- of the service's: what was given
    kind         INTEGER NOT NULL,  -- settlement.LineKind
    fen          INTEGER NOT NULL,
    seq          INTEGER NOT NULL,  -- of the journal's row about the thing
    hash         BLOB    NOT NULL,  -- of that row
    corrects     INTEGER NOT NULL,  -- the statement whose line it takes back; 0: none
    PRIMARY KEY (statement_id, line)
) STRICT;
CREATE INDEX statement_line_thing ON statement_line (thing_id, statement_id, line);
