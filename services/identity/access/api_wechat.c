#include <mbedtls/platform_util.h>

#include "services/identity/access/codes.h"
#include "services/identity/access/devices.h"
#include "services/identity/api.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/wechats.h"

/* What the bridge says, in the forms it is looked up by. */
struct visitor {
    const Identity__WechatLoginRequest *said;
    unsigned char unionid[PII_INDEX_LEN];
    int64_t by_unionid;
    char mobile[CN_MOBILE_LEN + 1]; /* "" when she gave none */
    struct wechat door;             /* id 0: never seen */
    bool registered;                /* by this call */
};

/* 0, or the Reason with its field. */
static int read_visitor(struct identity *self, const Identity__WechatLoginRequest *req, struct visitor *ret,
                        const char **ret_field)
{
    *ret = (struct visitor){.said = req};
    *ret_field = !wechat_name_read(req->appid)                      ? "appid"
                 : !wechat_name_read(req->openid)                   ? "openid"
                 : *req->unionid && !wechat_name_read(req->unionid) ? "unionid"
                                                                    : NULL;
    if (*ret_field)
        return RPC__REASON__BAD_REQUEST;
    *ret_field = "mobile";
    if (*req->mobile && !cn_mobile(req->mobile, ret->mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    person_index_openid(self, req->appid, req->openid, ret->door.openid);
    wechats_find(&self->wechats, ret->door.openid, &ret->door);
    if (*req->unionid) {
        person_index_unionid(self, req->unionid, ret->unionid);
        ret->by_unionid = wechats_owner(&self->wechats, ret->unionid);
    }
    return 0;
}

/* Finds or makes her member, without binding anything yet. */
static int find_member(struct identity *self, struct visitor *visitor, void *call, struct member *ret_member)
{
    unsigned char index[PII_INDEX_LEN];
    int64_t by_mobile = 0, member_id;
    int reason;

    if (*visitor->mobile) {
        person_index_mobile(self, visitor->mobile, index);
        if (members_find_mobile(&self->members, index, ret_member))
            by_mobile = ret_member->id;
    }
    reason = wechat_member(visitor->door.member_id, visitor->by_unionid, *visitor->mobile, by_mobile, &member_id);
    if (reason)
        return reason;
    visitor->registered = !member_id;
    if (!member_id)
        member_obtain(self, visitor->mobile, call, ret_member);
    else if (member_id != by_mobile && !members_find(&self->members, member_id, ret_member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    return 0;
}

static void seal_door(struct identity *self, const struct visitor *visitor, const struct member *member,
                      struct wechat *door, void *call)
{
    unsigned char nonce[PII_NONCE_LEN];

    rpc_random(call, nonce, sizeof(nonce));
    person_seal_wechat(self, member, door->id, nonce, visitor->said->appid, visitor->said->openid,
                       visitor->said->unionid, &door->sealed);
}

/* Whether a door may be bound without more: to who has proven no name, or whom another app of the same owner knows. */
static bool may_bind(const struct visitor *visitor, const struct member *member)
{
    return member->level < (int)RPC__LEVEL__REAL_NAME || visitor->by_unionid == member->id;
}

/* Afterwards visitor->door is the new one, which waits when it may not be bound yet. */
static int make_door(struct identity *self, struct visitor *visitor, const struct member *member, bool bind, void *call)
{
    struct wechat door = visitor->door;

    if (wechats_count(&self->wechats, member->id) >= WECHAT_DOORS)
        return IDENTITY__REASON__WECHAT_TOO_MANY;
    door.id = id_next(&self->ids, rpc_now(call));
    door.member_id = member->id;
    door.bound_at = rpc_now(call);
    door.has_unionid = *visitor->said->unionid;
    memcpy(door.unionid, visitor->unionid, sizeof(door.unionid));
    seal_door(self, visitor, member, &door, call);
    if (bind)
        wechat_bind(self, &door, !visitor->registered, call);
    else
        wechats_wait(&self->wechats, &door);
    visitor->door = door;
    return 0;
}

/* An app that has joined an owner's others gives a unionid it did not give before. One
 * that another member has already stays hers. */
static void note_unionid(struct identity *self, const struct visitor *visitor, const struct member *member, void *call)
{
    struct wechat door = visitor->door;

    if (!*visitor->said->unionid || door.has_unionid || (visitor->by_unionid && visitor->by_unionid != door.member_id))
        return;
    door.has_unionid = true;
    memcpy(door.unionid, visitor->unionid, sizeof(door.unionid));
    seal_door(self, visitor, member, &door, call);
    wechats_set(&self->wechats, &door);
}

/* rpc CompleteWechatLogin: signs in whom WeChat knows, and binds this door to her, now or when it has shown to be
 * she. */
void identity__complete_wechat_login(Identity__Identity_Service *service, const Identity__WechatLoginRequest *req,
                                     Identity__Session_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    const char *field = NULL;
    struct visitor visitor;
    struct member member;
    int reason = read_visitor(self, req, &visitor, &field);

    if (rpc_refuse_field_if(call, reason, field))
        return;
    reason = find_member(self, &visitor, call, &member);
    if (!reason)
        reason = data_key_ready(self, &member, call);
    if (!reason && visitor.door.id)
        note_unionid(self, &visitor, &member, call);
    else if (!reason)
        reason = make_door(self, &visitor, &member, may_bind(&visitor, &member), call);
    if (reason)
        rpc_refuse(call, reason);
    else
        session_open(self, &member, IDENTITY__SIGN_IN__SIGN_IN_BY_WECHAT, visitor.door.id, req->device, reply, call);
}

/* Binds a door to who has a session and answers the code that was sent to her number: 0, or the Reason with its
 * field. The device that she does it on is known there. */
static int bind_hers(struct identity *self, struct visitor *visitor, const struct member *member,
                     const struct session *session, void *call, const char **ret_field)
{
    struct device device = {.member_id = member->id};
    int reason = own_code_refusal(self, member, IDENTITY__CODE_PURPOSE__CODE_BIND, visitor->said->mobile_code, call);

    *ret_field = "mobileCode";
    if (reason) {
        rpc_keep(call);
        return reason;
    }
    *ret_field = "";
    reason = make_door(self, visitor, member, true, call);
    if (reason || !session->names_itself)
        return reason;
    device.door = visitor->door.id;
    memcpy(device.nonce, session->nonce, sizeof(device.nonce));
    devices_note(&self->devices, &device, rpc_now(call));
    return 0;
}

/* rpc CompleteWechatBinding: binds this door to the caller, who has signed in otherwise;
 * nobody else is found or made. Bound to her already, it is answered as it is. */
void identity__complete_wechat_binding(Identity__Identity_Service *service, const Identity__WechatLoginRequest *req,
                                       Identity__WechatDoor_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    int64_t member_id = rpc_principal(call)->member_id;
    struct session session;
    Identity__WechatDoor message = IDENTITY__WECHAT_DOOR__INIT;
    const char *field = NULL;
    struct visitor visitor;
    struct member member;
    int reason = read_visitor(self, req, &visitor, &field);
    bool bound = !visitor.door.id;

    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (!session_find(self, call, &session) || !members_find(&self->members, member_id, &member))
        reason = RPC__REASON__TOKEN_REVOKED;
    else if ((visitor.door.id && visitor.door.member_id != member_id) ||
             (visitor.by_unionid && visitor.by_unionid != member_id))
        reason = IDENTITY__REASON__WECHAT_OTHER_MEMBER;
    else
        reason = data_key_ready(self, &member, call);
    if (!reason && visitor.door.id)
        note_unionid(self, &visitor, &member, call);
    else if (!reason)
        reason = bind_hers(self, &visitor, &member, &session, call, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (bound)
        rpc_created(call);
    message.wechat_id = visitor.door.id;
    message.appid = req->appid;
    message.bound_at = visitor.door.bound_at;
    reply(&message, call);
}

/* rpc FindOpenid: in the door of that app that was bound last. Whose account has gone up
 * into another of hers is found there. */
void identity__find_openid(Identity__Identity_Service *service, const Identity__FindOpenidRequest *req,
                           Identity__FoundOpenid_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    char appid[WECHAT_NAME_MAX + 1], openid[WECHAT_NAME_MAX + 1] = "";
    Identity__FoundOpenid message = IDENTITY__FOUND_OPENID__INIT;
    struct wechat doors[WECHAT_DOORS];
    struct member member;
    size_t n = 0;

    if (members_find(&self->members, req->member_id, &member) &&
        (!member.merged_into || members_find(&self->members, member.merged_into, &member)))
        n = wechats_find_all(&self->wechats, member.id, doors, ARRAY_LEN(doors));
    while (n > 0 && !*openid) {
        const struct wechat *door = &doors[--n];

        if (req->wechat_id && door->id != req->wechat_id)
            continue;
        if (person_open_wechat(self, &member, door, appid, openid) && strcmp(appid, req->appid) != 0)
            *openid = '\0';
    }
    message.openid = openid;
    if (*openid)
        reply(&message, call);
    else
        rpc_refuse(call, IDENTITY__REASON__WECHAT_NOT_FOUND);
    mbedtls_platform_zeroize(openid, sizeof(openid));
}

static bool is_asked_for(const Identity__FindPayeeRequest *req, const char *appid)
{
    for (size_t i = 0; i < req->n_appid; i++) {
        if (strcmp(req->appid[i], appid) == 0)
            return true;
    }
    return false;
}

/* rpc FindPayee: likewise, in one of some apps, with her name. */
void identity__find_payee(Identity__Identity_Service *service, const Identity__FindPayeeRequest *req,
                          Identity__FoundPayee_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    char appid[WECHAT_NAME_MAX + 1], openid[WECHAT_NAME_MAX + 1] = "";
    Identity__FoundPayee message = IDENTITY__FOUND_PAYEE__INIT;
    struct wechat doors[WECHAT_DOORS];
    struct person person = {0};
    struct member member;
    size_t n = 0;
    bool known = members_find(&self->members, req->member_id, &member) &&
                 (!member.merged_into || members_find(&self->members, member.merged_into, &member));

    if (known)
        n = wechats_find_all(&self->wechats, member.id, doors, ARRAY_LEN(doors));
    while (n > 0 && !*openid) {
        if (person_open_wechat(self, &member, &doors[--n], appid, openid) && !is_asked_for(req, appid))
            *openid = '\0';
    }
    if (*openid && person_open_member(self, &member, &person)) {
        message.appid = appid;
        message.openid = openid;
        message.name = person.name;
        reply(&message, call);
    } else {
        rpc_refuse(call, IDENTITY__REASON__WECHAT_NOT_FOUND);
    }
    mbedtls_platform_zeroize(openid, sizeof(openid));
    mbedtls_platform_zeroize(&person, sizeof(person));
}

/* rpc FindMobile: likewise. */
void identity__find_mobile(Identity__Identity_Service *service, const Identity__FindMobileRequest *req,
                           Identity__FoundMobile_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__FoundMobile message = IDENTITY__FOUND_MOBILE__INIT;
    struct person person = {0};
    struct member member;
    bool found;

    found = members_find(&self->members, req->member_id, &member) &&
            (!member.merged_into || members_find(&self->members, member.merged_into, &member)) &&
            person_open_member(self, &member, &person) && person.mobile[0];
    message.mobile = person.mobile;
    if (found)
        reply(&message, call);
    else
        rpc_refuse(call, IDENTITY__REASON__MEMBER_NOT_FOUND);
    mbedtls_platform_zeroize(&person, sizeof(person));
}

/* rpc ListWechats: the doors through which WeChat lets the caller in. */
void identity__list_wechats(Identity__Identity_Service *service, const Identity__WechatsRequest *req,
                            Identity__WechatList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__WechatList list = IDENTITY__WECHAT_LIST__INIT;
    struct wechat doors[WECHAT_DOORS];
    struct member member;
    size_t n;

    (void)req;
    if (!members_find(&self->members, rpc_principal(call)->member_id, &member)) {
        rpc_refuse(call, IDENTITY__REASON__MEMBER_NOT_FOUND);
        return;
    }
    n = wechats_find_all(&self->wechats, member.id, doors, ARRAY_LEN(doors));
    for (size_t i = 0; i < n; i++) {
        Identity__WechatDoor *message = arena_message(rpc_arena(call), &identity__wechat_door__descriptor);
        char *appid = arena_alloc(rpc_arena(call), WECHAT_NAME_MAX + 1);

        if (doors[i].id <= rpc_page(call)->after)
            continue;
        if (!message || !appid || !rpc_page_takes(call, doors[i].id))
            break;
        person_open_wechat(self, &member, &doors[i], appid, NULL);
        message->wechat_id = doors[i].id;
        message->bound_at = doors[i].bound_at;
        message->appid = appid;
        rpc_add(call, &list, wechats, message);
    }
    reply(&list, call);
}

/* rpc UnbindWechat: closes one of the caller's doors, and ends the sessions that it opened. */
void identity__unbind_wechat(Identity__Identity_Service *service, const Identity__UnbindWechatRequest *req,
                             Identity__UnbindWechatReply_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__UnbindWechatReply message = IDENTITY__UNBIND_WECHAT_REPLY__INIT;

    if (!session_is_live(self, call))
        rpc_refuse(call, RPC__REASON__TOKEN_REVOKED);
    else if (!wechat_unbind(self, rpc_principal(call)->member_id, req->wechat_id, call))
        rpc_refuse(call, IDENTITY__REASON__WECHAT_NOT_FOUND);
    else
        reply(&message, call);
}
