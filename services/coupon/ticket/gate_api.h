/* gate_api.h: what the operations about gates share. */
#pragma once
#include "services/coupon/ticket/gates.h"

struct gate {
    const struct release *release;
    const Coupon__TicketTerms *terms;
    int32_t departure;
    int64_t departs_at, opens_at, closes_at;
};

/* The release of a gate and what it says of its tickets: 0 or a Reason. */
int gate_release(struct coupon *self, int64_t release_id, void *call, struct gate *ret);
/* That and one of its departures. */
int gate_find(struct coupon *self, int64_t release_id, int32_t departure, void *call, struct gate *ret);
/* Whether the caller gives benefits over the release's union. */
bool gate_is_official(const struct gate *gate, void *call);
