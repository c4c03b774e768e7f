/* api_people.c: the operations of people.proto. */
#include "services/identity/access/session_life.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/membership/joins.h"
#include "services/identity/membership/trades.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/people/merges.h"
#include "services/identity/people/names.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/cadres.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/rules.h"

#define LATEST      20  /* of each kind in a record */
#define MEMBERSHIPS 200 /* of a record: more than anybody has */

static struct identity *self_of(Identity__People_Service *service)
{
    return container_of(service, struct identity, people_service);
}

/* ---- who is looked for ---- */

/* In normal form; "" and 0 where it is not asked for. */
struct sought {
    struct person person;
    int64_t member_id, trades;
    char path[UNION_PATH_SIZE]; /* of the subtree */
};

/* 0, or the Reason with its field. */
static int read_sought(const Identity__FindMembersRequest *req, void *call, struct sought *ret, const char **ret_field)
{
    struct cn_resident_id id;
    int reason = 0, warning;

    *ret = (struct sought){.member_id = req->member_id, .trades = rpc_page_mask(req->trade, req->n_trade)};
    *ret_field = "name";
    if (*req->name)
        reason = person_name_read(req->name, call, ret->person.name);
    if (!reason && *req->resident_id) {
        *ret_field = "residentId";
        reason = document_read(req->resident_id, (int)req->document, cn_day(rpc_now(call)), &id, &warning);
        if (!reason)
            snprintf(ret->person.resident_id, sizeof(ret->person.resident_id), "%s", id.number);
    }
    if (!reason && *req->mobile && !cn_mobile(req->mobile, ret->person.mobile)) {
        *ret_field = "mobile";
        reason = IDENTITY__REASON__MOBILE_INVALID;
    }
    if (!reason && !*ret->person.name && !*ret->person.resident_id && !*ret->person.mobile && !ret->member_id)
        reason = RPC__REASON__MISSING_FIELD; /* of the name, as the one that is known most often */
    return reason;
}

static bool as_sought(const char *sought, const char *hers)
{
    return !*sought || strcmp(sought, hers) == 0;
}

/* Whether a member is all that is sought, and known to the caller. */
static bool is_sought(struct identity *self, const struct sought *sought, int64_t member_id, void *call,
                      struct member *ret_member)
{
    struct union_node node;
    struct person person;
    struct period last;

    return member_refusal(self, member_id, union_administrators, call, ret_member) == 0 && !ret_member->merged_into &&
           periods_find_last(&self->periods, member_id, &last) && unions_find(&self->unions, last.union_id, &node) &&
           union_path_covers(sought->path, node.path) && (sought->trades >> ret_member->trade & 1) &&
           (!sought->member_id || sought->member_id == member_id) && person_open_member(self, ret_member, &person) &&
           as_sought(sought->person.name, person.name) && as_sought(sought->person.resident_id, person.resident_id) &&
           as_sought(sought->person.mobile, person.mobile);
}

/* Those who may be meant, behind an id; returns how many. */
static size_t find_candidates(struct identity *self, const struct sought *sought, int64_t after,
                              int64_t ret_ids[NAMES_SEEN])
{
    unsigned char index[PII_INDEX_LEN];
    struct member member = {.id = sought->member_id};

    if (*sought->person.resident_id) {
        person_index_id(self, sought->person.resident_id, index);
        member.id = members_find_person(&self->members, index, &member) ? member.id : 0;
    } else if (*sought->person.mobile) {
        person_index_mobile(self, sought->person.mobile, index);
        member.id = members_find_mobile(&self->members, index, &member) ? member.id : 0;
    } else if (!sought->member_id) {
        name_mark(self, sought->person.name, index);
        return names_find(&self->names, index, after, ret_ids, NAMES_SEEN);
    }
    ret_ids[0] = member.id;
    return member.id > after;
}

/* rpc FindMembers: masked, in the order of their numbers. */
static void people__find_members(Identity__People_Service *service, const Identity__FindMembersRequest *req,
                                 Identity__MemberList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__MemberList list = IDENTITY__MEMBER_LIST__INIT;
    int64_t ids[NAMES_SEEN];
    struct sought sought;
    struct union_node node;
    struct member member;
    const char *field = "unionId";
    bool room = true;
    size_t n;
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (!reason)
        reason = read_sought(req, call, &sought, &field);
    if (rpc_refuse_field_if(call, reason, field) || !unions_find(&self->unions, req->union_id, &node))
        return;
    memcpy(sought.path, node.path, sizeof(sought.path));
    n = find_candidates(self, &sought, rpc_page(call)->after, ids);
    for (size_t i = 0; i < n && room; i++) {
        Identity__Member *shown =
            is_sought(self, &sought, ids[i], call, &member) ? member_message(self, &member, call) : NULL;

        if (!shown || !rpc_page_wants(call, (int)shown->standing))
            continue;
        room = rpc_page_takes(call, ids[i]);
        if (room)
            rpc_add(call, &list, members, shown);
    }
    if (room && n == NAMES_SEEN)
        rpc_page_ends_at(call, "", ids[n - 1]);
    reply(&list, call);
}

/* ---- one member's record ---- */

static void add_memberships(struct identity *self, int64_t member_id, Identity__MemberRecord *record, void *call)
{
    struct period *periods = arena_alloc(rpc_arena(call), MEMBERSHIPS * sizeof(*periods));
    size_t n = periods_find_history(&self->periods, member_id, 0, periods, MEMBERSHIPS);

    for (size_t i = 0; i < n; i++)
        rpc_add(call, record, memberships, membership_message(self, &periods[i], call));
}

static void add_trades(struct identity *self, int64_t member_id, Identity__MemberRecord *record, void *call)
{
    struct trade trade = {0};

    trades_ask(&self->trades, TRADES_MINE, member_id, INT64_MAX, LATEST, RPC_PAGE_ALL);
    while (trades_next(&self->trades, TRADES_MINE, &trade))
        rpc_add(call, record, trades, trade_message(self, &trade, call));
    trades_end(&self->trades, TRADES_MINE);
}

static void add_posts(struct identity *self, int64_t member_id, Identity__MemberRecord *record, void *call)
{
    struct cadre cadres[LATEST];
    size_t n = cadres_find_hers(&self->cadres, member_id, 0, cadres, LATEST);

    for (size_t i = 0; i < n; i++)
        rpc_add(call, record, posts, cadre_message(self, &cadres[i], call));
}

static void add_requests(struct identity *self, int64_t member_id, Identity__MemberRecord *record, void *call)
{
    struct correction *corrections = arena_alloc(rpc_arena(call), LATEST * sizeof(*corrections));
    struct transfer transfer = {0};
    struct merge merge = {0};
    struct join join = {0};
    size_t n;

    joins_ask(&self->joins, JOINS_MINE, member_id, RPC_PAGE_ALL, INT64_MAX, LATEST);
    while (joins_next(&self->joins, JOINS_MINE, &join))
        rpc_add(call, record, joins, join_message(self, &join, call));
    joins_end(&self->joins, JOINS_MINE);
    transfers_ask(&self->transfers, TRANSFERS_MINE, member_id, RPC_PAGE_ALL, INT64_MAX, LATEST);
    while (transfers_next(&self->transfers, TRANSFERS_MINE, &transfer))
        rpc_add(call, record, transfers, transfer_message(self, &transfer, call));
    transfers_end(&self->transfers, TRANSFERS_MINE);
    merges_ask(&self->merges, MERGES_MINE, member_id, INT64_MAX, LATEST, RPC_PAGE_ALL);
    while (merges_next(&self->merges, MERGES_MINE, &merge))
        rpc_add(call, record, merges, merge_message(self, &merge, false, call));
    merges_end(&self->merges, MERGES_MINE);
    n = corrections_find_mine(&self->corrections, member_id, INT64_MAX, corrections, LATEST, RPC_PAGE_ALL);
    for (size_t i = 0; i < n; i++)
        rpc_add(call, record, corrections, correction_message(self, &corrections[i], call));
}

/* rpc GetMemberRecord: what she asked for is for the union's administrators alone. */
static void people__get_member_record(Identity__People_Service *service, const Identity__MemberRequest *req,
                                      Identity__MemberRecord_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__MemberRecord record = IDENTITY__MEMBER_RECORD__INIT;
    struct member member;

    if (rpc_refuse_if(call, member_refusal(self, req->member_id, union_readers, call, &member)))
        return;
    record.member = member_message(self, &member, call);
    if (!record.member) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    add_memberships(self, member.id, &record, call);
    add_trades(self, member.id, &record, call);
    add_posts(self, member.id, &record, call);
    if (member_refusal(self, member.id, union_administrators, call, &member) == 0)
        add_requests(self, member.id, &record, call);
    reply(&record, call);
}

/* ---- cadres ---- */

/* Adds what a person holds now in a subtree. False when the page is full. */
static bool add_held(struct identity *self, const char *path, int64_t member_id, Identity__CadreList *list, void *call)
{
    struct cadre cadres[LATEST];
    struct union_node node;
    bool room = true;
    size_t n;

    if (!member_is_known(self, member_id, union_readers, call))
        return true;
    n = cadres_find_hers(&self->cadres, member_id, 0, cadres, LATEST);
    for (size_t i = 0; i < n && room; i++) {
        if (cadres[i].ended_at || !unions_find(&self->unions, cadres[i].union_id, &node) ||
            !union_path_covers(path, node.path))
            continue;
        room = rpc_page_takes(call, member_id);
        if (room)
            rpc_add(call, list, cadres, cadre_message(self, &cadres[i], call));
    }
    return room;
}

/* rpc FindCadres: of those whom the caller's office knows. */
static void people__find_cadres(Identity__People_Service *service, const Identity__FindCadresRequest *req,
                                Identity__CadreList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__CadreList list = IDENTITY__CADRE_LIST__INIT;
    unsigned char mark[PII_INDEX_LEN];
    int64_t ids[NAMES_SEEN];
    char name[CN_NAME_SIZE];
    struct union_node node;
    const char *field = "unionId";
    bool room = true;
    size_t n;
    int reason = official_refusal(self, req->union_id, union_readers, call);

    if (!reason) {
        field = "name";
        reason = person_name_read(req->name, call, name);
    }
    if (rpc_refuse_field_if(call, reason, field) || !unions_find(&self->unions, req->union_id, &node))
        return;
    name_mark(self, name, mark);
    n = names_find(&self->names, mark, rpc_page(call)->after, ids, NAMES_SEEN);
    for (size_t i = 0; i < n && room; i++)
        room = add_held(self, node.path, ids[i], &list, call);
    if (room && n == NAMES_SEEN)
        rpc_page_ends_at(call, "", ids[n - 1]);
    reply(&list, call);
}

const Identity__People_Service people_api = IDENTITY__PEOPLE__INIT(people__);
