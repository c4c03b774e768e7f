/* portal.h: hg-portal, where a member finds what concerns her.
 *
 * Owns each member's inbox (inbox.h): what any service has told her, whether she has read it, and of what she is
 * reminded outside it (reminders.h). It asks no service: all of it is in their journals. */
#pragma once
#include "common/benefit/holders/holders.h"
#include "common/daemon/service_of_parts.h"
#include "portal.pb.h"

#define PORTAL_PARTS(PART, SHARED) SHARED(holders) PART(inbox) PART(reminders)
SERVICE_OF_PARTS(portal, PORTAL, "members' inbox")
