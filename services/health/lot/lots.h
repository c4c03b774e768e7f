/* lots.h: campaigns as lots (common/benefit/lottery/lottery.h): their terms, who may enter, and
 * what a place gives. The states of a campaign are numbered as the stages of its lot. */
#pragma once
#include "services/health/health.h"

extern const struct lottery_service health_lottery;

/* A campaign as it is now; its strata in an arena, NULL: without. */
struct lot_terms lot_terms_of(Health__Campaign *campaign, struct arena *arena);
/* The same of a campaign's id. False: there is none, or no memory. */
bool lots_find(void *health, int64_t campaign_id, struct arena *arena, struct lot_terms *ret);
