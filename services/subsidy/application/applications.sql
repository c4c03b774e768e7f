-- step 1
-- What members apply for; see applications.h. What is written into the form, and what reviewers write, is sealed under
-- the service's key.
CREATE TABLE application (
    application_id INTEGER PRIMARY KEY,
    scheme_id      INTEGER NOT NULL,
    family_id      INTEGER NOT NULL,   -- of the scheme's versions
    member_id      INTEGER NOT NULL,
    shown_name     TEXT    NOT NULL,   -- as her session signed it
    union_path     TEXT    NOT NULL,   -- hers, when it was handed in last
    state          INTEGER NOT NULL,   -- ApplicationState
    step           INTEGER NOT NULL,   -- which of the scheme's steps it is in
    office_path    TEXT    NOT NULL,   -- the union that has it now; "" when none does
    since          INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,   -- 0: never
    period_at      INTEGER NOT NULL,   -- when the period that it is for began; 0: none
    amount_fen     INTEGER NOT NULL,
    answers        BLOB    NOT NULL,   -- sealed FormAnswers
    remark         BLOB    NOT NULL,   -- sealed, of the last decision
    taken_by       INTEGER NOT NULL,   -- the official who looks at it now; 0: nobody
    overdue        INTEGER NOT NULL,   -- it came from below because it was late
    again          INTEGER NOT NULL,   -- it was refused before
    submitted_at   INTEGER NOT NULL,   -- 0: not yet
    saved_at       INTEGER NOT NULL,
    n_steps        INTEGER NOT NULL,
    journal_seq    INTEGER NOT NULL    -- the last row that tells of it; 0: none yet
) STRICT;
CREATE INDEX application_of_member ON application (member_id, application_id);
CREATE INDEX application_in_review ON application (office_path, application_id) WHERE state = 2;
CREATE INDEX application_of_union ON application (union_path, application_id) WHERE state > 1;
CREATE INDEX application_due ON application (due_at) WHERE due_at > 0;
CREATE TABLE application_step (
    application_id INTEGER NOT NULL,
    nth            INTEGER NOT NULL,   -- from 1 on
    kind           INTEGER NOT NULL,   -- StepKind
    step           INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    office_path    TEXT    NOT NULL,
    by_id          INTEGER NOT NULL,   -- the official; 0: she herself, or the time
    gave_by        INTEGER NOT NULL,   -- who has just given that office; 0: nobody
    remark         BLOB    NOT NULL,   -- sealed
    journal_seq    INTEGER NOT NULL,
    journal_hash   BLOB    NOT NULL,
    PRIMARY KEY (application_id, nth)
) STRICT;
-- The offices that she held when she handed it in, and who gave them while they were new: who may not decide on it.
CREATE TABLE application_office (
    application_id INTEGER NOT NULL,
    nth            INTEGER NOT NULL,
    office_path    TEXT    NOT NULL,
    given_by       INTEGER NOT NULL,   -- 0: not known any more
    PRIMARY KEY (application_id, nth)
) STRICT;
-- Numbers of certificates that are used up, as a blind index.
CREATE TABLE certificate (
    number         BLOB    PRIMARY KEY,
    application_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_of ON certificate (application_id);
CREATE TABLE application_look (
    look_id        INTEGER PRIMARY KEY,
    application_id INTEGER NOT NULL,
    looked_by      INTEGER NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX application_look_of ON application_look (application_id, look_id);
-- step 2
-- What a scheme's selection counts (selection/selections.h): those decided.
CREATE INDEX application_of_scheme ON application (scheme_id, state, amount_fen) WHERE state > 3;
-- step 3
-- An office is given by two.
ALTER TABLE application_step ADD COLUMN also_gave_by INTEGER NOT NULL DEFAULT 0;
-- step 4
-- Whether a scheme has something that is not decided yet.
CREATE INDEX application_open_of ON application (scheme_id) WHERE state IN (2, 3);
-- step 5
-- An official may also look at a file of it.
ALTER TABLE application_look ADD COLUMN evidence_id INTEGER NOT NULL DEFAULT 0;
-- step 6
-- Of a scheme for which unions apply: union_path is the union that it is for, whosever it is.
ALTER TABLE application ADD COLUMN for_union INTEGER NOT NULL DEFAULT 0;
CREATE INDEX application_for_union ON application (union_path, family_id) WHERE for_union = 1;
-- Of one scheme among all that an office has.
CREATE INDEX application_in_review_of ON application (scheme_id, office_path, application_id) WHERE state = 2;
-- Who is carried over into the next period.
CREATE INDEX application_of_period ON application (family_id, period_at, application_id) WHERE period_at > 0;
