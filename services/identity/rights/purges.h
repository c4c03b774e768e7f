/* purges.h: what is deleted when its time is over (Personal Information Protection
 * Law, article 19: no longer than is needed).
 *
 *   sessions            when they end
 *   codes               a day and some minutes after they were sent
 *   decided requests    to join and to correct, contested proofs and declarations: self->retention_ms after the
 * decision
 *
 * Memberships, standings, transfers, consents and pledges are history that members
 * and unions ask for years later: they stay until the account is closed
 * (closings.h). Every hour the daemon deletes slice by slice, and each slice leaves a
 * Purged event as evidence; the audit counts by it. */
#pragma once
#include "services/identity/identity.h"

#define PURGE_PERIOD_MS INT64_C(3600000)
