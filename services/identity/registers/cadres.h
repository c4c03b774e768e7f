/* cadres.h: the cadre register: its SQL.
 *
 * A record is never changed but by its end: another post of the same person in the same
 * union ends the one that holds and begins the next at the same instant, so who was the
 * chair when is answered years later. */
#pragma once
#include "services/identity/unions/pages.h"

#define CADRE_HISTORY_MAX 100 /* records of one person and union that are shown: the last ones */

struct cadre {
    int64_t id, member_id, union_id, term_from, term_to, began_at, ended_at, recorded_by;
    int post; /* Identity__Post */
    bool full_time;
    char path[UNION_PATH_SIZE]; /* of its union, where it was found in a subtree */
};

void cadres_add(const struct cadres *cadres, const struct cadre *cadre);
/* At its ended_at. */
void cadres_end(const struct cadres *cadres, const struct cadre *cadre);
bool cadres_find(const struct cadres *cadres, int64_t cadre_id, struct cadre *ret);
/* What holds now. */
bool cadres_find_now(const struct cadres *cadres, int64_t union_id, int64_t member_id, struct cadre *ret);
/* The latest first; returns how many. */
size_t cadres_find_history(const struct cadres *cadres, int64_t union_id, int64_t member_id, int64_t before,
                           struct cadre *ret, size_t size);
/* One person's everywhere, behind an id; returns how many. */
size_t cadres_find_hers(const struct cadres *cadres, int64_t member_id, int64_t after, struct cadre *ret, size_t size);
/* What holds now in a page of a subtree; one more than its size when there are more. */
size_t cadres_find_page(const struct cadres *cadres, const struct page *page, struct cadre *ret);
/* As an operation shows it, in the call's arena; NULL when that is full. */
Identity__Cadre *cadre_message(struct identity *self, const struct cadre *cadre, void *call);
