/* corners.h: where orders are picked up, and who hands them out there. Whoever a union lets do so needs no office: she
 * is on the corner's list. */
#pragma once
#include "services/coupon/coupon.h"

#define CORNER_STAFF_MAX 100

struct corner {
    int64_t id;
    char union_path[UNION_PATH_SIZE];
    bool closed;
};

bool corners_find(const struct coupon *self, int64_t corner_id, struct corner *ret);
/* One at which the caller hands out. False after refusing. */
bool corner_of_staff(const struct coupon *self, int64_t corner_id, void *call);
/* A message in the arena; NULL when it is full. */
void *shop_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_len);
