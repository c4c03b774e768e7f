-- step 1 rows
-- How often each step happened; see figures.h.
CREATE TABLE figure (
    scheme_id INTEGER NOT NULL,
    day       INTEGER NOT NULL,  -- of China, YYYYMMDD
    place     TEXT    NOT NULL,  -- the path of the union right below the one that pays, or that one's
    what      INTEGER NOT NULL,  -- StepKind; 100: how long it was in one of the scheme's steps
    which     INTEGER NOT NULL,  -- which of the scheme's steps; of 100, 1000 times that and the days; 1: handed in again
    n         INTEGER NOT NULL,
    fen       INTEGER NOT NULL,
    PRIMARY KEY (scheme_id, day, place, what, which)
) STRICT, WITHOUT ROWID;
INSERT INTO figure (scheme_id, day, place, what, which, n, fen)
SELECT a.scheme_id, CAST(strftime('%Y%m%d', (s.at + 28800000) / 1000, 'unixepoch') AS INTEGER),
       substr(a.union_path, 1, length(scheme.union_path) + 4), s.kind,
       CASE WHEN s.kind IN (6, 7) THEN s.step WHEN s.kind = 1 AND s.nth > 1 THEN 1 ELSE 0 END AS which, count(*),
       sum(a.amount_fen)
FROM application_step s JOIN application a USING (application_id) JOIN scheme ON scheme.scheme_id = a.scheme_id
GROUP BY 1, 2, 3, 4, 5;
CREATE INDEX application_handed_in ON application (scheme_id, application_id) WHERE submitted_at > 0;
