-- step 1
CREATE TABLE point_rule (
    rule_id        INTEGER PRIMARY KEY,
    series_id      INTEGER NOT NULL,  -- the first of those that have taken one another's place; 0: never was in force
    ledger_id      INTEGER NOT NULL,
    union_path     TEXT    NOT NULL,  -- the ledger's
    title          TEXT    NOT NULL,
    service        TEXT    NOT NULL,
    what           TEXT    NOT NULL,
    points         INTEGER NOT NULL CHECK (points > 0),
    most_per_day   INTEGER NOT NULL,  -- 0: any, as of the others
    most_per_month INTEGER NOT NULL,
    most_per_year  INTEGER NOT NULL,
    most_ever      INTEGER NOT NULL,
    valid_days     INTEGER NOT NULL,
    state          INTEGER NOT NULL,  -- coupon.RuleState
    replaces_id    INTEGER NOT NULL,
    proposed_by    INTEGER NOT NULL,
    proposed_at    INTEGER NOT NULL,
    decided_by     INTEGER NOT NULL,
    in_force_at    INTEGER NOT NULL,  -- 0: not yet, or never
    ended_at       INTEGER NOT NULL   -- 0: not yet
) STRICT;
CREATE INDEX point_rule_of_ledger ON point_rule (ledger_id, rule_id);
CREATE INDEX point_rule_of_deed ON point_rule (service, what, union_path) WHERE in_force_at > 0;
