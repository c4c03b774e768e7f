-- step 1 rows
-- By which the proven names of members are found; see names.h.
CREATE TABLE person_name (
    member_id INTEGER PRIMARY KEY REFERENCES member,
    mark      BLOB    NOT NULL  -- blind index
) STRICT;
CREATE INDEX person_name_mark ON person_name (mark, member_id);
-- Those whose names were proven before are looked through once.
CREATE TABLE name_sweep (
    sweep    INTEGER PRIMARY KEY,
    until_id INTEGER NOT NULL,  -- members up to this one
    done_id  INTEGER NOT NULL
) STRICT;
INSERT INTO name_sweep (sweep, until_id, done_id) SELECT 1, coalesce(max(member_id), 0), 0 FROM member;
