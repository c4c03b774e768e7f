-- step 1
-- Who gets it of those approved; see selections.h.
CREATE TABLE selection (
    scheme_id   INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,            -- SelectionKind
    stage       INTEGER NOT NULL,            -- lottery.Stage
    list_at     INTEGER NOT NULL,            -- of IN_ORDER and BY_LOT: when the list is fixed
    until       INTEGER NOT NULL,            -- likewise: when nobody gets a place any more
    done        INTEGER NOT NULL DEFAULT 0,  -- 1: all on the list are decided; 2: nobody waits any more
    after_seq   INTEGER NOT NULL DEFAULT 0,  -- candidates up to it have been looked at
    filled      INTEGER NOT NULL DEFAULT 0,  -- of IN_ORDER: somebody did not get it, and so nobody behind her
    n_awards    INTEGER NOT NULL DEFAULT 0,  -- places given, but by lot
    journal_seq INTEGER NOT NULL             -- the last row that tells of it
) STRICT;
CREATE INDEX selection_live ON selection (done) WHERE done < 2 AND kind > 1;
-- Those approved, of IN_ORDER and BY_LOT.
CREATE TABLE candidate (
    scheme_id      INTEGER NOT NULL,
    first_seq      INTEGER NOT NULL,  -- the row of the journal that tells that it was handed in first
    application_id INTEGER NOT NULL,
    PRIMARY KEY (scheme_id, first_seq)
) STRICT, WITHOUT ROWID;
-- Those chosen, also such as have lost it since.
CREATE TABLE award (
    application_id INTEGER PRIMARY KEY,
    scheme_id      INTEGER NOT NULL,
    place          INTEGER NOT NULL,
    shown_until    INTEGER NOT NULL   -- 0: the days are not known yet
) STRICT;
CREATE UNIQUE INDEX award_place ON award (scheme_id, place);
-- step 2
-- Of ALL, until is when it is asked next whether nobody can get anything of it any more.
CREATE INDEX selection_of_all ON selection (until) WHERE done = 0 AND kind = 1;
-- step 3
-- Points, negative: who has most comes first; 0 where there are none.
ALTER TABLE candidate ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;
CREATE INDEX candidate_order ON candidate (scheme_id, behind, first_seq);
CREATE UNIQUE INDEX candidate_of ON candidate (application_id);
ALTER TABLE selection ADD COLUMN after_behind INTEGER NOT NULL DEFAULT 0;
-- Of a draw in several strata places count in each by itself.
ALTER TABLE award ADD COLUMN stratum INTEGER NOT NULL DEFAULT 0;
DROP INDEX award_place;
CREATE UNIQUE INDEX award_at ON award (scheme_id, stratum, place);
-- step 4 rows
-- How many applications of a scheme that are decided stand in each state, and what they come to.
CREATE TABLE standing (
    scheme_id INTEGER NOT NULL,
    state     INTEGER NOT NULL,  -- ApplicationState, above 3
    n         INTEGER NOT NULL,
    fen       INTEGER NOT NULL,
    PRIMARY KEY (scheme_id, state)
) STRICT, WITHOUT ROWID;
INSERT INTO standing (scheme_id, state, n, fen)
SELECT scheme_id, state, count(*), sum(amount_fen) FROM application WHERE state > 3 GROUP BY 1, 2;
