-- step 1
-- The unions and where they are, as identity's journal tells; see tree.h.
CREATE TABLE tree_union (
    union_id INTEGER PRIMARY KEY,
    path     TEXT NOT NULL UNIQUE  -- four base-36 digits per level, root first
) STRICT;
