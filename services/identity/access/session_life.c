#include "services/identity/access/session_life.h"

#include <mbedtls/constant_time.h>

#include "common/base/base64url.h"
#include "common/base/bytes.h"
#include "common/base/sha256.h"
#include "common/trust/seal.h"
#include "services/identity/access/devices.h"
#include "services/identity/access/grants.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/membership/periods.h"
#include "services/identity/access/sessions.h"
#include "services/identity/access/wechats.h"
#include "services/identity/unions/unions.h"

#define HALF 16

struct refresh {
    int64_t session_id;
    unsigned char family[HALF], turn[HALF];
};

/* ---- refresh tokens ---- */

static void refresh_write(const struct refresh *refresh, char ret[REFRESH_SIZE])
{
    unsigned char bytes[REFRESH_BYTES];

    put_be64(bytes, (uint64_t)refresh->session_id);
    memcpy(bytes + 8, refresh->family, HALF);
    memcpy(bytes + 8 + HALF, refresh->turn, HALF);
    ret[base64url_encode(bytes, sizeof(bytes), ret)] = '\0';
}

static bool refresh_read(const char *text, struct refresh *ret)
{
    unsigned char bytes[REFRESH_BYTES];

    if (strlen(text) != REFRESH_CHARS || base64url_decode(text, REFRESH_CHARS, bytes) < 0)
        return false;
    ret->session_id = (int64_t)get_be64(bytes);
    memcpy(ret->family, bytes + 8, HALF);
    memcpy(ret->turn, bytes + 8 + HALF, HALF);
    return true;
}

static void hash_half(const unsigned char half[HALF], unsigned char ret[SESSION_HASH_LEN])
{
    sha256_of(half, HALF, ret);
}

/* The turn that follows a token's, always the same one. */
static void next_turn(const struct identity *self, struct refresh *refresh)
{
    unsigned char halves[2 * HALF];

    _Static_assert(HALF == PII_INDEX_LEN, "a blind index is a half");
    memcpy(halves, refresh->family, HALF);
    memcpy(halves + HALF, refresh->turn, HALF);
    person_next_turn(self, halves, sizeof(halves), refresh->turn);
}

static bool is_half(const unsigned char half[HALF], const unsigned char hash[SESSION_HASH_LEN])
{
    unsigned char sum[SESSION_HASH_LEN];

    hash_half(half, sum);
    return mbedtls_ct_memcmp(sum, hash, sizeof(sum)) == 0;
}

/* ---- the principal ---- */

static bool is_official(const struct session *session)
{
    return session->sign_in == IDENTITY__SIGN_IN__SIGN_IN_BY_PASSWORD;
}

static int64_t at_most(int64_t at, int64_t end)
{
    return at < end ? at : end;
}

/* Who gave an office that is new (two_hands.h). */
static bool add_givers(const struct authority *held, Rpc__Grant *grant, struct arena *arena)
{
    grant->given_by = arena_alloc(arena, 2 * sizeof(*grant->given_by));
    if (!grant->given_by)
        return false;
    grant->given_at = held->granted_at;
    grant->given_by[grant->n_given_by++] = held->granted_by;
    if (held->also_by)
        grant->given_by[grant->n_given_by++] = held->also_by;
    return true;
}

bool session_add_grants(struct identity *self, int64_t member_id, Rpc__Principal *principal, void *call)
{
    struct arena *arena = rpc_arena(call);
    struct authority held[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, member_id, held, ARRAY_LEN(held));
    Rpc__Grant *grants = arena_alloc(arena, n * sizeof(*grants) + 1);

    if (periods_standing_at(&self->periods, member_id, rpc_now(call)) != IDENTITY__STANDING__STANDING_ACTIVE)
        return true;
    principal->grants = arena_alloc(arena, n * sizeof(*principal->grants) + 1);
    if (!grants || !principal->grants)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (held[i].effective_at > rpc_now(call))
            continue;
        rpc__grant__init(&grants[i]);
        grants[i].role = (Rule__Role)held[i].role;
        grants[i].union_path = arena_strndup(arena, held[i].union_path, strlen(held[i].union_path));
        if (!grants[i].union_path ||
            (grant_is_new(&held[i], rpc_now(call)) && !add_givers(&held[i], &grants[i], arena)))
            return false;
        principal->grants[principal->n_grants++] = &grants[i];
    }
    return true;
}

/* A root's security administrator has come: the store has had one from now on. */
static void note_guard(struct identity *self, const Rpc__Principal *principal, void *call)
{
    for (size_t i = 0; i < principal->n_grants; i++) {
        if (role_is_root_guard((int)principal->grants[i]->role, principal->grants[i]->union_path))
            grants_note_guard(&self->grants, principal->member_id, rpc_now(call));
    }
}

static bool is_named(const struct member *member)
{
    return member->level >= (int)RPC__LEVEL__REAL_NAME;
}

/* Nothing has shown yet that it is she. */
static bool is_unproven(const struct member *member, const struct session *session)
{
    return is_named(member) && session->trust == TRUST_NONE;
}

/* Of her document, month * 100 + day; 0 where that does not tell. */
static int32_t birthday_of(struct identity *self, const struct member *member, void *call)
{
    struct person person;
    struct cn_resident_id id;

    if (!member->birth_year || !person_open_member(self, member, &person) ||
        cn_document(person.resident_id, cn_day(rpc_now(call)), &id) != CN_ID_OK)
        return 0;
    return id.birth_month * 100 + id.birth_day;
}

/* The day of birth gives, with the masked number, the whole one. */
void session_describe(struct identity *self, const struct member *member, struct union_node *node, void *call,
                      Rpc__Principal *principal)
{
    int64_t since = periods_since(&self->periods, member->id);

    principal->level = (Rpc__Level)level_told(member->level, member->trade);
    principal->trade = (Rpc__Trade)member->trade;
    principal->birth_year = member->birth_year;
    principal->sex = (Rpc__Sex)member->sex;
    if (!principal->unproven)
        principal->birthday = birthday_of(self, member, call);
    if (since)
        principal->member_since = cn_day(since);
    /* Who is suspended is in no union for as long as that lasts. */
    if (member->union_id && member->level >= (int)RPC__LEVEL__MEMBER &&
        unions_find(&self->unions, member->union_id, node))
        principal->union_path = node->path;
}

/* The bearer token of a member as the store has her now, and by her masked name; false
 * when the batch's memory is full. */
static bool write_token(struct identity *self, const struct member *member, char *shown_name,
                        const struct session *session, int64_t expires_at, char ret_token[TOKEN_SIZE], void *call)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    unsigned char seal[ECDSA_SIGNATURE_LEN];
    struct union_node node = {0};

    principal.member_id = member->id;
    principal.session_id = session->id;
    principal.expires_at = expires_at;
    principal.shown_name = shown_name;
    principal.unproven = is_unproven(member, session);
    session_describe(self, member, &node, call, &principal);
    if (is_named(member) && session->stepped_up_at > rpc_now(call) - STEP_UP_MS)
        principal.stepped_up_until = session->stepped_up_at + STEP_UP_MS;
    if (is_official(session)) {
        if (!session_add_grants(self, member->id, &principal, call))
            return false;
        note_guard(self, &principal, call);
    }
    if ((principal.n_grants || principal.stepped_up_until) && !grants_seal(self->seals, &principal, seal))
        return false;
    return token_make(self->tokens, &principal, ret_token);
}

/* Until when a session may be refreshed that is opened or refreshed now. */
static int64_t refresh_end(const struct session *session)
{
    if (is_official(session))
        return at_most(session->refreshed_at + OFFICIAL_IDLE_MS, session->opened_at + OFFICIAL_MAX_MS);
    return session->refreshed_at + REFRESH_LIFE_MS;
}

/* refresh_token NULL: none. */
static void reply_session(struct identity *self, const struct member *member, const struct session *live,
                          const struct refresh *refresh, Identity__Session_Closure reply, void *call)
{
    Identity__Session session = IDENTITY__SESSION__INIT;
    char token[TOKEN_SIZE], refresh_token[REFRESH_SIZE] = "";

    session.expires_at = is_official(live)
                             ? at_most(rpc_now(call) + OFFICIAL_TOKEN_MS, live->opened_at + OFFICIAL_MAX_MS)
                             : rpc_now(call) + LIMIT_SESSION_MS;
    session.sign_in = (Identity__SignIn)live->sign_in;
    session.member = member_message_for(self, member, is_unproven(member, live), call);
    if (!session.member || !write_token(self, member, session.member->name, live, session.expires_at, token, call)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    if (refresh)
        refresh_write(refresh, refresh_token);
    session.token = token;
    session.refresh_token = refresh_token;
    reply(&session, call);
}

/* ---- sessions ---- */

/* Ends the oldest sessions, so that one more is SESSIONS_MAX at most. */
static void end_surplus(struct identity *self, int64_t member_id, void *call)
{
    int64_t session_id;

    while (!store_trouble(self->store) &&
           sessions_find_surplus(&self->sessions, member_id, SESSIONS_MAX - 1, &session_id))
        session_revoke(self, member_id, session_id, call);
}

/* The device that asks, as it names itself. */
static void find_device(struct identity *self, struct session *session, void *call)
{
    const Rpc__Client *client = rpc_client_of(call);

    person_index_asker(self, client, session->asker);
    session->names_itself = client->device.len > 0;
    if (session->names_itself)
        memcpy(session->nonce, session->asker, sizeof(session->nonce));
}

static struct device device_of(const struct session *session)
{
    struct device device = {.member_id = session->member_id, .door = session->door};

    memcpy(device.nonce, session->nonce, sizeof(device.nonce));
    return device;
}

/* It is she, on this device, from now on. Of who has no proven name there is nothing to protect yet: where she
 * was then is known when she has one. */
static void trust_device(struct identity *self, struct session *session, void *call)
{
    struct device device = device_of(session);

    session->trust = TRUST_KNOWN;
    if (session->names_itself)
        devices_note(&self->devices, &device, rpc_now(call));
}

/* Whether it is she who comes: a password and a one-time password are hers whoever has her number. */
static void judge_device(struct identity *self, const struct member *member, struct session *session, void *call)
{
    struct device device = device_of(session);

    session->trust = TRUST_NONE;
    if (!is_named(member) || is_official(session) ||
        (session->names_itself && devices_know(&self->devices, &device, rpc_now(call))))
        trust_device(self, session, call);
}

void session_open(struct identity *self, const struct member *member, int sign_in, int64_t door, const char *device,
                  Identity__Session_Closure reply, void *call)
{
    Identity__SessionOpened opened = IDENTITY__SESSION_OPENED__INIT;
    struct refresh refresh = {.session_id = id_next(&self->ids, rpc_now(call))};
    struct member keyed = *member;
    struct session session = {
        .id = refresh.session_id,
        .member_id = member->id,
        .opened_at = rpc_now(call),
        .refreshed_at = rpc_now(call),
        .door = door,
        .sign_in = sign_in,
    };
    int reason = data_key_ready(self, &keyed, call);

    if (!reason &&
        periods_standing_at(&self->periods, member->id, rpc_now(call)) == IDENTITY__STANDING__STANDING_DECEASED)
        reason = IDENTITY__REASON__ACCOUNT_STOPPED;
    if (reason) {
        rpc_keep(call); /* the code that has let her in is used up */
        rpc_refuse(call, reason);
        return;
    }
    session.expires_at = refresh_end(&session);
    find_device(self, &session, call);
    judge_device(self, member, &session, call);
    session_seal_device(self, &keyed, &session, device, call);
    rpc_random(call, refresh.family, sizeof(refresh.family));
    rpc_random(call, refresh.turn, sizeof(refresh.turn));
    hash_half(refresh.family, session.family);
    hash_half(refresh.turn, session.turn);
    end_surplus(self, member->id, call);
    sessions_add(&self->sessions, &session);
    opened.member_id = member->id;
    opened.session_id = session.id;
    opened.sign_in = (Identity__SignIn)sign_in;
    rpc_tell(call, &opened.base);
    rpc_created(call);
    reply_session(self, &keyed, &session, &refresh, reply, call);
}

/* What the refresh shows of the device. One that was open before anybody asked is hers, and its device known from
 * now on; on another device than before it is judged anew. */
static void follow_device(struct identity *self, const struct member *member, struct session *session, void *call)
{
    struct session old = *session;

    find_device(self, session, call);
    if (old.trust == TRUST_OLD) {
        trust_device(self, session, call);
    } else if (old.names_itself != session->names_itself || memcmp(old.nonce, session->nonce, sizeof(old.nonce)) != 0) {
        session->stepped_up_at = 0;
        judge_device(self, member, session, call);
    } else if (session->trust == TRUST_KNOWN) {
        trust_device(self, session, call);
    }
}

/* Whether a token is the one before, given once more by who has had its successor: two requests of hers went at
 * once, or the answer was lost. *refresh becomes that successor. */
static bool is_said_again(struct identity *self, const struct session *session, struct refresh *refresh, void *call)
{
    unsigned char asker[PII_INDEX_LEN];
    struct refresh next = *refresh;

    person_index_asker(self, rpc_client_of(call), asker);
    if (!session->turned || !is_half(refresh->turn, session->last_turn) ||
        rpc_now(call) >= session->refreshed_at + REFRESH_AGAIN_MS || memcmp(asker, session->asker, sizeof(asker)) != 0)
        return false;
    next_turn(self, &next);
    if (!is_half(next.turn, session->turn))
        return false;
    *refresh = next;
    return true;
}

void session_refresh(struct identity *self, const char *refresh_token, Identity__Session_Closure reply, void *call)
{
    struct refresh refresh;
    struct session session;
    struct member member;

    if (!refresh_read(refresh_token, &refresh) || !sessions_find(&self->sessions, refresh.session_id, &session) ||
        !is_half(refresh.family, session.family) || session.expires_at <= rpc_now(call) ||
        !members_find(&self->members, session.member_id, &member)) {
        rpc_refuse(call, IDENTITY__REASON__REFRESH_INVALID);
        return;
    }
    if (is_said_again(self, &session, &refresh, call)) {
        reply_session(self, &member, &session, &refresh, reply, call);
        return;
    }
    if (!is_half(refresh.turn, session.turn)) {
        session_revoke(self, session.member_id, session.id, call);
        rpc_keep(call);
        rpc_refuse(call, IDENTITY__REASON__REFRESH_INVALID);
        return;
    }
    memcpy(session.last_turn, session.turn, sizeof(session.last_turn));
    next_turn(self, &refresh);
    hash_half(refresh.turn, session.turn);
    session.refreshed_at = rpc_now(call);
    session.expires_at = refresh_end(&session);
    follow_device(self, &member, &session, call);
    sessions_turn(&self->sessions, &session);
    reply_session(self, &member, &session, &refresh, reply, call);
}

void session_step_up(struct identity *self, struct session *session, int64_t step_up_id, void *call)
{
    Identity__SteppedUp stepped_up = IDENTITY__STEPPED_UP__INIT;

    session->stepped_up_at = rpc_now(call);
    trust_device(self, session, call);
    sessions_trust(&self->sessions, session);
    if (session->door)
        wechat_settle(self, session->door, call);
    stepped_up.member_id = session->member_id;
    stepped_up.session_id = session->id;
    stepped_up.step_up_id = step_up_id;
    rpc_tell(call, &stepped_up.base);
}

void session_prove(struct identity *self, void *call)
{
    struct session session;

    if (session_find(self, call, &session))
        session_step_up(self, &session, 0, call);
}

void session_renew(struct identity *self, const struct member *member, Identity__Session_Closure reply, void *call)
{
    struct session session;

    if (session_find(self, call, &session))
        reply_session(self, member, &session, NULL, reply, call);
    else
        rpc_refuse(call, RPC__REASON__TOKEN_REVOKED);
}

bool session_find(struct identity *self, void *call, struct session *ret_session)
{
    const Rpc__Principal *principal = rpc_principal(call);

    return sessions_find(&self->sessions, principal->session_id, ret_session) &&
           ret_session->member_id == principal->member_id && ret_session->expires_at > rpc_now(call);
}

bool session_is_live(struct identity *self, void *call)
{
    struct session session;

    return session_find(self, call, &session);
}

void session_revoke(struct identity *self, int64_t member_id, int64_t session_id, void *call)
{
    Identity__SessionRevoked revoked = IDENTITY__SESSION_REVOKED__INIT;

    if (!sessions_drop(&self->sessions, session_id))
        return;
    revoked.member_id = member_id;
    revoked.session_id = session_id;
    rpc_tell(call, &revoked.base);
}

void session_revoke_door(struct identity *self, int64_t member_id, int64_t door, void *call)
{
    int64_t session_id;

    while (!store_trouble(self->store) && sessions_find_by_door(&self->sessions, member_id, door, &session_id))
        session_revoke(self, member_id, session_id, call);
}

void session_revoke_all(struct identity *self, int64_t member_id, void *call)
{
    int64_t session_id;

    while (!store_trouble(self->store) && sessions_find_any(&self->sessions, member_id, &session_id))
        session_revoke(self, member_id, session_id, call);
}

/* ---- messages ---- */

bool trades_message(int trades, size_t *ret_n, Rpc__Trade **ret_list, void *call)
{
    Rpc__Trade *list = arena_alloc(rpc_arena(call), (RPC__TRADE__CONSTRUCTION + 1) * sizeof(*list));
    size_t n = 0;

    if (!list)
        return false;
    for (int i = RPC__TRADE__TRADE_OTHER + 1; i <= RPC__TRADE__CONSTRUCTION; i++) {
        if (trades >> i & 1)
            list[n++] = (Rpc__Trade)i;
    }
    *ret_n = n;
    *ret_list = list;
    return true;
}

Identity__Union *union_message(const struct union_node *node, void *call)
{
    Identity__Union *message = arena_message(rpc_arena(call), &identity__union__descriptor);

    if (!message)
        return NULL;
    message->union_id = node->id;
    message->parent_id = node->parent_id;
    message->children = (int32_t)node->children;
    message->code = rpc_text(call, node->code);
    message->name = rpc_text(call, node->name);
    message->path = rpc_text(call, node->path);
    message->state = (Identity__UnionState)node->state;
    message->credit_code = rpc_text(call, node->credit_code);
    if (!trades_message(node->trades, &message->n_trades, &message->trades, call))
        return NULL;
    return message;
}

Identity__GrantRecord *grant_message(struct identity *self, const struct authority *grant, void *call)
{
    Identity__GrantRecord *message = arena_message(rpc_arena(call), &identity__grant_record__descriptor);
    struct union_node node;

    if (!message || !unions_find(&self->unions, grant->union_id, &node))
        return NULL;
    message->grant_id = grant->id;
    message->member_id = grant->member_id;
    message->role = (Rule__Role)grant->role;
    message->granted_by = grant->granted_by;
    message->granted_at = grant->granted_at;
    message->also_by = grant->also_by;
    message->effective_at = grant->effective_at;
    message->union_ = union_message(&node, call);
    return message;
}

char *member_masked_name(struct identity *self, int64_t member_id, void *call)
{
    char name[CN_NAME_SIZE] = "";
    struct person person;
    struct member member;

    if (members_find(&self->members, member_id, &member) && member.sealed_person.len) {
        person_open_member(self, &member, &person);
        cn_mask_name(person.name, name);
    }
    return rpc_text(call, name);
}

/* The masked forms; stars alone where the seal cannot be opened. */
static void mask_person(struct identity *self, const struct member *member, Identity__Member *message, void *call)
{
    char mobile[CN_MOBILE_LEN + 1], name[CN_NAME_SIZE], resident_id[CN_RESIDENT_ID_LEN + 1];
    struct person person;

    person_open_member(self, member, &person);
    cn_mask_mobile(person.mobile, mobile);
    message->mobile = rpc_text(call, mobile);
    if (!member->sealed_person.len)
        return;
    cn_mask_name(person.name, name);
    cn_mask_resident_id(person.resident_id, resident_id);
    message->document = (Identity__DocumentKind)cn_document_kind(person.resident_id);
    message->name = rpc_text(call, name);
    message->resident_id = rpc_text(call, resident_id);
}

Identity__Member *member_message(struct identity *self, const struct member *member, void *call)
{
    struct authority held[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, member->id, held, ARRAY_LEN(held));
    Identity__Member *message = arena_message(rpc_arena(call), &identity__member__descriptor);
    struct standing standing;
    struct union_node node;

    if (!message)
        return NULL;
    message->member_id = member->id;
    message->level = (Rpc__Level)level_told(member->level, member->trade);
    message->trade = (Rpc__Trade)member->trade;
    mask_person(self, member, message, call);
    for (size_t i = 0; i < n; i++)
        rpc_add(call, message, grants, grant_message(self, &held[i], call));
    if (periods_find_standing(&self->periods, member->id, &standing))
        message->standing = (Identity__Standing)standing.standing;
    if (member->union_id && unions_find(&self->unions, member->union_id, &node))
        message->union_ = union_message(&node, call);
    return message;
}

Identity__Member *member_message_for(struct identity *self, const struct member *member, bool unproven, void *call)
{
    Identity__Member *message = member_message(self, member, call);

    if (message && unproven) {
        message->name = message->resident_id = (char *)protobuf_c_empty_string;
        message->step_up_needed = true;
    }
    return message;
}
