/* claims_internal.h: what the files of this room share. */
#pragma once
#include "services/coupon/claim/claims.h"

/* In SQL: what claim_read reads of a claim, but the last, ended_at, which is in claim_ended; and how that is joined. */
#define CLAIM_COLUMNS "claim.coupon_id, claim.release_id, claim.member_id, day, code, at, key"
#define CLAIM_ENDED   " LEFT JOIN claim_ended ON claim_ended.coupon_id = claim.coupon_id "

bool claim_read(struct store *store, unsigned statement, struct claim *ret);

/* Somebody may have claimed by the session of an account that is gone, before it ended: that counts as the holder's. */
void claim_count_for_holder(struct coupon *self, const struct claim *claim, void *call);
