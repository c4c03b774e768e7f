/* rules.h: what health decides, without I/O, clock or memory of its own. */
#pragma once
#include "common/draw/draw.h"
#include "services/health/health.h"

/* Whether an item tests for hepatitis B, by its catalogue code (LOINC or the usual
 * abbreviations) or by a name in Chinese or Latin letters. Such items are not
 * examined in check-ups that employers or unions arrange (notice of the ministries
 * of human resources, education and health, 2010-02-10). */
bool is_hepatitis_b(const char *code, const char *name);
/* Whether an item is for a member of this trade. */
bool item_is_for(const Health__PackageItem *item, int trade);

/* Of one check-up there. */
int64_t price_at(const Health__CampaignSite *site, const Health__Campaign *campaign);
/* At the dearest site where a place of a stratum may be taken, also when the one for which it is takes nobody any more.
 */
int64_t dearest_price(const Health__Campaign *campaign, size_t stratum);

/* Why something cannot be made like this: a Reason with ret_field, or 0. */
int package_refusal(const Health__Package *package, const char **ret_field);
int site_refusal(const Health__Site *site, int64_t now, const char **ret_field);
int campaign_refusal(const Health__Campaign *campaign, int64_t now, const char **ret_field);

/* Why nobody may enter or withdraw now, whoever she is: a Reason, or 0. */
int entering_refusal(const Health__Campaign *campaign, int64_t now);
/* Why this member may not enter, whenever: a Reason, or 0. */
int invitation_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal);
/* The number of the stratum in which she enters, asking for a site or 0; -1 when none
 * fits. */
int32_t stratum_of(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t site_id);
/* A public value in the announced spelling, in which it is mixed in. A lot that was announced without
 * a format has the one of that time: half-width, lower-case, what stands between commas, blanks and
 * the like with one blank between. VALUE_NOT_A_LINE, VALUE_NOT_IN_FORMAT. */
int value_read(const char *format, const char *text, char ret[DRAW_TEXT_SIZE]);
/* What a step of common/draw says, as a Reason; 0 for DRAW_OK. */
int draw_refusal(enum draw_reason reason);

/* Why a report of somebody who did or did not attend cannot be begun; 0 when it can. */
int report_refusal(const Health__BeginReportRequest *report, bool attended, const char **ret_field);
bool is_abnormal(const Health__ReportItems *items);

/* The page of Tencent's maps that leads to a site, percent-encoded, in the arena. */
char *directions(const Health__Site *site, struct arena *arena);
