/* api_rights.h: the operations by which a member rules over her own data, each noun in
 * its file. */
#pragma once
#include "services/identity/rights/consents.h"
#include "services/identity/identity.h"
#include "services/identity/people/members.h"

/* The caller, by her live session: 0, or MEMBER_NOT_FOUND, TOKEN_REVOKED, ACCOUNT_CLOSED. */
int caller_refusal(struct identity *self, void *call, struct member *ret_member);
/* Judges the code that was sent to her own number for a purpose: 0 or CODE_...; see code_judge. */
int own_code_refusal(struct identity *self, const struct member *member, int purpose, const char *code, void *call);

/* NULL when the call's memory is full. A pledge whose time is over is shown as expired,
 * whether tidying has come to it or not. */
struct pledge;
Identity__Consent *consent_message(const struct consent *consent, void *call);
Identity__Pledge *pledge_message(const struct pledge *pledge, void *call);
struct look;
struct correction;
Identity__Correction *correction_message(struct identity *self, const struct correction *correction, void *call);
Identity__Look *look_message(struct identity *self, const struct look *look, void *call);

/* In api_export.c. */
void rights__export_my_data(Identity__Rights_Service *service, const Identity__ExportRequest *req,
                            Identity__MyData_Closure reply, void *call);
