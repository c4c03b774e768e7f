-- step 1
-- Where coupons are spent, and who takes them there; see branches.h.
CREATE TABLE branch (
    branch_id   INTEGER PRIMARY KEY,
    merchant_id INTEGER NOT NULL REFERENCES merchant,
    closed      INTEGER NOT NULL,
    packed      BLOB    NOT NULL  -- coupon.Branch
) STRICT;
CREATE INDEX branch_merchant ON branch (merchant_id, branch_id);
CREATE TABLE branch_staff (
    branch_id INTEGER NOT NULL REFERENCES branch,
    member_id INTEGER NOT NULL,
    PRIMARY KEY (branch_id, member_id)
) STRICT;
CREATE INDEX branch_staff_member ON branch_staff (member_id, branch_id);
