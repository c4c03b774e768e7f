/* gifts.h: points that officials give by hand, two of them for each gift: what exactly is confirmed, and for whom, is
 * what was proposed (two_hands.h). */
#pragma once
#include "services/coupon/points/ledgers.h"

#define GIFT_PEOPLE_MAX 200

struct gift {
    int64_t id, ledger_id, points, proposed_by, proposed_at, decided_by, decided_at;
    int32_t valid_days;
    int state; /* Coupon__GiftState */
    char reason[60 * 4 + 1];
};
