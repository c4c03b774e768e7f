/* api.h: identity's operations, one function per rpc. api_union.c, api_load.c,
 * api_login.c, api_wechat.c, api_member.c and api_grant.c hold them, each in the order of the .proto. */
#pragma once
#include "common/cn/cn_id.h"
#include "services/identity/identity.h"

void identity__create_union(Identity__Identity_Service *service, const Identity__CreateUnionRequest *req,
                            Identity__Union_Closure reply, void *call);
void identity__get_union(Identity__Identity_Service *service, const Identity__UnionRequest *req,
                         Identity__Union_Closure reply, void *call);
void identity__list_children(Identity__Identity_Service *service, const Identity__ListChildrenRequest *req,
                             Identity__UnionList_Closure reply, void *call);
void identity__get_path(Identity__Identity_Service *service, const Identity__UnionRequest *req,
                        Identity__UnionList_Closure reply, void *call);
void identity__import_unions(Identity__Identity_Service *service, const Identity__ImportRequest *req,
                             Imports__ImportReport_Closure reply, void *call);
void identity__import_roster(Identity__Identity_Service *service, const Identity__ImportRequest *req,
                             Imports__ImportReport_Closure reply, void *call);
void identity__send_code(Identity__Identity_Service *service, const Identity__SendCodeRequest *req,
                         Identity__LoginCode_Closure reply, void *call);
void identity__take_back_code(Identity__Identity_Service *service, const Identity__SendCodeRequest *req,
                              Identity__TakeBackCodeReply_Closure reply, void *call);
void identity__login(Identity__Identity_Service *service, const Identity__LoginRequest *req,
                     Identity__Session_Closure reply, void *call);
void identity__complete_wechat_login(Identity__Identity_Service *service, const Identity__WechatLoginRequest *req,
                                     Identity__Session_Closure reply, void *call);
void identity__complete_wechat_binding(Identity__Identity_Service *service, const Identity__WechatLoginRequest *req,
                                       Identity__WechatDoor_Closure reply, void *call);
void identity__find_openid(Identity__Identity_Service *service, const Identity__FindOpenidRequest *req,
                           Identity__FoundOpenid_Closure reply, void *call);
void identity__find_payee(Identity__Identity_Service *service, const Identity__FindPayeeRequest *req,
                          Identity__FoundPayee_Closure reply, void *call);
void identity__find_mobile(Identity__Identity_Service *service, const Identity__FindMobileRequest *req,
                           Identity__FoundMobile_Closure reply, void *call);
void identity__list_wechats(Identity__Identity_Service *service, const Identity__WechatsRequest *req,
                            Identity__WechatList_Closure reply, void *call);
void identity__unbind_wechat(Identity__Identity_Service *service, const Identity__UnbindWechatRequest *req,
                             Identity__UnbindWechatReply_Closure reply, void *call);
void identity__refresh_session(Identity__Identity_Service *service, const Identity__RefreshRequest *req,
                               Identity__Session_Closure reply, void *call);
void identity__logout(Identity__Identity_Service *service, const Identity__LogoutRequest *req,
                      Identity__LogoutReply_Closure reply, void *call);
void identity__get_me(Identity__Identity_Service *service, const Identity__MeRequest *req,
                      Identity__Member_Closure reply, void *call);
void identity__verify_me(Identity__Identity_Service *service, const Identity__VerifyRequest *req,
                         Identity__Session_Closure reply, void *call);
void identity__create_grant(Identity__Identity_Service *service, const Identity__CreateGrantRequest *req,
                            Identity__GrantRecord_Closure reply, void *call);
void identity__list_grants(Identity__Identity_Service *service, const Identity__ListGrantsRequest *req,
                           Identity__GrantList_Closure reply, void *call);
void identity__revoke_grant(Identity__Identity_Service *service, const Identity__RevokeGrantRequest *req,
                            Identity__RevokeGrantReply_Closure reply, void *call);

/* A union as it is to be, code and name in normal form. The parent of roots, of which only the
 * command line and officials of every union may make some, has the id 0 and no code. */
struct union_node;
struct union_draft {
    const char *code, *name;
    const struct union_node *parent;
    const char *parent_field; /* of the input, which names the parent */
    int trades;
};
/* 0, or the Reason with its input field: OUTSIDE_YOUR_UNION when the caller administers neither
 * the parent nor a union above it, UNION_CLOSED, UNION_CODE_TAKEN, UNION_TOO_DEEP, UNION_TOO_WIDE. */
int union_create(struct identity *self, const struct union_draft *draft, void *call, struct union_node *ret_node,
                 const char **ret_field);

/* What she says of herself, in normal form: 0, or the Reason with its field. */
int claim_read(const Identity__VerifyRequest *req, void *call, char ret_name[CN_NAME_SIZE],
               struct cn_resident_id *ret_id, const char **ret_field);
/* Finds another account that has proven what she says of herself: 0, or the Reason with its field; where there is none
 * it is `nobody`, or ALREADY_VERIFIED of her own document, and counts among her wrong guesses of a day. */
struct member;
int claim_find_holder(struct identity *self, const Identity__VerifyRequest *req, struct member *claimant, int nobody,
                      void *call, struct member *ret_holder, const char **ret_field);
/* Whether it is the whole number of the document that has proven a member's name, within her tries a day:
 * 0, STEP_UP_WRONG, which it counts, or VERIFY_TRIES_EXHAUSTED. */
int document_refusal(struct identity *self, struct member *member, const char *typed, void *call);
/* Writes a name and a resident ID that are proven, at level REAL_NAME. */
void member_set_person(struct identity *self, struct member *member, const char *name, const struct cn_resident_id *id,
                       void *call);
#define ROSTERS_SEEN 8 /* rows of one person that are looked at: more than one is a conflict */

/* Whether it is a reason to take a row off (Identity__RosterRemoval). */
bool roster_is_removal(int reason);
/* Takes a row off a roster: 0, OUTSIDE_YOUR_UNION, NOT_FOR_YOURSELF. Who is a member by it
 * is kept by the level above, without the trade that it alone proves. */
struct roster_entry;
int roster_remove(struct identity *self, const struct roster_entry *entry, int reason, void *call);

/* The member with this mobile number (normal form), made at the first level if
 * there is none. */
void member_obtain(struct identity *self, const char *mobile, void *call, struct member *ret_member);
