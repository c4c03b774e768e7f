-- step 1
-- Sessions for which an official is asked to look at their member's document; see step_ups.h.
CREATE TABLE step_up (
    step_up_id INTEGER PRIMARY KEY,
    member_id  INTEGER NOT NULL REFERENCES member,
    session_id INTEGER NOT NULL,
    union_id   INTEGER NOT NULL REFERENCES unions,
    state      INTEGER NOT NULL,  -- Identity__StepUpState
    asked_at   INTEGER NOT NULL,
    decided_at INTEGER NOT NULL DEFAULT 0,
    decided_by INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX step_up_session ON step_up (session_id) WHERE state = 1;
CREATE INDEX step_up_member ON step_up (member_id);
CREATE INDEX step_up_union ON step_up (union_id, state, step_up_id);
CREATE INDEX step_up_asked ON step_up (asked_at);
