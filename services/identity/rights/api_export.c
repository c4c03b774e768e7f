/* All that is kept of a member, whole and readable, for herself alone (article 45). */
#include "services/identity/membership/api_membership.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/access/grants.h"
#include "services/identity/membership/joins.h"
#include "services/identity/rights/looks.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/rights/pledges.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/sessions.h"
#include "services/identity/membership/trades.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/unions/unions.h"
#include "services/identity/access/wechats.h"

#define LISTED_MAX  100
#define ROSTERS_MAX 8

/* What is exported: of whom, into what. Functions return false when the call's memory is full. */
struct export
{
    struct identity *self;
    void *call;
    struct member member;
    struct person person;
    Identity__MyData data;
};

static void *take(const struct export *export, size_t size)
{
    return arena_zalloc(rpc_arena(export->call), size + 1);
}

static char *copy(const struct export *export, const char *text)
{
    return arena_strndup(rpc_arena(export->call), text, strlen(text));
}

/* The union's message; an empty one when it is gone. */
static Identity__Union *union_of(const struct export *export, int64_t union_id)
{
    struct union_node node = {0};

    unions_find(&export->self->unions, union_id, &node);
    return union_message(&node, export->call);
}

static bool export_account(struct export *export)
{
    Identity__MyAccount *account = take(export, sizeof(*account));
    struct standing standing = {0};

    if (!account)
        return false;
    identity__my_account__init(account);
    periods_find_standing(&export->self->periods, export->member.id, &standing);
    account->member_id = export->member.id;
    account->level = (Rpc__Level) export->member.level;
    account->birth_year = export->member.birth_year;
    account->sex = (Rpc__Sex) export->member.sex;
    account->trade = (Rpc__Trade) export->member.trade;
    account->standing = (Identity__Standing)standing.standing;
    account->created_at = export->member.created_at;
    account->mobile = copy(export, export->person.mobile);
    account->name = copy(export, export->person.name);
    account->resident_id = copy(export, export->person.resident_id);
    export->data.account = account;
    return account->mobile && account->name && account->resident_id;
}

static bool export_rosters(struct export *export)
{
    Identity__MyRosterRow *rows = take(export, ROSTERS_MAX * sizeof(*rows));
    struct roster_entry entries[ROSTERS_MAX];
    size_t n = export->member.sealed_person.len
                   ? rosters_find_person(&export->self->rosters, export->member.person, entries, ROSTERS_MAX)
                   : 0;

    export->data.rosters = take(export, n * sizeof(*export->data.rosters));
    if (!rows || !export->data.rosters)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct person person;

        person_open_roster(export->self, entries[i].id, &entries[i].sealed, &person);
        identity__my_roster_row__init(&rows[i]);
        rows[i].union_ = union_of(export, entries[i].union_id);
        rows[i].trade = (Rpc__Trade)entries[i].trade;
        rows[i].name = copy(export, person.name);
        rows[i].resident_id = copy(export, person.resident_id);
        rows[i].mobile = copy(export, person.mobile);
        if (!rows[i].union_ || !rows[i].name || !rows[i].resident_id || !rows[i].mobile)
            return false;
        export->data.rosters[export->data.n_rosters++] = &rows[i];
    }
    return true;
}

static bool export_memberships(struct export *export)
{
    struct period *periods = take(export, PERIODS_HISTORY_MAX * sizeof(*periods));
    size_t n = periods_find_history(&export->self->periods, export->member.id, 0, periods, PERIODS_HISTORY_MAX);

    export->data.memberships = take(export, n * sizeof(*export->data.memberships));
    if (!periods || !export->data.memberships)
        return false;
    for (size_t i = 0; i < n; i++) {
        export->data.memberships[i] = membership_message(export->self, &periods[i], export->call);
        if (!export->data.memberships[i])
            return false;
        export->data.n_memberships++;
    }
    return true;
}

static bool export_requests(struct export *export)
{
    struct identity *self = export->self;
    Identity__MyData *data = &export->data;
    struct transfer transfer;
    struct join join;
    bool full = false;

    data->joins = take(export, LISTED_MAX * sizeof(*data->joins));
    data->transfers = take(export, LISTED_MAX * sizeof(*data->transfers));
    if (!data->joins || !data->transfers)
        return false;
    joins_ask(&self->joins, JOINS_MINE, export->member.id, 0, INT64_MAX, LISTED_MAX);
    while (!full && data->n_joins < LISTED_MAX && joins_next(&self->joins, JOINS_MINE, &join)) {
        data->joins[data->n_joins] = join_message(self, &join, export->call);
        full = !data->joins[data->n_joins++];
    }
    joins_end(&self->joins, JOINS_MINE);
    transfers_ask(&self->transfers, TRANSFERS_MINE, export->member.id, 0, INT64_MAX, LISTED_MAX);
    while (!full && data->n_transfers < LISTED_MAX && transfers_next(&self->transfers, TRANSFERS_MINE, &transfer)) {
        data->transfers[data->n_transfers] = transfer_message(self, &transfer, export->call);
        full = !data->transfers[data->n_transfers++];
    }
    transfers_end(&self->transfers, TRANSFERS_MINE);
    return !full;
}

static bool export_consents(struct export *export)
{
    struct consent consents[CONSENTS_SHOWN];
    size_t n = consents_find_all(&export->self->consents, export->member.id, INT64_MAX, consents, CONSENTS_SHOWN);

    for (size_t i = 0; i < n; i++)
        rpc_add(export->call, &export->data, consents, consent_message(&consents[i], export->call));
    return export->data.n_consents == n;
}

static bool export_pledges(struct export *export)
{
    struct pledge pledges[PLEDGES_SHOWN];
    size_t n = pledges_find_all(&export->self->pledges, export->member.id, INT64_MAX, pledges, PLEDGES_SHOWN);

    for (size_t i = 0; i < n; i++)
        rpc_add(export->call, &export->data, pledges, pledge_message(&pledges[i], export->call));
    return export->data.n_pledges == n;
}

static bool export_doors(struct export *export)
{
    Identity__WechatDoor *messages = take(export, WECHAT_DOORS * sizeof(*messages));
    char appid[WECHAT_NAME_MAX + 1];
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&export->self->wechats, export->member.id, doors, ARRAY_LEN(doors));

    export->data.wechats = take(export, n * sizeof(*export->data.wechats));
    if (!messages || !export->data.wechats)
        return false;
    for (size_t i = 0; i < n; i++) {
        person_open_wechat(export->self, &export->member, &doors[i], appid, NULL);
        identity__wechat_door__init(&messages[i]);
        messages[i].wechat_id = doors[i].id;
        messages[i].bound_at = doors[i].bound_at;
        messages[i].appid = copy(export, appid);
        if (!messages[i].appid)
            return false;
        export->data.wechats[export->data.n_wechats++] = &messages[i];
    }
    return true;
}

static bool export_sessions(struct export *export)
{
    Identity__MySession *messages = take(export, LISTED_MAX * sizeof(*messages));
    struct session sessions[LISTED_MAX];
    size_t n = sessions_find_live(&export->self->sessions, export->member.id, rpc_now(export->call), INT64_MAX,
                                  sessions, LISTED_MAX);

    export->data.sessions = take(export, n * sizeof(*export->data.sessions));
    if (!messages || !export->data.sessions)
        return false;
    for (size_t i = 0; i < n; i++) {
        identity__my_session__init(&messages[i]);
        messages[i].session_id = sessions[i].id;
        messages[i].sign_in = (Identity__SignIn)sessions[i].sign_in;
        messages[i].opened_at = sessions[i].opened_at;
        messages[i].expires_at = sessions[i].expires_at;
        messages[i].device = copy(export, sessions[i].device);
        if (!messages[i].device)
            return false;
        export->data.sessions[export->data.n_sessions++] = &messages[i];
    }
    return true;
}

static bool export_grants(struct export *export)
{
    struct authority held[LIMIT_GRANTS];
    size_t n = grants_find_all(&export->self->grants, export->member.id, held, ARRAY_LEN(held));

    export->data.grants = take(export, n * sizeof(*export->data.grants));
    for (size_t i = 0; export->data.grants && i < n; i++) {
        export->data.grants[i] = grant_message(export->self, &held[i], export->call);
        if (!export->data.grants[i])
            return false;
        export->data.n_grants++;
    }
    return export->data.grants;
}

static bool export_standings(struct export *export)
{
    Identity__MyStanding *messages = take(export, LISTED_MAX * sizeof(*messages));
    struct standing standings[LISTED_MAX];
    size_t n = periods_find_standings(&export->self->periods, export->member.id, standings, LISTED_MAX);

    export->data.standings = take(export, n * sizeof(*export->data.standings));
    if (!messages || !export->data.standings)
        return false;
    for (size_t i = 0; i < n; i++) {
        identity__my_standing__init(&messages[i]);
        messages[i].standing = (Identity__Standing)standings[i].standing;
        messages[i].reason = (Identity__StandingReason)standings[i].reason;
        messages[i].from = standings[i].began_at;
        messages[i].to = standings[i].ended_at;
        export->data.standings[export->data.n_standings++] = &messages[i];
    }
    return true;
}

static bool export_trades(struct export *export)
{
    struct trades *trades = &export->self->trades;
    Identity__MyData *data = &export->data;
    struct trade trade;
    bool full = false;

    data->trades = take(export, LISTED_MAX * sizeof(*data->trades));
    if (!data->trades)
        return false;
    trades_ask(trades, TRADES_MINE, export->member.id, INT64_MAX, LISTED_MAX);
    while (!full && data->n_trades < LISTED_MAX && trades_next(trades, TRADES_MINE, &trade)) {
        data->trades[data->n_trades] = trade_message(export->self, &trade, export->call);
        full = !data->trades[data->n_trades++];
    }
    trades_end(trades, TRADES_MINE);
    return !full;
}

static bool export_corrections(struct export *export)
{
    struct correction *corrections = take(export, LISTED_MAX * sizeof(*corrections));
    size_t n = corrections ? corrections_find_mine(&export->self->corrections, export->member.id, INT64_MAX,
                                                   corrections, LISTED_MAX)
                           : 0;

    export->data.corrections = take(export, n * sizeof(*export->data.corrections));
    if (!corrections || !export->data.corrections)
        return false;
    for (size_t i = 0; i < n; i++) {
        export->data.corrections[i] = correction_message(export->self, &corrections[i], export->call);
        if (!export->data.corrections[i])
            return false;
        export->data.n_corrections++;
    }
    return true;
}

static bool export_looks(struct export *export)
{
    struct look looks[LISTED_MAX];
    int64_t next;
    size_t n = looks_find(export->self, export->member.id, 0, looks, LISTED_MAX, &next, export->call);

    export->data.looks = take(export, n * sizeof(*export->data.looks));
    for (size_t i = 0; export->data.looks && i < n; i++) {
        export->data.looks[i] = look_message(export->self, &looks[i], export->call);
        if (!export->data.looks[i])
            return false;
        export->data.n_looks++;
    }
    return export->data.looks;
}

/* rpc ExportMyData: with a code sent to her number, since a session alone may be on a
 * telephone that somebody else holds. */
void rights__export_my_data(Identity__Rights_Service *service, const Identity__ExportRequest *req,
                            Identity__MyData_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, rights_service);
    struct export export = {.self = self, .call = call, .data = IDENTITY__MY_DATA__INIT};
    int reason = caller_refusal(self, call, &export.member);

    if (reason) {
        rpc_refuse(call, reason);
        return;
    }
    reason = own_code_refusal(self, &export.member, req->code, call);
    if (reason) {
        rpc_keep(call);
        rpc_refuse_field(call, reason, "code");
        return;
    }
    person_open_member(self, &export.member, &export.person);
    export.data.exported_at = rpc_now(call);
    if (export_account(&export) && export_rosters(&export) && export_memberships(&export) && export_requests(&export) &&
        export_consents(&export) && export_pledges(&export) && export_doors(&export) && export_sessions(&export) &&
        export_grants(&export) && export_standings(&export) && export_trades(&export) && export_corrections(&export) &&
        export_looks(&export))
        reply(&export.data, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}
