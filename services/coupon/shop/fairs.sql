-- step 1
CREATE TABLE fair (
    fair_id     INTEGER PRIMARY KEY,
    union_path  TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    percent_off INTEGER NOT NULL CHECK (percent_off BETWEEN 1 AND 99),
    ceiling_fen INTEGER NOT NULL,
    from_at     INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    ended       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX fair_of_union ON fair (union_path, until_at) WHERE ended = 0;
