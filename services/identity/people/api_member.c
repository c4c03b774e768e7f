#include "services/identity/access/codes.h"
#include "services/identity/api.h"
#include "services/identity/membership/joins.h"
#include "services/identity/unions/changes.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/names.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/trades.h"
#include "services/identity/unions/unions.h"

/* The caller as a member; refuses and returns false when she is none. */
static bool caller(struct identity *self, void *call, struct member *ret_member)
{
    if (members_find(&self->members, rpc_principal(call)->member_id, ret_member))
        return true;
    rpc_refuse(call, IDENTITY__REASON__MEMBER_NOT_FOUND);
    return false;
}

/* rpc GetMe: what is known of the caller, masked, and what she may do. */
void identity__get_me(Identity__Identity_Service *service, const Identity__MeRequest *req,
                      Identity__Member_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__Member *message;
    struct member member;

    (void)req;
    if (!caller(self, call, &member))
        return;
    message = member_message_for(self, &member, rpc_principal(call)->unproven, call);
    reply(message, call);
}

int claim_read(const Identity__VerifyRequest *req, void *call, char ret_name[CN_NAME_SIZE],
               struct cn_resident_id *ret_id, const char **ret_field)
{
    int warning, reason = person_name_read(req->name, call, ret_name);

    *ret_field = "name";
    if (reason)
        return reason;
    *ret_field = "residentId";
    return document_read(req->resident_id, (int)req->document, cn_day(rpc_now(call)), ret_id, &warning);
}

int claim_find_holder(struct identity *self, const Identity__VerifyRequest *req, struct member *claimant, int nobody,
                      void *call, struct member *ret_holder, const char **ret_field)
{
    unsigned char index[PII_INDEX_LEN];
    char name[CN_NAME_SIZE];
    struct cn_resident_id id;
    struct person person;
    bool found;
    int reason = claim_read(req, call, name, &id, ret_field);

    if (reason)
        return reason;
    *ret_field = "";
    person_index_id(self, id.number, index);
    found = members_find_person(&self->members, index, ret_holder);
    if (found && ret_holder->id != claimant->id && person_open_member(self, ret_holder, &person) &&
        cn_name_same(person.name, name))
        return 0;
    verify_failed(&claimant->tries, cn_day(rpc_now(call)));
    members_set_tries(&self->members, claimant);
    rpc_keep(call);
    return found && ret_holder->id == claimant->id ? (int)IDENTITY__REASON__ALREADY_VERIFIED : nobody;
}

/* Whose name was proven outside only: a roster, or a union, may still make her a member. */
static bool awaits_union(struct identity *self, const struct member *member)
{
    struct period period;

    return member->level == (int)RPC__LEVEL__REAL_NAME && !member->roster_id &&
           !periods_find_last(&self->periods, member->id, &period);
}

/* Finds her one row. A wrong name is told before anything else of the rosters, so
 * that a resident ID alone learns nothing but whether it is on one. */
static int match_roster(struct identity *self, const struct member *member, const char *name,
                        const unsigned char index[PII_INDEX_LEN], struct roster_entry *ret_entry)
{
    struct roster_entry entries[ROSTERS_SEEN];
    size_t n = rosters_find_person(&self->rosters, index, entries, ARRAY_LEN(entries));
    struct union_node node;
    bool named = false;

    if (n == 0)
        return IDENTITY__REASON__NOT_ON_ROSTER;
    for (size_t i = 0; i < n; i++) {
        struct person person;

        if (person_open_roster(self, entries[i].id, &entries[i].sealed, &person) && cn_name_same(person.name, name))
            named = true;
    }
    if (!named)
        return IDENTITY__REASON__NAME_MISMATCH;
    if (n > 1)
        return IDENTITY__REASON__ROSTER_CONFLICT;
    if (memcmp(member->person, index, PII_INDEX_LEN) != 0 && members_have_person(&self->members, index))
        return IDENTITY__REASON__RESIDENT_ID_TAKEN;
    /* The roster's union may have become part of another. */
    if (!union_successor(self, entries[0].union_id, &node))
        return IDENTITY__REASON__UNION_CLOSED;
    *ret_entry = entries[0];
    return 0;
}

/* Whether she has the number that the roster lists: her own, or one that answers a code. 0, or LISTED_NUMBER_DIFFERS,
 * or what is wrong with the code, with its field. */
static int third_refusal(struct identity *self, const Identity__VerifyRequest *req, const struct member *member,
                         const struct roster_entry *entry, void *call, const char **ret_field)
{
    char mobile[CN_MOBILE_LEN + 1];
    struct person own, listed;
    int reason;

    *ret_field = "";
    if (!person_open_member(self, member, &own) || !person_open_roster(self, entry->id, &entry->sealed, &listed))
        return RPC__REASON__STORE_FAILED;
    if (*own.mobile && strcmp(own.mobile, listed.mobile) == 0)
        return 0;
    if (!*req->code)
        return IDENTITY__REASON__LISTED_NUMBER_DIFFERS;
    *ret_field = "mobile";
    if (!cn_mobile(req->mobile, mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    *ret_field = "code";
    reason = code_judge(self, mobile, IDENTITY__CODE_PURPOSE__CODE_PROVE, req->code, call);
    if (reason)
        return reason;
    *ret_field = "";
    return strcmp(mobile, listed.mobile) == 0 ? 0 : IDENTITY__REASON__LISTED_NUMBER_DIFFERS;
}

/* Asks the officials of the roster's union whether it is she, as a request to join: they see who she says she is
 * (LookAtPerson) and let her in, or do not. An open request stays as it is. */
static void ask_officials(struct identity *self, const struct member *member, const char *name,
                          const struct cn_resident_id *id, const struct roster_entry *entry, void *call)
{
    struct join join = {
        .member_id = member->id,
        .state = IDENTITY__JOIN_STATE__JOIN_ASKED,
        .trade = entry->trade,
        .asked_at = rpc_now(call),
    };
    unsigned char nonce[PII_NONCE_LEN];
    struct person person = {0};
    struct union_node node;
    struct join open;

    if (joins_find_open(&self->joins, member->id, &open) || !union_successor(self, entry->union_id, &node))
        return;
    join.id = id_next(&self->ids, rpc_now(call));
    join.union_id = node.id;
    snprintf(person.name, sizeof(person.name), "%s", name);
    snprintf(person.resident_id, sizeof(person.resident_id), "%s", id->number);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_join(self, member, join.id, nonce, &person, &join.sealed);
    join_add(self, &join);
    join_journal(&join, call);
}

void member_set_person(struct identity *self, struct member *member, const char *name, const struct cn_resident_id *id,
                       void *call)
{
    unsigned char nonce[PII_NONCE_LEN];
    struct person person = {0};

    member->level = RPC__LEVEL__REAL_NAME;
    member->birth_year = id->birth_year;
    member->sex = document_sex(id);
    person_index_id(self, id->number, member->person);
    snprintf(person.name, sizeof(person.name), "%s", name);
    snprintf(person.resident_id, sizeof(person.resident_id), "%s", id->number);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_member(self, member, nonce, &person, &member->sealed_person);
    members_verify(&self->members, member);
    name_set(self, member->id, person.name);
    notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__ACCOUNT_PROOF_TAKEN_BACK, member->id, call);
}

static void verify(struct identity *self, struct member *member, const char *name, const struct cn_resident_id *id,
                   const struct roster_entry *entry, void *call)
{
    Identity__MemberVerified verified = IDENTITY__MEMBER_VERIFIED__INIT;
    struct trade trade = {
        .member_id = member->id, .trade = entry->trade, .source = IDENTITY__TRADE_SOURCE__TRADE_BY_ROSTER};
    struct union_node node;

    verified.again = member->level == (int)RPC__LEVEL__REAL_NAME;
    verified.instead_of = member->roster_id;
    member->roster_id = entry->id;
    member_set_person(self, member, name, id, call);
    verified.member_id = member->id;
    verified.roster_id = entry->id;
    verified.union_id = entry->union_id;
    rpc_tell(call, &verified.base);
    tallies_verify(self, entry->union_id);
    if (!union_successor(self, entry->union_id, &node)) /* match_roster has found it */
        return;
    trade.union_id = node.id;
    if (trade.trade)
        trade_prove(self, member, &trade, call);
    membership_begin(self, member, node.id, IDENTITY__BEGAN__BEGAN_BY_ROSTER, call);
}

/* rpc VerifyMe: by name and resident ID she becomes a member of the union whose
 * roster has her. Every attempt that asks the rosters and fails counts. */
void identity__verify_me(Identity__Identity_Service *service, const Identity__VerifyRequest *req,
                         Identity__Session_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    int today = cn_day(rpc_now(call)), reason;
    unsigned char index[PII_INDEX_LEN];
    char name[CN_NAME_SIZE];
    const char *field = NULL;
    struct roster_entry entry;
    struct cn_resident_id id;
    struct member member;
    bool known;

    if (!caller(self, call, &member))
        return;
    known = member.level >= (int)RPC__LEVEL__REAL_NAME;
    reason = !session_is_live(self, call)            ? (int)RPC__REASON__TOKEN_REVOKED
             : known && !awaits_union(self, &member) ? (int)IDENTITY__REASON__ALREADY_VERIFIED
                                                     : verify_refusal(&member.tries, today);
    if (!reason)
        reason = data_key_ready(self, &member, call);
    if (rpc_refuse_if(call, reason))
        return;
    reason = claim_read(req, call, name, &id, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    person_index_id(self, id.number, index);
    if (known && memcmp(member.person, index, sizeof(index)) != 0) { /* she is proven to be another */
        rpc_refuse(call, IDENTITY__REASON__ALREADY_VERIFIED);
        return;
    }
    reason = match_roster(self, &member, name, index, &entry);
    if (reason) {
        verify_failed(&member.tries, today);
        members_set_tries(&self->members, &member);
        rpc_keep(call);
        rpc_refuse(call, reason);
        return;
    }
    /* Who is proven outside is asked there about her number. */
    reason = known ? 0 : third_refusal(self, req, &member, &entry, call, &field);
    if (reason) {
        if (reason == IDENTITY__REASON__LISTED_NUMBER_DIFFERS)
            ask_officials(self, &member, name, &id, &entry, call);
        rpc_keep(call);
        rpc_refuse_field(call, reason, field);
        return;
    }
    verify(self, &member, name, &id, &entry, call);
    session_prove(self, call);
    session_renew(self, &member, reply, call);
}
