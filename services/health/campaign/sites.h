/* sites.h: where people are examined, and who works there, in the store. */
#pragma once
#include "services/health/health.h"

bool sites_add(const struct sites *sites, const Health__Site *site, struct arena *arena);
void sites_close(const struct sites *sites, int64_t site_id);
/* A site as it is now, in the arena, or NULL. */
Health__Site *sites_find(const struct sites *sites, int64_t site_id, struct arena *arena);
/* Sites after an id, in order. */
void sites_ask(const struct sites *sites, int64_t after);
Health__Site *sites_next(const struct sites *sites, struct arena *arena);
void sites_end(const struct sites *sites);

/* False when it was so already. */
bool staff_set(const struct sites *sites, int64_t site_id, int64_t member_id, int duty, bool off);
/* Whether somebody has a duty (Health__Duty) at a site; her role is another matter. */
bool staff_has(const struct sites *sites, int64_t site_id, int64_t member_id, int duty);
int64_t staff_count(const struct sites *sites, int64_t site_id);
/* The people of a site, by duty and member: those behind one with this duty. */
void staff_ask(const struct sites *sites, int64_t site_id, int duty, int64_t after);
bool staff_next(const struct sites *sites, Health__StaffRecord *ret);
void staff_end(const struct sites *sites);
/* The sites behind one where somebody has a duty, in order. */
void sites_ask_of_staff(const struct sites *sites, int64_t member_id, int duty, int64_t after);
Health__Site *sites_next_of_staff(const struct sites *sites, struct arena *arena);
void sites_end_of_staff(const struct sites *sites);

/* Say in the journal what became of a site, and of whoever works there. */
void site_journal(const Health__Site *site, void *call);
void staff_journal(const Health__SetStaffRequest *request, void *call);
/* Puts a site on the map; false without memory. */
bool site_on_map(struct map *map, const Health__Site *site);
