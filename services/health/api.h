/* api.h: health's operations, one function per rpc, in the order of the .proto. */
#pragma once
#include "services/health/health.h"

extern const Health__Campaigns_Service campaigns_api;
extern const Health__Sites_Service sites_api;

/* A campaign for an official of its union; NULL after refusing. */
Health__Campaign *campaign_of_official(struct health *self, int64_t campaign_id, void *call);
