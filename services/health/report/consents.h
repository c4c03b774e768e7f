/* consents.h: who agrees that her reports are shown to her here.
 *
 * Consent is given and withdrawn at identity, which keeps its versions and texts; this
 * service follows identity's journal and knows only who agrees now. */
#pragma once
#include "identity/identity.pb-c.h"
#include "services/health/health.h"

/* 0 or -1, logged. */
int consents_open(struct consents *consents, struct store *store);
/* Whether she has agreed to the version that is in force at an instant, or a later one. */
bool consent_stands(const struct consents *consents, int64_t member_id, int64_t now);
/* She does not agree any more, as far as this service knows. */
void consent_drop(const struct consents *consents, int64_t member_id);
/* Apply what identity's journal says. */
void consent_apply(struct health *self, const Identity__ConsentChanged *changed);
void policy_apply(struct health *self, const Identity__PolicyPublished *published);
