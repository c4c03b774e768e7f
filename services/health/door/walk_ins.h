/* walk_ins.h: who comes to a van without a booking.
 *
 * A member asks for a code of a campaign that is for her and shows it on her screen;
 * the code names a number that stands for her in this campaign alone. Site staff then
 * takes a place of the slot that lasts, whether it was kept for walk-ins or nobody
 * booked it. A winner who has not booked comes the same way, with her own right. */
#pragma once
#include "services/health/booking/bookings.h"

struct walk_in {
    int64_t subject, campaign_id, member_id;
};

bool walk_ins_find(const struct walk_ins *walk_ins, int64_t subject, struct walk_in *ret);
/* A member's in a campaign, made when there is none. */
void walk_ins_obtain(struct health *self, int64_t campaign_id, int64_t member_id, void *call, struct walk_in *ret);

/* Why this member gets no code now: a Reason, or 0. */
int walk_in_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t now);
/* Books a place of the slot that lasts now at a site: a Reason, or 0. */
int walk_in_book(struct health *self, const struct walk_in *walk_in, int64_t site_id, void *call, struct booking *ret);
/* Gives the place back; she may come again. */
void walk_in_undo(struct health *self, struct booking *booking, struct entitlement *entitlement, void *call);
