-- step 1
-- Days whose bills were read (bills.h).
CREATE TABLE bill_day (
    day           INTEGER PRIMARY KEY,  -- YYYYMMDD in China
    lines         INTEGER NOT NULL,
    out_fen       INTEGER NOT NULL,
    back_fen      INTEGER NOT NULL,
    other_in_fen  INTEGER NOT NULL,
    other_out_fen INTEGER NOT NULL,
    odd_fen       INTEGER NOT NULL,
    end_fen       INTEGER NOT NULL,
    paid          INTEGER NOT NULL,
    paid_fen      INTEGER NOT NULL,
    on_way_fen    INTEGER NOT NULL,
    cases         INTEGER NOT NULL,
    hash          TEXT    NOT NULL,
    done_at       INTEGER NOT NULL,
    journal_seq   INTEGER NOT NULL
) STRICT;

-- What moved for payments; also of a day that is being read.
CREATE TABLE bill_line (
    day    INTEGER NOT NULL,
    line   INTEGER NOT NULL,
    number TEXT    NOT NULL,
    fen    INTEGER NOT NULL,  -- out of the account; below zero into it
    odd    INTEGER NOT NULL,  -- 1: it is not explained
    PRIMARY KEY (day, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX bill_line_number ON bill_line (number, day, fen);
