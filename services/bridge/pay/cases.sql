-- step 1
-- What is not as it should be (cases.h).
CREATE TABLE pay_case (
    case_id     INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    payout_id   INTEGER NOT NULL,  -- 0: none of ours
    number      TEXT    NOT NULL,
    our_fen     INTEGER NOT NULL,
    their_fen   INTEGER NOT NULL,
    word        TEXT    NOT NULL,
    opened_at   INTEGER NOT NULL,
    closed_at   INTEGER NOT NULL,
    note        TEXT    NOT NULL,
    journal_seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pay_case_open ON pay_case (kind, number) WHERE state = 1;
CREATE INDEX pay_case_state ON pay_case (state, case_id);

-- step 2
CREATE INDEX pay_case_number ON pay_case (number, kind);

-- step 3
-- It stands until a second hand has closed it.
DROP INDEX pay_case_open;
CREATE UNIQUE INDEX pay_case_open ON pay_case (kind, number) WHERE state <> 2;
ALTER TABLE pay_case ADD COLUMN explained_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pay_case ADD COLUMN closed_by INTEGER NOT NULL DEFAULT 0;
