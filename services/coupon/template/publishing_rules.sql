-- step 1
-- What the unions of a level may publish; see publishing_rules.h.
CREATE TABLE publishing_rule (
    rule_id        INTEGER PRIMARY KEY,
    union_path     TEXT    NOT NULL,  -- that sets it
    level          INTEGER NOT NULL,
    may_not        INTEGER NOT NULL,
    cost_fen       INTEGER NOT NULL,  -- 0: no limit; likewise:
    face_fen       INTEGER NOT NULL,
    days           INTEGER NOT NULL,
    needs_fund     INTEGER NOT NULL,
    needs_template INTEGER NOT NULL,
    set_at         INTEGER NOT NULL,
    journal_seq    INTEGER NOT NULL,  -- the last row that tells of it
    UNIQUE (union_path, level)
) STRICT;
