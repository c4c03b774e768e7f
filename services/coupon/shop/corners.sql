-- step 1
CREATE TABLE corner (
    corner_id  INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL,
    closed     INTEGER NOT NULL DEFAULT 0,
    packed     BLOB    NOT NULL  -- coupon.Corner
) STRICT;
CREATE TABLE corner_staff (
    corner_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    PRIMARY KEY (corner_id, member_id)
) STRICT;
