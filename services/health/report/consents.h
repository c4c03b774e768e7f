/* consents.h: who agrees that her reports are shown to her here.
 *
 * Consent is given and withdrawn at identity, which keeps its versions and texts; this
 * service follows identity's journal and knows only who agrees now. */
#pragma once
#include "services/health/health.h"

/* Whether she has agreed to the version that is in force at an instant, or a later one. */
bool consent_stands(const struct consents *consents, int64_t member_id, int64_t now);
