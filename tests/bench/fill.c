/* fill DIR MEMBERS: makes a store of hg-identity with so many verified members, see
 * people.h, and prints the time they began to sign in, which is what else is needed
 * to know who is who. Settings: HUIGONG_PII_KEY, HUIGONG_TOKEN_KEY.
 *
 * Everything goes in by the service's own functions, with the journal's rows; only the
 * numbers of the unions are added up here first, instead of for each member in turn.
 * Everybody has a session that lasts. Nothing is synced before the end, so a fill
 * that is cut off is of no use. */

#include "common/base/log.h"
#include "common/base/sha256.h"
#include "services/identity/api.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/periods.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/rules.h"
#include "services/identity/access/sessions.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/trades.h"
#include "services/identity/unions/unions.h"
#include "tests/bench/people.h"

#define SLICE      500000 /* people in one transaction */
#define CACHE_KIB  "3000000"
#define FIRST_DAYS (DAYS + 1) /* they may begin within a day */

struct fill {
    struct service service;
    struct identity *identity;
    struct people people;
    uint64_t at, end;              /* of the slice */
    struct tally *tallies;         /* by union */
    int32_t (*joined)[FIRST_DAYS]; /* by union and day, of the union itself */
    int64_t first_day;
};

static void pragma(struct store *store, const char *text)
{
    int statement = store_prepare(store, &text, 1);

    ensure(statement >= 0);
    store_ask(store, (unsigned)statement, "");
    while (store_row(store, (unsigned)statement))
        continue;
    ensure(!store_trouble(store));
}

static void journal(struct fill *fill, int64_t at, const ProtobufCMessage *fact)
{
    journal_add(rpc_server_journal(fill->service.rpc), at, 0, fact);
}

/* ---- unions ---- */

static void fill_unions(void *call, void *arg)
{
    struct fill *fill = arg;

    for (uint32_t n = 1; n <= N_UNIONS; n++) {
        char code[UNION_CODE_SIZE], name[UNION_NAME_SIZE];
        uint32_t above = people_union_above(n);
        struct union_node parent, node;
        const struct union_draft draft = {.code = code, .name = name, .parent = &parent, .parent_field = "parentId"};
        const char *field;

        snprintf(code, sizeof(code), "44-%06u", n);
        snprintf(name, sizeof(name), "第%u号企业工会委员会", n);
        ensure(unions_find(&fill->identity->unions, above ? people_union_id(&fill->people, above) : 0, &parent));
        ensure(union_create(fill->identity, &draft, call, &node, &field) == 0);
        ensure(node.id == people_union_id(&fill->people, n));
    }
}

/* ---- rosters ---- */

static void fill_row(struct fill *fill, uint64_t place, void *call)
{
    int64_t at = fill->people.begin_at - DAY_MS;
    uint32_t of = people_union(&fill->people, place);
    struct roster_entry entry = {
        .id = id_next(&fill->identity->ids, at),
        .union_id = people_union_id(&fill->people, of),
        .trade = people_trade(place),
    };
    Identity__RosterRowAdded added = IDENTITY__ROSTER_ROW_ADDED__INIT;
    unsigned char nonce[PII_NONCE_LEN];
    struct person person;

    ensure(entry.id == people_roster_id(&fill->people, place));
    people_person(&fill->people, place, &person);
    person_index_id(fill->identity, person.resident_id, entry.person);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_roster(fill->identity, entry.id, nonce, &person, &entry.sealed);
    ensure(rosters_add(&fill->identity->rosters, &entry) == 1);
    added.roster_id = entry.id;
    added.union_id = entry.union_id;
    journal(fill, at, &added.base);
    fill->tallies[of].listed++;
}

static void fill_rows(void *call, void *arg)
{
    struct fill *fill = arg;

    for (; fill->at < fill->end; fill->at++)
        fill_row(fill, fill->at, call);
}

/* ---- members ---- */

static void add_session(struct fill *fill, uint64_t turn, int64_t at, int64_t member_id)
{
    unsigned char family[HALF_LEN], half[HALF_LEN];
    struct session session = {
        .id = id_next(&fill->identity->ids, at),
        .member_id = member_id,
        .opened_at = at,
        .sign_in = IDENTITY__SIGN_IN__SIGN_IN_BY_CODE,
    };
    Identity__SessionOpened opened = IDENTITY__SESSION_OPENED__INIT;

    ensure(session.id == people_session_id(&fill->people, turn));
    /* As if refreshed at some time of the last 25 days. */
    session.expires_at = fill->people.begin_at + DAYS * DAY_MS + REFRESH_LIFE_MS -
                         (int64_t)(people_place(&fill->people, turn) % 25) * DAY_MS - (int64_t)(turn % 10000) * 8000;
    session.refreshed_at = session.expires_at - REFRESH_LIFE_MS;
    people_refresh(turn, family, half);
    sha256_of(family, sizeof(family), session.family);
    sha256_of(half, sizeof(half), session.turn);
    sessions_add(&fill->identity->sessions, &session);
    opened.member_id = member_id;
    opened.session_id = session.id;
    journal(fill, at, &opened.base);
}

static void begin_membership(struct fill *fill, const struct member *member, int64_t at, uint32_t of)
{
    struct period period = {
        .id = id_next(&fill->identity->ids, at),
        .member_id = member->id,
        .union_id = member->union_id,
        .began_at = at,
        .began = IDENTITY__BEGAN__BEGAN_BY_ROSTER,
    };
    Identity__MembershipBegan began = IDENTITY__MEMBERSHIP_BEGAN__INIT;

    ensure(periods_begin(&fill->identity->periods, &period));
    began.membership_id = period.id;
    began.member_id = period.member_id;
    began.union_id = period.union_id;
    began.began = IDENTITY__BEGAN__BEGAN_BY_ROSTER;
    began.trade = (Rpc__Trade)member->trade;
    journal(fill, at, &began.base);
    fill->tallies[of].own++;
    fill->tallies[of].members++;
    fill->tallies[of].trades[member->trade]++;
    fill->joined[of][tally_day_of(at) - fill->first_day]++;
}

static void verify(struct fill *fill, struct member *member, uint64_t place, const struct person *person, int64_t at,
                   void *call)
{
    uint32_t of = people_union(&fill->people, place);
    Identity__MemberVerified verified = IDENTITY__MEMBER_VERIFIED__INIT;
    struct trade trade = {
        .member_id = member->id,
        .union_id = people_union_id(&fill->people, of),
        .trade = people_trade(place),
        .source = IDENTITY__TRADE_SOURCE__TRADE_BY_ROSTER,
    };
    unsigned char nonce[PII_NONCE_LEN];

    member->level = RPC__LEVEL__MEMBER;
    member->roster_id = people_roster_id(&fill->people, place);
    member->birth_year = 1960 + (int)(place / 1000 / 336 % 45);
    member->sex = place % 1000 % 2 ? RPC__SEX__MALE : RPC__SEX__FEMALE;
    person_index_id(fill->identity, person->resident_id, member->person);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_member(fill->identity, member, nonce, person, &member->sealed_person);
    member->union_id = trade.union_id;
    members_verify(&fill->identity->members, member);
    verified.member_id = member->id;
    verified.roster_id = member->roster_id;
    verified.union_id = member->union_id;
    journal(fill, at, &verified.base);
    fill->tallies[of].verified++;
    member->union_id = 0; /* her numbers are added up later */
    if (trade.trade)
        trade_prove(fill->identity, member, &trade, call);
    member->union_id = trade.union_id;
    begin_membership(fill, member, at, of);
}

static void fill_member(struct fill *fill, uint64_t turn, void *call)
{
    int64_t at = people_signed_in_at(&fill->people, turn);
    uint64_t place = people_place(&fill->people, turn), draw = people_draw(&fill->people, turn);
    struct member member = {.id = id_next(&fill->identity->ids, at), .level = RPC__LEVEL__MOBILE, .created_at = at};
    unsigned char nonce[PII_NONCE_LEN];
    struct person person;

    ensure(member.id == people_member_id(&fill->people, turn));
    people_person(&fill->people, place, &person);
    person_index_mobile(fill->identity, person.mobile, member.mobile);
    data_key_make(fill->identity, &member, call);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_mobile(fill->identity, &member, nonce, person.mobile, &member.sealed_mobile);
    members_add(&fill->identity->members, &member);
    add_session(fill, turn, at, member.id);
    if (draw < fill->people.members)
        verify(fill, &member, place, &person, at, call);
}

static void fill_members(void *call, void *arg)
{
    struct fill *fill = arg;

    for (; fill->at < fill->end; fill->at++)
        fill_member(fill, fill->at, call);
}

/* ---- numbers ---- */

/* Children come after their parents, so from the last one up every sum is complete. */
static void fill_numbers(void *call, void *arg)
{
    struct fill *fill = arg;

    (void)call;
    for (uint32_t n = N_UNIONS; n > 0; n--) {
        const struct tally *from = &fill->tallies[n];
        uint32_t above = people_union_above(n);
        struct tally *to = &fill->tallies[above];

        to->members += from->members;
        to->listed += from->listed;
        to->verified += from->verified;
        for (int i = 0; i < TALLY_TRADES; i++)
            to->trades[i] += from->trades[i];
        for (int day = 0; day < FIRST_DAYS; day++)
            fill->joined[above][day] += fill->joined[n][day];
    }
    for (uint32_t n = 1; n <= N_UNIONS; n++) {
        int64_t id = people_union_id(&fill->people, n);

        if (fill->tallies[n].listed == 0)
            continue;
        tallies_add(&fill->identity->tallies, id, &fill->tallies[n]);
        for (int day = 0; day < FIRST_DAYS; day++) {
            int32_t joined = fill->joined[n][day];

            if (joined)
                tallies_add_day(&fill->identity->tallies, id, fill->first_day + day, n < FIRST_LEAF ? 0 : joined,
                                joined);
        }
    }
}

/* ---- all of it ---- */

static void in_slices(struct fill *fill, rpc_work work, const char *what)
{
    for (fill->at = 0; fill->at < fill->people.all;) {
        fill->end = fill->at + SLICE < fill->people.all ? fill->at + SLICE : fill->people.all;
        clock_fake(&fill->service.clock, people_signed_in_at(&fill->people, fill->at), fill->at);
        ensure(rpc_server_transact(fill->service.rpc, work, fill) == 0);
        fprintf(stderr, "%s %llu\n", what, (unsigned long long)fill->at);
    }
}

static void open_store(struct fill *fill, const char *dir)
{
    struct service *service = &fill->service;
    struct store_options options;

    service->spec = &identity_spec;
    service_store_options(service, dir, &options);
    service->store = store_open(&options);
    ensure(service->store);
    pragma(service->store, "PRAGMA locking_mode = EXCLUSIVE");
    pragma(service->store, "PRAGMA journal_mode = OFF");
    pragma(service->store, "PRAGMA synchronous = OFF");
    pragma(service->store, "PRAGMA cache_size = -" CACHE_KIB);
    service->rpc = rpc_server_new(service->store, &service->clock);
    ensure(service->rpc && service_begin(service) == 0);
    fill->identity = service->self;
}

int main(int argc, char **argv)
{
    static struct fill fill;
    int64_t begin_at;

    if (argc != 3) {
        fprintf(stderr, "usage: fill DIR MEMBERS\n");
        return 2;
    }
    log_init("fill", LOG_WARN);
    umask(0077);
    clock_real(&fill.service.clock);
    begin_at = clock_now(&fill.service.clock) - (int64_t)DAYS * DAY_MS;
    fill.people = people_of(strtoull(argv[2], NULL, 10), begin_at);
    fill.first_day = tally_day_of(begin_at);
    fill.tallies = calloc(N_UNIONS + 1, sizeof(*fill.tallies));
    fill.joined = calloc(N_UNIONS + 1, sizeof(*fill.joined));
    ensure(fill.people.members > 0 && fill.tallies && fill.joined);
    if (conf_load(identity_spec.conf, NULL, true) || api_load())
        return 1;
    clock_fake(&fill.service.clock, begin_at - 2 * DAY_MS, (uint64_t)begin_at);
    open_store(&fill, argv[1]);
    ensure(rpc_server_transact(fill.service.rpc, fill_unions, &fill) == 0);
    in_slices(&fill, fill_rows, "rows");
    in_slices(&fill, fill_members, "members");
    ensure(rpc_server_transact(fill.service.rpc, fill_numbers, &fill) == 0);
    rpc_server_free(fill.service.rpc);
    store_close(fill.service.store);
    identity_done(fill.identity);
    service_end(&fill.service);
    printf("%lld\n", (long long)begin_at);
    return 0;
}
