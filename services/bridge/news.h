/* news.h: whose journals remind members of something, and of what.
 *
 * The part `messages` follows health's, the part `news` identity's: a part follows one. */
#pragma once
#include "services/bridge/bridge.h"

extern const struct service_follow messages_of_health;
