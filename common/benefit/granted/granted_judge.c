/* granted_judge.c: what came to more than its ceiling. */
#include "common/benefit/granted/granted_internal.h"

/* Where an entry stands in the order in which all services judge. */
struct place {
    int64_t at, source_id;
    int service;
};

static struct place place_of(const struct granted_entry *entry)
{
    return (struct place){entry->at, entry->source_id, entry->service};
}

static bool is_before(const struct place *a, const struct place *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->source_id != b->source_id ? a->source_id < b->source_id : a->service < b->service;
}

static const struct place first = {.at = INT64_MIN};

/* The first behind a place, of a year alone unless that is NULL; with the number under which it was given. */
static struct granted_entry *after(const struct granted *granted, int64_t member_id, const struct place *place,
                                   const struct granted_year *year, int64_t *ret_number)
{
    struct granted_walk walk = granted_walk(granted->index, member_id);
    struct granted_entry *entry, *found = NULL;
    struct place least = {.at = INT64_MAX, .source_id = INT64_MAX};

    while ((entry = granted_walk_next(&walk))) {
        struct place here = place_of(entry);

        if ((year && !granted_is_in(entry, year)) || !is_before(place, &here) || !is_before(&here, &least))
            continue;
        found = entry;
        least = here;
        *ret_number = granted_walk_number(&walk);
    }
    return found;
}

struct granted_entry *granted_after(const struct granted *granted, int64_t member_id, const struct granted_entry *entry)
{
    const struct place place = entry ? place_of(entry) : first;
    int64_t number;

    return after(granted, member_id, &place, NULL, &number);
}

/* Whether something may be above its ceiling at all: all together is above the lowest that anything has. */
static bool may_be_above(const struct granted *granted, int64_t member_id, const struct granted_year *year)
{
    struct granted_walk walk = granted_walk(granted->index, member_id);
    int64_t sum = 0, lowest = INT64_MAX;
    const struct granted_entry *entry;

    while ((entry = granted_walk_next(&walk))) {
        if (!granted_is_in(entry, year))
            continue;
        sum += entry->fen;
        lowest = entry->ceiling_fen < lowest ? entry->ceiling_fen : lowest;
    }
    return sum > lowest;
}

/* What is above and not spent is withdrawn by whoever gave it, so it leaves its room to what comes behind. */
void granted_judge_paid(struct granted *granted, int64_t member_id, int64_t ceiling_key, int64_t at, int64_t paid_id,
                        void *call)
{
    const struct granted_year year = granted_year(ceiling_key, at);
    struct place place = first;
    struct granted_entry *entry;
    int64_t sum = 0, number;

    if (!ceiling_key || !may_be_above(granted, member_id, &year))
        return;
    while (!rpc_refused(call) && (entry = after(granted, member_id, &place, &year, &number))) {
        bool is_above = sum + entry->fen > entry->ceiling_fen;

        place = place_of(entry);
        if (!is_above || entry->state != GRANTED__GRANT_STATE__HELD)
            sum += entry->fen;
        if (!is_above || entry->service != granted->service)
            continue;
        if (entry->state == GRANTED__GRANT_STATE__SPENT && place.source_id == paid_id)
            granted_put(granted, entry, number, GRANTED__GRANT_STATE__PASSED, call);
        if (entry->state == GRANTED__GRANT_STATE__HELD) {
            granted_put(granted, entry, number, GRANTED__GRANT_STATE__WITHDRAWN, call);
            granted->kind->withdraw(parts_self(granted->parts), place.source_id, call);
        }
    }
}

void granted_judge(struct granted *granted, int64_t member_id, int64_t ceiling_key, int64_t at, void *call)
{
    granted_judge_paid(granted, member_id, ceiling_key, at, 0, call);
}

void granted_judge_all(struct granted *granted, int64_t member_id, void *call)
{
    struct place place = first;
    struct granted_entry *entry;
    int64_t number;

    while (!rpc_refused(call) && (entry = after(granted, member_id, &place, NULL, &number))) {
        place = place_of(entry);
        if (entry->service == granted->service && entry->state == GRANTED__GRANT_STATE__HELD)
            granted_judge(granted, member_id, entry->ceiling_key, entry->at, call);
    }
}

/* ---- payouts ---- */

bool granted_knows_all(struct granted *granted, void *call)
{
    return parts_heard_all(granted->parts, &granted_part, GRANTED__REASON__SOURCE_BEHIND, call);
}

void granted_pay(struct granted *granted, int64_t source_id, int64_t member_id, void *call)
{
    const struct granted_entry *entry = granted_index_find(granted->index, member_id, granted->service, source_id);

    if (entry)
        granted_judge_paid(granted, member_id, entry->ceiling_key, entry->at, source_id, call);
}

void granted_report(const struct granted *granted, struct arena *arena, Rpc__ProbeReport *report)
{
    rpc_metric(arena, report, "huigong_grants", "gauge", "", (double)granted_index_size(granted->index));
    rpc_metric(arena, report, "huigong_grants_passed", "counter", "", (double)granted->passed);
}
