/* api.h: what the operations of coupon's rooms have for one another. */
#pragma once
#include "services/coupon/claim/holdings.h"

/* ---- release/api_release.c ---- */

/* A release with how it stands: 0 or a Reason; NULL when the call's memory is full. */
int release_status(struct coupon *self, struct release *release, void *call, Coupon__ReleaseStatus **message);
/* Drafts a release as a form says, and answers, or refuses; template_id is what it is made from, 0: nothing. */
void release_create(struct coupon *self, const Coupon__Release *draft, int64_t template_id,
                    Coupon__ReleaseStatus_Closure reply, void *call);
/* The form of a release however old, in the arena, for an official of its union: 0 or a Reason. */
int release_form(struct coupon *self, int64_t release_id, void *call, Coupon__Release **ret);

/* Operations of a service whose others are in claim/api_claim.c. */
void coupon__create_release(Coupon__Coupons_Service *service, const Coupon__CreateReleaseRequest *req,
                            Coupon__ReleaseStatus_Closure reply, void *call);
void coupon__publish_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                             Coupon__ReleaseStatus_Closure reply, void *call);
void coupon__pause_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                           Coupon__ReleaseStatus_Closure reply, void *call);
void coupon__end_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                         Coupon__ReleaseStatus_Closure reply, void *call);
void coupon__get_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                         Coupon__ReleaseStatus_Closure reply, void *call);
void coupon__list_releases(Coupon__Coupons_Service *service, const Coupon__ListReleasesRequest *req,
                           Coupon__ReleaseList_Closure reply, void *call);

/* ---- claim/api_claim.c ---- */

/* Why a release is not for somebody, or she has had enough of what counts together: a Reason, or 0. */
int person_refusal(const struct coupon *self, const struct release *release, const Rpc__Principal *principal,
                   int64_t now);
/* Refuses who asks for something of a release, with what helps her. */
void refuse_asking(const struct release *release, int refusal, void *call);
/* Gives a coupon to an export. False: no more now. */
bool coupon_give(struct coupon *self, const struct claim *claim, struct part_export *export);

/* Whether a form that a request must have is not there; then it is refused. */
static inline bool form_missing(const void *form, const char *field, void *call)
{
    return rpc_refuse_field_if(call, form ? 0 : RPC__REASON__MISSING_FIELD, field);
}
