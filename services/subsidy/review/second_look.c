/* second_look.c: which applications are looked at once more, and by which union. Both follow from the hash of the
 * journal's row of the last approval, so that nobody chooses them and anybody computes them again (scheme.proto). */
#include "common/base/bytes.h"
#include "common/base/sha256.h"
#include "services/subsidy/application/application_internal.h"

#define TAG     "hg-second-look-1"
#define TAG_LEN (sizeof(TAG) - 1)

struct look {
    unsigned char bytes[TAG_LEN + APPLICATION_HASH_LEN + 1 + sizeof(int64_t)];
};

/* False: nobody has approved it in an earlier step. */
static bool look_of(const struct subsidy *self, int64_t application_id, int step, struct look *ret)
{
    unsigned which = application_sql(self, APPLICATION_SQL_APPROVAL_HASH);
    bool found;

    memset(ret, 0, sizeof(*ret));
    memcpy(ret->bytes, TAG, TAG_LEN);
    store_ask(self->store, which, "ii", application_id, (int64_t)step);
    found = store_row(self->store, which);
    if (found)
        store_copy_blob(self->store, which, 0, ret->bytes + TAG_LEN, APPLICATION_HASH_LEN);
    store_end(self->store, which);
    ret->bytes[TAG_LEN + APPLICATION_HASH_LEN] = (unsigned char)step;
    return found;
}

static bool is_drawn(const struct subsidy *self, const struct application *application, const Subsidy__ReviewStep *at,
                     int step)
{
    unsigned char hash[APPLICATION_HASH_LEN];
    struct look look;

    if (!look_of(self, application->id, step, &look))
        return true;
    sha256_of(look.bytes, TAG_LEN + APPLICATION_HASH_LEN + 1, hash);
    return (uint64_t)get_be32(hash) * 1000 >> 32 < (uint64_t)at->per_mille;
}

int review_step_after(const struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme)
{
    int step = application->step + 1;

    while (step < (int)scheme->n_steps && scheme->steps[step]->per_mille &&
           !is_drawn(self, application, scheme->steps[step], step))
        step++;
    return step;
}

bool review_may_end(const struct application *application, const Subsidy__Scheme *scheme)
{
    for (size_t step = (size_t)application->step + 1; step < scheme->n_steps; step++) {
        if (!scheme->steps[step]->per_mille)
            return false;
    }
    return true;
}

void review_elsewhere(const struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                      int step, char ret[UNION_PATH_SIZE])
{
    unsigned which = application_sql(self, APPLICATION_SQL_UNIONS_AT);
    unsigned char least[APPLICATION_HASH_LEN], hash[APPLICATION_HASH_LEN];
    char end[UNION_PATH_SIZE + 1], path[UNION_PATH_SIZE];
    bool any = false;
    struct look look;
    int64_t union_id;

    snprintf(ret, UNION_PATH_SIZE, "%s", scheme->union_path);
    look_of(self, application->id, step, &look);
    union_path_end(scheme->union_path, end);
    store_ask(self->store, which, "tti", scheme->union_path, end,
              (int64_t)scheme->steps[step]->level * LIMIT_PATH_SEGMENT);
    while (store_read(self->store, which, INTO(union_id), INTO(path))) {
        if (union_path_covers(path, application->union_path))
            continue;
        put_be64(look.bytes + TAG_LEN + APPLICATION_HASH_LEN + 1, (uint64_t)union_id);
        sha256_of(look.bytes, sizeof(look.bytes), hash);
        if (any && memcmp(hash, least, sizeof(hash)) >= 0)
            continue;
        any = true;
        memcpy(least, hash, sizeof(least));
        snprintf(ret, UNION_PATH_SIZE, "%s", path);
    }
}
