#include "services/coupon/points/gifts.h"

#include "services/coupon/api.h"
#include "services/coupon/points/points.h"

#define DEED "points gift"
#define COLUMNS                                                                                                        \
    "gift_id, ledger_id, points, valid_days, reason, state, proposed_by, proposed_at, decided_by, decided_at"

enum { SQL_ADD, SQL_ADD_MEMBER, SQL_SET, SQL_FIND, SQL_LIST, SQL_MEMBERS, N_SQL };

#define OF_LEDGER(state)                                                                                               \
    "SELECT " COLUMNS " FROM points_gift WHERE ledger_id = ?1 AND gift_id < ?2 AND state = " state                     \
    " AND " RPC_PAGE_STATES("?4", state)

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO points_gift (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [SQL_ADD_MEMBER] = "INSERT INTO points_gift_member (gift_id, member_id) VALUES (?1, ?2) ON CONFLICT (gift_id, "
                       "member_id) DO NOTHING",
    [SQL_SET] = "UPDATE points_gift SET state = ?2, decided_by = ?3, decided_at = ?4 WHERE gift_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM points_gift WHERE gift_id = ?1",
    [SQL_LIST] = RPC_PAGE_MERGED_3(OF_LEDGER) " ORDER BY gift_id DESC LIMIT ?3",
    [SQL_MEMBERS] = "SELECT member_id FROM points_gift_member WHERE gift_id = ?1 ORDER BY member_id",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned which, struct gift *ret)
{
    return store_read(self->store, self->gifts.sql + which, INTO(ret->id), INTO(ret->ledger_id), INTO(ret->points),
                      INTO(ret->valid_days), INTO(ret->reason), INTO(ret->state), INTO(ret->proposed_by),
                      INTO(ret->proposed_at), INTO(ret->decided_by), INTO(ret->decided_at));
}

static bool find(const struct coupon *self, int64_t gift_id, struct gift *ret)
{
    bool found;

    store_ask(self->store, self->gifts.sql + SQL_FIND, "i", gift_id);
    found = next(self, SQL_FIND, ret);
    store_end(self->store, self->gifts.sql + SQL_FIND);
    return found;
}

/* Who gets it, in rising order. */
static size_t people_of(const struct coupon *self, int64_t gift_id, int64_t ret[GIFT_PEOPLE_MAX])
{
    store_ask(self->store, self->gifts.sql + SQL_MEMBERS, "i", gift_id);
    return store_numbers(self->store, self->gifts.sql + SQL_MEMBERS, ret, GIFT_PEOPLE_MAX);
}

static void add(const struct coupon *self, const struct gift *gift, const int64_t *people, size_t n)
{
    store_run(self->store, self->gifts.sql + SQL_ADD, "iiiitiiiii", gift->id, gift->ledger_id, gift->points,
              (int64_t)gift->valid_days, gift->reason, (int64_t)gift->state, gift->proposed_by, gift->proposed_at,
              gift->decided_by, gift->decided_at);
    for (size_t i = 0; i < n; i++)
        store_run(self->store, self->gifts.sql + SQL_ADD_MEMBER, "ii", gift->id, people[i]);
}

static void say(const struct gift *gift, size_t people, void *call)
{
    Coupon__GiftChanged changed = COUPON__GIFT_CHANGED__INIT;

    changed.gift_id = gift->id;
    changed.ledger_id = gift->ledger_id;
    changed.state = (Coupon__GiftState)gift->state;
    changed.points = gift->points;
    changed.people = (int64_t)people;
    rpc_tell(call, &changed.base);
}

static void set_state(const struct coupon *self, struct gift *gift, int state, void *call)
{
    int64_t people[GIFT_PEOPLE_MAX];

    gift->state = state;
    gift->decided_by = rpc_principal(call)->member_id;
    gift->decided_at = rpc_now(call);
    store_run(self->store, self->gifts.sql + SQL_SET, "iiii", gift->id, (int64_t)state, gift->decided_by,
              gift->decided_at);
    say(gift, people_of(self, gift->id, people), call);
}

/* ---- operations ---- */

/* NULL when the call's memory is full. */
static Coupon__Gift *gift_message(const struct coupon *self, const struct gift *gift, void *call)
{
    Coupon__Gift *message = arena_message(rpc_arena(call), &coupon__gift__descriptor);
    int64_t *people = arena_alloc(rpc_arena(call), GIFT_PEOPLE_MAX * sizeof(*people));

    if (!message || !people)
        return NULL;
    message->gift_id = gift->id;
    message->ledger_id = gift->ledger_id;
    message->member_ids = people;
    message->n_member_ids = people_of(self, gift->id, people);
    message->points = gift->points;
    message->valid_days = gift->valid_days;
    message->remark = rpc_text(call, gift->reason);
    message->state = (Coupon__GiftState)gift->state;
    message->proposed_by = gift->proposed_by;
    message->proposed_at = gift->proposed_at;
    message->decided_by = gift->decided_by;
    message->decided_at = gift->decided_at;
    return message;
}

static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

/* What is confirmed is all of it, before anything was decided; NULL as above. */
static const Coupon__Gift *deed_of(const struct coupon *self, const struct gift *gift, const struct ledger *ledger,
                                   void *call, struct hands_deed *ret)
{
    const Coupon__Gift *what = gift_message(self, gift, call);

    if (!what)
        return NULL;
    *ret = (struct hands_deed){
        .kind = DEED,
        .id = gift->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = ledger->union_path,
    };
    return what;
}

/* rpc ProposeGift: the first hand. */
static void gifts__propose_gift(Coupon__Gifts_Service *service, const Coupon__ProposeGiftRequest *req,
                                Coupon__Gift_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gifts_service);
    struct gift gift = {
        .ledger_id = req->ledger_id,
        .proposed_by = rpc_principal(call)->member_id,
        .proposed_at = rpc_now(call),
        .state = COUPON__GIFT_STATE__GIFT_WAITS,
    };
    int64_t people[GIFT_PEOPLE_MAX];
    struct hands_deed deed;
    struct ledger ledger;

    if (form_missing(req->gift, "gift", call) ||
        !ledger_of_official(self, req->ledger_id, RULE__ROLE__BENEFIT_MANAGER, 0, call, &ledger))
        return;
    for (size_t i = 0; i < req->gift->n_member_ids; i++) {
        if (req->gift->member_ids[i] <= 0) {
            rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "gift.memberIds");
            return;
        }
    }
    gift.points = req->gift->points;
    gift.valid_days = req->gift->valid_days ? req->gift->valid_days : POINTS_DAYS;
    snprintf(gift.reason, sizeof(gift.reason), "%s", req->gift->remark);
    gift.id = id_next(&self->ids, rpc_now(call));
    add(self, &gift, req->gift->member_ids, req->gift->n_member_ids);
    say(&gift, people_of(self, gift.id, people), call);
    if (deed_of(self, &gift, &ledger, call, &deed) && rpc_refuse_if(call, hands_give(&self->two_hands, &deed, call)))
        return;
    rpc_created(call);
    reply(gift_message(self, &gift, call), call);
}

static bool gift_of_official(const struct coupon *self, int64_t gift_id, void *call, struct gift *ret,
                             struct ledger *ret_ledger)
{
    if (find(self, gift_id, ret))
        return ledger_of_official(self, ret->ledger_id, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, call,
                                  ret_ledger);
    rpc_refuse(call, COUPON__REASON__GIFT_NOT_FOUND);
    return false;
}

/* Nobody holds the number of an account that was closed: it gets nothing. */
static void give(struct coupon *self, const struct gift *gift, void *call)
{
    struct points_earning earning = {
        .ledger_id = gift->ledger_id,
        .points = gift->points,
        .earned_at = rpc_now(call),
        .expires_at = points_expire_at(rpc_now(call), gift->valid_days),
        .cause_id = gift->id,
        .kind = COUPON__POINTS_KIND__GIFTED,
    };
    int64_t people[GIFT_PEOPLE_MAX];
    size_t n = people_of(self, gift->id, people);

    for (size_t i = 0; i < n; i++) {
        earning.member_id = holder_of(&self->holders, people[i]);
        if (earning.member_id)
            points_earn(self, &earning, call);
    }
}

/* The second hand. 0 or a Reason. */
static int confirm(struct coupon *self, struct gift *gift, const struct ledger *ledger, void *call)
{
    struct hands_deed deed;
    int reason;

    if (gift->state != COUPON__GIFT_STATE__GIFT_WAITS)
        return COUPON__REASON__GIFT_DECIDED;
    if (!deed_of(self, gift, ledger, call, &deed))
        return RPC__REASON__OVERLOADED;
    reason = hands_confirm(&self->two_hands, &deed, call);
    if (reason)
        return reason;
    set_state(self, gift, COUPON__GIFT_STATE__GIFT_GIVEN, call);
    give(self, gift, call);
    rpc_want_head(call);
    return 0;
}

/* rpc ConfirmGift: the second hand. Again: as it is. */
static void gifts__confirm_gift(Coupon__Gifts_Service *service, const Coupon__GiftRequest *req,
                                Coupon__Gift_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gifts_service);
    struct ledger ledger;
    struct gift gift;

    if (!gift_of_official(self, req->gift_id, call, &gift, &ledger))
        return;
    if (gift.state != COUPON__GIFT_STATE__GIFT_GIVEN && rpc_refuse_if(call, confirm(self, &gift, &ledger, call)))
        return;
    reply(gift_message(self, &gift, call), call);
}

/* rpc RefuseGift: also by who proposed it. */
static void gifts__refuse_gift(Coupon__Gifts_Service *service, const Coupon__GiftRequest *req,
                               Coupon__Gift_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gifts_service);
    struct ledger ledger;
    struct gift gift;

    if (!gift_of_official(self, req->gift_id, call, &gift, &ledger))
        return;
    if (gift.state == COUPON__GIFT_STATE__GIFT_WAITS) {
        hands_end(&self->two_hands, DEED, gift.id, HANDS__STATE__REFUSED, call);
        set_state(self, &gift, COUPON__GIFT_STATE__GIFT_REFUSED, call);
    } else if (gift.state != COUPON__GIFT_STATE__GIFT_REFUSED) {
        rpc_refuse(call, COUPON__REASON__GIFT_DECIDED);
        return;
    }
    reply(gift_message(self, &gift, call), call);
}

/* rpc ListGifts: of a ledger, newest first. */
static void gifts__list_gifts(Coupon__Gifts_Service *service, const Coupon__ListGiftsRequest *req,
                              Coupon__GiftList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gifts_service);
    const struct rpc_page *page = rpc_page(call);
    struct gift *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__GiftList list = COUPON__GIFT_LIST__INIT;
    struct ledger ledger;
    size_t n = 0;

    if (!ledger_of_official(self, req->ledger_id, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, call, &ledger))
        return;
    store_ask(self->store, self->gifts.sql + SQL_LIST, "iiii", ledger.id, page->before, (int64_t)page->limit,
              page->states);
    while (found && n < page->limit && next(self, SQL_LIST, &found[n]))
        n++;
    store_end(self->store, self->gifts.sql + SQL_LIST);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, gifts, gift_message(self, &found[i], call));
    reply(&list, call);
}

const Coupon__Gifts_Service gifts_api = COUPON__GIFTS__INIT(gifts__);

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__GiftChanged *changed = event->gift_changed;
    int64_t people[GIFT_PEOPLE_MAX];
    struct gift gift;

    (void)row;
    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_GIFT_CHANGED)
        return true;
    *part_word(&self->parts, &gifts_part, 0, changed->gift_id) = (int64_t)changed->state;
    return find(self, changed->gift_id, &gift) && gift.ledger_id == changed->ledger_id &&
           gift.points == changed->points && (int64_t)people_of(self, gift.id, people) == changed->people;
}

static const struct part_stray strays[] = {
    {"gift", "was given by one hand",
     "SELECT gift_id FROM points_gift WHERE state = 2 AND gift_id NOT IN (SELECT deed_id FROM two_hands WHERE "
     "kind = '" DEED "' AND state = 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec gifts_part = {
    .tables = "points_gift points_gift_member",
    .others = "points_gift.points",
    .steps = &gifts_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(gift_id) FROM points_gift",
    .agrees = agrees,
    .words = {{"gift of points", "SELECT gift_id, state FROM points_gift ORDER BY gift_id"}},
    .strays = strays,
    .keeps = "what two officials gave by hand, and to whom, is the account of their office; she is given it as points",
};
