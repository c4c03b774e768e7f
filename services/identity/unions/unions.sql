-- step 1 rows
-- Every two characters beside each other in the name of a union, by which it is looked for; see unions.h.
CREATE TABLE union_pair (
    pair     TEXT    NOT NULL,
    union_id INTEGER NOT NULL REFERENCES unions,
    PRIMARY KEY (pair, union_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX union_pair_union ON union_pair (union_id);
INSERT INTO union_pair (pair, union_id)
WITH RECURSIVE place (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM place WHERE i < (SELECT max(length(name)) FROM unions))
SELECT DISTINCT substr(lower(name), i, 2), union_id FROM unions JOIN place ON i < length(name) WHERE union_id > 0;
