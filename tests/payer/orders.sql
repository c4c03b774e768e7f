-- step 1
-- What was ordered, and what came of it, as the bridge's journal says.
CREATE TABLE ordered (
    order_id  INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL,
    fen       INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    state     INTEGER NOT NULL DEFAULT 0,
    reason    INTEGER NOT NULL DEFAULT 0,
    number    TEXT    NOT NULL DEFAULT '',
    numbers   INTEGER NOT NULL DEFAULT 0,  -- how many it has had
    paid      INTEGER NOT NULL DEFAULT 0   -- how often it was said to be paid
) STRICT;
CREATE TABLE place (
    place_id INTEGER PRIMARY KEY,
    bytes    INTEGER NOT NULL              -- of the file of orders that were taken
) STRICT;
