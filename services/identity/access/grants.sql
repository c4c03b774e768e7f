-- step 1 rows
-- Who proposed what two people gave; and from when what the command line gave can be used.
ALTER TABLE authority ADD COLUMN also_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authority ADD COLUMN effective_at INTEGER NOT NULL DEFAULT 0;
-- Who has ever acted as security administrator of a root: while nobody has, the command line
-- gives offices at once.
CREATE TABLE root_guard (
    member_id INTEGER PRIMARY KEY,
    since     INTEGER NOT NULL
) STRICT;
INSERT INTO root_guard (member_id, since)
    SELECT authority.member_id, min(granted_at) FROM authority
    JOIN unions ON unions.union_id = authority.union_id
    JOIN credential ON credential.member_id = authority.member_id
    WHERE role = 2 AND parent_id = 0 AND confirmed = 1
    GROUP BY authority.member_id;
