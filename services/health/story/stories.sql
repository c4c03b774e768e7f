-- step 1 rows
-- How far the index is, under its name: a row that can be found and told apart.
CREATE TABLE progress (
    name TEXT    PRIMARY KEY,
    upto INTEGER NOT NULL
) STRICT;
INSERT INTO progress (name, upto) SELECT 'story', upto FROM story_progress;
DROP TABLE story_progress;
