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

/* Why this member may not enter, whichever rule of its audience she does not meet: a Reason, or 0. */
int invitation_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t now);
/* The number of the stratum in which she enters, asking for a site or 0; -1 when none
 * fits. */
int32_t stratum_of(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t site_id);
/* Why a report of somebody who did or did not attend cannot be begun; 0 when it can. */
int report_refusal(const Health__BeginReportRequest *report, bool attended, const char **ret_field);
bool is_abnormal(const Health__ReportItems *items);
