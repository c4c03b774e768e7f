-- step 1
-- What has become of the coupons that are WeChat's; see vouchers.h.
CREATE TABLE voucher (
    coupon_id   INTEGER PRIMARY KEY,
    release_id  INTEGER NOT NULL,
    state       INTEGER NOT NULL,  -- coupon.VoucherState
    reason      INTEGER NOT NULL,  -- why not, or why not yet
    changed_at  INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL   -- the last row that tells of it
) STRICT;

-- step 2
CREATE INDEX voucher_release ON voucher (release_id, state);

-- step 3 rows
-- What its release's fund has paid for one that was used; see vouchers.h.
ALTER TABLE voucher ADD COLUMN paid_fen INTEGER NOT NULL DEFAULT 0;
UPDATE voucher SET paid_fen = (SELECT face_fen FROM release WHERE release.release_id = voucher.release_id) WHERE state = 3;
CREATE INDEX voucher_paid ON voucher (release_id, paid_fen) WHERE paid_fen > 0;

-- step 4
-- Used, and not paid for yet.
CREATE INDEX voucher_owed ON voucher (release_id, coupon_id) WHERE state = 3 AND paid_fen = 0;
