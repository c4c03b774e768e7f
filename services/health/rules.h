/* rules.h: what health decides, without I/O, clock or memory of its own. */
#pragma once
#include "services/health/health.h"

/* Whether an item tests for hepatitis B, by its catalogue code (LOINC or the usual
 * abbreviations) or by a name in Chinese or Latin letters. Such items are not
 * examined in check-ups that employers or unions arrange (notice of the ministries
 * of human resources, education and health, 2010-02-10). */
bool is_hepatitis_b(const char *code, const char *name);
/* Whether an item is for a member of this trade. */
bool item_is_for(const Health__PackageItem *item, int trade);

/* Why something cannot be made like this: a Reason with ret_field, or 0. */
int package_refusal(const Health__Package *package, const char **ret_field);
int site_refusal(const Health__Site *site, int64_t now, const char **ret_field);
int campaign_refusal(const Health__Campaign *campaign, int64_t now, const char **ret_field);

/* The page of Tencent's maps that leads to a site, percent-encoded, in the arena. */
char *directions(const Health__Site *site, struct arena *arena);
