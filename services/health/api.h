/* api.h: health's operations, one function per rpc, in the order of the .proto. */
#pragma once
#include "services/health/draws.h"

extern const Health__Campaigns_Service campaigns_api;
extern const Health__Sites_Service sites_api;
extern const Health__Entries_Service entries_api;
extern const Health__Draws_Service draws_api;
extern const Health__Bookings_Service bookings_api;

/* A campaign for an official of its union; NULL after refusing. */
Health__Campaign *campaign_of_official(struct health *self, int64_t campaign_id, void *call);
/* Bytes as lower-case hex in the arena, or NULL. */
char *hex_text(const unsigned char *bytes, size_t len, struct arena *arena);
/* A holder's handle as 16 hex digits in the arena, or NULL. */
char *handle_text(int64_t handle, struct arena *arena);
/* Replies with the code of a kind (enum pass_kind) that a screen shows now. */
void reply_code(struct health *self, int kind, int64_t subject, Health__ScreenCode_Closure reply, void *call);
