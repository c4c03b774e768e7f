/* scopes.h: whom campaigns are for, after a union got another place.
 *
 * What is a union's (packages, sites, campaigns) goes along in the
 * transaction in which the service hears of the move. Whom campaigns and their strata name
 * stands in their packed messages, which follow soon after, SCOPES_SLICE in a transaction, in
 * the order of the moves: a member's path is that of her card, which may be some minutes
 * behind as well. Nothing of a lot changes: its terms name no union (lots.h), and who has
 * entered keeps her stratum. */
#pragma once
#include "services/health/health.h"

#define SCOPES_SLICE 50 /* campaigns in one transaction */
