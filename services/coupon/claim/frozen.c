#include "services/coupon/claim/frozen.h"

bool frozen_to(const struct coupon *self, int64_t number, const char *path, int64_t at)
{
    return home_freezes(&self->homes, holder_of(&self->holders, number), path, at);
}

bool frozen_of_release(struct coupon *self, int64_t number, int64_t release_id, int64_t at, struct arena *arena)
{
    const struct release *release = release_look_up(self, release_id, arena);

    return release && frozen_to(self, number, release->audience.path, at);
}
