/* api_membership.h: the operations on memberships, one function per rpc of
 * membership.proto. Each noun has its file. */
#pragma once
#include "services/identity/unions/decision.h"
#include "services/identity/identity.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/periods.h"

/* In api_load.c. */
void rosters__remove_listed(Identity__Rosters_Service *service, const Identity__RemoveListedRequest *req,
                            Imports__ImportReport_Closure reply, void *call);
/* In api_number.c. */
void unions__get_numbers(Identity__Unions_Service *service, const Identity__NumbersRequest *req,
                         Identity__Numbers_Closure reply, void *call);

/* The union that a member belongs to, or belonged to last, as who may see or change
 * her record: 0, or MEMBER_NOT_FOUND (also when she never was of any union, so that
 * nobody tries numbers), or OUTSIDE_YOUR_UNION. */
int member_refusal(struct identity *self, int64_t member_id, const int *roles, void *call, struct member *ret_member);

/* Whether the caller may be told whose number was given: it is her own, or she holds one of these roles over the union
 * that the member belongs to, or did last. Giving a number makes nobody known who was not. */
bool member_is_known(struct identity *self, int64_t member_id, const int *roles, void *call);

/* Messages in the call's memory; NULL when it is full. */
struct join;
struct transfer;
Identity__Membership *membership_message(struct identity *self, const struct period *period, void *call);
Identity__JoinRequest *join_message(struct identity *self, const struct join *join, void *call);
struct trade;
Identity__TradeRecord *trade_message(struct identity *self, const struct trade *trade, void *call);
Identity__Transfer *transfer_message(struct identity *self, const struct transfer *transfer, void *call);
struct change;
Identity__UnionChange *change_message(const struct change *change, void *call);
struct proposal;
Identity__Proposal *proposal_message(const struct proposal *proposal, void *call);
/* Officials are shown what they decide by, and she what she knows. */
struct merge;
Identity__Merge *merge_message(struct identity *self, const struct merge *merge, bool official, void *call);
struct contest;
Identity__Contest *contest_message(struct identity *self, const struct contest *contest, bool official, void *call);
