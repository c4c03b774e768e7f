/* reminders.h: of which kinds of what she is told a member is reminded outside her inbox.
 *
 * Of all, unless she says otherwise; of what guards her account always (notice_needed). Who sends learns it from this
 * service's journal (RemindersChanged), which says all that are off each time: the bridge sends none of them
 * (services/bridge/outbox). Of two accounts that become one she is reminded of nothing that either has turned off. */
#pragma once
#include "services/portal/portal.h"
