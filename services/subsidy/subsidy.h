/* subsidy.h: hg-subsidy, what unions pay to members who apply for it.
 *
 * Owns schemes (schemes.h): whom a union pays what, by which form, checks and reviews, all of it data that two
 * officials open; and applications (applications.h): what a member hands in, with files (evidence.h), and each step of
 * it until it is decided (review/api_review.c). What a form holds is sealed, and opened for her and for who reviews it
 * now; each look of an official is in the journal, and hers to see.
 *
 * Promises: the terms by which somebody applied do not change afterwards; nothing that was handed in is lost, and each
 * step of it is a row of the journal that names the row before; nobody decides on herself, on whom she gave an office,
 * or on an officer of her own union; what is not decided in time goes to the union above by itself; what may be had
 * once is not had twice, also when two accounts become one; a certificate is good for one application. Who joins an industry union has the accident cover, on which she claims (covers.h). */
#pragma once
#include "common/base/limits.h"
#include "common/benefit/audience/audience.h"
#include "common/benefit/budget/budget.h"
#include "common/benefit/granted/granted.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/lottery/lottery.h"
#include "common/benefit/notice/notice.h"
#include "common/benefit/tree/tree.h"
#include "common/benefit/two_hands/two_hands.h"
#include "common/benefit/vault/vault.h"
#include "common/daemon/service_of_parts.h"
#include "common/trust/pii.h"
#include "subsidy.pb.h"

#define SUBSIDY_DAY_MS     INT64_C(86400000)
#define SUBSIDY_DAYS_USUAL 15 /* to correct, and to ask again, when a scheme does not say */

/* In the order in which they tidy. */
#define SUBSIDY_PARTS(PART, SHARED)                                                                                    \
    SHARED(holders)                                                                                                    \
    SHARED(tree)                                                                                                       \
    SHARED(granted)                                                                                                    \
    SHARED(two_hands)                                                                                                  \
    SHARED(notice)                                                                                                     \
    SHARED(lottery)                                                                                                    \
    SHARED(budget)                                                                                                     \
    SHARED(audience)                                                                                                   \
    SHARED(vault)                                                                                                      \
    PART(schemes)                                                                                                      \
    PART(applications)                                                                                                 \
    PART(evidence)                                                                                                     \
    PART(funds)                                                                                                        \
    PART(selections)                                                                                                   \
    PART(objections)                                                                                                   \
    PART(runs)                                                                                                         \
    PART(covers)                                                                                                       \
    PART(skills)                                                                                                       \
    PART(follow_ups)                                                                                                   \
    PART(carryings)                                                                                                    \
    PART(figures)

SERVICE_PARTS(SUBSIDY)

struct subsidy {
    SERVICE_MEMBERS(SUBSIDY)
    struct pii_keys *forms;    /* seal what is written into forms */
    struct pii_keys *accounts; /* seal accounts for the bridge; NULL: nothing is paid by bank */
};

extern const struct service_spec subsidy_spec;

void subsidy_done(struct subsidy *self);
