/* settlements.h: what a union owes a site for a campaign, as settlement.h has it.
 *
 * A thing is a booking: owed to its site when its holder came, at the site's price. Its scan undone since, or it
 * scanned at another site after that, it is corrected. What is prepared and confirmed for a campaign never exceeds
 * its budget (costs.h). A booking's `settled` names the statement that stands for it, 0 when there is none. */
#pragma once
#include "services/health/booking/visits.h"
#include "services/health/health.h"

extern const struct settlement_kind settlements_kind;

/* What its lines are due for, which is about to be paid, is noted where it came to more than a ceiling (granted.h).
 * False: the call waits for what other services have given, or was refused. */
bool settlement_may_be_paid(struct health *self, const Health__Campaign *campaign, const struct statement *settlement,
                            void *call);
/* Prepares one from what is to be settled. 0, or a Reason with which the call is to be refused. */
int settlement_prepare(struct health *self, const Health__Campaign *campaign, const Health__CampaignSite *site,
                       void *call, struct statement *ret);
