/* lottery_fixture.h: a theatre that gives its seats by lot: a service of a few lines, in a store
 * of its own, and what is usually done with it. */
#pragma once
#include "common/base/hex.h"
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/lottery/lottery.h"
#include "common/draw/draw_file.h"

#define PATH    "00010002"
#define HOUR_MS INT64_C(3600000)
#define MANAGER RULE__ROLE__BENEFIT_MANAGER
#define VALUE   "03 07 11"

#define THEATRE_PARTS(PART, SHARED) SHARED(holders) SHARED(two_hands) SHARED(lottery) PART(stalls)
#define THEATRE_SERVICES(SERVICE)   SERVICE(Sample__Shows, shows)
#define theatre__event__descriptor  sample__event__descriptor

SERVICE_PARTS(THEATRE)
struct theatre {
    SERVICE_MEMBERS(THEATRE)
};

/* ---- what the theatre keeps: shows, and who has a seat ---- */

enum { SQL_ADD_SHOW, SQL_FIND_SHOW, SQL_SET_STAGE, SQL_HAS, SQL_GIVE, SQL_LOSE, SQL_HELD, N_SQL };
static const char *const sql[] = {
    [SQL_ADD_SHOW] = "INSERT INTO show (show_id, stage, opens_at, alone) VALUES (?1, 1, ?2, ?3)",
    [SQL_FIND_SHOW] = "SELECT stage, opens_at, alone FROM show WHERE show_id = ?1",
    [SQL_SET_STAGE] = "UPDATE show SET stage = ?2 WHERE show_id = ?1",
    [SQL_HAS] = "SELECT count(*) FROM stall WHERE show_id = ?1 AND member_id = ?2",
    [SQL_GIVE] = "INSERT INTO stall (show_id, member_id, row, lost) VALUES (?1, ?2, ?3, 0)",
    [SQL_LOSE] = "UPDATE stall SET lost = 1 WHERE show_id = ?1 AND member_id = ?2 AND lost = 0",
    [SQL_HELD] = "SELECT count(*) FROM stall WHERE show_id = ?1 AND row = ?2 AND lost = 0",
};
static const char steps[] = "-- step 1\n"
                            "CREATE TABLE show (show_id INTEGER PRIMARY KEY, stage INTEGER NOT NULL, "
                            "opens_at INTEGER NOT NULL, alone INTEGER NOT NULL) STRICT;\n"
                            "CREATE TABLE stall (show_id INTEGER NOT NULL, member_id INTEGER NOT NULL, "
                            "row INTEGER NOT NULL, lost INTEGER NOT NULL, PRIMARY KEY (show_id, member_id)) STRICT;\n";
static const size_t steps_len = sizeof(steps) - 1;
const struct store_steps stalls_steps = {"stalls", (const unsigned char *)steps, &steps_len};

static unsigned statement(const struct theatre *self, unsigned which)
{
    return self->stalls.sql + which;
}

/* Two rows: the first is for members, whose names count twice, the second for guests. */
static bool find(void *arg, int64_t show_id, struct arena *arena, struct lot_terms *ret)
{
    static struct lot_stratum rows[] = {{"front row", 2, 3}, {"back row", 1, 1}};
    const struct theatre *self = arg;
    int64_t opens_at;
    int stage;
    bool alone; /* without a public value */

    (void)arena;
    store_ask(self->store, statement(self, SQL_FIND_SHOW), "i", show_id);
    if (!store_only(self->store, statement(self, SQL_FIND_SHOW), INTO(stage), INTO(opens_at), INTO(alone)))
        return false;
    *ret = (struct lot_terms){
        .lot_id = show_id,
        .stage = stage,
        .union_path = PATH,
        .title = "a play",
        .rules = "one seat each",
        .public_name = "numbers of the next draw",
        .value_format = alone ? DRAW_NONE : "## ## ##",
        .opens_at = opens_at,
        .closes_at = opens_at + HOUR_MS,
        .value_at = opens_at + 2 * HOUR_MS,
        .draw_at = opens_at + (alone ? 1 : 3) * HOUR_MS,
        .until = opens_at + 100 * HOUR_MS,
        .weight_max = 2,
        .strata = rows,
        .n_strata = ARRAY_LEN(rows),
    };
    return true;
}

static struct lot_terms terms_of(struct theatre *self, int64_t show_id)
{
    struct lot_terms terms;

    ensure(find(self, show_id, NULL, &terms));
    return terms;
}

static void on_stage(void *arg, const struct lot_terms *terms, int stage, const char *void_reason, void *call)
{
    const struct theatre *self = arg;
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;

    (void)void_reason;
    store_run(self->store, statement(self, SQL_SET_STAGE), "ii", terms->lot_id, (int64_t)stage);
    changed.show_id = terms->lot_id;
    rpc_tell(call, &changed.base);
}

/* Who wishes for sad plays stays at home. */
static int judge(void *arg, const struct lot_terms *terms, const void *wish, void *call, int32_t *ret_stratum,
                 uint32_t *ret_weight)
{
    bool member = rpc_principal(call)->level >= RPC__LEVEL__MEMBER;

    (void)arg;
    (void)terms;
    *ret_stratum = !member;
    *ret_weight = member ? 2 : 1;
    return *(const bool *)wish ? SAMPLE__REASON__SHOW_NOT_FOUND : 0;
}

static bool give(void *arg, const struct lot_terms *terms, int64_t member_id, int32_t stratum, int32_t place,
                 void *call)
{
    const struct theatre *self = arg;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    int64_t holder = holder_of(&self->holders, member_id);

    store_ask(self->store, statement(self, SQL_HAS), "ii", terms->lot_id, holder);
    if (!holder || store_number(self->store, statement(self, SQL_HAS)) > 0)
        return false;
    store_run(self->store, statement(self, SQL_GIVE), "iii", terms->lot_id, holder, (int64_t)stratum);
    taken.show_id = terms->lot_id;
    taken.member_id = holder;
    taken.day = place;
    rpc_tell(call, &taken.base);
    return true;
}

static int64_t held(void *arg, int64_t show_id, int32_t stratum)
{
    const struct theatre *self = arg;

    store_ask(self->store, statement(self, SQL_HELD), "ii", show_id, (int64_t)stratum);
    return store_number(self->store, statement(self, SQL_HELD));
}

/* It has few words: one for what cannot be yet, or any more, and one for the rest. */
#define WRONG SAMPLE__REASON__WRONG_STATE
static const struct lottery_service seats = {
    .noun = "show",
    .roles = (const int[]){MANAGER, RULE__ROLE__ROLE_NONE},
    .words = {WRONG, WRONG,
              WRONG, SAMPLE__REASON__SOLD_OUT,
              WRONG, WRONG,
              WRONG, SAMPLE__REASON__SHOW_NOT_FOUND,
              WRONG, WRONG,
              WRONG, SAMPLE__REASON__SHOW_NOT_FOUND,
              WRONG, WRONG,
              WRONG, WRONG,
              WRONG, WRONG,
              WRONG, WRONG,
              WRONG, SAMPLE__REASON__SOLD_OUT},
    .find = find,
    .on_stage = on_stage,
    .judge = judge,
    .give = give,
    .held = held,
};

static void opened(void *arg)
{
    struct theatre *self = arg;

    lottery_serve(&self->lottery, &seats, self, &self->holders, &self->two_hands);
}

const struct part_spec stalls_part = {
    .tables = "show stall",
    .steps = &stalls_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(show_id) FROM show",
    .opened = opened,
};

/* ---- its operations ---- */

static const bool sad = true, glad = false;

/* What is done to the show of an id: by its title; the price is a chain and the seats are its day. */
static void create_show(Sample__Shows_Service *service, const Sample__CreateShowRequest *req,
                        Sample__ShowStatus_Closure reply, void *call)
{
    struct theatre *self = container_of(service, struct theatre, shows_service);
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    const char *title = req->show->title;
    struct lot_terms terms;
    struct lot_chain chain;
    struct lot lot;
    int reason = 0;

    if (strncmp(title, "chain ", 6) == 0) {
        lottery_make_chain(&self->lottery, title + 6, 3, call, &chain);
        status.granted = chain.id;
        reply(&status, call);
        return;
    }
    if (strncmp(title, "announce", 8) == 0) {
        status.granted = id_next(&self->ids, rpc_now(call));
        store_run(self->store, statement(self, SQL_ADD_SHOW), "iii", status.granted, rpc_now(call) + HOUR_MS,
                  (int64_t)(title[8] != '\0'));
        terms = terms_of(self, status.granted);
        reason = lottery_announce(&self->lottery, &terms, req->show->price_fen - 1, req->show->seats_per_day - 1, call,
                                  &lot);
    } else if (!find(self, req->show->show_id, NULL, &terms) || !lottery_find(&self->lottery, &terms, &lot)) {
        reason = SAMPLE__REASON__SHOW_NOT_FOUND;
    } else if (strncmp(title, "enter ", 6) == 0) {
        reason = lottery_enter_value(&self->lottery, &terms, &lot, title + 6, call);
    } else if (strncmp(title, "confirm ", 8) == 0) {
        reason = lottery_confirm_value(&self->lottery, &terms, &lot, title + 8, call);
    } else if (strcmp(title, "void") == 0) {
        reason = lottery_make_void(&self->lottery, &terms, &lot, &req->base, "the roof leaks", call);
    } else if (strcmp(title, "publish") == 0) {
        reason = lottery_publish(&self->lottery, &terms, &lot, call);
    } else {
        lottery_close(&self->lottery, &terms, call);
    }
    if (!rpc_refuse_if(call, reason))
        reply(&status, call);
}

/* She enters; who has entered is answered with her ticket. */
static void take_seat(Sample__Shows_Service *service, const Sample__TakeSeatRequest *req, Sample__Seat_Closure reply,
                      void *call)
{
    struct theatre *self = container_of(service, struct theatre, shows_service);
    const bool *wish = rpc_principal(call)->member_id == 13 ? &sad : &glad;
    Sample__Seat seat = SAMPLE__SEAT__INIT;
    struct lot_terms terms = terms_of(self, req->show_id);
    struct lot_entry entry;

    if (rpc_refuse_if(call, lottery_enter(&self->lottery, &terms, wish, call, &entry)))
        return;
    seat.code = hex_text(entry.ticket, sizeof(entry.ticket), rpc_arena(call));
    reply(&seat, call);
}

/* Her receipt of the show. */
static void get_seat(Sample__Shows_Service *service, const Sample__SeatRequest *req, Sample__Seat_Closure reply,
                     void *call)
{
    struct theatre *self = container_of(service, struct theatre, shows_service);
    Sample__Seat seat = SAMPLE__SEAT__INIT;
    struct lot_terms terms = terms_of(self, req->seat_id);
    struct lot_entry entry;

    ensure(lottery_find_entry(&self->lottery, req->seat_id, rpc_principal(call)->member_id, &entry));
    if (!rpc_refuse_if(call, lottery_receipt(&self->lottery, &terms, &entry, call, &seat.code)))
        reply(&seat, call);
}

/* She does not want to sit there any more: the next is called up. */
static void sign_seat(Sample__Shows_Service *service, const Sample__SignSeatRequest *req, Sample__Seat_Closure reply,
                      void *call)
{
    struct theatre *self = container_of(service, struct theatre, shows_service);
    Sample__Seat seat = SAMPLE__SEAT__INIT;
    struct lot_terms terms = terms_of(self, req->seat_id);

    if (store_run(self->store, statement(self, SQL_LOSE), "ii", req->seat_id, rpc_principal(call)->member_id) == 1)
        lottery_promote(&self->lottery, &terms, 0, call);
    reply(&seat, call);
}

static int64_t listed; /* the show whose file is asked for */

static void list_shows(Sample__Shows_Service *service, const Sample__ListShowsRequest *req,
                       Sample__ShowList_Closure reply, void *call)
{
    struct theatre *self = container_of(service, struct theatre, shows_service);
    Sample__ShowList list = SAMPLE__SHOW_LIST__INIT;
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT, *statuses[] = {&status};
    Sample__Show show = SAMPLE__SHOW__INIT;
    struct lot_terms terms = terms_of(self, listed);
    struct lot lot;

    (void)req;
    ensure(lottery_find(&self->lottery, &terms, &lot));
    if (rpc_refuse_if(call, lottery_file_page(&self->lottery, &terms, &lot, call, &show.title)) || rpc_refused(call))
        return;
    status.show = &show;
    list.shows = statuses;
    list.n_shows = 1;
    reply(&list, call);
}

const Sample__Shows_Service shows_api = {
    .base = SAMPLE__SHOWS__BASE_INIT,
    .create_show = create_show,
    .take_seat = take_seat,
    .get_seat = get_seat,
    .sign_seat = sign_seat,
    .list_shows = list_shows,
};

SERVICE_TABLE(theatre, THEATRE)

static int start(struct service *service)
{
    struct theatre *self = service->self;

    return lottery_start(&self->lottery, getenv("HUIGONG_DRAW_KEY"));
}

static void done(void *self)
{
    lottery_done(&((struct theatre *)self)->lottery);
}

static const struct service_spec theatre_spec = {
    .name = "theatre",
    .about = "seats given by lot",
    .parts = &service_table,
    .start = start,
};

/* ---- the tests ---- */

static int setup(void **state)
{
    (void)state;
    return begin(&theatre_spec, done, "HUIGONG_DRAW_KEY");
}

static struct theatre *theatre(void)
{
    return h.service.self;
}

static void tidy(struct harness *harness)
{
    while (harness_tidy(harness))
        continue;
}

/* The service dies, starts again, and does what is due an hour later. */
static void an_hour_passes(void)
{
    harness_reopen(&h);
    clock_step(&h.service.clock, HOUR_MS);
    harness_work(&h, tidy);
}

static const Rpc__Answer *deed(const char *title, int64_t show_id, int64_t chain_id, int32_t day, int64_t by)
{
    static unsigned calls;
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;
    char key[32];

    snprintf(key, sizeof(key), "%u", calls++);
    show.show_id = show_id;
    show.title = unconst(title);
    show.price_fen = chain_id + 1;
    show.seats_per_day = day + 1;
    show.opens_at = 1;
    request.show = &show;
    return harness_call(&h, "Shows.CreateShow", &request.base, harness_official(&h, by, MANAGER, PATH), key);
}

static const Rpc__Answer *act(const char *title, int64_t show_id, int64_t by)
{
    return deed(title, show_id, 0, 0, by);
}

static int64_t made(const Rpc__Answer *answer)
{
    const Sample__ShowStatus *status = harness_output(&h, answer, &sample__show_status__descriptor);

    return status->granted;
}

static const Rpc__Answer *enter_as(int64_t show_id, const Rpc__Principal *who)
{
    Sample__TakeSeatRequest request = SAMPLE__TAKE_SEAT_REQUEST__INIT;

    request.show_id = show_id;
    return harness_call(&h, "Shows.TakeSeat", &request.base, who, NULL);
}

static const Rpc__Answer *enter(int64_t show_id, int64_t member_id)
{
    return enter_as(show_id, harness_member(&h, member_id, PATH));
}

/* A show that members 1..6 and guests 21..23 have entered, at an instant before its closing. */
static int64_t entered_show(void)
{
    int64_t show_id = made(act("announce", 0, 900));

    assert_refused(enter(show_id, 1), "WRONG_STATE");
    an_hour_passes();
    for (int64_t i = 1; i <= 6; i++)
        assert_ok(enter(show_id, i));
    for (int64_t i = 21; i <= 23; i++)
        assert_ok(enter_as(show_id, harness_person(&h, i, RPC__LEVEL__REAL_NAME, PATH)));
    return show_id;
}

static struct lot lot_now(int64_t show_id)
{
    struct lot_terms terms = terms_of(theatre(), show_id);
    struct lot lot;

    assert_true(lottery_find(&theatre()->lottery, &terms, &lot));
    assert_int_equal(terms.stage, lot.stage);
    return lot;
}

/* The file, all its pages. */
static const char *file_of(int64_t show_id)
{
    Sample__ListShowsRequest request = SAMPLE__LIST_SHOWS_REQUEST__INIT;
    const Rpc__Principal *who = harness_official(&h, 900, MANAGER, PATH);
    const char *text = "";

    listed = show_id;
    do {
        const Rpc__Answer *answer = harness_call(&h, "Shows.ListShows", &request.base, who, NULL);
        const Sample__ShowList *list;

        if (answer->reason == SAMPLE__REASON__SOLD_OUT) { /* its list is being made */
            harness_work(&h, tidy);
            continue;
        }
        list = harness_output(&h, answer, &sample__show_list__descriptor);
        text = arena_printf(&h.arena, "%s%s", text, list->shows[0]->show->title);
        request.page_token = list->next_page_token;
        if (!*list->next_page_token)
            return text;
    } while (text);
    return NULL;
}

struct counted {
    unsigned in_front, back, heavy;
};

static void count(void *arg, const struct draw_entry *entry, uint32_t place)
{
    struct counted *counted = arg;

    (void)place;
    counted->in_front += entry->stratum == 0;
    counted->back += entry->stratum == 1;
    counted->heavy += entry->weight == 2;
}

static struct counted verified(const char *text, bool receipt)
{
    struct counted counted = {0};
    struct draw_reader reader;

    assert_true(draw_reader_init(&reader, receipt));
    reader.on_entry = count;
    reader.arg = &counted;
    if (!draw_reader_feed(&reader, text, strlen(text)) || !draw_reader_end(&reader))
        fail_msg("line %llu: %s", (unsigned long long)reader.line, reader.problem);
    draw_reader_done(&reader);
    return counted;
}

static const char *receipt_of(int64_t show_id, int64_t member_id)
{
    Sample__SeatRequest request = SAMPLE__SEAT_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.seat_id = show_id;
    for (;;) {
        answer = harness_call(&h, "Shows.GetSeat", &request.base, harness_member(&h, member_id, PATH), NULL);
        if (answer->reason != SAMPLE__REASON__SOLD_OUT)
            break;
        harness_work(&h, tidy);
    }
    return ((const Sample__Seat *)harness_output(&h, answer, &sample__seat__descriptor))->code;
}

/* Whoever has a seat in front gives it up. */
static void give_up(int64_t show_id)
{
    Sample__SignSeatRequest request = SAMPLE__SIGN_SEAT_REQUEST__INIT;
    unsigned char sum[32] = {0};

    request.seat_id = show_id;
    request.sha256 = (ProtobufCBinaryData){sizeof(sum), sum};
    assert_ok(harness_call(
        &h, "Shows.SignSeat", &request.base,
        harness_member(&h, harness_number(&h, "SELECT member_id FROM stall WHERE row = 0 AND lost = 0 LIMIT 1"), PATH),
        NULL));
}

static int64_t held_now(int32_t row)
{
    return harness_number(&h, row ? "SELECT count(*) FROM stall WHERE row = 1 AND lost = 0"
                                  : "SELECT count(*) FROM stall WHERE row = 0 AND lost = 0");
}

static Rpc__ChassisEvent *told(int32_t kind)
{
    return harness_last_event(&h, &rpc__chassis_event__descriptor, kind);
}

static void draw(int64_t show_id)
{
    an_hour_passes(); /* it closes, and is frozen */
    an_hour_passes(); /* its value comes into being */
    assert_ok(act("enter " VALUE, show_id, 900));
    assert_ok(act("confirm " VALUE, show_id, 901));
    an_hour_passes();
}
