-- step 1
-- What the platform's files said of a stock on a day (flows.h).
CREATE TABLE flow_day (
    release_id  INTEGER NOT NULL,
    day         INTEGER NOT NULL,  -- YYYYMMDD in China
    uses        INTEGER NOT NULL,
    used_fen    INTEGER NOT NULL,
    backs       INTEGER NOT NULL,
    back_fen    INTEGER NOT NULL,
    used        INTEGER NOT NULL,
    cases       INTEGER NOT NULL,
    use_hash    TEXT    NOT NULL,
    back_hash   TEXT    NOT NULL,
    done_at     INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL,
    PRIMARY KEY (release_id, day)
) STRICT, WITHOUT ROWID;
