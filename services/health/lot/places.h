/* places.h: what a lot gave: places and outcomes, and who is called up. */
#pragma once
#include "common/draw/draw.h"
#include "services/health/health.h"

void places_add(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t place, int64_t member_id);
/* Who has a place, or 0. */
int64_t places_at(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t place);
/* Hers in a campaign, or 0. */
uint32_t places_of(const struct places *places, int64_t campaign_id, int64_t member_id);
/* Places of a stratum above one and up to another, in order. */
void places_ask(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t after, uint32_t upto);
bool places_next(const struct places *places, uint32_t *ret_place, int64_t *ret_member_id);
void places_end(const struct places *places);

struct outcome {
    struct draw_outcome drawn;
    uint32_t promoted; /* places called up behind the quota */
};

void outcomes_add(const struct places *places, int64_t campaign_id, int32_t stratum,
                  const struct draw_outcome *outcome);
bool outcomes_find(const struct places *places, int64_t campaign_id, int32_t stratum, struct outcome *ret);
void outcomes_promote(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t promoted);
